"""Modules of TypeScript that are named by aliases are read as those that are named by their paths."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from sealift.checks.reads import code_reads
from sealift.model.app import App, StackSpec
from sealift.template.templates import SamTemplates

TEMPLATE = {
    "Transform": "AWS::Serverless-2016-10-31",
    "Resources": {
        "F": {
            "Type": "AWS::Serverless::Function",
            "Metadata": {"BuildMethod": "esbuild", "BuildProperties": {"EntryPoints": ["src/app.ts"]}},
            "Properties": {"CodeUri": ".", "Handler": "src/app.handler", "Runtime": "nodejs22.x"},
        }
    },
}


def names_read(root: Path, files: Mapping[str, str]) -> list[str]:
    for name, text in {"template.json": json.dumps(TEMPLATE), "package.json": "{}", **files}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    app = App(
        name="shop",
        root=root,
        config_path=None,
        stacks=(StackSpec(name="app", template="template.json"),),
        environments=(),
    )
    template = SamTemplates().load(root, "template.json")
    return [read.name for _, code in code_reads(app, template) for read in code.reads]


@pytest.mark.parametrize(
    ("imported", "config"),
    [
        ("@lib/tax", {"tsconfig.json": '{"compilerOptions": {"baseUrl": ".", "paths": {"@lib/*": ["src/lib/*"]}}}'}),
        ("@lib/tax", {"tsconfig.json": '{"compilerOptions": {"paths": {"@lib/*": ["./none/*", "./src/lib/*"],},},}'}),
        ("@lib/tax.js", {"tsconfig.json": '{"compilerOptions": {"baseUrl": "./src", "paths": {"@lib/*": ["lib/*"]}}}'}),
        ("tax", {"tsconfig.json": '{"compilerOptions": {"paths": {"*": ["./no/*"], "tax": ["./src/lib/tax.ts"]}}}'}),
        (
            "lib/tax",
            {"src/tsconfig.json": '{"compilerOptions": {"baseUrl": "."}} // the nearest', "tsconfig.json": "{}"},
        ),
        (
            "~/tax",
            {
                "tsconfig.json": '{"extends": ["./base/all"], "compilerOptions": {"strict": true}}',
                "base/all.json": '{"extends": "../paths.json" /* and more */}',
                "paths.json": '{"compilerOptions": {"paths": {"~/*": ["./src/lib/*"]}}}',
            },
        ),
        ("#lib/tax", {"package.json": '{"imports": {"#lib/*": {"types": "./src/lib/*.ts", "default": "./dist/*"}}}'}),
    ],
)
def test_an_alias_leads_to_the_module(tmp_path: Path, imported: str, config: Mapping[str, str]):
    app = f"import {{ tax }} from '{imported}'; export const handler = () => tax;"
    files = {"src/app.ts": app, "src/lib/tax.ts": "export const tax = process.env.TAX;", **config}
    assert names_read(tmp_path, files) == ["TAX"]


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"tsconfig.json": "no JSON"},
        {"tsconfig.json": '{"extends": "./tsconfig.json", "compilerOptions": {"paths": [], "baseUrl": 3}}'},
        {"tsconfig.json": '{"extends": "@tsconfig/node22", "compilerOptions": {"paths": {"tax": 1, "*": [{}]}}}'},
    ],
)
def test_what_leads_nowhere_is_a_package(tmp_path: Path, config: Mapping[str, str]):
    files = {"src/app.ts": "import { tax } from 'tax'; export const handler = () => process.env.A;", **config}
    assert names_read(tmp_path, files) == ["A"]
