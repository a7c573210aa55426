"""What a function returns is an answer, or is none, by the door that it came through."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealift.local.reply_shapes import Door, proxy_reply

DOORS: tuple[Door, ...] = ("REST", "HTTP 1.0", "HTTP 2.0", "URL")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
_GIVEN = st.fixed_dictionaries(
    {},
    optional={
        "statusCode": JSON,
        "headers": JSON,
        "body": JSON,
        "isBase64Encoded": JSON,
        "multiValueHeaders": st.dictionaries(st.text(max_size=5), st.lists(JSON, max_size=2), max_size=2),
    },
)


@given(_GIVEN | JSON, st.sampled_from(DOORS))
def test_an_answer_has_a_status_of_http_and_texts(payload: Any, door: Door) -> None:
    made = proxy_reply(payload, door)
    if made is not None:
        assert 100 <= made["statusCode"] <= 599
        assert isinstance(made["body"], str)
        assert all(isinstance(value, str) for value in made["headers"].values())


@pytest.mark.parametrize("payload", [{"hello": 1}, "words", 42, None, [1], {"body": "x"}])
@pytest.mark.parametrize("door", DOORS)
def test_payload_2_makes_an_answer_of_what_has_no_status(payload: Any, door: Door) -> None:
    made = proxy_reply(payload, door)
    if door in ("REST", "HTTP 1.0"):
        assert made is None
    else:
        text = payload if isinstance(payload, str) else "" if payload is None else json.dumps(payload)
        assert made == {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": text}


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("status", ["abc", None, 99, 600, True, 2.5, "", "²"])
def test_a_status_that_http_has_not_is_no_answer(door: Door, status: Any) -> None:
    assert proxy_reply({"statusCode": status, "body": "x"}, door) is None


@pytest.mark.parametrize("door", DOORS)
def test_an_answer_written_as_json_is_one(door: Door) -> None:
    made = proxy_reply('{"statusCode": "201", "body": "x", "headers": {"a": true, "b": 5, "c": null}}', door)
    assert made is not None
    assert made["statusCode"] == 201
    assert {name: made["headers"].get(name) for name in "abc"} == {"a": "true", "b": "5", "c": None}


def test_the_headers_of_the_connection_are_the_servers_own() -> None:
    sent = {"content-length": "999", "Connection": "close", "Transfer-Encoding": "chunked", "X-Own": "1"}
    payload = {"statusCode": 200, "headers": {**sent, "server": "me", "www-authenticate": "Basic"}, "body": "x"}
    shown = {door: (proxy_reply(payload, door) or {})["headers"] for door in DOORS}
    assert shown["REST"] == {
        "x-amzn-Remapped-Content-Length": "999",
        "x-amzn-Remapped-Connection": "close",
        "x-amzn-Remapped-Server": "me",
        "x-amzn-Remapped-WWW-Authenticate": "Basic",
        "X-Own": "1",
    }
    own = {"X-Own": "1", "server": "me", "www-authenticate": "Basic"}
    assert shown["URL"] == own
    assert shown["HTTP 2.0"] == {"Content-Type": "text/plain; charset=utf-8", **own}


def test_an_http_api_says_text_where_the_function_does_not_say_what_it_is() -> None:
    made = proxy_reply({"statusCode": 200, "headers": {"content-type": "a/b"}, "body": ""}, "HTTP 2.0")
    assert made is not None
    assert made["headers"] == {"content-type": "a/b"}


@pytest.mark.parametrize(
    ("door", "several", "cookies"),
    [("REST", True, False), ("HTTP 1.0", True, False), ("HTTP 2.0", False, True), ("URL", False, True)],
)
def test_several_values_are_written_as_the_payload_has_them(door: Door, several: bool, cookies: bool) -> None:
    payload = {"statusCode": 200, "body": "", "multiValueHeaders": {"X": ["1", "2"]}, "cookies": ["a=1"]}
    made = proxy_reply(payload, door)
    assert made is not None
    assert (made["multiValueHeaders"], made.get("cookies")) == (
        {"X": ["1", "2"]} if several else {},
        ["a=1"] if cookies else None,
    )


def test_an_api_with_cors_says_itself_which_origins_may() -> None:
    payload = {"statusCode": 200, "headers": {"Access-Control-Allow-Origin": "*", "X": "1"}, "body": ""}
    made = proxy_reply(payload, "HTTP 2.0", has_cors=True)
    assert made is not None
    assert made["headers"] == {"Content-Type": "text/plain; charset=utf-8", "X": "1"}


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("headers", [{"a": "1\r\nx: 2"}, {"a\nb": "1"}, {"a": ["1", "2\n"]}])
def test_a_header_with_a_line_break_is_no_answer(door: Door, headers: Any) -> None:
    assert proxy_reply({"statusCode": 200, "headers": headers}, door) is None


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(("body", "is_one"), [("eA==", True), ("eHh4\neHh4", True), ("***", False), ("eA", False)])
def test_a_body_that_is_said_to_be_base64_has_to_be(door: Door, body: str, is_one: bool) -> None:
    made = proxy_reply({"statusCode": 200, "isBase64Encoded": True, "body": body}, door)
    assert (made is not None) == (is_one or door == "REST")
