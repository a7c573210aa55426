"""Compares a uv.lock with the projects that it locks, where uv itself cannot: they need a Python that is not here.

Of what uv compares it looks at the names, extras and versions that are asked for, and at the Python that is required.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from sealift.analysis.locks import normalized, of_its_format
from sealift.build.dependencies.projects import Project, project_in
from sealift.errors import BuildError

_LOCAL = ("virtual", "editable", "directory")
_Asked = frozenset[tuple[str, frozenset[str], frozenset[str]]]


def refuse_stale(lock: Path, name: Path) -> None:
    """Raise BuildError when the lock was made from other projects than those that are there."""
    with of_its_format(str(name)):
        _refuse_stale(lock, name, tomllib.loads(lock.read_text(encoding="utf-8")))


def _refuse_stale(lock: Path, name: Path, listed: Mapping[str, Any]) -> None:
    required = listed.get("requires-python")
    for package in listed.get("package", ()):
        place = next((package["source"][kind] for kind in _LOCAL if kind in package.get("source", {})), None)
        project = project_in(lock.parent / place) if isinstance(place, str) else None
        if project is None or project.dynamic:
            continue
        if _asked(project) != _locked(package.get("metadata", {}).get("requires-dist", ())):
            raise _stale(name, f"the dependencies of {project.name}")
        if project.folder == lock.parent and required and not _same(project, str(required)):
            raise _stale(name, "requires-python")


def _stale(name: Path, what: str) -> BuildError:
    return BuildError(
        f"{name} is out of date: {what} in pyproject.toml changed after it was written",
        code="lock-stale",
        hint="Lock again: uv lock",
    )


def _same(project: Project, required: str) -> bool:
    asked = str(project.table.get("project", {}).get("requires-python", required))
    return _versions(asked) == _versions(required)


def _asked(project: Project) -> _Asked:
    table = project.table.get("project", {})
    extras = [line for lines in table.get("optional-dependencies", {}).values() for line in lines]
    return frozenset(_parts(str(line)) for line in [*table.get("dependencies", ()), *extras])


def _parts(line: str) -> tuple[str, frozenset[str], frozenset[str]]:
    match = re.match(r"\s*([\w.\-]+)\s*(?:\[([^]]*)\])?\s*(.*)", line.partition(";")[0])
    name, extras, rest = match.groups() if match else (line, "", "")
    versions = "" if rest.startswith("@") else rest.strip("() ")
    return normalized(name), _names((extras or "").split(",")), _versions(versions)


def _locked(listed: Iterable[Mapping[str, Any]]) -> _Asked:
    return frozenset(
        (normalized(str(one["name"])), _names(one.get("extras", ())), _versions(str(one.get("specifier", ""))))
        for one in listed
    )


def _names(names: Iterable[str]) -> frozenset[str]:
    return frozenset(normalized(name.strip()) for name in names if name.strip())


def _versions(specifier: str) -> frozenset[str]:
    return frozenset(re.sub(r"\s", "", part) for part in specifier.split(",") if part.strip())
