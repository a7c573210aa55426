"""Names that a template uses and does not define stop it, once each, with the line; what is defined never does."""

from collections.abc import Collection

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealift.analysis.undefined import undefined
from sealift.model.template import Json, Template

SAM = "AWS::Serverless-2016-10-31"
QUEUE: Json = {"Type": "AWS::SQS::Queue"}


def found(body: dict[str, Json], *, made: Collection[str] | None = (), transforms: tuple[str, ...] = ()) -> list[str]:
    template = Template(
        file="t.yaml", body=body, lines={}, parameters=(), assets=(), functions=(), transforms=transforms
    )
    return [f.data["name"] for f in undefined(template, lambda: made)]


def using(value: Json, **sections: Json) -> dict[str, Json]:
    """Return a template with one queue, Q, that uses a value."""
    return {"Resources": {"Q": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": value}}}, **sections}


USES: list[Json] = [
    {"Ref": "NAME"},
    {"Fn::GetAtt": ["NAME", "Arn"]},
    {"Fn::GetAtt": "NAME.Arn"},
    {"Fn::Sub": "x-${NAME}"},
    {"Fn::Sub": "x-${NAME.Arn}"},
    {"Fn::Sub": ["${A}-${NAME}", {"A": "1"}]},
    {"Fn::Sub": ["${A}", {"A": {"Ref": "NAME"}}]},
    {"Fn::Join": ["-", ["a", {"Ref": "NAME"}]]},
    {"Fn::If": ["NAME", "a", "b"]},
]


def named(value: Json, name: str) -> Json:
    if isinstance(value, dict):
        return {key: named(inner, name) for key, inner in value.items()}
    if isinstance(value, list):
        return [named(inner, name) for inner in value]
    return value.replace("NAME", name) if isinstance(value, str) else value


@pytest.mark.parametrize("use", USES, ids=str)
@pytest.mark.parametrize("many", [0, 40])
def test_what_is_not_defined_is_found_however_large_the_template(use: Json, many: int):
    body = using(named(use, "Gone"))
    body["Resources"] |= {f"R{n}": QUEUE for n in range(many)}  # type: ignore[operator]
    assert found(body) == ["Gone"]


@pytest.mark.parametrize("use", USES[:-1], ids=str)
def test_what_is_a_resource_is_not(use: Json):
    assert found(using(named(use, "Q"))) == []


@pytest.mark.parametrize(
    "body",
    [
        using({"Ref": "P"}, Parameters={"P": {"Type": "String"}}),
        using({"Fn::Sub": "${AWS::StackName}-${!Literal}-${P}"}, Parameters={"P": {"Type": "String"}}),
        using({"Fn::If": ["C", "a", {"Ref": "AWS::NoValue"}]}, Conditions={"C": {"Fn::Equals": ["a", "b"]}}),
        using("x", Conditions={"C": {"Fn::Equals": ["a", "b"]}, "D": {"Fn::Not": [{"Condition": "C"}]}}),
        using({"Statement": [{"Condition": {"StringEquals": {"a": "b"}}}]}),
        using({"Choices": [{"Condition": "{% $x %}", "Next": "A"}]}),
        using("${NotSub}"),
        {"Resources": {"Q": {**QUEUE, "Metadata": {"Doc": {"Ref": "Nothing"}}}}},  # type: ignore[dict-item]
        {"Resources": {"Fn::ForEach::Qs": ["N", ["A", "B"], {"Queue${N}": QUEUE}], "X": {"Properties": {"Ref": "N"}}}},
    ],
    ids=lambda body: str(body)[:60],
)
def test_what_is_defined_or_no_reference_is_not(body: dict[str, Json]):
    assert found(body) == []


@pytest.mark.parametrize(
    "body",
    [
        {"Resources": {"Q": {**QUEUE, "DependsOn": "Gone"}}},  # type: ignore[dict-item]
        {"Resources": {"Q": {**QUEUE, "DependsOn": ["Q", "Gone"]}}},  # type: ignore[dict-item]
        {"Resources": {"Q": {**QUEUE, "Condition": "Gone"}}},  # type: ignore[dict-item]
        {"Resources": {"Q": QUEUE}, "Outputs": {"O": {"Value": "1", "Condition": "Gone"}}},
        {"Resources": {"Q": QUEUE}, "Outputs": {"O": {"Value": {"Ref": "Gone"}}}},
        {"Resources": {"Q": QUEUE}, "Conditions": {"D": {"Fn::Not": [{"Condition": "Gone"}]}}},
        {"Resources": {"Q": QUEUE}, "Conditions": {"D": {"Fn::Equals": [{"Ref": "Gone"}, "a"]}}},
        {"Resources": {"Q": QUEUE}, "Globals": {"Function": {"Environment": {"Variables": {"A": {"Ref": "Gone"}}}}}},
        {"Resources": {"Q": {"Type": "X", "Properties": {"A": {"Ref": "AWS::Gone"}}}}},
    ],
    ids=lambda body: str(body)[:60],
)
def test_every_place_is_looked_at(body: dict[str, Json]):
    assert [name.removeprefix("AWS::") for name in found(body)] == ["Gone"]


def test_a_name_is_told_once_however_often_its_line_has_it():
    assert found(using({"Fn::Sub": "${Gone}${Gone}"})) == ["Gone"]


def test_what_sam_makes_is_defined():
    body = using({"Fn::GetAtt": ["FUrl", "FunctionUrl"]})
    assert found(body, made={"Q", "FUrl"}, transforms=(SAM,)) == []
    assert found(body, made={"Q"}, transforms=(SAM,)) == ["FUrl"]


def test_an_alias_of_a_function_is_defined():
    assert found(using({"Ref": "Q.Alias"}), made={"Q"}, transforms=(SAM,)) == []


@pytest.mark.parametrize("transforms", [("OurMacro",), (SAM, "OurMacro")])
def test_what_a_macro_makes_is_not_known(transforms: tuple[str, ...]):
    assert found(using({"Ref": "Gone"}), transforms=transforms) == []


def test_what_can_not_be_rendered_is_not_judged():
    assert found(using({"Ref": "Gone"}), made=None, transforms=(SAM,)) == []


@given(st.text(alphabet="abcXYZ09", min_size=1, max_size=8))
def test_a_reference_is_found_exactly_when_nothing_has_its_name(name: str):
    body = using({"Ref": name}, Parameters={"abc": {"Type": "String"}})
    assert (found(body) == []) == (name in {"Q", "abc"})
