"""Placing an order."""

import json

import pytest
from place_order import Shop, place_order

from orders_core.answers import Refusal
from orders_core.orders import PLACED
from orders_core.settings import MissingSetting
from tests.unit.fakes import FakeOrders, FakeSettings


def request(body):
    return {"body": json.dumps(body), "requestContext": {"authorizer": {"customer": "ann"}}}


@pytest.fixture
def asked():
    return []


@pytest.fixture
def shop(asked):
    return Shop(
        orders=FakeOrders(), setting=FakeSettings(), request_confirmation=asked.append, new_id=lambda: "order-1"
    )


def test_an_order_is_kept_for_its_customer_and_answered(shop):
    placed = place_order(request({"lines": [{"sku": "tea", "quantity": 2}]}), shop)
    assert placed["statusCode"] == 201
    assert json.loads(placed["body"]) == {
        "id": "order-1",
        "status": PLACED,
        "total_cents": 1560,
        "lines": [{"sku": "tea", "quantity": 2}],
    }
    assert shop.orders.orders["order-1"].customer == "ann"


def test_the_confirmation_of_a_new_order_is_asked_for(shop, asked):
    place_order(request({"lines": [{"sku": "tea"}]}), shop)
    assert asked == ["order-1"]


def test_a_refused_order_leaves_nothing_behind(shop, asked):
    with pytest.raises(Refusal):
        place_order(request({"lines": [{"sku": "gold"}]}), shop)
    assert shop.orders.orders == {}
    assert asked == []


@pytest.mark.parametrize("body", ["", "no JSON", "[]"])
def test_a_body_that_is_no_object_is_refused(shop, body):
    with pytest.raises(Refusal, match="must be"):
        place_order({**request({}), "body": body}, shop)


def test_without_a_tax_setting_nothing_is_sold(shop):
    shop.setting.values.clear()
    with pytest.raises(MissingSetting, match="tax-percent"):
        place_order(request({"lines": [{"sku": "tea"}]}), shop)
    assert shop.orders.orders == {}


def test_every_order_gets_an_id_of_its_own():
    ids = {Shop.__dataclass_fields__["new_id"].default() for _ in range(100)}
    assert len(ids) == 100
