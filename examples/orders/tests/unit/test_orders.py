"""Prices, and what is refused before it becomes an order."""

import pytest

from orders_core.answers import Refusal
from orders_core.orders import Line, price_of, read_lines


def test_tax_is_added_to_the_sum_of_all_lines():
    price = price_of([Line(sku="coffee", quantity=2), Line(sku="mug", quantity=1)], tax_percent=20)
    assert (price.subtotal, price.tax, price.total) == (2980, 596, 3576)


def test_half_a_cent_of_tax_is_rounded_up():
    assert price_of([Line(sku="tea", quantity=1)], tax_percent=7).tax == 46  # 45.5


def test_lines_are_read_and_a_quantity_left_out_is_one():
    assert read_lines([{"sku": "tea"}, {"sku": "mug", "quantity": 3}]) == (
        Line(sku="tea", quantity=1),
        Line(sku="mug", quantity=3),
    )


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        (None, "at least one"),
        ([], "at least one"),
        ("tea", "at least one"),
        (["tea"], "must be an object"),
        ([{"sku": "gold"}], "do not sell 'gold'"),
        ([{"sku": "tea", "quantity": 0}], "from 1 to 100"),
        ([{"sku": "tea", "quantity": "2"}], "from 1 to 100"),
        ([{"sku": "tea", "quantity": True}], "from 1 to 100"),
    ],
)
def test_what_cannot_be_ordered_is_refused_with_the_reason(lines, complaint):
    with pytest.raises(Refusal, match=complaint) as refused:
        read_lines(lines)
    assert refused.value.status == 400
