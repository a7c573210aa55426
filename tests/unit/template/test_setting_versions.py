"""References in a template get their versions by parameters, where CloudFormation and SAM let them."""

import copy
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealift.cfn.evaluation import Bindings, resolved
from sealift.cfn.references import version_parameter
from sealift.cfn.values import mapping_at
from sealift.model.template import Json
from sealift.template.setting_versions import versioned, with_versions
from tests.unit.template.apps import at, load, seal

KEY = "{{resolve:secretsmanager:shop/key}}"
HEAD = "secretsmanager:shop/key"
VERSION = version_parameter(HEAD)
SUB: dict[str, Json] = {"Fn::Sub": f"{{{{resolve:secretsmanager:shop/key${{{VERSION}}}}}}}"}


def _resource(kind: str, **properties: Json) -> dict[str, Json]:
    return {"Resources": {"Hello": {"Type": kind, "Properties": properties}}}


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
        ({"Fn::Sub": [KEY, {"A": "b"}]}, SUB),
        (
            {"Fn::Sub": [KEY + "${A}", {"A": {"Fn::ImportValue": "x"}}]},
            {"Fn::Sub": [f"{SUB['Fn::Sub']}${{A}}", {"A": {"Fn::ImportValue": "x"}}]},
        ),
        ({"Fn::If": ["Yes", KEY, "no"]}, {"Fn::If": ["Yes", SUB, "no"]}),
        ({"Fn::Join": ["", ["a", KEY]]}, {"Fn::Join": ["", ["a", SUB]]}),
        ({"Fn::Join": [":", ["{{resolve:secretsmanager", "shop/key}}"]]}, {"Fn::Join": [":", [SUB]]}),
        (
            {"Fn::Join": ["/", [{"Fn::ImportValue": "x"}, "{{resolve:secretsmanager:shop", "key}}", "b"]]},
            {"Fn::Join": ["/", [{"Fn::ImportValue": "x"}, SUB, "b"]]},
        ),
        ({"Fn::Sub": ["${A}", {"A": KEY}]}, SUB),
        ({"Fn::Base64": {"Fn::Join": ["", ["a", KEY]]}}, {"Fn::Base64": {"Fn::Join": ["", ["a", SUB]]}}),
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
        _function({"Fn::Select": [0, [KEY]]}),
        _function({"Fn::Join": ["", [KEY[:9], {"Fn::ImportValue": "x"}, KEY[9:]]]}),
        _function({"Fn::Join": ["", ["{{resolve:secretsmanager:", {"Ref": "AWS::NoValue"}, "shop/key}}"]]}),
        _resource("AWS::Serverless::Function", Runtime=KEY),
        _resource("AWS::Serverless::Function", Events={"A": {"Type": "Api", "Properties": {"Path": KEY}}}),
        _resource("AWS::Serverless::LayerVersion", Description=KEY),
        _resource("AWS::Serverless::HttpApi", Domain={"DomainName": {"Fn::Sub": KEY}}),
        _resource("AWS::Serverless::Api", DefinitionBody={"info": {"Fn::Sub": KEY}}),
        {"Resources": {"Hello": {"Type": "Custom::Thing", "Properties": {"A": KEY}}}},
        {"Resources": {"Hello": {"Type": "AWS::Lambda::Function", "Metadata": {"A": KEY}}}},
        {"Outputs": {"A": {"Value": KEY}}},
    ],
)
def test_elsewhere_a_template_stays_as_it_is(body: dict[str, Json]):
    assert _changed(body) is body


@pytest.mark.parametrize(
    ("kind", "properties"),
    [
        ("Function", {"VpcConfig": {"SecurityGroupIds": [KEY]}}),
        ("Function", {"Policies": [{"S3ReadPolicy": {"BucketName": KEY}}]}),
        ("Function", {"Environment": {"Variables": {"Runtime": KEY, "Path": KEY}}}),
        ("Function", {"Events": {"A": {"Type": "SQS", "Properties": {"Queue": KEY}}}}),
        ("StateMachine", {"DefinitionSubstitutions": {"A": KEY}}),
        ("HttpApi", {"Auth": {"Authorizers": {"A": {"JwtConfiguration": {"audience": [KEY]}}}}}),
        ("SimpleTable", {"SSESpecification": {"KMSMasterKeyId": KEY}}),
    ],
)
@pytest.mark.parametrize("shared", [False, True])
def test_a_property_of_sam_takes_its_version_from_a_parameter(kind: str, properties: dict[str, Json], shared: bool):
    body = {"Globals": {kind: properties}} if shared else _resource(f"AWS::Serverless::{kind}", **properties)
    made = json.dumps(_changed(body))
    assert KEY in json.dumps(body)
    assert KEY not in made
    assert made.count(f"${{{VERSION}}}") == json.dumps(body).count(KEY)


def test_each_reference_has_a_parameter_of_its_own():
    body = _function(f"{KEY} {{{{resolve:secretsmanager:shop/key:SecretString:user}}}} {{{{resolve:ssm:/shop/tax}}}}")
    assert len(_changed(body)["Parameters"]) == 3  # type: ignore[arg-type]


PIECES = st.lists(
    st.sampled_from(
        [KEY, "{{resolve:ssm:/shop/tax}}", "{{resolve:ssm:/shop/tax:3}}", "a", "${x}", "${!y}", "$", "{", "}}"]
    ),
    max_size=5,
)


@given(PIECES, st.sampled_from(["text", "sub", "join"]), st.sampled_from(["", "/", "$"]))
def test_without_a_version_a_template_means_what_it_meant(pieces: list[str], form: str, separator: str):
    text = "".join(pieces)
    parts: Json = [{"Ref": "Shop"} if piece == "a" else piece for piece in pieces]
    written: Json = {"text": text, "sub": {"Fn::Sub": text}, "join": {"Fn::Join": [separator, parts]}}[form]
    body = _changed(_function(written))
    known: dict[str, Json] = {"Shop": "shop", "x": "1"}
    names = known | dict.fromkeys(body.get("Parameters") or {}, "")  # type: ignore[call-overload]
    kept = resolved(_function(written)["Resources"], Bindings(parameters=known))
    assert resolved(body["Resources"], Bindings(parameters=names)) == kept


PARENT = """
Parameters: {Env: {Type: String}, Hidden: {Type: String, NoEcho: true}}
Conditions: {Live: !Equals [!Ref Env, production]}
Resources:
  A:
    Type: AWS::CloudFormation::Stack
    Properties: {TemplateURL: n.yaml, Parameters: {Stage: !Sub "${Env}-a", Secret: !Ref Hidden, Made: !GetAtt T.Arn}}
  B: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: n.yaml, Parameters: {Stage: b}}}
  T: {Type: AWS::SNS::Topic}
"""
NESTED = """
Parameters: {Stage: {Type: String}, Secret: {Type: String, Default: s}, Made: {Type: String, Default: m}}
Resources:
  T:
    Type: AWS::SNS::Topic
    Properties:
      DisplayName: !Sub "{{resolve:ssm:/shop/${Stage}/tax}}"
      TopicName: !Sub "{{resolve:ssm:/${Secret}}} {{resolve:ssm:/${Made}/${Stage}}}"
"""


def test_a_nested_template_is_given_the_versions_of_what_its_parent_can_name(tmp_path: Path):
    template = load(tmp_path, PARENT, {"n.yaml": NESTED})
    assert set(template.settings) == {"ssm:/shop/${Env}-a/tax", "ssm:/shop/b/tax", "ssm:/s", "ssm:/m/b"}
    assert set(template.versioned) == set(template.settings)
    body = seal(template)
    tax = version_parameter("ssm:/shop/${Stage}/tax")
    given = {name: at(body, "Resources", name, "Properties", "Parameters") for name in ("A", "B")}
    assert given["A"][tax] == {"Ref": version_parameter("ssm:/shop/${Env}-a/tax")}  # type: ignore[index, call-overload]
    assert given["B"][tax] == {"Ref": version_parameter("ssm:/shop/b/tax")}  # type: ignore[index, call-overload]
    assert {name for name in given["A"] if str(name).startswith("Sealift")} == {"SealiftArtifactBucket", tax}  # type: ignore[union-attr]
    assert {version_parameter(head) for head in template.versioned} <= {*mapping_at(body, "Parameters")}


def test_what_one_nested_stack_makes_for_another_is_no_setting_from_outside(tmp_path: Path):
    parent = """
Parameters: {Env: {Type: String}}
Resources:
  A: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: makes.yaml, Parameters: {Stage: !Ref Env}}}
  B: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: n.yaml, Parameters: {Stage: !Ref Env, Secret: x}}}
"""
    makes = """
Parameters: {Stage: {Type: String}}
Resources:
  P: {Type: AWS::SSM::Parameter, Properties: {Name: !Sub "/shop/${Stage}/tax", Type: String, Value: "1"}}
"""
    template = load(tmp_path, parent, {"n.yaml": NESTED, "makes.yaml": makes})
    assert template.settings == ("ssm:/x", "ssm:/m/${Env}")
