"""Applications written with the adapters that people use run unchanged behind every door of the embedded cloud.

The packages come from PyPI and npm, as a team's would; without these the tests fail, and are never passed over.
"""

import io
import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from sealift.local.endpoint import Endpoint
from sealift.local.layers import install
from sealift.model.template import Json
from tests.local.deploying import ROLE, Answer, client, deploy, failures, function, http, invoke_uri

VERSION = (sys.version_info[0], sys.version_info[1])
PYTHON = f"python{VERSION[0]}.{VERSION[1]}"
POWERTOOLS = """
from aws_lambda_powertools.event_handler import (
    APIGatewayHttpResolver, APIGatewayRestResolver, LambdaFunctionUrlResolver, Response)
from aws_lambda_powertools.utilities.parser import parse
from aws_lambda_powertools.utilities.parser.models import (
    APIGatewayProxyEventModel, APIGatewayProxyEventV2Model, LambdaFunctionUrlModel)

def routed(app):
    @app.get("/items/<id>")
    def item(id):
        event = app.current_event
        return {"id": id, "x": event.query_string_parameters["x"], "agent": event.headers["user-agent"]}
    @app.post("/items")
    def make():
        return Response(status_code=201, content_type="application/json", body=app.current_event.body)
    return app

REST, HTTP, URL = map(routed, (APIGatewayRestResolver(), APIGatewayHttpResolver(), LambdaFunctionUrlResolver()))

def handler(event, context):
    if "rawPath" not in event:
        parse(event=event, model=APIGatewayProxyEventModel)
        return REST.resolve(event, context)
    is_url = ".lambda-url." in event["requestContext"]["domainName"]
    parse(event=event, model=LambdaFunctionUrlModel if is_url else APIGatewayProxyEventV2Model)
    return (URL if is_url else HTTP).resolve(event, context)
"""
MANGUM = """
from mangum import Mangum
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

async def item(request):
    known = {"id": request.path_params["id"], "x": request.query_params.getlist("x")[-1]}
    return JSONResponse({**known, "agent": request.headers["user-agent"], "cookie": request.cookies.get("a")})

async def make(request):
    return Response(await request.body(), status_code=201, media_type="application/json")

app = Starlette(routes=[Route("/items/{id}", item), Route("/items", make, methods=["POST"])])
handler = Mangum(app, lifespan="off")
"""
WSGI = """
import serverless_wsgi
from flask import Flask, jsonify, request
app = Flask(__name__)

@app.get("/items/<id>")
def item(id):
    known = {"id": id, "x": request.args.getlist("x")[-1], "agent": request.headers["User-Agent"]}
    return jsonify({**known, "cookie": request.cookies.get("a")})

@app.post("/items")
def make():
    return request.get_data(), 201, {"content-type": "application/json"}

def handler(event, context):
    return serverless_wsgi.handle_request(app, event, context)
"""
EXPRESS = """
const serverlessExpress = require('@codegenie/serverless-express');
const express = require('express');
const app = express();
app.get('/items/:id', (req, res) => {
  const x = [].concat(req.query.x || []).join(',').split(',').pop();
  res.json({ id: req.params.id, x, agent: req.headers['user-agent'] });
});
app.post('/items', express.text({ type: '*/*' }), (req, res) => res.status(201).type('json').send(req.body));
app.use((req, res) => res.status(404).end());  // Express's own trips over the adapter's socket, on AWS as well
exports.handler = serverlessExpress({ app });
"""
APPLICATIONS: dict[str, tuple[str, tuple[str, ...]]] = {
    "Powertools": (POWERTOOLS, ("aws-lambda-powertools[parser]>=3,<4",)),
    "Mangum": (MANGUM, ("mangum>=0.19,<1", "starlette<1")),
    "Wsgi": (WSGI, ("serverless-wsgi>=3,<4", "flask>=3,<4")),
    "Express": (EXPRESS, ()),
}
DOORS = ("Rest", "Http", "Url")


def _published(endpoint: Endpoint, name: str, packed: bytes) -> str:
    functions = client(endpoint, "lambda")
    arn: str = functions.publish_layer_version(LayerName=name, Content={"ZipFile": packed})["LayerVersionArn"]
    return arn


def _node_layer(folder: Path) -> bytes:
    """Return a layer with Express and its adapter, as npm installs them."""
    npm = shutil.which("npm")
    assert npm is not None, "npm is needed for this test"
    packages = ("express@4", "@codegenie/serverless-express@4")
    argv = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(folder), *packages]
    subprocess.run(argv, cwd=folder, check=True, capture_output=True, timeout=120)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path in sorted((folder / "node_modules").rglob("*")):
            if path.is_file():
                archive.write(path, f"nodejs/{path.relative_to(folder)}")
    return packed.getvalue()


def _layers(endpoint: Endpoint, name: str, requirements: tuple[str, ...], folder: Path) -> list[Json]:
    if name == "Express":
        return [_published(endpoint, name, _node_layer(folder))]
    arns: list[Json] = []
    for number, requirement in enumerate(requirements):
        packed = install(requirement, VERSION)
        assert packed is not None, f"{requirement} cannot be installed"
        arns.append(_published(endpoint, f"{name}{number}", packed))
    return arns


def _doors(name: str) -> dict[str, Json]:
    """Return a REST API, an HTTP API and a URL in front of a function."""
    integration: Json = {"type": "aws_proxy", "httpMethod": "POST", "uri": invoke_uri(name)}
    second: Json = {"type": "aws_proxy", "uri": invoke_uri(name), "payloadFormatVersion": "2.0"}
    any_method = "x-amazon-apigateway-any-method"
    rest: Json = {"paths": {"/{proxy+}": {any_method: {"x-amazon-apigateway-integration": integration}}}}
    paths: Json = {"$default": {any_method: {"x-amazon-apigateway-integration": second, "isDefaultRoute": True}}}
    return {
        f"Rest{name}": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Body": {"swagger": "2.0", **rest}}},
        f"Deployment{name}": {
            "Type": "AWS::ApiGateway::Deployment",
            "Properties": {"RestApiId": {"Ref": f"Rest{name}"}, "StageName": "live"},
        },
        f"Http{name}": {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Body": {"openapi": "3.0.1", "paths": paths}}},
        f"Stage{name}": {
            "Type": "AWS::ApiGatewayV2::Stage",
            "Properties": {"ApiId": {"Ref": f"Http{name}"}, "StageName": "$default", "AutoDeploy": True},
        },
        f"Url{name}": {
            "Type": "AWS::Lambda::Url",
            "Properties": {"TargetFunctionArn": {"Ref": name}, "AuthType": "NONE"},
        },
    }


@pytest.fixture(scope="module")
def urls(endpoint: Endpoint, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The address of each application behind each door."""
    resources: dict[str, Json] = {"Role": ROLE}
    outputs: dict[str, Json] = {}
    for name, (code, requirements) in APPLICATIONS.items():
        layers = _layers(endpoint, name, requirements, tmp_path_factory.mktemp(name))
        runtime = "nodejs22.x" if name == "Express" else PYTHON
        resources |= {name: function(code, Runtime=runtime, Layers=layers, Timeout=25), **_doors(name)}
        host = "execute-api.${AWS::Region}.amazonaws.com"
        outputs[f"Rest{name}"] = {"Value": {"Fn::Sub": f"https://${{Rest{name}}}.{host}/live"}}
        outputs[f"Http{name}"] = {"Value": {"Fn::Sub": f"https://${{Http{name}}}.{host}"}}
        outputs[f"Url{name}"] = {"Value": {"Fn::GetAtt": [f"Url{name}", "FunctionUrl"]}}
    stack = deploy(endpoint, "frameworks", {"Resources": resources, "Outputs": outputs})
    assert stack.status == "CREATE_COMPLETE", failures(endpoint, "frameworks")
    return {name: value.rstrip("/") for name, value in stack.outputs.items()}


def _get(url: str) -> Answer:
    return http("GET", f"{url}/items/a-7?x=2", headers={"User-Agent": "a test", "Cookie": "a=1; b=2"})


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("name", APPLICATIONS)
def test_an_application_answers_unchanged(urls: dict[str, str], name: str, door: str) -> None:
    url = urls[door + name]
    answer = _get(url)
    assert answer.status == 200, answer.text
    assert {**answer.json, "cookie": None} == {"id": "a-7", "x": "2", "agent": "a test", "cookie": None}
    assert answer.json.get("cookie", "1") == "1"
    body = json.dumps({"name": "ß"}, ensure_ascii=False)
    made = http("POST", f"{url}/items", headers={"Content-Type": "application/json"}, body=body)
    assert (made.status, made.json) == (201, {"name": "ß"}), made.text
    missing = http("GET", f"{url}/nowhere")
    assert missing.status == 404, missing.text
