"""What npm installed is kept by what decides it: a build with it is the build that an empty cache would make."""

import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from sealift.build.builder import CachedBuilder
from sealift.build.cache.store import Cache
from sealift.build.javascript.modules import folders_of_modules, keep, unpacked
from sealift.model.release import BuiltArtifact
from sealift.ports import Completed
from tests.unit.build.tools import function, write

pytestmark = pytest.mark.skipif(shutil.which("npm") is None, reason="npm is looked for on PATH")
_SCRIPTED = ("esbuild", "prisma")
"""Packages with a script at the installation; that of prisma reads the source, as Prisma's does."""


class FakeNpm:
    """npm and esbuild on files: packages are what their names and versions say, a bundle is all code that there is."""

    def __init__(self) -> None:
        self.installs = 0

    def run(
        self, argv: Sequence[str], *, cwd: Path, env: Mapping[str, str] | None = None, timeout_s: float | None = None
    ) -> Completed:
        """Run one of them."""
        if argv[1] == "npm":
            self.installs += 1
            self._install(cwd, development="--omit=dev" not in argv)
        elif argv[0] == "env":
            self._bundle(argv, cwd)
        return Completed(returncode=0, stdout="v1", stderr="")

    def _install(self, folder: Path, *, development: bool) -> None:
        package = json.loads((folder / "package.json").read_bytes())
        asked = {**package.get("dependencies", {}), **(package.get("devDependencies", {}) if development else {})}
        entries = {
            f"node_modules/{name}": {"version": version, "hasInstallScript": name in _SCRIPTED}
            for name, version in {**package.get("dependencies", {}), **package.get("devDependencies", {})}.items()
        }
        if not (folder / "package-lock.json").exists():
            (folder / "package-lock.json").write_text(json.dumps({"lockfileVersion": 3, "packages": entries}))
        for name, version in asked.items():
            read = (folder / "schema").read_text() if name == "prisma" and (folder / "schema").exists() else ""
            locked = (folder / "package-lock.json").read_text()
            body = f"{name} {version} {read} {'pinned' in locked} {(folder / '.npmrc').exists()}"
            write(folder / "node_modules", {f"{name}/index.js": body, f".bin/{name}": ""})
            (folder / "node_modules/.bin" / name).chmod(0o755)
        if "postinstall" in package.get("scripts", {}):
            (folder / "written.js").write_text("by a script")

    def _bundle(self, argv: Sequence[str], cwd: Path) -> None:
        places = {one.partition("=")[0]: Path(one.partition("=")[2]) for one in argv if one.startswith("--")}
        files = sorted(path for path in cwd.rglob("*") if path.suffix in (".ts", ".js") and ".bin" not in path.parts)
        text = "".join(f"{path.relative_to(cwd)}: {path.read_text()}\n" for path in files)
        (places["--outdir"] / "app.js").write_text(text)
        places["--metafile"].write_text(json.dumps({"inputs": {}, "outputs": {}}))


def _package(**more: object) -> str:
    return json.dumps({"name": "fn", "version": "1.0.0", "devDependencies": {"esbuild": "1"}, **more})


_BUNDLE = {"runtime": "nodejs22.x", "build_method": "esbuild", "handler": "app.handler"}
_LOCKED = json.dumps({"lockfileVersion": 3, "packages": {"node_modules/esbuild": {"hasInstallScript": True}}})


def _built(root: Path, npm: FakeNpm, cache: Path, source: str = "fn", **changes: object) -> BuiltArtifact:
    asset = function(source, **{**_BUNDLE, **changes})
    return CachedBuilder(cache, npm).build(root, [asset])[asset.key]


def _root(tmp_path: Path, files: Mapping[str, str]) -> Path:
    (tmp_path / "repo/.git").mkdir(parents=True, exist_ok=True)
    return write(tmp_path / "repo", files)


_CHANGES: Mapping[str, tuple[Mapping[str, str], int]] = {
    "source": ({"fn/app.ts": "2"}, 0),
    "a file that a script could read": ({"fn/schema": "two"}, 0),
    "package.json": ({"fn/package.json": _package(version="1.0.1")}, 1),
    "a dependency": ({"fn/package.json": _package(dependencies={"ms": "2"})}, 1),
    "a script of a dependency": ({"fn/package.json": _package(dependencies={"prisma": "1"})}, 1),
    "a script of its own": ({"fn/package.json": _package(scripts={"postinstall": "x"})}, 1),
    "the lock": ({"fn/package-lock.json": _LOCKED.replace("true", 'true, "pinned": 1')}, 1),
    "settings of npm": ({"fn/.npmrc": "omit=optional\n"}, 1),
}


@pytest.mark.parametrize("locked", [True, False])
@pytest.mark.parametrize("change", _CHANGES)
def test_npm_installs_again_for_what_decides_the_installation_alone(tmp_path: Path, change: str, locked: bool) -> None:
    lock = {"fn/package-lock.json": _LOCKED}
    root = _root(
        tmp_path, {"fn/package.json": _package(), "fn/app.ts": "1", "fn/schema": "one", **(lock if locked else {})}
    )
    npm, (files, count) = FakeNpm(), _CHANGES[change]
    _built(root, npm, tmp_path / "cache")
    write(root, files)
    built = _built(root, npm, tmp_path / "cache")
    assert npm.installs == 1 + count
    assert built.artifact.sha256 == _built(root, FakeNpm(), tmp_path / "empty").artifact.sha256


@pytest.mark.parametrize("package", [_package(dependencies={"prisma": "1"}), _package(scripts={"postinstall": "x"})])
@pytest.mark.parametrize("method", ["esbuild", "nodejs22.x"])
def test_what_a_script_made_of_the_source_is_never_that_of_other_source(
    tmp_path: Path, package: str, method: str
) -> None:
    files = {"fn/package.json": package, "fn/app.ts": "1", "fn/app.js": "1", "fn/schema": "one"}
    root, npm = _root(tmp_path, files), FakeNpm()
    for text in ("one", "two", "one", "three"):
        write(root, {"fn/schema": text})
        built = _built(root, npm, tmp_path / "cache", build_method=method)
        shutil.rmtree(tmp_path / "empty", ignore_errors=True)
        assert built.artifact.sha256 == _built(root, FakeNpm(), tmp_path / "empty", build_method=method).artifact.sha256


def test_functions_of_one_package_share_an_installation_wherever_they_are(tmp_path: Path) -> None:
    files = {
        f"{place}/{name}": text
        for place in ("fn", "other")
        for name, text in (("package.json", _package()), ("package-lock.json", _LOCKED), ("app.ts", place))
    }
    root, npm = _root(tmp_path, files), FakeNpm()
    assets = [function(place, **_BUNDLE) for place in ("fn", "other")]
    built = CachedBuilder(tmp_path / "cache", npm).build(root, assets)
    assert npm.installs == 1
    assert built["app:fn"].artifact.sha256 != built["app:other"].artifact.sha256
    for place in ("fn", "other"):
        assert (
            built[f"app:{place}"].artifact.sha256 == _built(root, FakeNpm(), tmp_path / "empty", place).artifact.sha256
        )


def test_a_forced_build_installs_again(tmp_path: Path) -> None:
    root, npm = _root(tmp_path, {"fn/package.json": _package(), "fn/app.ts": "1"}), FakeNpm()
    _built(root, npm, tmp_path / "cache")
    CachedBuilder(tmp_path / "cache", npm).build(root, [function("fn", **_BUNDLE)], force=True)
    assert npm.installs == 2


def test_other_settings_of_npm_are_another_installation(tmp_path: Path) -> None:
    root, npm = _root(tmp_path, {"fn/package.json": _package(), "fn/app.ts": "1"}), FakeNpm()
    for value in ("a", "a", "b"):
        variables = {"npm_config_omit": value}
        CachedBuilder(tmp_path / "cache", npm, variables=variables).build(root, [function("fn", **_BUNDLE)])
    assert npm.installs == 2


def _installed(root: Path) -> Path:
    write(root, {"node_modules/a/run.js": "a", "sub/node_modules/b/index.js": "b", "sub/app.ts": "1"})
    (root / "node_modules/a/run.js").chmod(0o755)
    (root / "node_modules/.bin").mkdir()
    (root / "node_modules/.bin/a").symlink_to("../a/run.js")
    (root / "node_modules/own").symlink_to("../sub")
    (root / "node_modules/copy.js").hardlink_to(root / "node_modules/a/run.js")
    return root


def _seen(root: Path) -> list[tuple[str, str, int]]:
    found = []
    for path in sorted(root.rglob("*")):
        body = str(path.readlink()) if path.is_symlink() else path.read_text() if path.is_file() else ""
        found.append((path.relative_to(root).as_posix(), body, path.lstat().st_mode))
    return found


def test_what_is_unpacked_is_what_was_kept(tmp_path: Path) -> None:
    root, cache = _installed(tmp_path / "one"), Cache(tmp_path / "cache")
    keep(cache, "key", root, folders_of_modules(root), {"lock": "said"})
    (root / "sub/app.ts").unlink()
    assert (unpacked(cache, "key", tmp_path / "two") or {})["lock"] == "said"
    assert _seen(tmp_path / "two") == _seen(root)


_SPOILED: Mapping[str, Callable[[Path], object]] = {
    "cut short": lambda p: p.write_bytes(p.read_bytes()[:-600]),
    "another byte": lambda p: p.write_bytes(p.read_bytes().replace(b"index.js", b"index.ts")),
    "empty": lambda p: p.write_bytes(b""),
    "gone": lambda p: p.unlink(),
    "a folder": lambda p: (p.unlink(), p.mkdir()),
    "the record": lambda p: (p.parent.parent / "sets" / p.name).write_text("{}"),
    "the record of another key": lambda p: os.link(
        p.parent.parent / "sets/other", _gone(p.parent.parent / "sets" / p.name)
    ),
}


def _gone(path: Path) -> Path:
    path.unlink()
    return path


@pytest.mark.parametrize("how", _SPOILED)
def test_a_damaged_archive_counts_as_absent(tmp_path: Path, how: str) -> None:
    root, cache = _installed(tmp_path / "one"), Cache(tmp_path / "cache")
    for key in ("key", "other"):
        keep(cache, key, root, folders_of_modules(root), {})
    _SPOILED[how](cache.path("modules", "key"))
    assert unpacked(cache, "key", tmp_path / "two") is None
    assert not (tmp_path / "two").exists()


def test_a_cache_that_cannot_be_written_fails_no_installation(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("in the way")
    keep(Cache(tmp_path / "cache"), "key", _installed(tmp_path / "one"), [], {})
    assert unpacked(Cache(tmp_path / "cache"), "key", tmp_path / "two") is None
