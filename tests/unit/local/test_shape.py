"""What can be known of a template's values before it is deployed."""

import pytest

from sealift.local.expand import Context
from sealift.local.expand.shape import child_id, known
from sealift.model.template import Json

BODY: dict[str, Json] = {
    "Parameters": {
        "Name": {"Type": "String", "Default": "orders"},
        "Open": {"Type": "String"},
        "Stored": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/a/b"},
    },
    "Resources": {"Table": {"Type": "AWS::DynamoDB::Table"}},
}
CONTEXT = Context(stack_name="shop", account="123456789012", region="eu-west-1", parameters={"Open": "given"})


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain", "plain"),
        (7, "7"),
        (True, "true"),
        ({"Ref": "Name"}, "orders"),
        ({"Ref": "Open"}, "given"),
        ({"Ref": "AWS::StackName"}, "shop"),
        ({"Fn::Sub": "${AWS::StackName}-${Name}-${AWS::Region}"}, "shop-orders-eu-west-1"),
        ({"Fn::Sub": ["${A}/${B}", {"A": {"Ref": "Open"}, "B": "b"}]}, "given/b"),
        ({"Fn::Sub": "keep ${!Name}"}, "keep ${Name}"),
        ({"Fn::Join": ["-", ["a", {"Ref": "Name"}]]}, "a-orders"),
        ({"Ref": "Table"}, None),
        ({"Ref": "Stored"}, None),
        ({"Fn::GetAtt": ["Table", "Arn"]}, None),
        ({"Fn::Sub": "${Table.Arn}"}, None),
        ({"Fn::Join": ["-", ["a", {"Ref": "Table"}]]}, None),
        ({"Fn::If": ["C", "a", "b"]}, None),
        (None, None),
        (["a"], None),
    ],
)
def test_a_value_is_known_or_not(value: Json, text: str | None) -> None:
    assert known(value, BODY, CONTEXT) == text


def test_logical_ids_of_parts_are_stable_and_do_not_collide() -> None:
    assert child_id("Api", "Path", "a", "b") == child_id("Api", "Path", "a", "b")
    assert len({child_id("Api", "Path", *parts) for parts in [("a", "b"), ("ab",), ("a",), ("b", "a")]}) == 4
    assert child_id("Api", "Path", "a").isalnum()
