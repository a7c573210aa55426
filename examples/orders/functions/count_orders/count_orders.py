"""Behind the stream of the orders table: keeps the totals up to date."""

import functools
import logging
import time
from typing import Any

from orders_core.answers import Event
from orders_core.orders import CONFIRMED
from orders_core.store import Totals, from_item, totals

log = logging.getLogger(__name__)
FORGET_AFTER_S = 2 * 24 * 3600
"""A stream keeps its records for a day, so an event cannot come again later than that."""


def handler(event: Event, context: object) -> dict[str, Any]:
    """Entry point of the function."""
    return count_orders(event, _totals(), now=time.time())


def count_orders(event: Event, store: Totals, *, now: float) -> dict[str, Any]:
    """Count every change of the batch; the first that fails ends it, and the stream comes again from there."""
    for record in event["Records"]:
        try:
            additions = additions_of(record)
            if additions:
                store.count(record["eventID"], additions, forget_at=int(now) + FORGET_AFTER_S)
        except Exception:
            log.exception("change %s could not be counted", record["eventID"])
            return {"batchItemFailures": [{"itemIdentifier": record["dynamodb"]["SequenceNumber"]}]}
    return {"batchItemFailures": []}


def additions_of(record: Event) -> dict[str, int]:
    """Return what a change adds to the totals."""
    change = record["dynamodb"]
    if record["eventName"] == "INSERT":
        return {"placed": 1}
    if record["eventName"] == "MODIFY":
        before, after = from_item(change["OldImage"]), from_item(change["NewImage"])
        if before.status != CONFIRMED and after.status == CONFIRMED:
            return {"confirmed": 1, "turnover_cents": after.total}
    return {}


@functools.cache
def _totals() -> Totals:
    return totals()
