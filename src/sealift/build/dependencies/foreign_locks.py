"""Turns the lock files of other tools into requirements files with hashes. Pure: text in, text out.

pylock.toml is PEP 751, Pipfile.lock is pipenv's, poetry.lock Poetry's. From a poetry.lock come constraints and hashes:
which of its packages a function needs follows from pyproject.toml, and uv works that out.
"""

import json
import re
import tomllib
from collections.abc import Mapping
from typing import Any

from sealift.build.dependencies.locks import normalized, pins
from sealift.errors import BuildError

_Table = Mapping[str, Any]


def from_pylock(text: str, name: str = "pylock.toml") -> str:
    """Return the requirements of a pylock.toml."""
    return "".join(f"{_pylock_line(package, name)}\n" for package in _toml(text, name).get("packages", ()))


def _pylock_line(package: _Table, name: str) -> str:
    project = str(package.get("name", ""))
    marker = f" ; {package['marker']}" if "marker" in package else ""
    files = [*package.get("wheels", ()), *([package["sdist"]] if "sdist" in package else ())]
    if files:
        hashes = sorted(f"sha256:{f['hashes']['sha256']}" for f in files if "sha256" in f.get("hashes", {}))
        return f"{project}=={package['version']}{marker}{_hashes(hashes)}"
    if "archive" in package:
        archive = package["archive"]
        where = archive.get("url") or archive.get("path")
        return f"{project} @ {where}{marker}{_hashes([f'sha256:{h}' for h in archive['hashes'].values()])}"
    if "vcs" in package:
        vcs = package["vcs"]
        return f"{project} @ {vcs['type']}+{vcs['url']}@{vcs['commit-id']}{marker}"
    if "directory" in package:
        return f"{project} @ {package['directory']['path']}{marker}"
    raise BuildError(
        f"{name} names no file for {project}", code="lock-invalid", hint="Write the lock file again with its own tool."
    )


def from_pipfile_lock(text: str, name: str = "Pipfile.lock") -> str:
    """Return the requirements of the `default` section of a Pipfile.lock."""
    try:
        packages = json.loads(text).get("default", {})
    except ValueError as error:
        raise _invalid(name, error) from error
    return "".join(f"{_pipfile_line(project, package)}\n" for project, package in sorted(packages.items()))


def _pipfile_line(project: str, package: _Table) -> str:
    extras = f"[{','.join(package['extras'])}]" if package.get("extras") else ""
    marker = f" ; {package['markers']}" if package.get("markers") else ""
    if "git" in package:
        return f"{project}{extras} @ git+{package['git']}@{package['ref']}{marker}"
    if "path" in package:
        return f"{package['path']}{extras}{marker}"
    if "file" in package:
        return f"{project}{extras} @ {package['file']}{marker}{_hashes(package.get('hashes', ()))}"
    return f"{project}{extras}{package['version']}{marker}{_hashes(package.get('hashes', ()))}"


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
                hint="Lock again: poetry lock",
            )
        lines.append(f"{pin.project}=={pin.version}{pin.marker}{_hashes(sorted(locked[key]))}\n")
    return "".join(lines)


def _hashes(hashes: list[str] | tuple[str, ...]) -> str:
    return "".join(f" \\\n    --hash={h}" for h in hashes)


def _toml(text: str, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _invalid(name, error) from error


def _invalid(name: str, error: ValueError) -> BuildError:
    return BuildError(f"{name}: {error}", code="lock-invalid", hint="Write the lock file again with its own tool.")
