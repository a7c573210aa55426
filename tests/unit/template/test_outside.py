"""What a sealed template reads from outside the release, by every shape in which it may say so."""

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealift.model.template import Json, Outside
from sealift.template.outside import outside
from tests.unit.template.apps import load, seal_bytes

AROUND = {"AWS::Region": "eu-west-1", "AWS::AccountId": "111122223333", "AWS::Partition": "aws"}
IMAGE = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/shop:1"


def found(
    resources: Mapping[str, Json], parameters: Mapping[str, str] | None = None, **sections: Json
) -> list[Outside]:
    body = json.dumps({"Resources": dict(resources), **sections}).encode()
    return list(outside(body, parameters={**AROUND, **(parameters or {})}, read=lambda _: b"{}"))


def places(kind: str, properties: Json, **rest: Json) -> list[tuple[str, str]]:
    return [(one.kind, one.location) for one in found({"One": {"Type": kind, "Properties": properties}}, **rest)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "properties", "seen"),
    [
        ("AWS::Lambda::Function", {"Code": {"S3Bucket": "b", "S3Key": "k"}}, ("function", "s3://b/k")),
        (
            "AWS::Lambda::Function",
            {"Code": {"S3Bucket": {"Fn::Sub": "assets-${AWS::AccountId}-${AWS::Region}"}, "S3Key": "k"}},
            ("function", "s3://assets-111122223333-eu-west-1/k"),
        ),
        (
            "AWS::Lambda::Function",
            {"Code": {"S3Bucket": "b", "S3Key": "k", "S3ObjectVersion": "v"}},
            ("function", "s3://b/k?versionId=v"),
        ),
        ("AWS::Lambda::Function", {"Code": {"ImageUri": IMAGE}}, ("image", IMAGE)),
        ("AWS::Serverless::Function", {"CodeUri": "s3://b/k"}, ("function", "s3://b/k")),
        ("AWS::Serverless::Function", {"CodeUri": {"Bucket": "b", "Key": "k"}}, ("function", "s3://b/k")),
        ("AWS::Serverless::Function", {"ImageUri": IMAGE}, ("image", IMAGE)),
        ("AWS::Serverless::LayerVersion", {"ContentUri": "s3://b/k"}, ("layer", "s3://b/k")),
        ("AWS::Serverless::StateMachine", {"DefinitionUri": {"Bucket": "b", "Key": "k"}}, ("definition", "s3://b/k")),
        (
            "AWS::CloudFormation::Stack",
            {"TemplateURL": "https://b.s3.eu-west-1.amazonaws.com/a/t.yaml"},
            ("nested template", "s3://b/a/t.yaml"),
        ),
        (
            "AWS::CloudFormation::Stack",
            {"TemplateURL": "https://s3.amazonaws.com/b/t.yaml"},
            ("nested template", "s3://b/t.yaml"),
        ),
        ("AWS::Lambda::Function", {"Code": {"S3Bucket": {"Ref": "Made"}, "S3Key": "k"}}, ("function", "")),
    ],
)
def test_each_shape_is_seen(kind: str, properties: Json, seen: tuple[str, str]) -> None:
    assert places(kind, properties) == [seen]


@pytest.mark.parametrize(
    ("kind", "properties"),
    [
        ("AWS::Lambda::Function", {"Code": {"ZipFile": "x"}}),
        ("AWS::Serverless::Function", {"InlineCode": "x"}),
        ("AWS::Serverless::Application", {"Location": {"ApplicationId": "a", "SemanticVersion": "1"}}),
        ("AWS::S3::Bucket", {}),
    ],
)
def test_what_is_in_the_template_itself_is_not_outside(kind: str, properties: Json) -> None:
    assert places(kind, properties) == []


def test_a_parameter_says_where_and_a_condition_whether() -> None:
    code: Json = {"S3Bucket": {"Ref": "Bucket"}, "S3Key": "k"}
    resources: dict[str, Json] = {
        "One": {"Type": "AWS::Lambda::Function", "Condition": "Wanted", "Properties": {"Code": code}}
    }
    sections: dict[str, Json] = {
        "Parameters": {"Bucket": {"Type": "String"}, "On": {"Type": "String", "Default": "no"}},
        "Conditions": {"Wanted": {"Fn::Equals": [{"Ref": "On"}, "yes"]}},
    }
    assert found(resources, {"Bucket": "mine"}, **sections) == []
    assert [o.location for o in found(resources, {"Bucket": "mine", "On": "yes"}, **sections)] == ["s3://mine/k"]


@given(st.lists(st.sampled_from(["src", "s3://b/k", "inline"]), min_size=1, max_size=6))
def test_a_function_is_in_the_release_or_outside_and_never_both(kinds: list[str]) -> None:
    named = {"inline": {"InlineCode": "x"}, "src": {"CodeUri": "src"}, "s3://b/k": {"CodeUri": "s3://b/k"}}
    resources = {
        f"F{i}": {"Type": "AWS::Serverless::Function", "Properties": {**named[kind], "Runtime": "python3.12"}}
        for i, kind in enumerate(kinds)
    }
    with tempfile.TemporaryDirectory() as folder:
        text = json.dumps({"Transform": "AWS::Serverless-2016-10-31", "Resources": {**resources}})
        template = load(Path(folder), text, {"src/app.py": ""})
        inside = {name for asset in template.assets for name in asset.logical_ids}
        seen = {one.logical_id for one in outside(seal_bytes(template), parameters={}, read=lambda _: b"")}
    assert inside == {f"F{i}" for i, kind in enumerate(kinds) if kind == "src"}
    assert seen == {f"F{i}" for i, kind in enumerate(kinds) if kind == "s3://b/k"}


def test_code_that_the_cdk_packed_beside_the_template_is_part_of_the_release(tmp_path: Path) -> None:
    function = {
        "Type": "AWS::Lambda::Function",
        "Properties": {"Code": {"S3Bucket": "cdk-assets", "S3Key": "abc.zip"}, "Runtime": "python3.12"},
        "Metadata": {"aws:asset:path": "asset.abc", "aws:asset:property": "Code", "aws:asset:is-bundled": False},
    }
    text = json.dumps({"Resources": {"Fn": function}})
    template = load(tmp_path, text, {"cdk.out/asset.abc/app.py": ""}, file="cdk.out/Shop.template.json")
    (asset,) = template.assets
    assert (asset.source, asset.build_method) == ("cdk.out/asset.abc", "skip")
    assert outside(seal_bytes(template), parameters={}, read=lambda _: b"") == ()


def test_what_the_cdk_packed_and_is_gone_is_outside(tmp_path: Path) -> None:
    function = {
        "Type": "AWS::Lambda::Function",
        "Properties": {"Code": {"S3Bucket": "cdk-assets", "S3Key": "abc.zip"}, "Runtime": "python3.12"},
        "Metadata": {"aws:asset:path": "asset.abc", "aws:asset:property": "Code"},
    }
    template = load(tmp_path, json.dumps({"Resources": {"Fn": function}}))
    seen = outside(seal_bytes(template), parameters={}, read=lambda _: b"")
    assert [one.location for one in seen] == ["s3://cdk-assets/abc.zip"]


def test_an_image_of_a_registry_is_taken_and_one_to_build_is_not(tmp_path: Path) -> None:
    image = {"Type": "AWS::Serverless::Function", "Properties": {"PackageType": "Image", "ImageUri": IMAGE}}
    top = {"Transform": "AWS::Serverless-2016-10-31"}
    assert load(tmp_path, json.dumps({**top, "Resources": {"Img": image}})).assets == ()
