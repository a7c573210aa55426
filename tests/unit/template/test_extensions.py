from pathlib import Path

import pytest

from sealift.errors import TemplateError
from sealift.model.template import Json
from tests.unit.template.apps import at, load, only, refusal, render

BOTH = "Transform: [AWS::LanguageExtensions, AWS::Serverless-2016-10-31]\n"
EXTENDED = "Transform: AWS::LanguageExtensions\n"


def rendered(tmp_path: Path, text: str, **parameters: str) -> dict[str, Json]:
    return render(load(tmp_path, text), parameters).body


def topic(properties: str, *, top: str = "") -> str:
    return EXTENDED + top + f"Resources: {{T: {{Type: AWS::SNS::Topic, Properties: {{{properties}}}}}}}\n"


LOOP = (
    EXTENDED
    + """
Parameters: {Names: {Type: CommaDelimitedList, Default: 'a,b'}}
Resources:
  Fn::ForEach::Topics:
    - Name
    - %s
    - Topic${Name}:
        Type: AWS::SNS::Topic
        Properties: {TopicName: !Ref Name, DisplayName: !Sub 'x-${Name}-${AWS::Region}', Arn: !GetAtt 'T${Name}.Arn'}
"""
)


@pytest.mark.parametrize("collection", ["[a, b]", "!Ref Names", "[a, !Select [1, !Ref Names]]", "!Split [',', 'a,b']"])
def test_a_loop_makes_a_resource_per_item(tmp_path: Path, collection: str) -> None:
    body = rendered(tmp_path, LOOP % collection)
    resources = body["Resources"]
    assert isinstance(resources, dict)
    assert list(resources) == ["Topica", "Topicb"]
    assert at(resources, "Topicb", "Properties") == {
        "TopicName": "b",
        "DisplayName": "x-b-eu-west-1",
        "Arn": {"Fn::GetAtt": ["Tb", "Arn"]},
    }
    assert "Transform" not in body


def test_the_values_of_the_environment_decide_what_a_loop_makes(tmp_path: Path) -> None:
    body = rendered(tmp_path, LOOP % "!Ref Names", Names="x, y,z")
    resources = body["Resources"]
    assert isinstance(resources, dict)
    assert list(resources) == ["Topicx", "Topicy", "Topicz"]


def test_loops_nest_and_work_in_properties_conditions_and_outputs(tmp_path: Path) -> None:
    text = (
        EXTENDED
        + """
Mappings: {Zones: {one: {names: [p, q]}, two: {names: [r]}}}
Conditions:
  Fn::ForEach::C: [N, [a], {'Is${N}': !Equals [!Ref N, a]}]
Resources:
  Fn::ForEach::Outer:
    - O
    - [one, two]
    - Fn::ForEach::Inner:
        - I
        - !FindInMap [Zones, !Ref O, names]
        - ${O}${I}: {Type: AWS::SNS::Topic, Properties: {Fn::ForEach::P: [K, [x, y], {'${K}': !Ref I}]}}
Outputs:
  Fn::ForEach::Out: [N, ['a.b'], {'Out&{N}': {Value: '${N}'}}]
"""
    )
    body = rendered(tmp_path, text)
    assert body["Resources"] == {
        name: {"Type": "AWS::SNS::Topic", "Properties": {"x": item, "y": item}}
        for name, item in (("onep", "p"), ("oneq", "q"), ("twor", "r"))
    }
    assert body["Conditions"] == {"Isa": {"Fn::Equals": ["a", "a"]}}
    assert body["Outputs"] == {"Outab": {"Value": "a.b"}}


@pytest.mark.parametrize(
    ("loop", "message"),
    [
        ("[N, [a, b], {Same: {Type: AWS::SNS::Topic}}]", "makes Same, which is there already"),
        ("[N, !GetAtt X.Y, {'T${N}': {Type: AWS::SNS::Topic}}]", "is not known before the deployment"),
        ("[N, [a]]", "has to be a list of"),
    ],
)
def test_a_loop_that_can_not_be_unrolled_is_refused(tmp_path: Path, loop: str, message: str) -> None:
    template = load(tmp_path, EXTENDED + f"Resources: {{'Fn::ForEach::L': {loop}}}")
    with pytest.raises(TemplateError, match=message):
        render(template)


FUNCTIONS = (
    BOTH
    + """
Mappings: {All: {fn: {names: [orders, users]}}}
Parameters: {Names: {Type: CommaDelimitedList, Default: orders}}
Resources:
  Fn::ForEach::Fns:
    - Name
    - %s
    - ${Name}Function:
        Type: AWS::Serverless::Function
        Properties: {CodeUri: 'src/${Name}', Handler: a.b, Runtime: python3.12}
"""
)


@pytest.mark.parametrize("collection", ["[orders, users]", "!FindInMap [All, fn, names]"])
def test_functions_made_by_a_loop_have_code_of_their_own(tmp_path: Path, collection: str) -> None:
    template = load(tmp_path, FUNCTIONS % collection, {"src/orders/a.py": "", "src/users/a.py": ""})
    assert [(a.key, a.source) for a in template.assets] == [
        ("ordersFunction.CodeUri", "src/orders"),
        ("usersFunction.CodeUri", "src/users"),
    ]
    assert [f.logical_id for f in template.functions] == ["ordersFunction", "usersFunction"]
    assert "usersFunctionRole" in render(template).origins


def test_functions_made_from_a_parameter_are_refused(tmp_path: Path) -> None:
    error = refusal(tmp_path, FUNCTIONS % "!Ref Names", {"src/orders/a.py": ""})
    assert (error.code, error.context["line"]) == ("template-loop", 6)
    assert "same functions everywhere" in error.hint


def test_a_file_in_a_loop_over_a_parameter_is_found(tmp_path: Path) -> None:
    text = (
        EXTENDED
        + """
Parameters: {Names: {Type: CommaDelimitedList, Default: 'a,b'}}
Resources:
  Fn::ForEach::M:
    - N
    - !Ref Names
    - 'M${N}': {Type: AWS::StepFunctions::StateMachine, Properties: {DefinitionS3Location: m.json}}
"""
    )
    template = load(tmp_path, text, {"m.json": "{}"})
    assert only(template).kind == "file"
    body = render(template).body
    assert at(body, "Resources", "Mb", "Properties", "DefinitionS3Location", "Bucket") == "artifacts"


def test_a_loop_without_the_transform_is_refused(tmp_path: Path) -> None:
    error = refusal(tmp_path, "Resources: {'Fn::ForEach::L': [N, [a], {'T${N}': {Type: AWS::SNS::Topic}}]}")
    assert error.code == "template-transform"


@pytest.mark.parametrize(
    ("value", "result"),
    [
        ("!Length [a, b, !Ref X]", 3),
        ("{Fn::Length: !Ref Names}", 2),
        ("{Fn::Length: !Split ['|', 'a|b|c']}", 3),
        ("!FindInMap [M, nope, x, {DefaultValue: fallback}]", "fallback"),
        ("!FindInMap [!Sub M, !Select [0, [k]], x]", 1),
        ("!ToJsonString {b: 1, a: [true, !Ref Env]}", '{"b":1,"a":[true,"prod"]}'),
        (
            "!ToJsonString {a: !GetAtt T.Arn, b: '${plain}'}",
            {"Fn::Sub": ['{"a":"${Value0}","b":"${!plain}"}', {"Value0": {"Fn::GetAtt": ["T", "Arn"]}}]},
        ),
        ("!If [IsProd, yes-it-is, no]", "yes-it-is"),
        ("!Ref Env", "prod"),
        ("!Ref Secret", {"Ref": "Secret"}),
        ("!Ref Stored", {"Ref": "Stored"}),
        ("!Sub '${AWS::AccountId}/${AWS::StackName}/${AWS::Partition}'", "123456789012/shop-staging/aws"),
    ],
)
def test_functions_of_the_transform_are_resolved(tmp_path: Path, value: str, result: Json) -> None:
    top = """
Parameters:
  Names: {Type: CommaDelimitedList, Default: 'a,b'}
  Env: {Type: String, Default: dev}
  Secret: {Type: String, NoEcho: true, Default: hidden}
  Stored: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /name}
Mappings: {M: {k: {x: 1}}}
Conditions: {IsProd: !Equals [!Ref Env, prod]}
"""
    body = rendered(tmp_path, topic(f"A: {value}", top=top), Env="prod")
    assert at(body, "Resources", "T", "Properties", "A") == result


def test_what_is_no_value_is_removed(tmp_path: Path) -> None:
    text = topic(
        "A: !If [Never, 1, !Ref AWS::NoValue], B: [!Ref AWS::NoValue, x]", top="Conditions: {Never: !Equals [a, b]}\n"
    )
    assert at(rendered(tmp_path, text), "Resources", "T", "Properties") == {"B": ["x"]}


def test_policies_may_depend_on_parameters_and_on_nothing_later(tmp_path: Path) -> None:
    text = (
        EXTENDED
        + """
Parameters: {Env: {Type: String}}
Conditions: {IsProd: !Equals [!Ref Env, prod]}
Resources: {T: {Type: AWS::SNS::Topic, DeletionPolicy: %s}}
"""
    )
    choice = text % "!If [IsProd, Retain, Delete]"
    assert at(rendered(tmp_path, choice, Env="prod"), "Resources", "T", "DeletionPolicy") == "Retain"
    assert at(rendered(tmp_path, choice, Env="dev"), "Resources", "T", "DeletionPolicy") == "Delete"
    with pytest.raises(TemplateError, match="DeletionPolicy of T is not known"):
        rendered(tmp_path, text % "!GetAtt X.Y", Env="dev")


def test_sam_sees_values_where_it_takes_no_functions(tmp_path: Path) -> None:
    text = """
Parameters: {Env: {Type: String}}
Conditions: {Guarded: !Equals [!Ref Env, prod]}
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: Prod
      DefinitionBody: {swagger: '2.0', paths: {/x: {get: {x-amazon-apigateway-integration: {uri: u}}}}}
      Auth:
        DefaultAuthorizer: !If [Guarded, Pool, !Ref AWS::NoValue]
        Authorizers: {Pool: {UserPoolArn: 'arn:aws:cognito-idp:eu-west-1:1:userpool/x'}}
"""
    get = ("Resources", "Api", "Properties", "Body", "paths", "/x", "get")
    guarded, open_to_all = (at(rendered(tmp_path, BOTH + text, Env=env), *get) for env in ("prod", "dev"))
    assert isinstance(guarded, dict)
    assert isinstance(open_to_all, dict)
    assert guarded["security"] == [{"Pool": []}]
    assert "security" not in open_to_all
