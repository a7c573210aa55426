"""Bucket, functions, settings and metrics: requests that the embedded cloud cannot judge, and pages it never makes."""

import base64
import json
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse

from sealift.aws.bucket import AwsBucket
from sealift.aws.functions import AwsFunctions
from sealift.aws.metrics import AwsMetrics
from sealift.aws.session import Access, AwsSession
from sealift.aws.settings import AwsSettings, parameter_name, secret_id
from sealift.errors import CloudError, PreconditionFailed
from sealift.model.health import FUNCTION, REST_API
from sealift.model.stack import StackResource
from tests.fakes.clock import START
from tests.unit.aws.stubs import ACCESS, Raw, stubbed

OWNER = "111122223333"
AT = {"Bucket": "artifacts", "ExpectedBucketOwner": OWNER}
SECURE = Access(region="eu-west-1", access_key="AKIAEXAMPLE", secret_key="x")


def bucket_of(session: AwsSession, *, ours: bool = True) -> AwsBucket:
    """Return the adapter over a session."""
    return AwsBucket(session, name="artifacts", owner=OWNER, ours=ours)


def test_a_new_bucket_is_sealed_before_it_is_marked_ready() -> None:
    steps: list[str] = []
    with stubbed("s3", AwsSession(SECURE)) as (session, stub):
        stub.add_client_error("get_bucket_tagging", "NoSuchBucket", "", 404, expected_params=AT)
        stub.add_response("create_bucket", {})
        for operation in (
            "put_public_access_block",
            "put_bucket_ownership_controls",
            "put_bucket_encryption",
            "put_bucket_versioning",
            "put_bucket_lifecycle_configuration",
            "put_bucket_policy",
            "put_bucket_tagging",
        ):
            stub.add_response(operation, {})
        session.s3.meta.events.register("before-parameter-build.s3", lambda model, **_: steps.append(model.name))

        bucket_of(session).ensure()

    assert steps[-2:] == ["PutBucketPolicy", "PutBucketTagging"]


def test_a_bucket_that_was_not_made_to_the_end_is_sealed_again() -> None:
    with stubbed("s3") as (session, stub):  # over http: no policy that forbids it
        stub.add_client_error("get_bucket_tagging", "NoSuchTagSet", "", 404)
        for operation in ("public_access_block", "bucket_ownership_controls", "bucket_encryption", "bucket_versioning"):
            stub.add_response(f"put_{operation}", {})
        stub.add_response("put_bucket_lifecycle_configuration", {})
        stub.add_response("put_bucket_tagging", {})

        bucket_of(session).ensure()


def test_a_bucket_that_is_ready_takes_one_question() -> None:
    with stubbed("s3") as (session, stub):
        stub.add_response("get_bucket_tagging", {"TagSet": [{"Key": "sealift:bucket", "Value": "2"}]}, AT)

        bucket_of(session).ensure()


def test_a_bucket_of_an_earlier_version_gets_what_it_lacks() -> None:
    kept: list[Any] = []
    with stubbed("s3") as (session, stub):
        stub.add_response("get_bucket_tagging", {"TagSet": [{"Key": "sealift:bucket", "Value": "1"}]}, AT)
        for operation in ("public_access_block", "bucket_ownership_controls", "bucket_encryption", "bucket_versioning"):
            stub.add_response(f"put_{operation}", {})
        stub.add_response("put_bucket_lifecycle_configuration", {})
        stub.add_response("put_bucket_tagging", {})
        session.s3.meta.events.register(
            "provide-client-params.s3.PutBucketLifecycleConfiguration", lambda params, **_: kept.append(params)
        )

        bucket_of(session).ensure()

    (rule,) = kept[0]["LifecycleConfiguration"]["Rules"]
    assert (rule["Filter"], rule["AbortIncompleteMultipartUpload"]) == (
        {"Prefix": "blobs/"},
        {"DaysAfterInitiation": 7},
    )


def test_a_declared_bucket_that_exists_is_left_as_it_is() -> None:
    with stubbed("s3") as (session, stub):
        stub.add_client_error("get_bucket_tagging", "NoSuchTagSet", "", 404)

        bucket_of(session, ours=False).ensure()


def test_a_bucket_of_another_account_is_never_touched() -> None:
    with stubbed("s3") as (session, stub):
        stub.add_client_error("get_bucket_tagging", "AccessDenied", "Access Denied", 403, expected_params=AT)

        with pytest.raises(CloudError) as caught:
            bucket_of(session).ensure()

    assert caught.value.code == "access-denied"


@pytest.mark.parametrize(("region", "where"), [("us-east-1", {}), ("eu-west-1", {"LocationConstraint": "eu-west-1"})])
def test_a_bucket_is_made_in_its_region(region: str, where: dict[str, str]) -> None:
    access = Access(region=region, endpoint_url="http://127.0.0.1:9", access_key="a", secret_key="b")
    with stubbed("s3", AwsSession(access)) as (session, stub):
        stub.add_client_error("get_bucket_tagging", "NoSuchBucket", "", 404)
        sent: dict[str, Any] = {"Bucket": "artifacts"}
        stub.add_response("create_bucket", {}, {**sent, **({"CreateBucketConfiguration": where} if where else {})})
        stub.add_client_error("put_public_access_block", "AccessDenied", "Access Denied", 403)

        with pytest.raises(CloudError):
            bucket_of(session).ensure()


def test_two_writes_that_overlap_are_a_failed_precondition() -> None:
    with stubbed("s3") as (session, stub):
        stub.add_client_error("put_object", "ConditionalRequestConflict", "conflict", 409)

        with pytest.raises(PreconditionFailed) as caught:
            bucket_of(session).put("lease.json", b"x", if_match='"e"')

    assert caught.value.retryable


def test_a_secret_that_is_being_deleted_is_missing() -> None:
    with stubbed("secretsmanager") as (session, stub):
        stub.add_response("describe_secret", {"Name": "old", "DeletedDate": START}, {"SecretId": "old"})

        assert AwsSettings(session).missing(["secretsmanager:old"]) == ("secretsmanager:old",)


def test_parameters_are_looked_for_fifty_at_a_time_over_all_pages() -> None:
    names = [f"/app/{number:03d}" for number in range(60)]
    with stubbed("ssm") as (session, stub):
        for part in (names[:50], names[50:]):
            asked = {"ParameterFilters": [{"Key": "Name", "Option": "Equals", "Values": part}], "MaxResults": 50}
            found = [{"Name": name} for name in part if name != "/app/007"]
            stub.add_response("describe_parameters", {"Parameters": found[:1], "NextToken": "2"}, asked)
            stub.add_response("describe_parameters", {"Parameters": found[1:]}, {**asked, "NextToken": "2"})

        assert AwsSettings(session).missing([f"ssm:{name}:3" for name in names]) == ("ssm:/app/007:3",)


def test_parameters_that_aws_publishes_are_there() -> None:
    with stubbed("ssm") as (session, stub):
        stub.add_response("describe_parameters", {"Parameters": []})

        assert AwsSettings(session).missing(["ssm:/aws/service/ami-amazon-linux-latest/x"]) == ()


@pytest.mark.parametrize(
    ("reference", "name"),
    [
        ("ssm:/app/key", "/app/key"),
        ("ssm:/app/key:3", "/app/key"),
        ("ssm-secure:password:1", "password"),
        ("ssm:/app/${Stage}/key", None),
        ("ssm:arn:aws:ssm:eu-west-1:1:parameter/x", "arn:aws:ssm:eu-west-1:1:parameter/x"),
        ("secretsmanager:x", None),
    ],
)
def test_the_parameter_that_a_reference_names(reference: str, name: str | None) -> None:
    assert parameter_name(reference) == name


@pytest.mark.parametrize(
    ("reference", "name"),
    [
        ("secretsmanager:app/db", "app/db"),
        ("secretsmanager:app/db:SecretString:password::", "app/db"),
        (
            "secretsmanager:arn:aws:secretsmanager:eu-west-1:1:secret:db-AbCdEf:SecretString:user",
            "arn:aws:secretsmanager:eu-west-1:1:secret:db-AbCdEf",
        ),
        ("secretsmanager:${Name}", None),
        ("ssm:x", None),
    ],
)
def test_the_secret_that_a_reference_names(reference: str, name: str | None) -> None:
    assert secret_id(reference) == name


def test_the_code_of_a_function_is_given_in_hexadecimal() -> None:
    digest = bytes(range(32))
    with stubbed("lambda") as (session, stub):
        stub.add_response(
            "get_function_configuration",
            {"FunctionName": "work", "CodeSha256": base64.b64encode(digest).decode(), "Version": "$LATEST"},
            {"FunctionName": "work"},
        )

        (state,) = AwsFunctions(session).state(["work"])

    assert (state.name, state.code_sha256, state.version) == ("work", digest.hex(), "$LATEST")


def test_log_lines_of_all_instances_are_merged_and_the_newest_kept() -> None:
    session = AwsSession(SECURE)
    with stubbed("lambda", session) as (_, functions), stubbed("logs", session) as (_, logs):
        functions.add_response(
            "get_function_configuration", {"FunctionName": "work", "LoggingConfig": {"LogGroup": "/shared"}}
        )
        logs.add_response(
            "describe_log_streams",
            {"logStreams": [{"logStreamName": "a"}, {"logStreamName": "b"}]},
            {"logGroupName": "/shared", "orderBy": "LastEventTime", "descending": True, "limit": 5},
        )
        for times in ((1, 4), (2, 3)):
            logs.add_response("get_log_events", {"events": [{"timestamp": t, "message": f"line {t}\n"} for t in times]})

        assert AwsFunctions(session).logs("work", since=START, limit=3) == ("line 2", "line 3", "line 4")


def test_a_function_without_a_log_group_has_no_lines() -> None:
    session = AwsSession(SECURE)
    with stubbed("lambda", session) as (_, functions), stubbed("logs", session) as (_, logs):
        functions.add_response("get_function_configuration", {"FunctionName": "work"})
        logs.add_client_error("describe_log_streams", "ResourceNotFoundException", "no", 400)

        assert AwsFunctions(session).logs("work", since=START) == ()


def test_what_went_through_is_read_by_the_minute_and_page_by_page() -> None:
    second = START + timedelta(minutes=1)

    def result(name: str, *points: tuple[datetime, float]) -> dict[str, object]:
        at, values = [p[0] for p in points], [p[1] for p in points]
        return {"Id": name, "Label": name, "Timestamps": at, "Values": values, "StatusCode": "Complete"}

    pages = (
        [result("requests0", (START, 4.0), (second, 0.0)), result("failures0", (START, 1.0))],
        [result("requests0", (second + timedelta(minutes=1), 2.0)), result("latency0", (START, 12.5))],
    )
    with stubbed("cloudwatch") as (session, stub):
        stub.add_response("get_metric_data", {"MetricDataResults": pages[0], "NextToken": "more"})
        stub.add_response("get_metric_data", {"MetricDataResults": pages[1]})

        (work,) = AwsMetrics(session).traffic([_resource("work")], start=START, end=START + timedelta(hours=1))

    seen = [(m.at - START, m.requests, m.failures, m.latency_ms) for m in work.minutes]
    assert seen == [(timedelta(0), 4.0, 1.0, 12.5), (timedelta(minutes=2), 2.0, 0.0, None)]
    assert (work.requests, work.failures, work.latency_ms) == (6, 1, 12.5)


def test_many_functions_are_asked_about_500_metrics_at_a_time() -> None:
    with stubbed("cloudwatch") as (session, stub):
        for _ in range(2):
            stub.add_response("get_metric_data", {"MetricDataResults": []})

        traffic = AwsMetrics(session).traffic([_resource(f"f{n}") for n in range(170)], start=START, end=START)

    assert len(traffic) == 170


def test_a_rest_api_is_counted_under_its_name_and_one_that_is_gone_not_at_all() -> None:
    session = AwsSession(SECURE)
    apis = [_resource("abc", REST_API), _resource("gone", REST_API)]
    queries = [
        {
            "Id": f"{measure}0",
            "MetricStat": {
                "Metric": {
                    "Namespace": "AWS/ApiGateway",
                    "MetricName": metric,
                    "Dimensions": [{"Name": "ApiName", "Value": "shop"}],
                },
                "Period": 60,
                "Stat": stat,
            },
        }
        for measure, metric, stat in (
            ("requests", "Count", "Sum"),
            ("failures", "5XXError", "Sum"),
            ("latency", "Latency", "Average"),
        )
    ]
    asked = {"MetricDataQueries": queries, "StartTime": START, "EndTime": START}
    with stubbed("apigateway", session) as (_, gateway), stubbed("cloudwatch", session) as (_, watch):
        gateway.add_response("get_rest_api", {"id": "abc", "name": "shop"}, {"restApiId": "abc"})
        gateway.add_client_error("get_rest_api", "NotFoundException", "Invalid API identifier", 404)
        watch.add_response("get_metric_data", {"MetricDataResults": []}, asked)

        traffic = AwsMetrics(session).traffic(apis, start=START, end=START)

    assert [(t.name, t.requests) for t in traffic] == [("abc", 0), ("gone", 0)]


def _resource(name: str, kind: str = FUNCTION) -> StackResource:
    return StackResource(logical_id=name, physical_id=name, type=kind, status="CREATE_COMPLETE")


def test_the_states_of_alarms_of_both_kinds_are_read() -> None:
    with stubbed("cloudwatch") as (session, stub):
        stub.add_response(
            "describe_alarms",
            {
                "MetricAlarms": [{"AlarmName": "errors", "StateValue": "ALARM"}],
                "CompositeAlarms": [{"AlarmName": "all", "StateValue": "OK"}],
            },
        )

        assert AwsMetrics(session).alarms(["errors", "all", "gone"]) == {"errors": "ALARM", "all": "OK"}


def parameters_answering(closed: str, *, together: bool = True) -> tuple[AwsSession, Counter[str]]:
    """Return a session whose Parameter Store lets everything but one parameter be read, and counts calls.

    The first call is throttled.
    """
    session, calls = AwsSession(ACCESS), Counter[str]()

    def answer(request: Any, **_: Any) -> AWSResponse:
        operation = request.headers["X-Amz-Target"].decode().rpartition(".")[2]
        calls[operation] += 1
        asked = json.loads(request.body)
        names = asked.get("Names") or [asked["Name"]]
        found = [{"Name": n, "Value": f"of {n}", "Version": 1} for n in names if not n.endswith("none")]
        body: dict[str, Any] = {"Parameters": found} if "Names" in asked else {"Parameter": found[0]}
        denied = closed in names or ("Names" in asked and not together)
        if denied or calls.total() == 1:
            body = {"__type": "AccessDeniedException" if denied else "ThrottlingException"}
        return AWSResponse(request.url, 400 if "__type" in body else 200, {}, Raw(json.dumps(body).encode()))

    session.ssm.meta.events.register("before-send.ssm", answer)
    return session, calls


def test_ten_parameters_are_read_by_one_call_and_one_that_is_closed_hides_no_other() -> None:
    session, calls = parameters_answering("/shop/p7")
    wanted = [f"ssm:/shop/p{at}" for at in range(1_000)]
    held = AwsSettings(session).held_each([*wanted, "ssm:/shop/none"])
    assert {r: one.value for r, one in held.items() if not isinstance(one, CloudError)} == {
        r: f"of {r.removeprefix('ssm:')}" for r in wanted if r != "ssm:/shop/p7"
    }
    assert [(r, one.code) for r, one in held.items() if isinstance(one, CloudError)] == [
        ("ssm:/shop/p7", "access-denied")
    ]
    assert calls == {"GetParameters": 102, "GetParameter": 10}


def test_without_the_right_to_read_several_each_parameter_is_read_alone() -> None:
    session, calls = parameters_answering("", together=False)
    wanted = [f"ssm:/shop/p{at}" for at in range(15)]
    assert AwsSettings(session).held_each(wanted).keys() == set(wanted)
    assert calls["GetParameter"] == 15
