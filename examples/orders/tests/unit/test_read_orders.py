"""The public API."""

import json

import pytest
from read_orders import Window, handler, read

from orders_core.answers import Refusal, answering
from orders_core.orders import Line, Order
from tests.unit.fakes import FakeOrders, FakeSettings, FakeTotals

ORDER = Order(order_id="a", customer="ann", lines=(Line(sku="tea", quantity=1),), total=780)


@pytest.fixture
def window():
    return Window(orders=FakeOrders({"a": ORDER}), totals=FakeTotals({"placed": 3}), setting=FakeSettings())


def got(window, route, **event):
    answer = read({"routeKey": f"GET {route}", **event}, window)
    assert answer["statusCode"] == 200
    return json.loads(answer["body"])


def test_an_order_is_shown_without_its_customer(window):
    shown = got(window, "/orders/{id}", pathParameters={"id": "a"})
    assert (shown["id"], shown["status"], shown["total_cents"]) == ("a", "placed", 780)
    assert "ann" not in json.dumps(shown)


def test_an_order_that_is_not_there_is_404(window):
    event = {"routeKey": "GET /orders/{id}", "pathParameters": {"id": "b"}}
    assert answering(lambda: read(event, window))["statusCode"] == 404


def test_a_price_is_quoted_with_the_tax_of_the_environment(window):
    query = {"sku": "coffee", "quantity": "3"}
    assert got(window, "/quote", queryStringParameters=query)["total_cents"] == 3204
    window.setting.values["tax-percent"] = "0"
    assert got(window, "/quote", queryStringParameters=query)["total_cents"] == 2670


@pytest.mark.parametrize(
    "query", [None, {"sku": "gold"}, {"sku": "tea", "quantity": "-1"}, {"sku": "tea", "quantity": "x"}]
)
def test_a_quote_for_nothing_we_sell_is_refused(window, query):
    with pytest.raises(Refusal):
        read({"routeKey": "GET /quote", "queryStringParameters": query}, window)


def test_totals_that_were_never_counted_are_zero(window):
    assert got(window, "/totals") == {"placed": 3, "confirmed": 0, "turnover_cents": 0}


def test_health_needs_nothing_but_the_function(window):
    assert got(window, "/health") == {"status": "ok"}


def test_a_route_that_is_unknown_is_404(window):
    with pytest.raises(Refusal) as refused:
        read({"routeKey": "GET /secrets"}, window)
    assert refused.value.status == 404


def test_the_template_names_this_handler():
    assert handler.__module__ == "read_orders"
