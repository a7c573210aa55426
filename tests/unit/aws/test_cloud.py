"""The name of an environment's bucket."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sealift.delivery.buckets import bucket_name

ACCOUNT = "111122223333"
STACKS = st.from_regex(r"[A-Za-z][A-Za-z0-9-]{0,127}", fullmatch=True)
REGIONS = st.sampled_from(["eu-west-1", "us-gov-west-1", "ap-southeast-2", "mx-central-1"])


@example(region="eu-west-1", stack="an")
@given(REGIONS, STACKS)
def test_a_bucket_name_is_always_valid(region: str, stack: str) -> None:
    name = bucket_name(ACCOUNT, region, stack)

    assert re.fullmatch(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]", name)
    assert not name.endswith(("-s3alias", "--ol-s3", "--x-s3", "--table-s3", "-an"))
    assert name == bucket_name(ACCOUNT, region, stack)


@given(REGIONS, STACKS, STACKS)
def test_two_stacks_never_share_a_bucket(region: str, one: str, other: str) -> None:
    assert (bucket_name(ACCOUNT, region, one) == bucket_name(ACCOUNT, region, other)) == (one == other)


@pytest.mark.parametrize(("one", "other"), [("orders", "Orders"), ("a" * 100, "a" * 101), ("orders-", "orders")])
def test_names_that_s3_would_take_for_one_are_told_apart(one: str, other: str) -> None:
    assert bucket_name(ACCOUNT, "eu-west-1", one) != bucket_name(ACCOUNT, "eu-west-1", other)


def test_an_ordinary_name_stays_readable() -> None:
    assert bucket_name(ACCOUNT, "eu-west-1", "orders-staging") == f"sealift-{ACCOUNT}-eu-west-1-orders-staging"
