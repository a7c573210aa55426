"""The law of keys for what make, a command, npm and esbuild build: every file in turn, and every setting."""

import json
from pathlib import Path

import pytest

from sealift.model.template import Asset, Packing
from tests.unit.build.test_keys import Case, key
from tests.unit.build.tools import function, write

PACKAGE = json.dumps({"name": "fn", "version": "1.0.0", "dependencies": {"one": "file:../pack"}})
LOCK = json.dumps(
    {
        "lockfileVersion": 3,
        "packages": {
            "": {"name": "fn", "dependencies": {"one": "file:../pack"}},
            "../pack": {"name": "one", "version": "1.0.0"},
            "node_modules/one": {"resolved": "../pack", "link": True},
        },
    }
)
ONE = {"pack/package.json": json.dumps({"name": "one", "version": "1.0.0"}), "pack/index.js": "exports.x = 1\n"}
NODE = {"package.json": PACKAGE, "package-lock.json": LOCK, "app.js": "require('one')\n"}
MAKE = {"Makefile": "build-Fn:\n\tcp app.py $(ARTIFACTS_DIR)\n", "app.py": ""}
SHARED = Packing(inputs=("shared",))

CASES = {
    "make": (Case(fn=MAKE, beside={"shared/a.txt": "a"}), function("fn", build_method="makefile")),
    "make with inputs": (
        Case(fn=MAKE, read={"shared/a.txt": "a"}),
        function("fn", build_method="makefile", packing=SHARED),
    ),
    "a command with inputs": (
        Case(fn={"app.py": ""}, read={"shared/a.txt": "a"}),
        function("fn", build_method="command", build_properties={"command": "cp"}, packing=SHARED),
    ),
    "npm": (Case(fn=NODE, read=ONE), function("fn", runtime="nodejs22.x", build_method="nodejs22.x")),
    "esbuild": (
        Case(fn={**NODE, "tsconfig.json": "{}"}, read=ONE),
        function("fn", runtime="nodejs22.x", build_method="esbuild", handler="app.handler"),
    ),
}


@pytest.mark.parametrize(("name", "file"), [(name, file) for name, (case, _) in CASES.items() for file in case.files])
def test_a_file_changes_the_key_when_a_build_may_read_it_and_else_not(tmp_path: Path, name: str, file: str) -> None:
    case, asset = CASES[name]
    root = write(tmp_path / "app", case.files)
    before = key(root, case, asset=asset)
    text = case.files[file]
    write(root, {file: text.replace("1.0.0", "1.0.1") if "1.0.0" in text else text + "\n"})
    assert (key(root, case, asset=asset) != before) == (file in case.read or file.startswith("fn/"))


def _others() -> dict[str, Asset]:
    base = {"runtime": "nodejs22.x", "build_method": "esbuild", "handler": "app.handler"}
    return {
        "as it was": function("fn", **base),
        "another handler": function("fn", **{**base, "handler": "other.handler"}),
        "another processor": function("fn", **base, architecture="arm64"),
        "another runtime": function("fn", **{**base, "runtime": "nodejs20.x"}),
        "a property": function("fn", **base, build_properties={"Minify": False}),
        "another tool": function("fn", **{**base, "build_method": "nodejs22.x"}),
    }


def test_every_setting_and_tool_changes_the_key(tmp_path: Path) -> None:
    case, _ = CASES["esbuild"]
    root = write(tmp_path / "app", {**case.files, "fn/other.js": ""})
    keys = {name: key(root, case, asset=asset) for name, asset in _others().items()}
    keys["another version of a program"] = key(root, case, asset=_others()["as it was"], tool=lambda *_: "v2")
    equal = [(a, b) for a in keys for b in keys if a < b and keys[a] == keys[b]]
    assert not equal
