"""Source maps are read where they are made, and made where they are read."""

from pathlib import Path

import pytest

from sealift.model.template import Json
from tests.unit.template.apps import at, load, only, seal

HEAD = "Transform: AWS::Serverless-2016-10-31\n"


def options(tmp_path: Path, *, own: str = "", shared: str = "", maps: str = "Sourcemap: true") -> Json:
    text = f"""{HEAD}
Globals: {{Function: {{CodeUri: src{shared}}}}}
Resources:
  Fn:
    Type: AWS::Serverless::Function
    Properties: {{Handler: a.b, Runtime: nodejs22.x{own}}}
    Metadata: {{BuildMethod: esbuild, BuildProperties: {{{maps}}}}}
"""
    sealed = seal(load(tmp_path, text, {"src/a.ts": ""}))
    environment = at(sealed, "Resources", "Fn", "Properties").get("Environment")
    return environment["Variables"].get("NODE_OPTIONS") if isinstance(environment, dict) else None  # type: ignore


@pytest.mark.parametrize(
    ("own", "shared", "maps", "expected"),
    [
        ("", "", "Sourcemap: true", "--enable-source-maps"),
        ("", "", "Sourcemap: 'true'", "--enable-source-maps"),
        ("", "", "Sourcemap: false", None),
        ("", "", "Minify: true", None),
        (", Environment: {Variables: {NODE_OPTIONS: --x}}", "", "Sourcemap: true", "--x --enable-source-maps"),
        ("", ", Environment: {Variables: {NODE_OPTIONS: --y}}", "Sourcemap: true", "--y --enable-source-maps"),
        (
            ", Environment: {Variables: {NODE_OPTIONS: --enable-source-maps}}",
            "",
            "Sourcemap: true",
            "--enable-source-maps",
        ),
        (
            ", Environment: {Variables: {NODE_OPTIONS: !Ref X}}",
            "",
            "Sourcemap: true",
            {"Fn::Sub": ["${Given} --enable-source-maps", {"Given": {"Ref": "X"}}]},
        ),
    ],
)
def test_a_function_with_source_maps_runs_with_them(
    tmp_path: Path, own: str, shared: str, maps: str, expected: Json
) -> None:
    assert options(tmp_path, own=own, shared=shared, maps=maps) == expected


@pytest.mark.parametrize(("maps", "expected"), [("Minify: true", True), ("Sourcemap: false", False)])
def test_a_function_that_runs_with_source_maps_gets_them_unless_it_says_no(
    tmp_path: Path, maps: str, expected: bool
) -> None:
    text = f"""{HEAD}
Resources:
  Fn:
    Type: AWS::Serverless::Function
    Properties: {{Handler: a.b, CodeUri: src, Environment: {{Variables: {{NODE_OPTIONS: --enable-source-maps}}}}}}
    Metadata: {{BuildMethod: esbuild, BuildProperties: {{{maps}}}}}
"""
    assert only(load(tmp_path, text, {"src/a.ts": ""})).build_properties["Sourcemap"] is expected


def test_functions_with_one_folder_and_two_handlers_are_two_bundles_but_one_copy(tmp_path: Path) -> None:
    text = f"""{HEAD}
Globals: {{Function: {{CodeUri: src, Runtime: nodejs22.x}}}}
Resources:
  A: {{Type: AWS::Serverless::Function, Properties: {{Handler: a.x}}, Metadata: {{BuildMethod: esbuild}}}}
  B: {{Type: AWS::Serverless::Function, Properties: {{Handler: b.x}}, Metadata: {{BuildMethod: esbuild}}}}
  C: {{Type: AWS::Serverless::Function, Properties: {{Handler: a.x}}}}
  D: {{Type: AWS::Serverless::Function, Properties: {{Handler: b.x}}}}
  E: {{Type: AWS::Serverless::Function, Properties: {{Handler: a, Runtime: provided.al2023}}}}
  F: {{Type: AWS::Serverless::Function, Properties: {{Handler: b, Runtime: provided.al2023}}}}
"""
    template = load(tmp_path, text, {"src/Makefile": ""})
    assert [asset.logical_ids for asset in template.assets] == [("A",), ("B",), ("C", "D"), ("E",), ("F",)]
