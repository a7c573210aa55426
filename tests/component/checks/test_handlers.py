"""Handlers against the code of their functions."""

from dataclasses import replace

import pytest

from sealift.checks.handlers import handler_findings
from sealift.model.app import BuildOptions
from sealift.model.finding import Finding
from sealift.model.template import FunctionSpec, Template
from tests.component.checks.conftest import Write, make_app, make_template

CODE = {"src/app.py": "def handler(event, context): ..."}


def template(handler: str = "app.handler", properties: dict[str, object] | None = None, **asset: object) -> Template:
    made = make_template()
    function = FunctionSpec(logical_id="F", type="x", runtime="python3.12", handler=handler, architecture="x86_64")
    assets = (replace(made.assets[0], **asset),)  # type: ignore[arg-type]
    body: dict[str, object] = {"Resources": {"F": {"Properties": properties or {}}}}
    return replace(made, functions=(function,), assets=assets, body=body)  # type: ignore[arg-type]


def found(write: Write, files: dict[str, str], declared: Template) -> list[Finding]:
    return list(handler_findings(make_app(write(files)), {"app": declared}))


def test_a_handler_that_is_there_is_no_finding(write: Write) -> None:
    assert found(write, CODE, template()) == []


@pytest.mark.parametrize(
    ("handler", "told"),
    [("nope.handler", "src has no nope.py"), ("app.nope", "app.py has no nope")],
)
def test_a_handler_that_is_not_there_stops(write: Write, handler: str, told: str) -> None:
    (one,) = found(write, CODE, template(handler))
    assert (one.id, one.stops) == ("handler-missing", True)
    assert one.message == f"F would fail at every call: its Handler is {handler}, but {told}"


@pytest.mark.parametrize(
    ("source", "missing"),
    [
        ("exports.handler = async () => 1", True),
        ("// exports.handle = 1\nexport const handler = () => 1", True),
        ("exports.handle = async () => 1", False),
        ("module.exports = require('./other')", False),
        ("export * from './other.mjs'", False),
    ],
)
@pytest.mark.parametrize("suffix", ["js", "mjs", "cjs"])
def test_an_export_that_is_not_there_stops(write: Write, source: str, missing: bool, suffix: str) -> None:
    declared = template("index.handle")
    declared = replace(declared, functions=tuple(replace(f, runtime="nodejs22.x") for f in declared.functions))
    reported = found(write, {f"src/index.{suffix}": source}, declared)
    message = f"F would fail at every call: its Handler is index.handle, but index.{suffix} exports no handle"
    assert [(one.message, one.stops) for one in reported] == [(message, True)] * missing


@pytest.mark.parametrize(
    ("files", "told", "run"),
    [
        ({}, "yet: a build makes it", "Run your build"),
        (
            {"src/package.json": '{"scripts": {"build": "tsc"}}'},
            "yet: `npm --prefix src run build` makes it",
            "Run `npm",
        ),
        ({"package.json": '{"scripts": {"build": "tsc"}}'}, "yet: `npm run build` makes it", "Run `npm run build`"),
    ],
)
def test_what_a_build_would_make_is_not_called_missing(
    write: Write, files: dict[str, str], told: str, run: str
) -> None:
    declared = template("dist/app.handler")
    declared = replace(declared, functions=tuple(replace(f, runtime="nodejs22.x") for f in declared.functions))
    (one,) = found(write, {"src/app.ts": "", **files}, declared)
    assert one.id == "handler-not-built"
    assert one.message.endswith(f"src has no dist/app.js {told}")
    assert one.fix.startswith(run)
    assert found(write, {"src/dist/app.js": "exports.handler = 1"}, declared) == []


def test_what_a_dependency_may_bring_is_advice(write: Write) -> None:
    (one,) = found(write, CODE | {"src/requirements.txt": "datadog-lambda"}, template("datadog_lambda.handler.handler"))
    assert not one.stops


def test_what_a_layer_may_bring_is_advice(write: Write) -> None:
    (one,) = found(write, CODE, template("nope.handler", {"Layers": ["arn"]}))
    assert (one.stops, "unless a layer brings it" in one.message) == (False, True)


def test_a_file_of_the_function_itself_is_judged_whatever_its_layers_hold(write: Write) -> None:
    (one,) = found(write, CODE, template("app.nope", {"Layers": ["arn"]}))
    assert one.stops
    assert found(write, CODE, template("app.handler", {"Layers": ["arn"]})) == []


def test_what_a_build_may_bring_is_not_judged(write: Write) -> None:
    assert found(write, CODE, template("nope.handler", build_method="makefile")) == []
    app = replace(make_app(write(CODE)), build=BuildOptions(commands={"F": "make"}))
    assert list(handler_findings(app, {"app": template("nope.handler")})) == []


def test_nested_templates_are_looked_at(write: Write) -> None:
    outer = replace(make_template(), nested={"N": template("nope.handler")})
    assert len(found(write, CODE, outer)) == 1
