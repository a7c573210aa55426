"""Stand-ins for what lives in AWS: they keep what they are given in memory."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from orders_core.orders import CONFIRMED, Order
from orders_core.settings import MissingSetting


@dataclass
class FakeOrders:
    """The table of orders."""

    orders: dict[str, Order] = field(default_factory=dict)

    def add(self, order: Order) -> None:
        assert order.order_id not in self.orders, "an order must never be written over"
        self.orders[order.order_id] = order

    def get(self, order_id: str) -> Order | None:
        return self.orders.get(order_id)

    def confirm(self, order_id: str) -> None:
        self.orders[order_id] = replace(self.orders[order_id], status=CONFIRMED)


@dataclass
class FakeTotals:
    """The table of totals."""

    values: dict[str, int] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    broken: bool = False

    def count(self, event_id: str, additions: Mapping[str, int], *, forget_at: int) -> None:
        if self.broken:
            raise ConnectionError("the table does not answer")
        if event_id in self.seen:
            return
        self.seen.add(event_id)
        for name, value in additions.items():
            self.values[name] = self.values.get(name, 0) + value

    def read(self, names: tuple[str, ...]) -> dict[str, int]:
        return {name: self.values.get(name, 0) for name in names}


@dataclass
class FakeSettings:
    """The settings of an environment."""

    values: dict[str, str] = field(default_factory=lambda: {"tax-percent": "20"})

    def __call__(self, name: str) -> str:
        if name not in self.values:
            raise MissingSetting(name)
        return self.values[name]
