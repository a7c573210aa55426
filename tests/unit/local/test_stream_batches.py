"""Batches of streams: what can be done is done in its order, what cannot is given up, and nothing is lost."""

from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sealift.local.patches.event_sources import delivered

RECORDS = st.integers(1, 12).map(lambda most: [{"dynamodb": {"SequenceNumber": str(n)}} for n in range(most)])
POISON = st.sets(st.integers(0, 11), max_size=4)


def _number(record: Mapping[str, Any]) -> int:
    return int(record["dynamodb"]["SequenceNumber"])


class _Function:
    """A function that fails for some records: as a whole, or by naming the first of them."""

    def __init__(self, poison: set[int], *, names: bool) -> None:
        self.poison, self.names = poison, names
        self.done: list[int] = []
        self.lost: list[int] = []

    def run(self, records: list[Any]) -> dict[str, Any]:
        """Do what comes before the first bad record when that can be said, all or nothing otherwise."""
        numbers = [_number(record) for record in records]
        bad = next((place for place, number in enumerate(numbers) if number in self.poison), None)
        if bad is None:
            self.done += numbers
            return {"body": {"batchItemFailures": []}}
        if not self.names:
            return {"error": True, "body": {"errorType": "ValueError"}}
        self.done += numbers[:bad]
        return {"body": {"batchItemFailures": [{"itemIdentifier": str(number)} for number in numbers[bad:]]}}

    def give_up(self, records: Sequence[Any], _result: Mapping[str, Any], _attempts: int) -> None:
        """Note what is lost."""
        self.lost += [_number(record) for record in records]


@given(RECORDS, POISON, st.booleans(), st.integers(0, 3))
def test_with_bisection_nothing_but_what_is_bad_is_given_up(
    records: list[Any], poison: set[int], names: bool, retries: int
) -> None:
    function = _Function(poison, names=names)
    source = {
        "BisectBatchOnFunctionError": True,
        "MaximumRetryAttempts": retries,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
    }
    result = delivered(records, source, function.run, function.give_up)
    assert not result.get("error")
    numbers = [_number(record) for record in records]
    assert function.done == [number for number in numbers if number not in poison]
    assert function.lost == [number for number in numbers if number in poison]


@given(RECORDS, POISON, st.integers(0, 3))
def test_without_bisection_a_batch_is_given_up_as_a_whole(records: list[Any], poison: set[int], retries: int) -> None:
    function = _Function(poison, names=False)
    delivered(records, {"MaximumRetryAttempts": retries}, function.run, function.give_up)
    numbers = [_number(record) for record in records]
    assert (function.done, function.lost) == (([], numbers) if poison & set(numbers) else (numbers, []))


def test_what_is_tried_for_ever_stays_where_it_is() -> None:
    function = _Function({1}, names=False)
    records = [{"dynamodb": {"SequenceNumber": str(n)}} for n in range(3)]
    assert delivered(records, {}, function.run, function.give_up)["error"]
    assert (function.done, function.lost) == ([], [])


def test_a_name_that_is_none_makes_the_whole_batch_fail() -> None:
    attempts: list[int] = []

    def run(records: list[Any]) -> dict[str, Any]:
        attempts.append(len(records))
        return {"body": {"batchItemFailures": [{"itemIdentifier": ""}]}}

    records = [{"kinesis": {"sequenceNumber": str(n)}} for n in range(3)]
    source = {"MaximumRetryAttempts": 1, "FunctionResponseTypes": ["ReportBatchItemFailures"]}
    delivered(records, source, run, lambda *_: None)
    assert attempts == [3, 3]
