"""The totals behind the stream."""

from dataclasses import replace

from count_orders import FORGET_AFTER_S, count_orders

from orders_core.orders import CONFIRMED, PLACED, Line, Order
from orders_core.store import as_item
from tests.unit.fakes import FakeTotals

ORDER = Order(order_id="a", customer="ann", lines=(Line(sku="tea", quantity=1),), total=780, status=PLACED)


def record(event_id, name, *, before=None, after=None):
    change = {"SequenceNumber": f"n-{event_id}"}
    if before:
        change["OldImage"] = as_item(before)
    if after:
        change["NewImage"] = as_item(after)
    return {"eventID": event_id, "eventName": name, "dynamodb": change}


INSERTED = record("1", "INSERT", after=ORDER)
CONFIRMATION = record("2", "MODIFY", before=ORDER, after=replace(ORDER, status=CONFIRMED))


def test_new_and_confirmed_orders_are_counted():
    totals = FakeTotals()
    assert count_orders({"Records": [INSERTED, CONFIRMATION]}, totals, now=0) == {"batchItemFailures": []}
    assert totals.values == {"placed": 1, "confirmed": 1, "turnover_cents": 780}


def test_an_event_that_comes_twice_is_counted_once():
    totals = FakeTotals()
    count_orders({"Records": [INSERTED, INSERTED]}, totals, now=0)
    assert totals.values == {"placed": 1}


def test_a_change_that_confirms_nothing_is_not_counted():
    totals = FakeTotals()
    confirmed = replace(ORDER, status=CONFIRMED)
    removed = record("4", "REMOVE", before=confirmed)
    count_orders({"Records": [record("3", "MODIFY", before=confirmed, after=confirmed), removed]}, totals, now=0)
    assert totals.values == {}


def test_the_stream_comes_again_from_the_change_that_failed():
    assert count_orders({"Records": [INSERTED, CONFIRMATION]}, FakeTotals(broken=True), now=0) == {
        "batchItemFailures": [{"itemIdentifier": "n-1"}]
    }


def test_a_counted_event_is_remembered_longer_than_the_stream_keeps_it():
    assert FORGET_AFTER_S > 24 * 3600
