"""Events made from what a template declares."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealift.cfn.sources import Source, sources
from sealift.delivery.sample_events import KINDS, Place, sample_event, written
from sealift.model.template import Json

PLACE = Place(
    account="111122223333",
    region="eu-west-1",
    now=datetime(2026, 1, 2, tzinfo=UTC),
    physical={"Jobs": "https://sqs.eu-west-1.amazonaws.com/111122223333/shop-Jobs-1", "Files": "shop-files-2"},
)


def _declaring(kind: str, **declared: Json) -> dict[str, Json]:
    event: Json = {"Type": kind, "Properties": declared}
    return {"Resources": {"F": {"Type": "AWS::Serverless::Function", "Properties": {"Events": {"E": event}}}}}


@pytest.mark.parametrize(
    ("kind", "version"), [("Api", "1.0"), ("HttpApi", "2.0")], ids=["a REST API sends 1.0", "an HTTP API sends 2.0"]
)
def test_an_event_of_an_api_has_the_routes_own_method_and_path(kind: str, version: str) -> None:
    (source,) = sources(_declaring(kind, Method="post", Path="/orders/{id}"), "F")
    event = sample_event(source, PLACE)
    assert isinstance(event, dict)
    assert event["version"] == version
    assert event["path" if version == "1.0" else "rawPath"] == "/orders/id"
    assert event["pathParameters"] == {"id": "id"}
    assert event.get("httpMethod", "POST") == "POST"


@pytest.mark.parametrize(
    "queue",
    [{"Fn::GetAtt": ["Jobs", "Arn"]}, {"Fn::GetAtt": "Jobs.Arn"}, {"Ref": "Jobs"}, {"Fn::Sub": "${Jobs.Arn}"}],
    ids=str,
)
def test_an_event_of_a_queue_has_the_deployed_queues_arn(queue: Json) -> None:
    (source,) = sources(_declaring("SQS", Queue=queue), "F")
    assert "arn:aws:sqs:eu-west-1:111122223333:shop-Jobs-1" in json.dumps(sample_event(source, PLACE))


def test_a_source_that_plain_cloudformation_declares_is_known() -> None:
    mapping: Json = {"EventSourceArn": {"Fn::GetAtt": ["Jobs", "Arn"]}, "FunctionName": {"Ref": "F"}}
    notified: Json = {"LambdaConfigurations": [{"Function": {"Fn::GetAtt": ["F", "Arn"]}}]}
    body: Json = {
        "Resources": {
            "F": {"Type": "AWS::Lambda::Function"},
            "Jobs": {"Type": "AWS::SQS::Queue"},
            "M": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": mapping},
            "Files": {"Type": "AWS::S3::Bucket", "Properties": {"NotificationConfiguration": notified}},
        }
    }
    assert [str(one) for one in sources(body, "F")] == ["sqs, Jobs", "s3, Files"]
    assert sources(body, "Other") == ()
    assert "shop-files-2" in json.dumps(sample_event(Source(kind="s3", of="Files"), PLACE))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_makes_an_event_without_a_declaration(kind: str) -> None:
    assert json.dumps(sample_event(Source(kind=kind), PLACE))


_JSON: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(("Ref", "Fn::Sub", "x")), inner),
    max_leaves=8,
)


@given(
    st.sampled_from(("Api", "HttpApi", "SQS", "SNS", "S3", "DynamoDB", "Kinesis", "Schedule", "EventBridgeRule")),
    st.dictionaries(st.sampled_from(("Path", "Method", "Queue", "Bucket", "Stream", "Topic", "Pattern")), _JSON),
)
def test_whatever_a_template_holds_makes_an_event(kind: str, declared: dict[str, Json]) -> None:
    for source in sources(_declaring(kind, **declared), "F"):
        assert json.dumps(sample_event(source, PLACE))


MILLISECONDS = 1_767_312_000_000


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_a_request_has_a_body_where_its_method_has_one_and_says_when_and_where(method: str, version: str) -> None:
    event: Any = sample_event(Source(kind="http", method=method, version=version), PLACE)
    carries = method in ("POST", "PUT", "PATCH")
    context, host = event["requestContext"], "sample.execute-api.eu-west-1.amazonaws.com"
    assert event["isBase64Encoded"] is False
    if version == "1.0":
        assert (event["body"], event["pathParameters"]) == ("{}" if carries else None, None)
        assert (context["requestTimeEpoch"], event["headers"]["Host"]) == (MILLISECONDS, host)
        assert event["multiValueHeaders"]["Host"] == [host]
    else:
        assert event.get("body", "none") == ("{}" if carries else "none")
        assert "pathParameters" not in event
        assert (context["timeEpoch"], event["headers"]["host"], context["domainName"]) == (MILLISECONDS, host, host)


@pytest.mark.parametrize(
    ("kind", "path", "expected"),
    [
        ("sqs", "eventSourceARN", "arn:aws:sqs:eu-west-1:111122223333:shop-Jobs-1"),
        ("sqs", "attributes.SentTimestamp", str(MILLISECONDS)),
        ("sns", "Sns.TopicArn", "arn:aws:sns:eu-west-1:111122223333:shop-Jobs-1"),
        ("sns", "Sns.Timestamp", "2026-01-02T00:00:00Z"),
        ("s3", "s3.bucket.name", "shop-Jobs-1"),
        ("s3", "s3.object.size", 2),
        ("dynamodb", "dynamodb.SizeBytes", 8),
        ("dynamodb", "eventSourceARN", "arn:aws:dynamodb:eu-west-1:111122223333:table/shop-Jobs-1/stream/sample"),
        ("kinesis", "kinesis.approximateArrivalTimestamp", MILLISECONDS / 1000),
        ("kinesis", "eventSourceARN", "arn:aws:kinesis:eu-west-1:111122223333:stream/shop-Jobs-1"),
    ],
)
def test_a_record_names_its_source_and_its_time(kind: str, path: str, expected: object) -> None:
    event: Any = sample_event(Source(kind=kind, of="Jobs"), PLACE)
    (found,) = event["Records"]
    for key in path.split("."):
        found = found[key]
    assert found == expected


@pytest.mark.parametrize(("source", "name"), [(Source(kind="s3"), "my-s3"), (Source(kind="s3", of="Own"), "Own")])
def test_a_source_that_is_not_deployed_has_its_own_name_or_one_that_is_made_up(source: Source, name: str) -> None:
    assert PLACE.name(source) == name


@pytest.mark.parametrize(
    ("source", "detail_type", "origin"),
    [
        (Source(kind="schedule", detail_type="x", origin="y"), "Scheduled Event", "aws.events"),
        (Source(kind="eventbridge", detail_type="Ordered", origin="shop"), "Ordered", "shop"),
        (Source(kind="eventbridge"), "sample", "sample"),
    ],
)
def test_an_event_of_a_bus_has_the_type_and_origin_that_its_rule_asks_for(
    source, detail_type: str, origin: str
) -> None:
    event: Any = sample_event(source, PLACE)
    assert (event["detail-type"], event["source"], event["time"]) == (detail_type, origin, "2026-01-02T00:00:00Z")


def test_a_file_holds_an_event_as_a_person_reads_it() -> None:
    assert written({"a": "é"}) == '{\n  "a": "é"\n}'
