"""Turns the lock files of other tools into requirements files with hashes. Pure: text in, text out.

pylock.toml is PEP 751, Pipfile.lock is pipenv's. From a poetry.lock or a pdm.lock, which have the same tables, come
constraints, commits and hashes: which of its packages a function needs follows from pyproject.toml, and uv works that
out.
"""

import json
import re
import shlex
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any

from sealift.analysis import registries
from sealift.analysis.locks import normalized, pins
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
    lines = (_pylock_lines(package, groups, name) for package in lock.get("packages", ()))
    return "".join((*(f"{option}\n" for option in registries.of_pylock(lock)), *lines))


def python_of_pylock(text: str, name: str = "pylock.toml") -> str:
    """Return which Pythons a pylock.toml is for."""
    return str(_toml(text, name).get("requires-python", ""))


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


def from_pipfile_lock(text: str, name: str = "Pipfile.lock", sections: Iterable[str] = ("default",)) -> str:
    """Return the registries of a Pipfile.lock, and the requirements of its sections; of two of one name the first."""
    lock = pipfile_lock(text, name)
    packages: dict[str, _Table] = {}
    for section in sections:
        packages = {**lock.get(section, {}), **packages}
    lines = (*registries.of_pipfile(lock), *(_pipfile_line(*one) for one in sorted(packages.items())))
    return "".join(f"{line}\n" for line in lines)


def pipfile_lock(text: str, name: str = "Pipfile.lock") -> _Table:
    """Return what a Pipfile.lock holds. Raises BuildError."""
    try:
        lock = json.loads(text)
    except ValueError as error:
        raise _invalid(name, error) from error
    return lock if isinstance(lock, dict) else {}


def refuse_stale_pipfile(pipfile: str, lock: _Table, name: str = "Pipfile.lock") -> None:
    """Raise BuildError when a Pipfile asks for a package, or a version of it, that its lock does not have."""
    locked = {
        normalized(project): str(package.get("version", "")) for project, package in lock.get("default", {}).items()
    }
    for project, asked in _toml(pipfile, "Pipfile").get("packages", {}).items():
        if isinstance(asked, Mapping) and not _PLACES.isdisjoint(asked):
            continue
        wanted = asked if isinstance(asked, str) else str(asked.get("version", "*"))
        version = locked.get(normalized(project))
        exact = wanted.startswith("==") and not wanted.endswith("*") and "," not in wanted
        if version is None or (exact and version and wanted.replace(" ", "") != version):
            raise BuildError(
                f"{name} does not lock {project}{'' if version is None else wanted}, which the Pipfile asks for",
                code="lock-stale",
                hint="Lock again: pipenv lock",
            )


def has_packages(pipfile: str) -> bool:
    """Return whether a Pipfile asks for any package that is not for development alone."""
    return bool(_toml(pipfile, "Pipfile").get("packages"))


def without_hashes(requirements: str) -> str:
    """Return the requirements without the hashes."""
    return re.sub(r"\s*(?:\\\r?\n)?\s*--hash=\S+", "", requirements)


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


def constraints(text: str, name: str = "poetry.lock") -> str:
    """Return `name==version` for what a lock of Poetry, PDM or uv has of a registry, in one version only."""
    versions: dict[str, set[str]] = {}
    for package in _toml(text, name).get("package", ()):
        if "version" in package and not _is_local(package):
            versions.setdefault(str(package["name"]), set()).add(str(package["version"]))
    return "".join(f"{project}=={min(v)}\n" for project, v in sorted(versions.items()) if len(v) == 1)


def _is_local(package: _Table) -> bool:
    """Return whether a package is of a folder, a file or a repository, whose version is the one that is there."""
    source = package.get("source", {})
    return not _PLACES.isdisjoint(source) or source.get("type") in _PLACES or not _PLACES.isdisjoint(package)


_PLACES = frozenset({"editable", "virtual", "directory", "path", "file", "git", "url"})
"""As uv names the place of a package in its lock; as the type of Poetry's sources; as PDM's own keys."""


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
