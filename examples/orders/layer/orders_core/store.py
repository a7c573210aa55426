"""Where orders and totals are kept: two DynamoDB tables."""

import json
import os
from collections.abc import Mapping
from typing import Any

from orders_core.orders import CONFIRMED, PLACED, Line, Order

Item = Mapping[str, Mapping[str, Any]]


class Orders:
    """The table of orders."""

    def __init__(self, client: Any, table: str) -> None:
        self._client = client
        self._table = table

    def add(self, order: Order) -> None:
        """Store a new order; one that is there is never written over."""
        self._client.put_item(
            TableName=self._table, Item=as_item(order), ConditionExpression="attribute_not_exists(order_id)"
        )

    def get(self, order_id: str) -> Order | None:
        """Return an order, or None."""
        found = self._client.get_item(TableName=self._table, Key={"order_id": {"S": order_id}}, ConsistentRead=True)
        return from_item(found["Item"]) if "Item" in found else None

    def confirm(self, order_id: str) -> None:
        """Set an order to confirmed. Once more does no harm; one that is not there is an error."""
        self._client.update_item(
            TableName=self._table,
            Key={"order_id": {"S": order_id}},
            UpdateExpression="SET #status = :confirmed",
            ConditionExpression="#status IN (:placed, :confirmed)",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues={":placed": {"S": PLACED}, ":confirmed": {"S": CONFIRMED}},
        )


class Totals:
    """The table of totals: one item for each number, and one for each event that was counted."""

    def __init__(self, client: Any, table: str) -> None:
        self._client = client
        self._table = table

    def count(self, event_id: str, additions: Mapping[str, int], *, forget_at: int) -> None:
        """Add to several numbers at once. A stream may deliver an event twice; it is counted once."""
        seen = {
            "TableName": self._table,
            "Item": {"name": {"S": f"seen#{event_id}"}, "forget_at": {"N": str(forget_at)}},
            "ConditionExpression": "attribute_not_exists(#name)",
            "ExpressionAttributeNames": {"#name": "name"},
        }
        updates = [{"Update": self._addition(name, value)} for name, value in additions.items()]
        try:
            self._client.transact_write_items(TransactItems=[{"Put": seen}, *updates])
        except self._client.exceptions.TransactionCanceledException as error:
            reasons = error.response.get("CancellationReasons", [])
            if not reasons or reasons[0].get("Code") != "ConditionalCheckFailed":
                raise

    def _addition(self, name: str, value: int) -> dict[str, Any]:
        return {
            "TableName": self._table,
            "Key": {"name": {"S": name}},
            "UpdateExpression": "ADD #value :value",
            "ExpressionAttributeNames": {"#value": "value"},
            "ExpressionAttributeValues": {":value": {"N": str(value)}},
        }

    def read(self, names: tuple[str, ...]) -> dict[str, int]:
        """Return the numbers of these names; what was never counted is zero."""
        keys = [{"name": {"S": name}} for name in names]
        found = self._client.batch_get_item(RequestItems={self._table: {"Keys": keys}})["Responses"][self._table]
        values = {item["name"]["S"]: int(item["value"]["N"]) for item in found}
        return {name: values.get(name, 0) for name in names}


def as_item(order: Order) -> dict[str, dict[str, str]]:
    """Return the order as DynamoDB keeps it."""
    return {
        "order_id": {"S": order.order_id},
        "customer": {"S": order.customer},
        "status": {"S": order.status},
        "total": {"N": str(order.total)},
        "lines": {"S": json.dumps([[line.sku, line.quantity] for line in order.lines])},
    }


def from_item(item: Item) -> Order:
    """Return the order that an item holds."""
    return Order(
        order_id=item["order_id"]["S"],
        customer=item["customer"]["S"],
        status=item["status"]["S"],
        total=int(item["total"]["N"]),
        lines=tuple(Line(sku=sku, quantity=quantity) for sku, quantity in json.loads(item["lines"]["S"])),
    )


def orders() -> Orders:
    """Return the orders of the environment this function runs in."""
    import boto3

    return Orders(boto3.client("dynamodb"), os.environ["ORDERS_TABLE"])


def totals() -> Totals:
    """Return the totals of the environment this function runs in."""
    import boto3

    return Totals(boto3.client("dynamodb"), os.environ["TOTALS_TABLE"])
