import pytest

from sealift.cfn.evaluation import Bindings, condition, resolved
from sealift.model.template import Json

SCOPE = Bindings(
    parameters={"Env": "prod", "Zones": ["a", "b"]},
    mappings={"Size": {"prod": {"memory": 512, "list": ["x"]}}},
    conditions={
        "IsProd": {"Fn::Equals": [{"Ref": "Env"}, "prod"]},
        "IsDev": {"Fn::Not": [{"Condition": "IsProd"}]},
        "Later": {"Fn::Equals": [{"Ref": "AWS::AccountId"}, "1"]},
    },
)


@pytest.mark.parametrize(
    ("value", "result"),
    [
        ({"Ref": "Env"}, "prod"),
        ({"Ref": "Zones"}, ["a", "b"]),
        ({"Fn::Sub": "x-${Env}"}, "x-prod"),
        ({"Fn::Sub": "${!Env}"}, "${Env}"),
        ({"Fn::Sub": ["${A}-${Env}", {"A": {"Ref": "Env"}}]}, "prod-prod"),
        ({"Fn::FindInMap": ["Size", {"Ref": "Env"}, "memory"]}, 512),
        ({"Fn::FindInMap": ["Size", "dev", "memory", {"DefaultValue": {"Ref": "Env"}}]}, "prod"),
        ({"Fn::Join": ["-", ["a", {"Ref": "Env"}, 1]]}, "a-prod-1"),
        ({"Fn::Join": ["-", {"Ref": "Zones"}]}, "a-b"),
        ({"Fn::Split": [",", "a,b"]}, ["a", "b"]),
        ({"Fn::Select": ["1", {"Ref": "Zones"}]}, "b"),
        ({"Fn::If": ["IsProd", {"Ref": "Env"}, "n"]}, "prod"),
        ({"Fn::If": ["IsDev", "y", {"K": {"Ref": "Env"}}]}, {"K": "prod"}),
        ({"Condition": "IsProd"}, True),
        ({"Condition": {"StringEquals": {"k": {"Ref": "Env"}}}}, {"Condition": {"StringEquals": {"k": "prod"}}}),
        ([{"Ref": "Env"}, {"a": {"Ref": "Env"}}], ["prod", {"a": "prod"}]),
    ],
)
def test_what_is_known_is_resolved(value: Json, result: Json) -> None:
    assert resolved(value, SCOPE) == result


@pytest.mark.parametrize(
    "value",
    [
        {"Ref": "Table"},
        {"Fn::GetAtt": ["Table", "Arn"]},
        {"Fn::Sub": "${Env}-${Table.Arn}"},
        {"Fn::Sub": ["${A}", {"A": {"Ref": "Table"}}]},
        {"Fn::FindInMap": ["Size", "dev", "memory"]},
        {"Fn::FindInMap": ["Size", {"Ref": "Table"}, "memory", {"DefaultValue": 1}]},
        {"Fn::Join": ["-", ["a", {"Ref": "Table"}]]},
        {"Fn::Select": [5, ["a"]]},
        {"Fn::If": ["Later", "a", "b"]},
        {"Fn::If": ["Unknown", "a", "b"]},
    ],
)
def test_what_only_cloudformation_knows_stays_as_it_is(value: Json) -> None:
    assert resolved(value, SCOPE) == value


@pytest.mark.parametrize(
    ("value", "holds"),
    [
        ("IsProd", True),
        ("IsDev", False),
        ("Later", None),
        ({"Fn::And": [{"Condition": "IsDev"}, {"Condition": "Later"}]}, False),
        ({"Fn::And": [{"Condition": "IsProd"}, {"Condition": "Later"}]}, None),
        ({"Fn::Or": [{"Condition": "IsProd"}, {"Condition": "Later"}]}, True),
        ({"Fn::Or": [{"Condition": "IsDev"}, {"Condition": "Later"}]}, None),
        ({"Fn::Equals": [True, "true"]}, True),
        ({"Fn::Nonsense": []}, None),
    ],
)
def test_conditions_hold_or_not_or_are_not_known(value: Json, holds: bool | None) -> None:
    assert condition(value, SCOPE) is holds
