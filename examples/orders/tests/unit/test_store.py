"""What is written to DynamoDB can be read again, and settings are not asked for at every request."""

from orders_core.orders import CONFIRMED, Line, Order
from orders_core.settings import KEEP_S, Kept
from orders_core.store import as_item, from_item


def test_an_order_survives_the_table():
    lines = (Line(sku="tea", quantity=2), Line(sku="mug", quantity=1))
    order = Order(order_id="a", customer="ann", lines=lines, total=3000, status=CONFIRMED)
    assert from_item(as_item(order)) == order


def test_a_setting_is_kept_for_a_minute_and_then_read_again():
    reads, now = [], [0.0]
    kept = Kept(lambda name: reads.append(name) or f"value {len(reads)}", clock=lambda: now[0])
    assert (kept("tax"), kept("tax")) == ("value 1", "value 1")
    now[0] = KEEP_S + 1
    assert kept("tax") == "value 2"
