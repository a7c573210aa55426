"""Services that code calls and the embedded cloud lacks are named before the deployment."""

import io
import zipfile

import pytest

from sealift.local.clients import SERVED, client_notes, clients_in
from sealift.local.expand.context import Context
from sealift.model.template import Json

CONTEXT = Context(stack_name="s", account="1", region="eu-west-1")


def _zip(**files: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return packed.getvalue()


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("app.py", 'boto3.client("rekognition")', {"rekognition"}),
        ("app.py", "boto3.resource(service_name='dynamodb', region_name=x)", {"dynamodb"}),
        ("app.py", 'session = boto3.Session()\nx = session.client("ses")', {"ses"}),
        ("app.py", 'boto3.session.Session().client("polly")', {"polly"}),
        ("app.py", 'redis.client("cache"); client("x")', set()),
        ("src/a.mjs", 'import { A } from "@aws-sdk/client-textract"', {"textract"}),
        ("a.js", 'const x = require("aws-sdk/clients/comprehend"); new AWS.S3({})', {"comprehend", "s3"}),
        ("a.js", "new AWS.Config({}); AWS.Credentials(x)", set()),
        ("node_modules/x/a.js", 'require("@aws-sdk/client-textract")', set()),
        ("readme.md", 'boto3.client("rekognition")', set()),
    ],
)
def test_the_clients_that_code_makes_are_found(name: str, text: str, found: set[str]) -> None:
    assert clients_in(_zip(**{name: text})) == found


def test_clients_of_packages_that_a_function_brings_are_theirs() -> None:
    brought = {"aws_tools/x.py": 'boto3.client("rekognition")', "aws_tools-1.0.dist-info/METADATA": ""}
    assert clients_in(_zip(**brought)) == set()
    in_a_layer = {f"python/{name}": text for name, text in brought.items()}
    assert clients_in(_zip(**in_a_layer, **{"python/own.py": 'boto3.client("polly")'})) == {"polly"}


def _notes(*services: str) -> list[str]:
    code = "def handler(e, c): pass\n" + "".join(f'boto3.client("{name}")\n' for name in services)
    function: Json = {"Type": "AWS::Lambda::Function", "Properties": {"Code": {"ZipFile": code}}}
    body: dict[str, Json] = {"Resources": {"A": function, "B": function}}
    return list(client_notes(body, CONTEXT, {}.get))


def test_a_service_that_is_not_there_is_named_once_with_who_calls_it() -> None:
    assert _notes("rekognition") == [
        "A, B: the embedded cloud has no rekognition, which the code calls; such a call fails"
    ]


def test_a_service_that_makes_its_answers_up_is_named() -> None:
    assert _notes("bedrock-runtime") == ["A, B: bedrock-runtime answers with a made-up text on the embedded cloud"]


@pytest.mark.parametrize("name", ["s3", "cloudwatch", "stepfunctions", "elbv2", "apigatewaymanagementapi", "iot-data"])
def test_a_service_that_is_there_is_not_named(name: str) -> None:
    assert _notes(name) == []


def test_the_services_are_those_of_the_installed_emulator() -> None:
    from ministack.app import SERVICE_REGISTRY

    assert set(SERVICE_REGISTRY) == SERVED
