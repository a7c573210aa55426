"""When a condition keeps a permission to names of its own environment: `reach.limited`."""

from collections.abc import Sequence
from typing import Any, cast

import pytest

from sealift.isolation.policies import Test as Condition
from sealift.isolation.reach import limited

MINE, THEIRS = "arn:aws:sns:eu-west-1:1:shop-staging", "arn:aws:sns:eu-west-1:2:shop-production"


class Owners:
    """A world in which the source's neighbours own one name."""

    name = "staging"

    def owned_by_others(self, environment: str, value: str) -> bool:
        """Return whether another environment owns the name."""
        return environment == self.name and value == THEIRS


def keeps(
    values: Sequence[str], *, operator: str = "arnequals", key: str = "aws:sourcearn", exact: bool = True
) -> bool:
    """Return whether a condition with these values limits the source."""
    condition = Condition(operator=operator, key=key, values=tuple(values), exact=exact)
    owners = cast("Any", Owners())
    return limited(owners, owners, (condition,))


@pytest.mark.parametrize(
    ("values", "expected"),
    [((MINE,), True), ((THEIRS,), False), ((MINE, THEIRS), False), ((THEIRS, MINE), False), ((), False)],
)
def test_every_value_has_to_be_nobody_elses(values: tuple[str, ...], expected: bool) -> None:
    assert keeps(values) == expected


@pytest.mark.parametrize(
    "change",
    [
        {"operator": "arnnotequals"},
        {"operator": "arnequalsifexists"},
        {"exact": False},
        {"key": "aws:principalarn"},
        {"key": "aws:sourceaccount"},
    ],
)
def test_a_condition_that_may_not_hold_or_is_about_the_caller_limits_nothing(change: dict[str, Any]) -> None:
    assert not keeps((MINE,), **change)
