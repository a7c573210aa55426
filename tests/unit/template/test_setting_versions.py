"""References in a template get their versions by parameters, where CloudFormation and SAM let them."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealift.cfn.evaluation import Bindings, resolved
from sealift.cfn.references import version_parameter
from sealift.model.template import Json
from sealift.template.setting_versions import versioned, with_versions

KEY = "{{resolve:secretsmanager:shop/key}}"
HEAD = "secretsmanager:shop/key"
VERSION = version_parameter(HEAD)
SUB: Json = {"Fn::Sub": f"{{{{resolve:secretsmanager:shop/key${{{VERSION}}}}}}}"}


def _function(reference: Json) -> dict[str, Json]:
    variables: Json = {"Environment": {"Variables": {"KEY": reference}}}
    return {"Resources": {"Hello": {"Type": "AWS::Serverless::Function", "Properties": variables}}}


def _changed(body: dict[str, Json]) -> dict[str, Json]:
    before = copy.deepcopy(body)
    made = with_versions(body, versioned(body, {HEAD, "ssm:/shop/tax"}))
    assert body == before
    return made


@pytest.mark.parametrize(
    ("written", "made"),
    [
        (KEY, SUB),
        ({"Fn::Sub": KEY}, SUB),
        ({"Fn::Sub": [KEY, {"A": "b"}]}, {"Fn::Sub": [SUB["Fn::Sub"], {"A": "b"}]}),  # type: ignore[index, call-overload]
        ({"Fn::If": ["Yes", KEY, "no"]}, {"Fn::If": ["Yes", SUB, "no"]}),
        ({"Fn::Join": ["", ["a", KEY]]}, {"Fn::Join": ["", ["a", SUB]]}),
        (
            "${literal} " + KEY,
            {"Fn::Sub": "${!literal} {{resolve:secretsmanager:shop/key${" + VERSION + "}}}"},
        ),
    ],
)
def test_a_reference_takes_its_version_from_a_parameter(written: Json, made: Json):
    body = _changed(_function(written))
    assert body["Resources"] == _function(made)["Resources"]
    assert body["Parameters"] == {
        VERSION: {"Type": "String", "Default": "", "Description": "A version, given by Sealift."}
    }


@pytest.mark.parametrize(
    "body",
    [
        _function("{{resolve:secretsmanager:shop/key:SecretString:::1}}"),
        _function("{{resolve:secretsmanager:shop/key:SecretString:user:AWSPREVIOUS}}"),
        _function("{{resolve:secretsmanager:of/another}}"),
        _function({"Fn::Join": [":", ["{{resolve:secretsmanager", "shop/key}}"]]}),
        _function({"Fn::Select": [0, [KEY]]}),
        _function({"Fn::Sub": ["${A}", {"A": KEY}]}),
        {"Resources": {"Hello": {"Type": "AWS::Serverless::Function", "Properties": {"Description": KEY}}}},
        {"Resources": {"Hello": {"Type": "Custom::Thing", "Properties": {"A": KEY}}}},
        {"Resources": {"Hello": {"Type": "AWS::Lambda::Function", "Metadata": {"A": KEY}}}},
        {"Outputs": {"A": {"Value": KEY}}},
    ],
)
def test_elsewhere_a_template_stays_as_it_is(body: dict[str, Json]):
    assert _changed(body) is body


def test_each_reference_has_a_parameter_of_its_own():
    body = _function(f"{KEY} {{{{resolve:secretsmanager:shop/key:SecretString:user}}}} {{{{resolve:ssm:/shop/tax}}}}")
    assert len(_changed(body)["Parameters"]) == 3  # type: ignore[arg-type]


PIECES = st.lists(
    st.sampled_from(
        [KEY, "{{resolve:ssm:/shop/tax}}", "{{resolve:ssm:/shop/tax:3}}", "a", "${x}", "${!y}", "$", "{", "}}"]
    ),
    max_size=5,
)


@given(PIECES.map("".join))
def test_without_a_version_a_template_means_what_it_meant(text: str):
    body = _changed(_function(text))
    kept = _function(text)["Resources"]
    names = dict.fromkeys(body.get("Parameters") or {}, "")  # type: ignore[union-attr]
    assert resolved(body["Resources"], Bindings(parameters=names)) == kept
