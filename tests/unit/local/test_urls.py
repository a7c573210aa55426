"""URLs in outputs reach the embedded cloud; everything else is left as it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealift.local.urls import rewrite

BASE = "http://127.0.0.1:20001/_aws"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("https://abc123.execute-api.eu-west-1.amazonaws.com/Prod/items", f"{BASE}/execute-api/abc123/Prod/items"),
        ("https://abc123.execute-api.eu-west-1.amazonaws.com", f"{BASE}/execute-api/abc123"),
        ("https://abc123.execute-api.cn-north-1.amazonaws.com.cn/v1/", f"{BASE}/execute-api/abc123/v1/"),
        ("http://abc123.execute-api.127.0.0.1:20001", f"{BASE}/execute-api/abc123"),
        ("https://f00d-1.lambda-url.eu-west-1.on.aws/", f"{BASE}/lambda-url/f00d-1/"),
        ("wss://abc123.execute-api.eu-west-1.amazonaws.com/live", "ws://127.0.0.1:20001/_aws/execute-api/abc123/live"),
        ("http://shop-lb-a5h5ob52.eu-west-1.elb.amazonaws.com/a", "http://127.0.0.1:20001/_alb/shop-lb/a"),
        ("shop-lb-a5h5ob52.eu-west-1.elb.amazonaws.com", "127.0.0.1:20001/_alb/shop-lb"),
        ("https://abc1.appsync-api.eu-west-1.amazonaws.com/graphql", "http://127.0.0.1:20001/v1/apis/abc1/graphql"),
        ("one https://a.execute-api.x.amazonaws.com/a two", f"one {BASE}/execute-api/a/a two"),
    ],
)
def test_urls_of_apis_and_functions_are_rewritten(before: str, after: str) -> None:
    assert rewrite(before, 20001) == after


@pytest.mark.parametrize(
    "value", ["https://api.shop.example/v1", "arn:aws:execute-api:eu-west-1:1:abc/*/GET/", "abc.execute-api", ""]
)
def test_custom_domains_and_other_text_are_left(value: str) -> None:
    assert rewrite(value, 20001) == value


@given(st.text())
def test_rewriting_twice_changes_nothing_more(text: str) -> None:
    once = rewrite(f"https://abc.execute-api.eu-west-1.amazonaws.com/{text}", 20001)
    assert rewrite(once, 20001) == once
