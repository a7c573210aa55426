"""The worker behind the queue: confirms orders, each as soon as its message comes."""

import functools
import logging
from typing import Any

from orders_core.answers import Event
from orders_core.store import Orders, orders

log = logging.getLogger(__name__)


def handler(event: Event, context: object) -> dict[str, Any]:
    """Entry point of the function."""
    return confirm_orders(event, _orders())


def confirm_orders(event: Event, store: Orders) -> dict[str, Any]:
    """Confirm every order of the batch; report those that failed, so that only they come again."""
    failed = []
    for record in event["Records"]:
        try:
            store.confirm(record["body"])
        except Exception:
            log.exception("order %s could not be confirmed", record["body"])
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}


@functools.cache
def _orders() -> Orders:
    return orders()
