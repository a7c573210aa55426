"""The name of an artifacts bucket is one that S3 takes, and never that of another stack."""

import re

from hypothesis import given
from hypothesis import strategies as st

from sealift.delivery.buckets import bucket_name

START = "sealift-111111111111-eu-west-1-"
STACKS = st.from_regex(r"[a-zA-Z][a-zA-Z0-9-]{0,127}", fullmatch=True)


@given(STACKS, STACKS)
def test_each_stack_has_a_valid_name_of_its_own(one: str, other: str) -> None:
    name = bucket_name("111111111111", "eu-west-1", one)
    assert re.fullmatch(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]", name)
    assert (name == bucket_name("111111111111", "eu-west-1", other)) == (one == other)


def test_a_name_that_s3_takes_is_kept() -> None:
    longest = "s" * (63 - len(START))
    assert bucket_name("111111111111", "eu-west-1", longest) == START + longest
    longer = bucket_name("111111111111", "eu-west-1", longest + "s")
    assert (len(longer), longer.startswith(START + longest[:-9] + "-")) == (63, True)
    for end in ("-s3alias", "-an"):
        assert not bucket_name("111111111111", "eu-west-1", f"shop{end}").endswith(end)


@given(STACKS)
def test_names_that_differ_in_capitals_alone_have_buckets_of_their_own(stack: str) -> None:
    mine, other = (bucket_name("111111111111", "eu-west-1", one) for one in (stack, stack.swapcase()))
    assert mine != other
