"""The public API, which only reads: an order by its id, a price before ordering, the totals, the health."""

import functools
from collections.abc import Callable
from dataclasses import dataclass

from orders_core.answers import Answer, Event, Refusal, answer, answering
from orders_core.orders import price_of, read_line
from orders_core.settings import settings
from orders_core.store import Orders, Totals, orders, totals

TOTALS = ("placed", "confirmed", "turnover_cents")


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """What looking into the shop needs."""

    orders: Orders
    totals: Totals
    setting: Callable[[str], str]


def handler(event: Event, context: object) -> Answer:
    """Entry point of the function."""
    return answering(lambda: read(event, _window()))


def read(event: Event, window: Window) -> Answer:
    """Answer a request by its route."""
    match event["routeKey"]:
        case "GET /orders/{id}":
            return _order(event["pathParameters"]["id"], window)
        case "GET /quote":
            return _quote(event.get("queryStringParameters") or {}, window)
        case "GET /totals":
            return answer(200, window.totals.read(TOTALS))
        case "GET /health":
            return answer(200, {"status": "ok"})
        case route:
            raise Refusal(404, f"there is no {route}")


def _order(order_id: str, window: Window) -> Answer:
    order = window.orders.get(order_id)
    if order is None:
        raise Refusal(404, f"there is no order {order_id}")
    return answer(200, order.as_json())


def _quote(query: Event, window: Window) -> Answer:
    quantity = str(query.get("quantity", "1"))
    line = read_line({"sku": query.get("sku"), "quantity": int(quantity) if quantity.isdecimal() else quantity})
    price = price_of([line], tax_percent=int(window.setting("tax-percent")))
    return answer(200, {"subtotal_cents": price.subtotal, "tax_cents": price.tax, "total_cents": price.total})


@functools.cache
def _window() -> Window:
    return Window(orders=orders(), totals=totals(), setting=settings())
