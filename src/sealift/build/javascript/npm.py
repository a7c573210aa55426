"""Runs npm in a copy of the packages, and packs what it installed; functions with equal dependencies share the pack.

Scripts of an installation may read the source and write anywhere. What they may have made is shared only by functions
of the same source, and never kept for a bundle.

What the repository itself holds is never taken from a registry: a package of the same name there belongs to somebody
else. npm's own links say which folder was taken, so each is looked at after the installation.
"""

import json
import os
import re
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sealift.build.cache.keys import FORMAT, digest
from sealift.build.cache.store import Cache
from sealift.build.dependencies.uv import masked
from sealift.build.javascript.modules import MODULES, folders_of_modules, keep, unpacked
from sealift.build.javascript.packages import (
    DECLARATIONS,
    INSTALLED,
    LOCKS,
    Link,
    Packages,
    lock_of,
    manifest,
    matching,
)
from sealift.build.planning import AssetPlan
from sealift.build.workshop import Mirror, found_program, mirrored, run
from sealift.build.zips.leaving_out import OUTPUT
from sealift.build.zips.packing import open_pack, pack_files
from sealift.build.zips.tree import Profile, read_tree
from sealift.build.zips.zipping import Entry
from sealift.cfn.documents import mapping_in
from sealift.errors import BuildError
from sealift.ports import Process

_PROCESSORS = {"x86_64": "x64", "arm64": "arm64"}
_ELSEWHERE = re.compile(r"[:/]")
"""Is in what names a place itself: a URL, a repository, an alias of another name."""
_FOREIGN_LOCKS = ("yarn.lock", "pnpm-lock.yaml", "bun.lock", "bun.lockb")
_OTHER_WORKSPACES = ("pnpm-workspace.yaml", "lerna.json")
_LIFECYCLE = ("preinstall", "install", "postinstall", "prepublish", "preprepare", "prepare", "postprepare")
_SELF_CONTAINED = frozenset(("esbuild",))
"""Packages whose script at the installation reads and writes their own files alone."""
_NEVER_OURS = (MODULES, ".git", ".aws-sam", ".sealift")


@dataclass(frozen=True, slots=True, kw_only=True)
class Modules:
    """The files of node_modules, compressed, and what npm found where no lock of its own said it."""

    entries: tuple[Entry, ...]
    lock: str | None


def packed(
    plan: AssetPlan, process: Process, cache: Cache, threads: Executor, *, given: Mapping[str, str], force: bool
) -> Modules:
    """Return what is installed; `given` are the locks of a release that is built again. Raises BuildError."""
    assert plan.packages is not None
    found_program(plan, "npm")
    key = digest(FORMAT, "npm", _content(plan, plan.packages), plan.asset.architecture, _made_by(plan), OUTPUT)
    of_source = digest(key, plan.tree.digest)
    with cache.lock(f"set-{key[:16]}"):
        found = None if force else _opened(cache, key) or _opened(cache, of_source)
        if found is None:
            with cache.temporary() as scratch:
                mirror = mirrored(plan, scratch)
                lock = install(plan, plan.packages, process, mirror, given=given)
                key = of_source if _runs_scripts(plan.packages, mirror, development=False) else key
                _gather(plan.packages, mirror)
                tree = read_tree(mirror.source, Profile(boundary=mirror.top, anywhere=OUTPUT, prunes_loops=True), None)
                files = [(f.name, f.sha256) for f in tree.files if MODULES in f.name.split("/")[:-1]]
                pack_files(key, mirror.source, files, cache, threads)
                cache.write("sets", key, {"lock": lock})
            found = _opened(cache, key)
    if found is None:
        raise BuildError("The packed node_modules cannot be read", code="cache-damaged", hint="Build again.")
    return found


def _opened(cache: Cache, key: str) -> Modules | None:
    entries = open_pack(cache, key)
    if entries is None:
        return None
    kept = cache.read("sets", key) or {}
    return Modules(entries=entries, lock=str(kept["lock"]) if kept.get("lock") else None)


def _made_by(plan: AssetPlan) -> list[str | None]:
    return [plan.ingredients.settings.get(name) for name in ("npm", "node", "settings of npm")]


def declaration(plan: AssetPlan) -> str | None:
    """Return the name of what npm was asked for, where no lock of its own says which versions; the same everywhere."""
    if plan.packages is None or not unlocked(plan.packages):
        return None
    return digest("npm", plan.method, _content(plan, plan.packages), plan.asset.architecture)


def _content(plan: AssetPlan, packages: Packages) -> object:
    """Return what the installation depends on: the whole source only where it holds packages of its own."""
    held = any(link.target.is_relative_to(packages.source) for link in packages.links) or packages.root in packages.own
    declared = {f.name: f.sha256 for f in plan.tree.files if f.name in DECLARATIONS}
    return [plan.tree.digest if packages.links and held else declared, plan.beside.digest]


def install(
    plan: AssetPlan,
    packages: Packages,
    process: Process,
    mirror: Mirror,
    *,
    given: Mapping[str, str],
    development: bool = False,
) -> str | None:
    """Install the dependencies into the copy, and refuse a foreign package in place of an own one.

    Where no lock of npm's says which versions, those of a release that is built again are taken, or the newest; what
    was taken is returned. A foreign package is looked for in the lock, before any script of a package runs, and once
    more in what is there afterwards.
    Raises BuildError.
    """
    refuse_private_names(plan, packages)
    kept, found = _parsed(given.get(declaration(plan) or "", "")), dict[str, str]()
    for folder in packages.installs:
        argv = ["--no-audit", "--no-fund", "--loglevel=error"]
        if development:
            argv += ["--include=dev"]
        else:
            processor = _PROCESSORS.get(plan.asset.architecture, plan.asset.architecture)
            argv += ["--omit=dev", "--os=linux", "--libc=glibc", f"--cpu={processor}"]
        if folder == packages.root and packages.own[0] in packages.members:
            argv += [f"--workspace={packages.own[0].relative_to(folder).as_posix()}"]
            argv += ["--include-workspace-root"] if development else []
        copy, name = mirror.at(folder), folder.relative_to(plan.boundary).as_posix()
        is_open = lock_of(copy) is None
        if is_open and name in kept:
            (copy / LOCKS[0]).write_text(kept[name], encoding="utf-8")
        elif is_open and packages.links:
            only = ["--package-lock-only", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
            run(plan, process, ["npm", "install", *only], cwd=copy)
        _refuse_foreign_lock(plan, packages, folder, lock_of(copy))
        run(plan, process, ["npm", "ci" if lock_of(copy) else "install", *argv], cwd=copy)
        if is_open and (lock := lock_of(copy)) is not None:
            found[name] = masked(lock.read_text(encoding="utf-8"))
    _refuse_foreign(plan, packages, mirror)
    return json.dumps(found, sort_keys=True) if found else None


def install_for_development(
    plan: AssetPlan,
    packages: Packages,
    process: Process,
    mirror: Mirror,
    cache: Cache,
    *,
    given: Mapping[str, str],
    force: bool,
) -> str | None:
    """Install for a bundle as `install` does, or unpack what was installed for the same packages on this platform.

    Raises BuildError.
    """
    root, before = mirror.at(packages.root), {*folders_of_modules(mirror.at(packages.root))}
    again = partial(install, plan, packages, process, mirror, given=given, development=True)
    if packages.installs != (packages.root,):
        return again()
    places = [os.path.relpath(folder, packages.root) for folder in (*packages.own, *packages.members)]
    asked = [_content(plan, packages), places, given.get(declaration(plan) or "")]
    key = digest(FORMAT, "npm for development", sys.platform, os.uname().machine, _made_by(plan), asked)
    with cache.lock(f"set-{key[:16]}"):
        kept = None if force else unpacked(cache, key, root)
        if kept is None:
            lock = again()
            if not _runs_scripts(packages, mirror, development=True):
                keep(cache, key, root, {*folders_of_modules(root)} - before, {"lock": lock})
            return lock
    refuse_private_names(plan, packages)
    _refuse_foreign(plan, packages, mirror)
    return str(kept["lock"]) if kept.get("lock") else None


def _runs_scripts(packages: Packages, mirror: Mirror, *, development: bool) -> bool:
    """Whether an installation may have run a script that reads or writes more than its own package, by npm's lock.

    https://docs.npmjs.com/cli/configuring-npm/package-lock-json and https://docs.npmjs.com/cli/using-npm/scripts
    """
    folders = {packages.root, *packages.own, *packages.members}
    if any(name in (manifest(folder).get("scripts") or {}) for folder in folders for name in _LIFECYCLE):
        return True
    locks = [lock_of(mirror.at(folder)) for folder in packages.installs]
    entries = [entry for lock in locks for entry in (_lock_entries(lock) if lock else {}).items()]
    scripted = {
        str(entry.get("name") or path.rpartition(f"{MODULES}/")[2])
        for path, entry in entries
        if entry.get("hasInstallScript") and (development or not entry.get("dev"))
    }
    return None in locks or not entries or not scripted <= _SELF_CONTAINED


def _parsed(given: str) -> dict[str, str]:
    try:
        found = json.loads(given)
    except ValueError:
        return {}
    return {str(k): v for k, v in found.items() if isinstance(v, str)} if isinstance(found, dict) else {}


def unlocked(packages: Packages) -> tuple[Path, ...]:
    """Return the folders whose dependencies no lock file pins."""
    return tuple(folder for folder in packages.installs if lock_of(folder) is None)


def foreign_lock(folder: Path) -> str:
    """Return the name of another tool's lock in a folder, empty without one."""
    return next((name for name in _FOREIGN_LOCKS if (folder / name).is_file()), "")


def _refuse_foreign_lock(plan: AssetPlan, packages: Packages, folder: Path, lock: Path | None) -> None:
    entries = _lock_entries(lock) if lock else {}
    for link in packages.links:
        if not link.user.is_relative_to(folder) or not link.target.is_dir():
            continue
        user = link.user.relative_to(folder)
        places = [(at / MODULES / link.name).as_posix() for at in (user, *user.parents)]
        entry = next((entries[place] for place in places if place in entries), None)
        if entry is None or (entry.get("link") and (folder / str(entry.get("resolved"))).resolve() == link.target):
            continue
        raise _foreign(plan, link, f"takes {link.name} {entry.get('version')} from a registry instead")


def _lock_entries(lock: Path) -> dict[str, dict[str, object]]:
    try:
        listed = json.loads(lock.read_bytes()).get("packages")
    except (ValueError, AttributeError, RecursionError):
        return {}  # npm says what is wrong with it
    return {k: v for k, v in listed.items() if isinstance(v, dict)} if isinstance(listed, dict) else {}


def _refuse_foreign(plan: AssetPlan, packages: Packages, mirror: Mirror) -> None:
    for link in packages.links:
        found = _resolved(mirror.at(link.user), link.name, mirror.top)
        if not link.target.is_dir() or (found is not None and found == mirror.at(link.target)):
            continue
        if found is None and link.user != packages.own[0]:
            continue  # of a part that npm left out
        took = "did not install it" if found is None else f"installed {_described(found)} from a registry instead"
        raise _foreign(plan, link, took)


def _foreign(plan: AssetPlan, link: Link, took: str) -> BuildError:
    return BuildError(
        f"{plan.name}: {link.user.name} depends on {link.name}, which is {link.target} in this repository, "
        f"but npm {took}",
        code="dependency-not-own",
        hint=f"Let {link.user / 'package.json'} ask for a version that {link.target / 'package.json'} has, "
        "and write the lock file again with `npm install`.",
    )


def refuse_private_names(plan: AssetPlan, packages: Packages) -> None:
    """Refuse a dependency on a registry's package whose name a package of this repository has for itself."""
    linked = {(link.user, link.name) for link in packages.links}
    asked = {
        name: user
        for user in packages.own
        for section in INSTALLED
        for name, wanted in (packages.manifests[user].get(section) or {}).items()
        if (user, name) not in linked and not _ELSEWHERE.search(str(wanted))
    }
    for name, folder in _private(plan.boundary) if asked else ():
        if name in asked and folder != asked[name]:
            raise BuildError(
                f"{plan.name}: {asked[name].name} depends on {name}, which is {folder} in this repository, but "
                "npm would install the package of that name from a registry",
                code="dependency-not-own",
                hint=f"Name the folder in {asked[name] / 'package.json'} (file:…), declare it under workspaces, "
                "or rename it.",
            )


def _private(boundary: Path) -> Iterator[tuple[str, Path]]:
    """Yield the packages that are not published, and those of workspaces that npm does not know."""
    members: set[Path] = set()
    for folder, folders, files in os.walk(boundary):
        folders[:] = sorted(f for f in folders if f not in _NEVER_OURS)
        members |= {member for name in _OTHER_WORKSPACES if name in files for member in _listed(Path(folder) / name)}
        if "package.json" in files:
            try:
                declared = manifest(Path(folder))
            except BuildError:
                continue  # not a package: a template of one, or a test's data
            if (declared.get("private") is True or Path(folder) in members) and isinstance(declared.get("name"), str):
                yield declared["name"], Path(folder)


def _listed(file: Path) -> Iterator[Path]:
    """Yield the folders that lerna.json or pnpm-workspace.yaml lists."""
    said = mapping_in(file.read_text(encoding="utf-8", errors="replace"), file=file.name)
    listed = said.get("packages", ["packages/*"] if file.suffix == ".json" else [])
    for line in listed if isinstance(listed, list) else ():
        yield from matching(file.parent, str(line)) if not str(line).startswith("!") else ()


def _resolved(user: Path, name: str, top: Path) -> Path | None:
    """Return the real folder of a package as Node.js finds it, or None."""
    for folder in (user, *user.parents):
        if not folder.is_relative_to(top):
            break
        if (folder / MODULES / name).exists():
            return (folder / MODULES / name).resolve()
    return None


def _described(folder: Path) -> str:
    return f"{manifest(folder).get('name')} {manifest(folder).get('version')}"


def _gather(packages: Packages, mirror: Mirror) -> None:
    """Let the function's own node_modules hold what Node.js would find in those of the workspace above it."""
    wanted = {link.name for link in packages.links}
    for name, folder in _members_by_name(packages):
        link = mirror.at(packages.root) / MODULES / name
        if name not in wanted and link.is_symlink() and link.resolve() == mirror.at(folder):
            link.unlink()
    if packages.root != packages.source and packages.source.is_relative_to(packages.root):
        _overlay(mirror.at(packages.root) / MODULES, mirror.source / MODULES)


def _members_by_name(packages: Packages) -> Iterator[tuple[str, Path]]:
    for folder in packages.members:
        yield str(manifest(folder).get("name") or folder.name), folder


def _overlay(below: Path, over: Path) -> None:
    """Link each package of one node_modules into another that has none of that name."""
    if not below.is_dir():
        return
    over.mkdir(exist_ok=True)
    for entry in below.iterdir():
        if entry.name.startswith("@") and (over / entry.name).is_dir():
            _overlay(entry, over / entry.name)
        elif not os.path.lexists(over / entry.name):
            (over / entry.name).symlink_to(entry.resolve())
