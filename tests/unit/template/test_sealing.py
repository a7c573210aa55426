import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealift.errors import InternalError, TemplateError
from sealift.model.template import Json
from sealift.template.templates import SamTemplates
from tests.unit.template.apps import at, json_of, load, seal, seal_bytes, sha, write

SAM = "Transform: AWS::Serverless-2016-10-31\n"
BUCKET: Json = {"Ref": "SealiftArtifactBucket"}


def stored(key: str) -> Json:
    return {"Bucket": BUCKET, "Key": f"blobs/{sha(key)}"}


def test_code_layers_and_definitions_point_at_the_bucket_of_the_environment(tmp_path: Path) -> None:
    text = (
        SAM
        + """
Resources:
  Fn: {Type: AWS::Serverless::Function, Properties: {CodeUri: src, Handler: a.b}}
  Layer: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: src}}
  Machine: {Type: AWS::Serverless::StateMachine, Properties: {DefinitionUri: src/a.json}}
  Api: {Type: AWS::Serverless::Api, Properties: {DefinitionUri: src/a.json, StageName: p}}
  Plain: {Type: AWS::Lambda::Function, Properties: {Code: src, Runtime: python3.9}}
  PlainLayer: {Type: AWS::Lambda::LayerVersion, Properties: {Content: src}}
  Schema: {Type: AWS::AppSync::GraphQLSchema, Properties: {DefinitionS3Location: src/a.json}}
  Job: {Type: AWS::Glue::Job, Properties: {Command: {Name: x, ScriptLocation: src/a.json}}}
"""
    )
    template = load(tmp_path, text, {"src/a.json": "{}"})
    found = {r: at(seal(template), "Resources", r, "Properties") for r in at_keys(template.body["Resources"])}
    # One file that several resources name is one asset: it has the key of the first.
    file, layer, url = "Machine.DefinitionUri", "Layer.ContentUri", "s3://${SealiftArtifactBucket}/blobs/"
    assert found == {
        "Fn": {"CodeUri": stored("Fn.CodeUri"), "Handler": "a.b"},
        "Layer": {"ContentUri": stored(layer)},
        "Machine": {"DefinitionUri": stored(file)},
        "Api": {"DefinitionUri": stored(file), "StageName": "p"},
        "Plain": {"Code": {"S3Bucket": BUCKET, "S3Key": f"blobs/{sha('Plain.Code')}"}, "Runtime": "python3.9"},
        "PlainLayer": {"Content": {"S3Bucket": BUCKET, "S3Key": f"blobs/{sha(layer)}"}},
        "Schema": {"DefinitionS3Location": {"Fn::Sub": url + sha(file)}},
        "Job": {"Command": {"Name": "x", "ScriptLocation": {"Fn::Sub": url + sha(file)}}},
    }


def at_keys(value: Json) -> list[str]:
    assert isinstance(value, dict)
    return list(value)


def test_the_bucket_is_the_only_parameter_added(tmp_path: Path) -> None:
    text = "Description: d\nParameters: {A: {Type: String}}\nResources: {T: {Type: AWS::SNS::Topic}}\n"
    body = seal(load(tmp_path, text))
    assert list(body) == ["Description", "Parameters", "Resources"]
    parameters = body["Parameters"]
    assert at_keys(parameters) == ["A", "SealiftArtifactBucket"]
    assert at(parameters, "SealiftArtifactBucket", "Type") == "String"
    without = seal(load(tmp_path, "AWSTemplateFormatVersion: 2010-09-09\nResources: {T: {Type: AWS::SNS::Topic}}\n"))
    assert list(without) == ["AWSTemplateFormatVersion", "Parameters", "Resources"]


def test_a_template_that_has_the_parameter_already_is_refused(tmp_path: Path) -> None:
    text = "Parameters:\n  SealiftArtifactBucket: {Type: String}\nResources: {T: {Type: AWS::SNS::Topic}}\n"
    with pytest.raises(TemplateError) as caught:
        seal(load(tmp_path, text))
    assert (caught.value.code, caught.value.context["line"]) == ("template-reserved-parameter", 2)


def test_an_asset_that_was_not_stored_is_our_fault(tmp_path: Path) -> None:
    template = load(tmp_path, SAM + "Resources: {Fn: {Type: AWS::Serverless::Function}}")
    with pytest.raises(InternalError):
        SamTemplates().seal(template, {})


def test_code_from_globals_moves_down_to_the_functions(tmp_path: Path) -> None:
    text = (
        SAM
        + """
Globals: {Function: {CodeUri: src, Timeout: 3}}
Resources:
  Inherits: {Type: AWS::Serverless::Function, Properties: {Handler: a.b}}
  Own: {Type: AWS::Serverless::Function, Properties: {CodeUri: own}}
  Bare: {Type: AWS::Serverless::Function}
  Inline: {Type: AWS::Serverless::Function, Properties: {InlineCode: pass}}
"""
    )
    body = seal(load(tmp_path, text, {"src/a": "", "own/a": ""}))
    assert body["Globals"] == {"Function": {"Timeout": 3}}
    shared = stored("Inherits.CodeUri")
    assert at(body, "Resources", "Inherits", "Properties") == {"Handler": "a.b", "CodeUri": shared}
    assert at(body, "Resources", "Bare", "Properties") == {"CodeUri": shared}
    assert at(body, "Resources", "Own", "Properties") == {"CodeUri": stored("Own.CodeUri")}
    assert at(body, "Resources", "Inline", "Properties") == {"InlineCode": "pass"}


def test_stored_code_in_globals_stays_that_of_functions_without_their_own(tmp_path: Path) -> None:
    text = (
        SAM
        + """
Globals: {Function: {CodeUri: {Bucket: b, Key: k, Version: v}}}
Resources:
  Inherits: {Type: AWS::Serverless::Function, Properties: {Handler: a.b}}
  Own: {Type: AWS::Serverless::Function, Properties: {CodeUri: own}}
"""
    )
    body = seal(load(tmp_path, text, {"own/a": ""}))
    assert at(body, "Resources", "Inherits", "Properties", "CodeUri") == {"Bucket": "b", "Key": "k", "Version": "v"}
    assert at(body, "Resources", "Own", "Properties", "CodeUri") == stored("Own.CodeUri")
    assert body["Globals"] == {"Function": {}}


def test_a_nested_application_becomes_a_stack_that_is_given_the_bucket(tmp_path: Path) -> None:
    text = (
        SAM
        + """
Resources:
  App:
    Type: AWS::Serverless::Application
    DependsOn: [Topic]
    Properties: {Location: n.yaml, Parameters: {Name: x}, Tags: {team: shop}, TimeoutInMinutes: 5}
  Stack: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: n.yaml}}
  Topic: {Type: AWS::SNS::Topic}
"""
    )
    files = {"n.yaml": "Parameters: {Name: {Type: String}}\nResources: {T: {Type: AWS::SNS::Topic}}\n"}
    body = seal(load(tmp_path, text, files))
    host = "https://${SealiftArtifactBucket}.s3.${AWS::Region}.${AWS::URLSuffix}/blobs/"
    assert at(body, "Resources", "App") == {
        "Type": "AWS::CloudFormation::Stack",
        "DependsOn": ["Topic"],
        "Properties": {
            "TemplateURL": {"Fn::Sub": host + sha("App.Location")},
            "Parameters": {"Name": "x", "SealiftArtifactBucket": BUCKET},
            "Tags": [{"Key": "team", "Value": "shop"}],
            "TimeoutInMinutes": 5,
        },
    }
    assert at(body, "Resources", "Stack", "Properties") == {
        "TemplateURL": {"Fn::Sub": host + sha("Stack.TemplateURL")},
        "Parameters": {"SealiftArtifactBucket": BUCKET},
    }


def test_the_authors_order_and_everything_else_stay(tmp_path: Path) -> None:
    text = (
        SAM
        + """
Description: Bücher 📚
Resources:
  Zoo: {Type: AWS::SNS::Topic, Properties: {TopicName: !Sub '${AWS::StackName}-z'}}
  Fn: {Type: AWS::Serverless::Function, Metadata: {BuildMethod: python3.12}, Properties: {CodeUri: .}}
Outputs: {Url: {Value: !GetAtt Fn.Arn}}
"""
    )
    body = seal(load(tmp_path, text))
    assert body["Description"] == "Bücher 📚"
    assert at_keys(body["Resources"]) == ["Zoo", "Fn"]
    assert at(body, "Resources", "Fn", "Metadata") == {"BuildMethod": "python3.12"}
    assert body["Outputs"] == {"Url": {"Value": {"Fn::GetAtt": ["Fn", "Arn"]}}}


def test_sealing_leaves_the_template_as_it_was(tmp_path: Path) -> None:
    template = load(tmp_path, SAM + "Resources: {Fn: {Type: AWS::Serverless::Function, Properties: {CodeUri: .}}}")
    before = json.dumps(template.body)
    assert seal_bytes(template) == seal_bytes(template)
    assert json.dumps(template.body) == before


names = st.text("ABCdef", min_size=1, max_size=5)


@settings(max_examples=30, deadline=None)
@given(
    functions=st.dictionaries(names, st.sampled_from(["src", "./src/", ".", "../outside", "built.zip"]), min_size=1),
    folders=st.lists(names, min_size=1, max_size=3),
    lines=st.sampled_from(["\n", "\r\n"]),
)
def test_the_sealed_bytes_do_not_depend_on_the_folder(
    functions: dict[str, str], folders: list[str], lines: str
) -> None:
    resources = {i: {"Type": "AWS::Serverless::Function", "Properties": {"CodeUri": u}} for i, u in functions.items()}
    text = json.dumps({"Transform": "AWS::Serverless-2016-10-31", "Resources": resources}, indent=1)
    sealed = set()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, ".git").mkdir()
        for root in (Path(folder, "a"), Path(folder, "b", *folders)):
            files = {"template.json": text.replace("\n", lines), "src/a": "", "built.zip": "", "../outside/a": ""}
            root.mkdir(parents=True)
            write(root, files)
            data = seal_bytes(SamTemplates().load(root, "template.json"))
            assert folder.encode() not in data
            sealed.add(data)
    assert len(sealed) == 1
    assert all(at(v, "Properties", "CodeUri", "Bucket") == BUCKET for v in json_resources(sealed.pop()))


def json_resources(data: bytes) -> list[Json]:
    resources = json_of(data)["Resources"]
    assert isinstance(resources, dict)
    return list(resources.values())
