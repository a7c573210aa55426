"""Which packages of the AWS SDK a function of Node.js names and does not bring."""

import io
import zipfile

import pytest

from sealift.cfn.values import list_at, mapping_at
from sealift.local.expand import Context
from sealift.local.sdk_layers import missing_packages, sdk_stand_ins
from sealift.model.template import Json

CONTEXT = Context(stack_name="shop", account="111111111111", region="eu-west-1")


def _zip(**files: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in files.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), text)
    return packed.getvalue()


@pytest.mark.parametrize(
    ("packed", "missing"),
    [
        (_zip(app_dot_js="const { S3Client } = require('@aws-sdk/client-s3')"), ("@aws-sdk/client-s3",)),
        (_zip(app_dot_mjs='import{S3Client as a}from"@aws-sdk/client-s3";'), ("@aws-sdk/client-s3",)),
        (_zip(src__a_dot_cjs='require("@smithy/node-http-handler")'), ("@smithy/node-http-handler",)),
        (_zip(app_dot_js="// nothing"), ()),
        (_zip(README_dot_md="'@aws-sdk/client-s3'"), ()),
        (_zip(node_modules__x__i_dot_js="require('@aws-sdk/client-s3')"), ()),
    ],
)
def test_what_own_code_names_is_missing_until_the_zip_has_it(packed: bytes, missing: tuple[str, ...]) -> None:
    assert missing_packages(packed) == missing


def test_what_the_zip_brings_is_not_missing() -> None:
    packed = io.BytesIO(_zip(app_dot_js="require('@aws-sdk/client-s3')"))
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr("node_modules/@aws-sdk/client-s3/package.json", "{}")
    assert missing_packages(packed.getvalue()) == ()


def _body(runtime: str) -> dict[str, Json]:
    given: Json = {"Runtime": runtime, "Code": {"S3Key": "blobs/1"}, "Layers": [{"Ref": "Own"}]}
    return {"Resources": {"F": {"Type": "AWS::Lambda::Function", "Properties": given}}}


@pytest.mark.parametrize(("runtime", "count"), [("nodejs22.x", 2), ("python3.12", 1)])
def test_a_function_of_node_gets_them_before_its_own_layers(runtime: str, count: int) -> None:
    packed = _zip(app_dot_js="require('@aws-sdk/client-s3')")
    done = sdk_stand_ins(_body(runtime), CONTEXT, lambda _key: packed, lambda wanted: ("bucket", " ".join(wanted)))
    layers = list_at(done.body, "Resources", "F", "Properties", "Layers")
    assert (len(layers), layers[-1]) == (count, {"Ref": "Own"})
    assert len(done.notes) == count - 1


POWERTOOLS = "arn:aws:lambda:eu-west-1:094274105915:layer:AWSLambdaPowertoolsTypeScript%s:41"
_USES = """import{Logger}from"@aws-lambda-powertools/logger";import"@aws-lambda-powertools/parameters/ssm";"""


def _with(layers: list[Json], **given: Json) -> dict[str, Json]:
    properties: Json = {"Runtime": "nodejs22.x", "Layers": layers, **given}
    return {"Resources": {"F": {"Type": "AWS::Lambda::Function", "Properties": properties}}}


@pytest.mark.parametrize(("name", "major"), [("V2", 2), ("", 1)])
def test_the_layer_of_powertools_gives_way_to_what_the_code_names(name: str, major: int) -> None:
    wanted: list[tuple[str, ...]] = []
    body = _with([{"Ref": "Own"}, POWERTOOLS % name], Code={"ZipFile": _USES})
    done = sdk_stand_ins(body, CONTEXT, lambda _key: None, lambda names: wanted.append(names) or ("bucket", "key"))
    assert wanted == [
        (f"@aws-lambda-powertools/logger@{major}", f"@aws-lambda-powertools/parameters@{major}", "@aws-sdk/client-ssm")
    ]
    layers = list_at(done.body, "Resources", "F", "Properties", "Layers")
    assert (len(layers), layers[-1]) == (2, {"Ref": "Own"})


def test_powertools_are_brought_to_nobody_who_has_not_their_layer() -> None:
    body = _with([], Code={"ZipFile": 'require("@aws-lambda-powertools/logger")'})
    assert sdk_stand_ins(body, CONTEXT, lambda _key: None, lambda _wanted: ("bucket", "key")).body == body


def test_the_code_of_own_layers_is_read_too() -> None:
    body = _with([{"Ref": "Own"}], Code={"ZipFile": "require('db')"})
    content: Json = {"S3Key": "blobs/1"}
    body["Resources"] = {
        **mapping_at(body["Resources"]),
        "Own": {"Type": "AWS::Lambda::LayerVersion", "Properties": {"Content": content}},
    }
    packed = _zip(nodejs__db_dot_js="require('@aws-sdk/client-dynamodb')")
    done = sdk_stand_ins(body, CONTEXT, {"blobs/1": packed}.get, lambda wanted: ("bucket", " ".join(wanted)))
    assert "@aws-sdk/client-dynamodb" in done.notes[0]


def test_without_npm_nothing_changes() -> None:
    packed = _zip(app_dot_js="require('@aws-sdk/client-s3')")
    done = sdk_stand_ins(_body("nodejs22.x"), CONTEXT, lambda _key: packed, lambda _wanted: None)
    assert (done.body, done.notes) == (_body("nodejs22.x"), ())
