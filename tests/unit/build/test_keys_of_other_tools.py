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
    base = _others()["as it was"]
    for program in ("npm", "node", "esbuild"):
        keys[f"another {program}"] = key(
            root, case, asset=base, tool=lambda name, new=program: "v2" if name == new else ""
        )
    for name in ("npm_config_registry", "NPM_CONFIG_@own:registry", "npm_config_legacy_peer_deps"):
        keys[f"another {name}"] = key(root, case, asset=base, variables={name: "true"})
    equal = [(a, b) for a in keys for b in keys if a < b and keys[a] == keys[b]]
    assert not equal


@pytest.mark.parametrize("name", ["npm_config_cache", "NPM_CONFIG_LOGLEVEL", "npm_config_user_agent", "REGISTRY"])
def test_how_npm_gets_at_packages_does_not_change_the_key(tmp_path: Path, name: str) -> None:
    case, asset = CASES["npm"]
    root = write(tmp_path / "app", case.files)
    assert key(root, case, asset=asset, variables={name: "x"}) == key(root, case, asset=asset)


def test_the_esbuild_of_the_machine_counts_only_where_the_package_asks_for_none(tmp_path: Path) -> None:
    case, asset = CASES["esbuild"]
    package = json.dumps({"name": "fn", "version": "1.0.0", "devDependencies": {"esbuild": "0.25.5"}})
    root = write(tmp_path / "app", {**case.files, "fn/package.json": package})
    keys = {key(root, case, asset=asset, tool=lambda name, v=v: v if name == "esbuild" else "") for v in ("1", "2")}
    assert len(keys) == 1
