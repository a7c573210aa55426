"""POST /orders: takes an order, keeps it, and asks for its confirmation."""

import functools
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ulid import ULID

from orders_core.answers import Answer, Event, answer, answering, json_body
from orders_core.orders import Order, price_of, read_lines
from orders_core.settings import settings
from orders_core.store import Orders, orders


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """What placing an order needs."""

    orders: Orders
    setting: Callable[[str], str]
    request_confirmation: Callable[[str], object]
    new_id: Callable[[], str] = lambda: str(ULID())


def handler(event: Event, context: object) -> Answer:
    """Entry point of the function."""
    return answering(lambda: place_order(event, _shop()))


def place_order(event: Event, shop: Shop) -> Answer:
    """Keep the order that the request holds, and ask for its confirmation."""
    lines = read_lines(json_body(event).get("lines"))
    price = price_of(lines, tax_percent=int(shop.setting("tax-percent")))
    order = Order(
        order_id=shop.new_id(),
        customer=event["requestContext"]["authorizer"]["customer"],
        lines=lines,
        total=price.total,
    )
    shop.orders.add(order)
    shop.request_confirmation(order.order_id)
    return answer(201, order.as_json())


@functools.cache
def _shop() -> Shop:
    import boto3

    queue: Any = boto3.client("sqs")
    url = os.environ["CONFIRMATIONS_URL"]
    return Shop(
        orders=orders(),
        setting=settings(),
        request_confirmation=lambda order_id: queue.send_message(QueueUrl=url, MessageBody=order_id),
    )
