from pathlib import Path

import pytest

from tests.unit.template.apps import at, load, refusal

SAM = "Transform: AWS::Serverless-2016-10-31\n"


def api(body: str) -> str:
    return (
        SAM
        + f"""
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: Prod
      DefinitionBody: {body}
"""
    )


INCLUDE = "{Fn::Transform: {Name: AWS::Include, Parameters: {Location: %s}}}"


@pytest.mark.parametrize("location", ["api/openapi.yaml", "./api/openapi.yaml", "!Sub api/openapi.yaml"])
def test_a_local_include_is_put_in_place(tmp_path: Path, location: str) -> None:
    files = {"api/openapi.yaml": "openapi: 3.0.1\npaths:\n  /x: {get: {uri: !Sub '${Fn.Arn}'}}\n"}
    template = load(tmp_path, api(INCLUDE % location), files)
    assert at(template.body, "Resources", "Api", "Properties", "DefinitionBody") == {
        "openapi": "3.0.1",
        "paths": {"/x": {"get": {"uri": {"Fn::Sub": "${Fn.Arn}"}}}},
    }


def test_the_short_form_of_a_transform_includes_too(tmp_path: Path) -> None:
    text = api("!Transform {Name: AWS::Include, Parameters: {Location: a.json}}")
    template = load(tmp_path, text, {"a.json": '{"swagger": "2.0"}'})
    assert at(template.body, "Resources", "Api", "Properties", "DefinitionBody") == {"swagger": "2.0"}


def test_keys_beside_an_include_stay_and_win(tmp_path: Path) -> None:
    body = "{info: own, 'Fn::Transform': {Name: AWS::Include, Parameters: {Location: a.yaml}}}"
    template = load(tmp_path, api(body), {"a.yaml": "info: theirs\npaths: {}\n"})
    assert at(template.body, "Resources", "Api", "Properties", "DefinitionBody") == {"info": "own", "paths": {}}


@pytest.mark.parametrize(
    ("transform", "left"),
    [
        ("{Name: AWS::Include, Parameters: {Location: more.yaml}}", None),
        (
            "[{Name: AWS::Include, Parameters: {Location: more.yaml}}, AWS::Serverless-2016-10-31]",
            "AWS::Serverless-2016-10-31",
        ),
        (
            "[AWS::LanguageExtensions, {Name: AWS::Include, Parameters: {Location: more.yaml}}, AWS::X]",
            ["AWS::LanguageExtensions", "AWS::X"],
        ),
    ],
)  # fmt: skip
def test_an_include_at_the_top_adds_to_the_sections(tmp_path: Path, transform: str, left: object) -> None:
    text = f"Transform: {transform}\nResources: {{A: {{Type: AWS::SNS::Topic}}}}\n"
    files = {"more.yaml": "Resources: {A: {Type: theirs}, B: {Type: AWS::SQS::Queue}}\nOutputs: {O: {Value: 1}}\n"}
    body = load(tmp_path, text, files).body
    assert body["Resources"] == {"A": {"Type": "AWS::SNS::Topic"}, "B": {"Type": "AWS::SQS::Queue"}}
    assert body["Outputs"] == {"O": {"Value": 1}}
    assert body.get("Transform") == left


@pytest.mark.parametrize("location", ["s3://bucket/a.yaml", "!Sub 's3://${AWS::Region}-b/a.yaml'", "!Ref Where"])
def test_an_include_from_s3_is_left_to_cloudformation(tmp_path: Path, location: str) -> None:
    template = load(tmp_path, api(INCLUDE % location))
    found = at(template.body, "Resources", "Api", "Properties", "DefinitionBody")
    assert isinstance(found, dict)
    assert list(found) == ["Fn::Transform"]


def test_included_files_include_relative_to_themselves(tmp_path: Path) -> None:
    files = {"api/a.yaml": "x: " + INCLUDE % "b.yaml", "api/b.yaml": "y: 1"}
    template = load(tmp_path, api(INCLUDE % "api/a.yaml"), files)
    assert at(template.body, "Resources", "Api", "Properties", "DefinitionBody") == {"x": {"y": 1}}


def test_files_that_include_each_other_are_refused(tmp_path: Path) -> None:
    files = {"a.yaml": "x: " + INCLUDE % "b.yaml", "b.yaml": "y: " + INCLUDE % "a.yaml"}
    error = refusal(tmp_path, api(INCLUDE % "a.yaml"), files)
    assert error.code == "template-cycle"
    assert "template.yaml → a.yaml → b.yaml → a.yaml" in error.message


def test_an_include_that_is_not_there_names_the_line(tmp_path: Path) -> None:
    error = refusal(tmp_path, api(INCLUDE % "gone.yaml"))
    assert error.code == "template-include"
    assert error.message.startswith("template.yaml:8: AWS::Include of gone.yaml")


def test_a_fault_in_an_included_file_names_that_file(tmp_path: Path) -> None:
    error = refusal(tmp_path, api(INCLUDE % "a.yaml"), {"a.yaml": "x: 1\ny: !Sbu z\n"})
    assert error.message.startswith("a.yaml:2:4: !Sbu is not an intrinsic function")


def test_functions_that_an_include_brings_are_found(tmp_path: Path) -> None:
    text = "Transform: [{Name: AWS::Include, Parameters: {Location: fn.yaml}}, AWS::Serverless-2016-10-31]\n"
    files = {"fn.yaml": "Resources: {Fn: {Type: AWS::Serverless::Function, Properties: {CodeUri: src}}}", "src/a": ""}
    template = load(tmp_path, text, files)
    assert [(a.key, a.source) for a in template.assets] == [("Fn.CodeUri", "src")]
