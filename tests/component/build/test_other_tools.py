"""Builds by make, npm and esbuild."""

import json
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from sealift.errors import BuildError
from tests.component.build.conftest import Build

needs_node = pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed")
LOCK = {
    "name": "fn",
    "version": "1.0.0",
    "lockfileVersion": 3,
    "requires": True,
    "packages": {
        "": {"name": "fn", "version": "1.0.0", "dependencies": {"ms": "2.1.3"}},
        "node_modules/ms": {
            "version": "2.1.3",
            "integrity": "sha512-6FlzubTLZG3J2a/NVCAleEhjzq5oxgHyaCU9yYXvcLsvoVaHJq/s5xXI6/XXP6tz7R9xAOtHnSO/tXtF3WRTl"
            "A==",
        },
    },
}
NODE = {
    "fn/package.json": json.dumps({"name": "fn", "version": "1.0.0", "dependencies": {"ms": "2.1.3"}}),
    "fn/package-lock.json": json.dumps(LOCK),
    "fn/app.js": "exports.handler = async () => require('ms')('1s');\n",
    "fn/node_modules/stray/index.js": "",
}


def test_make_fills_the_package_from_a_copy_of_the_source(build: Build, tmp_path: Path) -> None:
    makefile = "build-Fn:\n\tcp app.py $(ARTIFACTS_DIR)/main.py\n\tmkdir $(ARTIFACTS_DIR)/d\n"
    makefile += "\ttouch $(ARTIFACTS_DIR)/d/x trash\n"
    built = build({"fn/Makefile": makefile, "fn/app.py": "print(1)\n"}, build_method="makefile")
    with zipfile.ZipFile(built.path) as archive:
        assert archive.namelist() == ["d/x", "main.py"]
    assert not (tmp_path / "app/fn/trash").exists()
    assert not build({}, build_method="makefile").built
    assert build({"fn/app.py": "print(2)\n"}, build_method="makefile").reason == "source changed: app.py"


def test_make_of_a_layer_decides_on_the_folders_itself(build: Build) -> None:
    makefile = "build-Fn:\n\tmkdir $(ARTIFACTS_DIR)/python\n\tcp lib.py $(ARTIFACTS_DIR)/python\n"
    built = build({"fn/Makefile": makefile, "fn/lib.py": ""}, kind="layer", build_method="makefile")
    with zipfile.ZipFile(built.path) as archive:
        assert archive.namelist() == ["python/lib.py"]


def test_a_makefile_may_go_up_to_files_beside_its_folder_and_their_changes_count(build: Build, tmp_path: Path) -> None:
    makefile = "build-Fn:\n\tcp $(ARTIFACTS_DIR)/../../../common/lib.py $(ARTIFACTS_DIR)\n"
    built = build({"fn/Makefile": makefile, "common/lib.py": "X = 1\n"}, build_method="makefile")
    with zipfile.ZipFile(built.path) as archive:
        assert archive.read("lib.py") == b"X = 1\n"
    changed = build({"common/lib.py": "X = 2\n"}, build_method="makefile")
    with zipfile.ZipFile(changed.path) as archive:
        assert archive.read("lib.py") == b"X = 2\n"
    assert not (tmp_path / "app/.aws-sam").exists()


@pytest.mark.parametrize(
    ("files", "code", "said"),
    [
        ({"fn/app.py": ""}, "makefile-missing", "has no Makefile"),
        ({"fn/Makefile": "other:\n\ttrue\n"}, "build-command-failed", "No rule to make target"),
        ({"fn/Makefile": "build-Fn:\n\techo broken >&2; exit 3\n"}, "build-command-failed", "broken"),
        ({"fn/Makefile": "build-Fn:\n\ttrue\n"}, "makefile-empty", "put nothing"),
    ],
)
def test_what_make_can_not_build_says_why(build: Build, files: dict[str, str], code: str, said: str) -> None:
    with pytest.raises(BuildError, match=said) as caught:
        build(files, build_method="makefile")
    assert caught.value.code == code


@needs_node
def test_npm_installs_what_is_locked_and_source_changes_need_no_second_install(build: Build, tmp_path: Path) -> None:
    built = build(NODE, runtime="nodejs22.x")
    with zipfile.ZipFile(built.path) as archive:
        names = archive.namelist()
        archive.extractall(tmp_path / "unpacked")
    assert "node_modules/ms/index.js" in names
    assert not [name for name in names if "stray" in name or ".bin" in name or name.endswith(".package-lock.json")]
    code = "require('./app').handler().then(console.log)"
    ran = subprocess.run(["node", "-e", code], cwd=tmp_path / "unpacked", check=True, capture_output=True, text=True)
    assert ran.stdout.strip() == "1000"
    again = build({"fn/app.js": "exports.handler = async () => 1;\n"}, runtime="nodejs22.x")
    assert again.reason == "source changed: app.js"


@needs_node
def test_a_layer_of_node_stands_below_nodejs(build: Build) -> None:
    built = build(NODE, kind="layer", runtime="nodejs22.x", build_method="nodejs22.x")
    with zipfile.ZipFile(built.path) as archive:
        assert "nodejs/node_modules/ms/index.js" in archive.namelist()


@needs_node
def test_a_lock_that_does_not_match_package_json_is_refused(build: Build) -> None:
    wrong = json.dumps({"name": "fn", "version": "1.0.0", "dependencies": {"ms": "2.0.0"}})
    with pytest.raises(BuildError, match="npm ci") as caught:
        build({**NODE, "fn/package.json": wrong}, runtime="nodejs22.x")
    assert caught.value.code == "build-command-failed"


def test_node_source_without_dependencies_is_copied(build: Build) -> None:
    built = build({"fn/app.js": "", "fn/package.json": "{}"}, runtime="nodejs22.x")
    with zipfile.ZipFile(built.path) as archive:
        assert archive.namelist() == ["app.js", "package.json"]


def test_esbuild_that_is_not_installed_says_what_is_missing(build: Build) -> None:
    if shutil.which("esbuild"):
        pytest.skip("esbuild is installed on this machine")
    with pytest.raises(BuildError, match="esbuild is needed") as caught:
        build({"fn/app.ts": ""}, runtime="nodejs22.x", build_method="esbuild", handler="app.handler")
    assert caught.value.code == "tool-missing"


@needs_node
def test_esbuild_bundles_the_handler(build: Build, tmp_path: Path) -> None:
    package = json.dumps({"name": "fn", "version": "1.0.0", "devDependencies": {"esbuild": "0.25.0"}})
    source = {"fn/package.json": package, "fn/app.ts": "import {x} from './x'; export const handler = async () => x;"}
    properties = {"Minify": False, "Target": "es2020", "Sourcemap": True, "External": ["@aws-sdk/*"]}
    built = build(
        {**source, "fn/x.ts": "export const x: number = 42;"},
        runtime="nodejs22.x",
        build_method="esbuild",
        handler="app.handler",
        build_properties=properties,
    )
    with zipfile.ZipFile(built.path) as archive:
        assert archive.namelist() == ["app.js", "app.js.map"]
        archive.extractall(tmp_path / "unpacked")
    code = "require('./app').handler().then(console.log)"
    ran = subprocess.run(["node", "-e", code], cwd=tmp_path / "unpacked", check=True, capture_output=True, text=True)
    assert ran.stdout.strip() == "42"


@pytest.mark.parametrize(
    ("line", "file"),
    [
        ("date +%s > $(ARTIFACTS_DIR)/stamp.txt", "stamp.txt"),
        ("pwd > $(ARTIFACTS_DIR)/where.txt", "where.txt"),
        ("head -c 8 /dev/urandom > $(ARTIFACTS_DIR)/id", "id"),
        ("mktemp $(ARTIFACTS_DIR)/XXXXXX.py > /dev/null", ".py"),
    ],
)
def test_a_build_that_gives_other_bytes_each_time_is_named_when_it_is_built(build: Build, line: str, file: str) -> None:
    makefile = f"build-Fn:\n\tcp app.py $(ARTIFACTS_DIR)\n\t{line}\n"
    built = build({"fn/Makefile": makefile, "fn/app.py": "print(1)\n"}, build_method="makefile")
    (told,) = built.warnings
    assert "gives other bytes each time, in " in told
    assert file in told
    assert "app.py" not in told.replace(file, "")
    assert build({}, build_method="makefile").warnings == (told,)


def test_a_command_that_fails_the_second_time_is_named(build: Build, tmp_path: Path) -> None:
    command = f'mkdir {tmp_path}/once && cp app.py "$ARTIFACTS_DIR"'
    built = build({"fn/app.py": "print(1)\n"}, build_method="command", build_properties={"command": command})
    assert "built a second time, it fails" in built.warnings[0]


def test_a_build_that_reproduces_says_nothing(build: Build) -> None:
    built = build({"fn/app.py": ""}, build_method="command", build_properties={"command": 'cp app.py "$ARTIFACTS_DIR"'})
    assert built.warnings == ()


def test_modules_that_a_build_compiled_are_in_the_package(build: Build) -> None:
    line = "cd $ARTIFACTS_DIR; mkdir __pycache__; touch app.py a.pyc __pycache__/b.pyc"
    built = build({"fn/app.py": ""}, build_method="command", build_properties={"command": line})
    with zipfile.ZipFile(built.path) as archive:
        assert archive.namelist() == ["a.pyc", "app.py"]
