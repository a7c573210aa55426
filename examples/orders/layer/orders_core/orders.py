"""An order: what a customer asks for, what it costs, and how far it is. No AWS in here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orders_core.answers import Refusal

CATALOGUE = {
    "coffee": 890,
    "tea": 650,
    "mug": 1200,
    "kettle": 4900,
}
"""What is sold, with its price in cents before tax."""

MOST_OF_ONE = 100

PLACED = "placed"
CONFIRMED = "confirmed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """So many of one thing."""

    sku: str
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What it costs, in cents."""

    subtotal: int
    tax: int

    @property
    def total(self) -> int:
        """What the customer pays."""
        return self.subtotal + self.tax


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An order as it is stored."""

    order_id: str
    customer: str
    lines: tuple[Line, ...]
    total: int
    status: str = PLACED

    def as_json(self) -> dict[str, object]:
        """Return what an API shows of it. The customer is not shown: whoever has the link may follow the order."""
        return {
            "id": self.order_id,
            "status": self.status,
            "total_cents": self.total,
            "lines": [{"sku": line.sku, "quantity": line.quantity} for line in self.lines],
        }


def read_lines(value: object) -> tuple[Line, ...]:
    """Return the lines of a request. Raises Refusal that says what is wrong with which."""
    if not isinstance(value, Sequence) or isinstance(value, str) or not value:
        raise Refusal(400, "lines must be a list of at least one {sku, quantity}")
    return tuple(read_line(one) for one in value)


def read_line(value: Mapping[str, Any] | object) -> Line:
    """Return one line of a request. Raises Refusal."""
    if not isinstance(value, Mapping):
        raise Refusal(400, "a line must be an object: {sku, quantity}")
    sku, quantity = value.get("sku"), value.get("quantity", 1)
    if sku not in CATALOGUE:
        raise Refusal(400, f"we do not sell {sku!r}; we have {', '.join(sorted(CATALOGUE))}")
    if not isinstance(quantity, int) or isinstance(quantity, bool) or not 1 <= quantity <= MOST_OF_ONE:
        raise Refusal(400, f"quantity must be a whole number from 1 to {MOST_OF_ONE}")
    return Line(sku=sku, quantity=quantity)


def price_of(lines: Sequence[Line], *, tax_percent: int) -> Price:
    """Return the price of these lines; half a cent of tax is rounded up."""
    subtotal = sum(CATALOGUE[line.sku] * line.quantity for line in lines)
    return Price(subtotal=subtotal, tax=(subtotal * tax_percent + 50) // 100)
