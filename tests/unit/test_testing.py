"""The plugin of pytest: what its fixtures promise without a cloud."""

import base64
import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealift.delivery.sample_events import KINDS
from sealift.testing import Deployed, make_event, wait_until

CONTENT = {
    "http": lambda event: event["body"],
    "sqs": lambda event: event["Records"][0]["body"],
    "sns": lambda event: event["Records"][0]["Sns"]["Message"],
    "kinesis": lambda event: base64.b64decode(event["Records"][0]["kinesis"]["data"]).decode(),
    "dynamodb": lambda event: json.dumps(event["Records"][0]["dynamodb"]["NewImage"]),
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
