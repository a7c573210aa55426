"""Turns the lock files of other tools into requirements files with hashes. Pure: text in, text out.

pylock.toml is PEP 751, Pipfile.lock is pipenv's. From a poetry.lock or a pdm.lock, which have the same tables, come
constraints, commits and hashes: which of its packages a function needs follows from pyproject.toml, and uv works that
out.
"""

import json
import re
import shlex
import tomllib
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from sealift.build.dependencies.locks import normalized, pins
from sealift.errors import BuildError

_Table = Mapping[str, Any]
_SELECTS = re.compile(
    r"""(?P<quote>["'])(?P<name>[^"']+)(?P=quote)\s+(?P<no>not\s+)?in\s+(?P<of>extras|dependency_groups)\b"""
)
"""What a marker of a pylock.toml asks about the installation: https://peps.python.org/pep-0751/"""
_GIT = re.compile(
    r"^((?P<name>[\w.\-]+)(?:\s*\[[^]]*\])?\s*@\s*git\+\w+://[^/\s]*/[^@#\s]*)(?:@[^#\s;]*)?", re.MULTILINE
)
"""A requirement from git, up to its reference."""


def from_pylock(text: str, name: str = "pylock.toml") -> str:
    """Return the requirements of a pylock.toml: those without any extra, and of the groups that it has as default."""
    lock = _toml(text, name)
    groups = frozenset(map(str, lock.get("default-groups", ())))
    return "".join(_pylock_lines(package, groups, name) for package in lock.get("packages", ()))


def _pylock_lines(package: _Table, groups: frozenset[str], name: str) -> str:
    project = str(package.get("name", ""))
    marker = f" ; {_decided(str(package['marker']), groups)}" if "marker" in package else ""
    files = [*package.get("wheels", ()), *([package["sdist"]] if "sdist" in package else ())]
    if files:
        hashes = sorted(f"sha256:{f['hashes']['sha256']}" for f in files if "sha256" in f.get("hashes", {}))
        folders = sorted({str(PurePosixPath(f["path"]).parent) for f in files if "path" in f})
        places = "".join(f"--find-links {shlex.quote(folder)}\n" for folder in folders)
        return f"{places}{project}=={package['version']}{marker}{_hashes(hashes)}\n"
    if "archive" in package:
        archive = package["archive"]
        hashes = [f"sha256:{h}" for h in archive["hashes"].values()]
        return f"{_at(project, archive.get('url') or archive.get('path'), archive)}{marker}{_hashes(hashes)}\n"
    if "vcs" in package:
        vcs = package["vcs"]
        address = f"{vcs['type']}+{vcs['url']}@{vcs['commit-id']}"
        return f"{_at(project, address, vcs)}{marker}\n"
    if "directory" in package:
        return f"{_at(project, package['directory']['path'], package['directory'])}{marker}\n"
    raise BuildError(
        f"{name} names no file for {project}", code="lock-invalid", hint="Write the lock file again with its own tool."
    )


def _decided(marker: str, groups: frozenset[str]) -> str:
    """Return a marker of PEP 751 as one of PEP 508: whether an extra or a group is chosen is known here."""

    def decided(match: re.Match[str]) -> str:
        chosen = match["of"] == "dependency_groups" and match["name"] in groups
        return f"python_version {'<' if chosen == bool(match['no']) else '>'} '0'"

    return _SELECTS.sub(decided, marker)


def from_pipfile_lock(text: str, name: str = "Pipfile.lock") -> str:
    """Return the requirements of the `default` section of a Pipfile.lock."""
    try:
        packages = json.loads(text).get("default", {})
    except ValueError as error:
        raise _invalid(name, error) from error
    return "".join(f"{_pipfile_line(project, package)}\n" for project, package in sorted(packages.items()))


def _pipfile_line(project: str, package: _Table) -> str:
    called = f"{project}[{','.join(package['extras'])}]" if package.get("extras") else project
    marker = f" ; {package['markers']}" if package.get("markers") else ""
    if "git" in package:
        address = f"git+{package['git']}@{package['ref']}"
        return f"{_at(called, address, package)}{marker}"
    if "path" in package:
        return f"{package['path']}{called.removeprefix(project)}{marker}"
    if "file" in package:
        return f"{_at(called, package['file'], package)}{marker}{_hashes(package.get('hashes', ()))}"
    return f"{called}{package['version']}{marker}{_hashes(package.get('hashes', ()))}"


def _at(called: str, address: str, table: _Table) -> str:
    """Return a requirement by address, with the folder of it that the package is in."""
    below = f"#subdirectory={table['subdirectory']}" if table.get("subdirectory") else ""
    return f"{called} @ {address}{below}"


def at_locked_commits(asked: str, text: str, name: str = "poetry.lock") -> str:
    """Return requirements whose branches and tags are the commits that a poetry.lock or pdm.lock names."""
    commits: dict[str, str] = {}
    for package in _toml(text, name).get("package", ()):
        commit = package.get("source", {}).get("resolved_reference") or package.get("revision")
        if commit:
            commits[normalized(str(package["name"]))] = str(commit)
    return _GIT.sub(lambda m: f"{m[1]}@{commits[n]}" if (n := normalized(m["name"])) in commits else m[0], asked)


def poetry_constraints(text: str, name: str = "poetry.lock") -> str:
    """Return `name==version` for each package of a poetry.lock that is locked in one version only."""
    versions: dict[str, set[str]] = {}
    for package in _toml(text, name).get("package", ()):
        versions.setdefault(str(package["name"]), set()).add(str(package["version"]))
    return "".join(f"{project}=={min(v)}\n" for project, v in sorted(versions.items()) if len(v) == 1)


def poetry_hashes(text: str, name: str = "poetry.lock") -> dict[tuple[str, str], frozenset[str]]:
    """Return the hashes of each (normalized name, version) in a poetry.lock, in the old and the new layout."""
    parsed = _toml(text, name)
    old = parsed.get("metadata", {}).get("files", {})
    found = {}
    for package in parsed.get("package", ()):
        files = package.get("files") or old.get(package["name"], ())
        key = (normalized(str(package["name"])), str(package["version"]))
        found[key] = frozenset(str(f["hash"]) for f in files)
    return found


def only_locked(resolved: str, locked: Mapping[tuple[str, str], frozenset[str]], name: str = "poetry.lock") -> str:
    """Return a resolution with its hashes replaced by the locked ones. Raises BuildError for what is not locked."""
    lines = []
    for line in re.sub(r"\\\r?\n", " ", resolved).splitlines():
        pin = next(pins(line), None)
        if pin is None:
            lines.append(f"{line}\n")  # a path or an address
            continue
        key = (normalized(pin.project), pin.version)
        if key not in locked:
            raise BuildError(
                f"{name} does not lock {pin.project} {pin.version}, which pyproject.toml asks for",
                code="lock-stale",
                hint=f"Lock again: {lock_command(name)}",
            )
        lines.append(f"{pin.project}=={pin.version}{pin.marker}{_hashes(sorted(locked[key]))}\n")
    return "".join(lines)


def lock_command(name: str) -> str:
    """Return the command that writes a lock file again."""
    return f"{PurePosixPath(name).stem} lock"


def _hashes(hashes: list[str] | tuple[str, ...]) -> str:
    return "".join(f" \\\n    --hash={h}" for h in hashes)


def _toml(text: str, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _invalid(name, error) from error


def _invalid(name: str, error: ValueError) -> BuildError:
    return BuildError(f"{name}: {error}", code="lock-invalid", hint="Write the lock file again with its own tool.")
