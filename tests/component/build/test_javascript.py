"""What esbuild bundles and npm installs: each handler, each own package, and nothing of somebody else's."""

import json
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from sealift.build.builder import CachedBuilder
from sealift.errors import BuildError
from sealift.model.release import BuiltArtifact
from sealift.model.template import Packing
from sealift.system import RealProcess
from tests.unit.build.tools import function, write

pytestmark = pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed")
ESBUILD = json.dumps({"name": "fn", "version": "1.0.0", "devDependencies": {"esbuild": "0.25.5"}})
Make = Callable[..., BuiltArtifact]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Return a function that writes files of a repository and builds one folder of it."""
    return making(tmp_path, tmp_path / "cache")


@pytest.fixture(scope="module")
def shared_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def bundle(tmp_path: Path, shared_cache: Path) -> Make:
    """Return the same with one cache for all tests of what esbuild makes: npm installs esbuild once."""
    return making(tmp_path, shared_cache)


def making(tmp_path: Path, cache: Path) -> Make:
    builder = CachedBuilder(cache, RealProcess())
    (tmp_path / "repo/.git").mkdir(parents=True)

    def run(files: Mapping[str, str | object], source: str, **changes: object) -> BuiltArtifact:
        root = write(tmp_path / "repo", {n: f if isinstance(f, str) else json.dumps(f) for n, f in files.items()})
        asset = function(source, **{"runtime": "nodejs22.x", **changes})
        return builder.build(root, [asset])[asset.key]

    return run


def names(built: BuiltArtifact) -> list[str]:
    with zipfile.ZipFile(built.path) as archive:
        return archive.namelist()


def answer(built: BuiltArtifact, folder: Path, file: str = "app") -> str:
    """Return what the handler of an unpacked package gives, run where no other node_modules is near."""
    shutil.rmtree(folder, ignore_errors=True)
    with zipfile.ZipFile(built.path) as archive:
        archive.extractall(folder)
    code = f"Promise.resolve(require('./{file}').handler()).then(console.log)"
    ran = subprocess.run(["node", "-e", code], cwd=folder, check=True, capture_output=True, text=True)
    return ran.stdout.strip()


def bundled(make: Make, files: Mapping[str, object], source: str = "fn", **changes: object) -> BuiltArtifact:
    return make({"fn/package.json": ESBUILD, **files}, source, build_method="esbuild", **changes)


@pytest.mark.parametrize(
    ("handler", "entries", "expected"),
    [
        ("a.handler", None, "a.js"),
        ("handlers/b.handler", None, "handlers/b.js"),
        ("b.handler", ["handlers/b.ts"], "b.js"),
        ("handlers/b.handler", ["handlers/b.ts"], "handlers/b.js"),
        ("handlers/b.handler", ["handlers/b.ts", "a.ts"], "handlers/b.js"),
        ("src/a.handler", ["a.ts"], "src/a.js"),
    ],
)
def test_a_bundle_is_where_the_handler_says(
    bundle: Make, handler: str, entries: list[str] | None, expected: str
) -> None:
    source = {"fn/a.ts": "export const handler = () => 'a'", "fn/handlers/b.ts": "export const handler = () => 'b'"}
    properties = {"EntryPoints": entries} if entries else {}
    assert expected in names(bundled(bundle, source, handler=handler, build_properties=properties))


def test_two_handlers_of_one_folder_are_two_bundles(bundle: Make) -> None:
    source = {"fn/a.ts": "export const handler = () => 'a'", "fn/b.ts": "export const handler = () => 'b'"}
    assert names(bundled(bundle, source, handler="a.handler")) == ["a.js"]
    assert names(bundled(bundle, {}, handler="b.handler")) == ["b.js"]


DECORATED = "const twice = (_: any, __: any) => {}; class A { @twice m() {} }; export const handler = () => new A().m()"


def test_settings_that_a_tsconfig_extends_count(bundle: Make) -> None:
    settings = {
        "tsconfig.base.json": '{/* shared */ "compilerOptions": {"experimentalDecorators": true,},}',
        "fn/tsconfig.json": {"extends": "../tsconfig.base"},
        "fn/app.ts": DECORATED,
    }
    first = bundled(bundle, settings, handler="app.handler")
    assert first.warnings == ("Fn: fn has no package-lock.json",)
    changed = bundled(bundle, {"tsconfig.base.json": "{}"}, handler="app.handler")
    assert changed.built
    assert changed.artifact.sha256 != first.artifact.sha256


def test_a_tsconfig_above_the_function_counts(bundle: Make) -> None:
    first = bundled(bundle, {"tsconfig.json": "{}", "fn/app.ts": DECORATED}, handler="app.handler")
    settings = {"compilerOptions": {"experimentalDecorators": True}}
    assert bundled(bundle, {"tsconfig.json": settings}, handler="app.handler").artifact.sha256 != first.artifact.sha256


def test_warnings_of_esbuild_are_shown(bundle: Make) -> None:
    source = {
        "fn/app.ts": "export const handler = () => 1 === -0 || NaN === NaN\n",
        "fn/tsconfig.json": '{"extends": "../gone"}',
    }
    warnings = bundled(bundle, source, handler="app.handler").warnings
    assert any("esbuild warns: Cannot find base config file" in w and "tsconfig.json:1" in w for w in warnings)


def test_what_esbuild_reads_beside_its_folder_is_declared_or_refused(bundle: Make) -> None:
    source = {
        "fn/app.ts": "import {x} from '../lib/x'; export const handler = () => x",
        "lib/x.ts": "export const x = 7",
    }
    with pytest.raises(BuildError, match="Could not resolve") as caught:
        bundled(bundle, source, handler="app.handler")
    assert "[build] inputs" in caught.value.hint
    first = bundled(bundle, {}, handler="app.handler", packing=Packing(inputs=("lib",)))
    assert bundled(
        bundle, {"lib/x.ts": "export const x = 8"}, handler="app.handler", packing=Packing(inputs=("lib",))
    ).built
    assert first.built


def test_esbuild_takes_the_package_json_above_a_folder_that_has_none(make: Make, tmp_path: Path) -> None:
    package = {"devDependencies": {"esbuild": "0.25.5"}, "dependencies": {"ms": "2.1.3"}}
    source = {"package.json": package, "src/app.ts": "import ms from 'ms'; export const handler = () => ms('1s')"}
    built = make(source, "src", build_method="esbuild", handler="app.handler")
    assert answer(built, tmp_path / "run") == "1000"


WORKSPACE: dict[str, object] = {
    "package.json": {"name": "root", "private": True, "workspaces": ["packages/*"]},
    "packages/fn/package.json": {"name": "fn", "version": "1.0.0", "dependencies": {"is-number": "*", "ms": "2.1.3"}},
    "packages/fn/app.js": "exports.handler = () => require('is-number') + require('ms')('1s')",
    "packages/is-number/package.json": {"name": "is-number", "version": "9.9.9", "main": "index.js"},
    "packages/is-number/index.js": "module.exports = 'OURS'",
}


def test_a_workspace_is_in_the_zip_and_its_changes_count(make: Make, tmp_path: Path) -> None:
    built = make(WORKSPACE, "packages/fn")
    assert answer(built, tmp_path / "run") == "OURS1000"
    assert not make({}, "packages/fn").built
    changed = make({"packages/is-number/index.js": "module.exports = 'NEW'"}, "packages/fn")
    assert answer(changed, tmp_path / "run") == "NEW1000"


def test_a_function_at_the_root_of_a_workspace_gets_every_dependency(make: Make, tmp_path: Path) -> None:
    built = make(WORKSPACE, ".", logical_ids=("Fn",))
    assert answer(built, tmp_path / "run", "packages/fn/app") == "OURS1000"


def test_esbuild_bundles_packages_of_the_workspace(make: Make, tmp_path: Path) -> None:
    root = {"name": "root", "private": True, "workspaces": ["packages/*"], "devDependencies": {"esbuild": "0.25.5"}}
    files = {**WORKSPACE, "package.json": root}
    built = make(files, "packages/fn", build_method="esbuild", handler="app.handler")
    assert answer(built, tmp_path / "run") == "OURS1000"
    assert "ms==2.1.3" in [name for name, _ in built.dependencies]


FILES: dict[str, object] = {
    "fn/package.json": {"name": "fn", "version": "1.0.0", "dependencies": {"shared": "file:../shared"}},
    "fn/app.js": "exports.handler = () => require('shared')",
    "shared/package.json": {
        "name": "shared",
        "version": "1.0.0",
        "dependencies": {"ms": "2.1.3", "deep": "file:../deep"},
    },
    "shared/index.js": "module.exports = require('ms')('1s') + require('deep')",
    "deep/package.json": {"name": "deep", "version": "1.0.0", "dependencies": {"shared": "file:../shared"}},
    "deep/index.js": "module.exports = 1",
}


def test_file_dependencies_bring_what_they_depend_on(make: Make, tmp_path: Path) -> None:
    assert answer(make(FILES, "fn"), tmp_path / "run") == "1001"
    changed = make({"deep/index.js": "module.exports = 2"}, "fn")
    assert answer(changed, tmp_path / "run") == "1002"


@pytest.mark.parametrize(
    "files",
    [
        pytest.param(
            WORKSPACE | {"packages/is-number/package.json": {"name": "is-number", "version": "1.0.0"}}
            | {"packages/fn/package.json": {"name": "fn", "version": "1.0.0", "dependencies": {"is-number": "^7"}}},
            id="a version that the own package does not have",
        ),
        pytest.param(
            {k: v for k, v in WORKSPACE.items() if k != "package.json"}
            | {"packages/is-number/package.json": {"name": "is-number", "version": "9.9.9", "private": True}},
            id="a private package that no workspace declares",
        ),
        *(
            pytest.param(
                {k: v for k, v in WORKSPACE.items() if k != "package.json"}
                | {"packages/is-number/package.json": {"name": "is-number", "version": "9.9.9"}, name: text},
                id=f"a workspace of {name}, {text}",
            )
            for name, text in (
                ("pnpm-workspace.yaml", "# all\npackages:\n  # these\n  - 'packages/*'  # and\n  - \"!old\"\n"),
                ("pnpm-workspace.yaml", "catalog: {}\npackages: ['apps/*', packages/is-number]\n"),
                ("lerna.json", '{"packages": ["packages/*"]}'),
                ("lerna.json", "{}"),
            )
        ),
        pytest.param(
            WORKSPACE
            | {
                "package-lock.json": {
                    "name": "root", "lockfileVersion": 3, "requires": True,
                    "packages": {
                        "": {"name": "root", "workspaces": ["packages/*"]},
                        "node_modules/fn": {"resolved": "packages/fn", "link": True},
                        "packages/fn": {"version": "1.0.0", "dependencies": {"is-number": "*", "ms": "2.1.3"}},
                        "node_modules/ms": {"version": "2.1.3"},
                        "node_modules/is-number": {"version": "7.0.0"},
                    },
                }
            },
            id="a lock that names the registry's",
        ),
    ],
)  # fmt: skip
def test_no_package_of_a_registry_takes_the_place_of_an_own_one(make: Make, files: dict[str, object]) -> None:
    with pytest.raises(BuildError) as caught:
        make(files, "packages/fn")
    assert caught.value.code in ("dependency-not-own", "build-command-failed")


def test_the_place_of_an_own_package_is_looked_at_before_any_script_runs(make: Make, tmp_path: Path) -> None:
    package = {"name": "fn", "version": "1.0.0", "dependencies": {"is-number": "^7"}}
    package |= {"scripts": {"preinstall": f"touch {tmp_path}/ran"}}
    files = WORKSPACE | {"packages/fn/package.json": package}
    own = {"packages/is-number/package.json": {"name": "is-number", "version": "1.0.0"}}
    with pytest.raises(BuildError, match=r"npm takes is-number 7\.\d+\.\d+ from a registry"):
        make(files | own, "packages/fn")
    assert not (tmp_path / "ran").exists()


def test_a_dependency_outside_the_repository_is_refused(make: Make, tmp_path: Path) -> None:
    write(tmp_path / "outside", {"package.json": "{}"})
    package = {"name": "fn", "version": "1.0.0", "dependencies": {"x": "file:../../outside"}}
    with pytest.raises(BuildError, match="leaves the repository"):
        make({"fn/package.json": package, "fn/app.js": ""}, "fn")


@pytest.mark.parametrize("wanted", ["workspace:*", "link:../x", "catalog:"])
def test_a_protocol_that_npm_does_not_know_is_named(make: Make, wanted: str) -> None:
    package = {"name": "fn", "version": "1.0.0", "dependencies": {"x": wanted}}
    with pytest.raises(BuildError, match=rf"x of .*fn/package.json is {wanted[:5]}"):
        make({"fn/package.json": package, "fn/app.js": ""}, "fn")


@pytest.mark.parametrize("lock", ["yarn.lock", "pnpm-lock.yaml"])
def test_a_lock_of_another_tool_that_npm_passes_over_is_named(make: Make, lock: str) -> None:
    package = {"name": "fn", "version": "1.0.0", "dependencies": {"ms": "2.1.3"}}
    built = make({"fn/package.json": package, "fn/app.js": "", f"fn/{lock}": ""}, "fn")
    assert built.warnings == (
        f"Fn: fn has no package-lock.json, and npm, which installs its packages, does not read its {lock}",
    )


def test_what_npm_found_without_a_lock_is_kept_and_taken_again(make: Make, tmp_path: Path) -> None:
    package = {"name": "fn", "version": "1.0.0", "dependencies": {"ms": "~2.1.0"}}
    built = make(
        {"fn/package.json": package, "fn/app.js": "exports.handler = () => require('ms/package.json').version"}, "fn"
    )
    assert answer(built, tmp_path / "run") == "2.1.3"
    assert built.lock is not None
    older = {"packages": {"": package, "node_modules/ms": {"version": "2.1.2"}}}
    locks = {built.declaration: json.dumps({"fn": json.dumps({**package, "lockfileVersion": 3, **older})})}
    again = CachedBuilder(tmp_path / "another cache", RealProcess(), locks=locks)  # type: ignore[arg-type]
    asset = function("fn", runtime="nodejs22.x")
    assert answer(again.build(tmp_path / "repo", [asset])[asset.key], tmp_path / "run") == "2.1.2"
