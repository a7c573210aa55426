"""Packages of npm are listed by what a package of a function holds, whoever put it there."""

import json
from pathlib import Path

from sealift.build.builder import CachedBuilder
from sealift.build.javascript.held import bundled, installed
from sealift.build.zips.deflating import deflated
from sealift.build.zips.zipping import Entry
from sealift.system import RealProcess
from tests.unit.build.tools import function, write


def _entries(files: dict[str, str]) -> list[Entry]:
    return [Entry(name, False, deflated(text.encode())) for name, text in files.items()]


def _package(name: str, version: str) -> str:
    return json.dumps({"name": name, "version": version})


def test_each_package_is_listed_with_its_own_bytes_wherever_it_is_nested():
    files = {
        "app.js": "1",
        "node_modules/a/package.json": _package("a", "1.0.0"),
        "node_modules/a/lib/index.js": "x" * 500,
        "node_modules/a/node_modules/@scope/b/package.json": _package("@scope/b", "2.0.0"),
        "nodejs/node_modules/c/package.json": _package("c", "3.0.0-rc.1"),
        "nodejs/node_modules/c/esm/package.json": '{"type": "module"}',
        "node_modules/.package-lock.json": "{}",
        "node_modules/.bin/c": "#!/bin/sh",
        "node_modules/broken/package.json": "[1]",
        "node_modules/nameless/package.json": '{"version": "1.0.0"}',
    }
    sizes = dict(installed(_entries(files)))
    assert sorted(sizes) == ["@scope/b==2.0.0", "a==1.0.0", "c==3.0.0-rc.1"]
    assert sizes["a==1.0.0"] == 500 + len(_package("a", "1.0.0"))


def test_a_bundle_holds_what_it_has_bytes_of(tmp_path: Path):
    write(
        tmp_path,
        {
            "node_modules/a/package.json": _package("a", "1.0.0"),
            "node_modules/shaken/package.json": _package("shaken", "1.0.0"),
            "fn/node_modules/b/package.json": _package("b", "2.0.0"),
        },
    )
    inputs = {
        "app.ts": {"bytesInOutput": 9},
        "../node_modules/a/index.js": {"bytesInOutput": 40},
        "../node_modules/a/more.js": {"bytesInOutput": 2},
        "../node_modules/shaken/index.js": {"bytesInOutput": 0},
        "node_modules/b/index.js": {"bytesInOutput": 7},
        "node_modules/gone/index.js": {"bytesInOutput": 7},
    }
    record = json.dumps({"inputs": {}, "outputs": {"app.js": {"inputs": inputs}, "app.js.map": {}}})
    assert bundled(record, tmp_path / "fn") == (("a==1.0.0", 42), ("b==2.0.0", 7))


def test_a_function_of_node_that_brings_its_modules_lists_them(tmp_path: Path):
    (tmp_path / "repo" / ".git").mkdir(parents=True)
    files = {"fn/app.js": "exports.handler = 1", "fn/node_modules/a/package.json": _package("a", "1.0.0")}
    root = write(tmp_path / "repo", files)
    for runtime, expected in (("nodejs22.x", ["a==1.0.0"]), ("provided.al2023", [])):
        asset = function("fn", runtime=runtime)
        built = CachedBuilder(tmp_path / "cache", RealProcess()).build(root, [asset])[asset.key]
        assert [name for name, _ in built.dependencies] == expected
