"""The shop as its customers meet it: over HTTP, at the addresses that the stack gives out.

Run by `sealift` against a deployed environment; by hand with the addresses in the environment variables below.
"""

import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable

import pytest

ORDERS = os.environ.get("SEALIFT_OUTPUT_OrdersUrl", "")
PUBLIC = os.environ.get("SEALIFT_OUTPUT_PublicUrl", "")
PATIENCE_S = 20.0

pytestmark = pytest.mark.skipif(not (ORDERS and PUBLIC), reason="needs a deployed environment: see `sealift run`")


def call(method: str, url: str, body: object = None, token: str | None = None) -> tuple[int, dict]:
    """Send a request and return the status and the answer."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, method=method)
    request.add_header("content-type", "application/json")
    if token is not None:
        request.add_header("authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        text = error.read().decode(errors="replace")
        return error.code, json.loads(text) if text.startswith("{") else {"text": text}


def eventually(look: Callable[[], object]) -> object:
    """Look again and again until something true is seen, and return it, or what was seen last."""
    deadline = time.monotonic() + PATIENCE_S
    while not (seen := look()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return seen


@pytest.fixture(scope="module")
def token() -> str:
    status, session = call("POST", f"{ORDERS}/sessions")
    assert status == 201, session
    return session["token"]


@pytest.fixture(scope="module")
def order(token: str) -> dict:
    status, order = call("POST", f"{ORDERS}/orders", {"lines": [{"sku": "coffee", "quantity": 3}]}, token)
    assert status == 201, f"POST /orders answered {status}: {order}"
    return order


def test_an_order_can_be_placed(order):
    assert order["id"]
    assert order["total_cents"] >= 3 * 890


def test_the_price_is_the_one_that_was_quoted(order):
    status, quote = call("GET", f"{PUBLIC}/quote?sku=coffee&quantity=3")
    assert (status, quote["total_cents"]) == (200, order["total_cents"])


def test_what_we_do_not_sell_cannot_be_ordered(token):
    status, answer = call("POST", f"{ORDERS}/orders", {"lines": [{"sku": "gold"}]}, token)
    assert (status, "gold" in answer["error"]) == (400, True)


def test_without_a_session_nothing_can_be_ordered():
    assert call("POST", f"{ORDERS}/orders", {"lines": [{"sku": "tea"}]})[0] == 401


def test_a_forged_session_is_refused(token):
    forged = f"somebody-else.{token.split('.', 1)[1]}"
    assert call("POST", f"{ORDERS}/orders", {"lines": [{"sku": "tea"}]}, forged)[0] == 401


def test_an_order_that_was_never_placed_is_not_found():
    assert call("GET", f"{PUBLIC}/orders/never")[0] == 404


def test_an_order_can_be_followed_until_it_is_confirmed(order):
    def confirmed() -> bool:
        status, seen = call("GET", f"{PUBLIC}/orders/{order['id']}")
        return status == 200 and seen["status"] == "confirmed" and seen["total_cents"] == order["total_cents"]

    assert eventually(confirmed)


def test_a_confirmed_order_is_in_the_totals(order):
    def counted() -> bool:
        status, totals = call("GET", f"{PUBLIC}/totals")
        return status == 200 and totals["confirmed"] >= 1 and totals["turnover_cents"] >= order["total_cents"]

    assert eventually(counted)
