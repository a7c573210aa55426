"""The worker behind the queue."""

from confirm_order import confirm_orders

from orders_core.orders import CONFIRMED, Line, Order
from tests.unit.fakes import FakeOrders


def order(order_id):
    return Order(order_id=order_id, customer="ann", lines=(Line(sku="tea", quantity=1),), total=780)


def batch(*order_ids):
    return {"Records": [{"messageId": f"message-{one}", "body": one} for one in order_ids]}


def test_every_order_of_a_batch_is_confirmed():
    store = FakeOrders({"a": order("a"), "b": order("b")})
    assert confirm_orders(batch("a", "b"), store) == {"batchItemFailures": []}
    assert {one.status for one in store.orders.values()} == {CONFIRMED}


def test_only_the_order_that_failed_comes_again():
    store = FakeOrders({"a": order("a"), "b": order("b")})
    assert confirm_orders(batch("a", "lost", "b"), store) == {"batchItemFailures": [{"itemIdentifier": "message-lost"}]}
    assert {one.status for one in store.orders.values()} == {CONFIRMED}
