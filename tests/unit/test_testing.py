"""The plugin of pytest: what its fixtures promise without a cloud."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from botocore.config import Config
from botocore.exceptions import EndpointConnectionError
from hypothesis import given
from hypothesis import strategies as st

from sealift.delivery.sample_events import KINDS
from sealift.testing import Deployed, is_reading, make_event, wait_until


def _plain(value: dict[str, str]) -> object:
    """Return what an attribute of a stream's record holds."""
    return value["S"] if "S" in value else int(value["N"])


CONTENT = {
    "http": lambda event: event["body"],
    "sqs": lambda event: event["Records"][0]["body"],
    "sns": lambda event: event["Records"][0]["Sns"]["Message"],
    "kinesis": lambda event: base64.b64decode(event["Records"][0]["kinesis"]["data"]).decode(),
    "dynamodb": lambda event: json.dumps(
        {key: _plain(value) for key, value in event["Records"][0]["dynamodb"]["NewImage"].items()}
    ),
    "eventbridge": lambda event: json.dumps(event["detail"]),
}


@given(st.sampled_from(sorted(CONTENT)), st.dictionaries(st.text(), st.text() | st.integers()))
def test_a_body_is_where_a_handler_of_that_kind_reads_it(kind: str, body: dict[str, object]) -> None:
    assert json.loads(CONTENT[kind](make_event(kind, body=body))) == body


def test_there_is_an_event_of_each_kind_and_both_versions_of_http() -> None:
    for kind in KINDS:
        assert make_event(kind)
    first = make_event("http", method="POST", path="/orders/{id}", version="1.0", body="{}")
    second = make_event("http", method="POST", path="/orders/{id}", body="{}")
    assert (first["httpMethod"], first["path"], first["pathParameters"]) == ("POST", "/orders/id", {"id": "id"})
    assert (second["routeKey"], second["rawPath"]) == ("POST /orders/{id}", "/orders/id")
    assert make_event("s3", of="photos", body="a.png")["Records"][0]["s3"]["object"]["key"] == "a.png"


@pytest.mark.parametrize(("kind", "body"), [("ftp", None), ("schedule", "x")])
def test_what_is_no_event_is_refused(kind: str, body: object) -> None:
    with pytest.raises(ValueError, match=kind):
        make_event(kind, body=body)


def test_what_comes_later_is_waited_for() -> None:
    answers: Iterator[object] = iter([None, 0, AssertionError("not yet"), "there"])

    def look() -> object:
        found = next(answers)
        assert not isinstance(found, AssertionError), found
        return found

    assert wait_until(look, every_s=0) == "there"


def test_what_never_comes_fails_with_the_last_answer() -> None:
    with pytest.raises(AssertionError, match="the last answer was \\[\\]"):
        wait_until(list, timeout_s=0)

    def look() -> None:
        raise AssertionError("no order yet")

    with pytest.raises(AssertionError, match="no order yet"):
        wait_until(look, timeout_s=0)


def test_an_address_is_named_where_there_are_several() -> None:
    one = Deployed(name="dev", region="us-east-1", local=True, outputs={"Url": "http://127.0.0.1:1/a", "Arn": "arn:x"})
    assert str(one.http().base_url) == "http://127.0.0.1:1/a/"
    two = Deployed(name="dev", region="us-east-1", local=True, outputs={**one.outputs, "Other": "https://b.example"})
    assert str(two.http("Other").base_url) == "https://b.example"
    for name in (None, "Arn"):
        with pytest.raises(pytest.fail.Exception, match="Other, Url"):
            two.http(name)


FIELDS = {
    "http 1.0": ("requestContext.requestTime", "requestContext.domainName", "requestContext.resourceId"),
    "http 2.0": ("requestContext.time", "requestContext.domainPrefix", "requestContext.domainName"),
    "sns": ("Sns.UnsubscribeUrl", "Sns.SigningCertUrl", "Sns.Signature", "Sns.SignatureVersion"),
    "s3": (
        *("userIdentity.principalId", "requestParameters.sourceIPAddress", "responseElements.x-amz-request-id"),
        *("s3.configurationId", "s3.bucket.ownerIdentity.principalId", "s3.object.sequencer"),
    ),
    "kinesis": ("invokeIdentityArn",),
}


@pytest.mark.parametrize(("kind", "fields"), FIELDS.items(), ids=FIELDS)
def test_an_event_has_what_parsers_of_the_field_require(kind: str, fields: tuple[str, ...]) -> None:
    """Required by the models of Powertools for AWS Lambda 3."""
    name, _, version = kind.partition(" ")
    event = make_event(name, **({"version": version} if version else {}))
    for field in fields:
        found = event["Records"][0] if "Records" in event else event
        for key in field.split("."):
            found = found[key]
        assert found


def test_what_aws_derives_from_a_body_is_that_of_the_body() -> None:
    (message,) = make_event("sqs", body="x")["Records"]
    assert message["md5OfBody"] == "9dd4e461268c8034f5c8564e155c67a6"
    assert make_event("s3", body="a b/é.txt")["Records"][0]["s3"]["object"]["key"] == "a+b/%C3%A9.txt"


@pytest.mark.parametrize("item", [{"n": 3.5, "id": "o-1"}, {"n": {"N": "3.5"}, "id": {"S": "o-1"}}])
def test_an_item_has_its_types_as_in_a_stream(item: dict[str, object]) -> None:
    record = make_event("dynamodb", body=item)["Records"][0]["dynamodb"]
    assert record["NewImage"] == {"n": {"N": "3.5"}, "id": {"S": "o-1"}}
    assert record["Keys"] == {"id": {"S": "o-1"}}


@pytest.mark.parametrize(
    ("kind", "source", "named"),
    [
        ("http", {"version": "3.0"}, "1.0 or 2.0"),
        ("http", {"verb": "GET"}, "method"),
        ("sqs", {"path": "/"}, "no more"),
    ],
)
def test_an_argument_that_an_event_does_not_take_is_named(kind: str, source: dict[str, str], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        make_event(kind, **source)


@pytest.mark.parametrize(("kind", "body"), [("dynamodb", "x"), ("eventbridge", "text")])
def test_a_body_of_a_shape_that_aws_never_sends_is_refused(kind: str, body: object) -> None:
    with pytest.raises(ValueError, match="dictionary"):
        make_event(kind, body=body)


PRODUCTION = Deployed(
    name="production", region="us-east-1", local=False, outputs={"Url": "http://127.0.0.1:1"}, protected=True
)
AT_ONCE: dict[str, object] = {"endpoint_url": "http://127.0.0.1:1", "config": Config(retries={"total_max_attempts": 1})}


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.delenv("AWS_PROFILE", raising=False)


def test_in_a_protected_environment_tests_send_no_request_that_writes() -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        with PRODUCTION.http() as client, pytest.raises(pytest.fail.Exception, match=f"protected.*{method} /orders"):
            client.request(method, "/orders")
    with PRODUCTION.http() as client, pytest.raises(httpx.ConnectError):
        client.get("/orders")
    with PRODUCTION.http(writes=True) as client, pytest.raises(httpx.ConnectError):
        client.post("/orders")


@pytest.mark.usefixtures("credentials")
def test_nor_a_call_of_aws_that_writes() -> None:
    key = {"TableName": "t", "Key": {"id": {"S": "1"}}}
    only_reading: Any = PRODUCTION.session().client("dynamodb", **AT_ONCE)
    with pytest.raises(pytest.fail.Exception, match=r"protected.*DeleteItem"):
        only_reading.delete_item(**key)
    resource: Any = PRODUCTION.session().resource("dynamodb", **AT_ONCE)
    with pytest.raises(pytest.fail.Exception, match="PutItem"):
        resource.Table("t").put_item(Item={"id": "1"})
    writing: Any = PRODUCTION.session(writes=True).client("dynamodb", **AT_ONCE)
    for call in (only_reading.get_item, writing.delete_item):
        with pytest.raises(EndpointConnectionError):
            call(**key)


@pytest.mark.parametrize(
    ("operation", "reads"),
    [("GetItem", True), ("StartQuery", True), ("Invoke", False), ("Getaway", False), ("ReceiveMessage", False)],
)
def test_an_operation_reads_by_its_name(operation: str, reads: bool) -> None:
    assert is_reading(operation) is reads
