"""What a Poetry project asks for, as requirements. Pure: text in, text out.

Poetry's own constraints: https://python-poetry.org/docs/dependency-specification/. Development groups and optional
dependencies are left out, as `poetry install --only main` does.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sealift.errors import BuildError

_Table = Mapping[str, Any]


def is_poetry(parsed: _Table) -> bool:
    """Return whether a pyproject.toml lists its dependencies in Poetry's way."""
    return bool(parsed.get("tool", {}).get("poetry", {}).get("dependencies"))


def poetry_requirements(
    text: str, name: str = "pyproject.toml", *, locked: bool = False, groups: Iterable[str] = ()
) -> str:
    """Return the main dependencies, one a line; with `groups` those of these groups, and optional ones, too.

    Raises BuildError for a constraint that has no counterpart; of a project that is `locked` such a one is left out.
    """
    parsed = tomllib.loads(text)
    own = parsed.get("tool", {}).get("poetry", {})
    tables = [own.get("dependencies", {})]
    if groups:
        named = [own.get("group", {}).get(group, {}).get("dependencies", {}) for group in groups]
        tables = [_all(one) for one in (*tables, own.get("dev-dependencies", {}), *named)]
    listed = {project: value for table in reversed(tables) for project, value in table.items()}
    plain = [str(line) for line in parsed.get("project", {}).get("dependencies", ())]
    placed = {_project(project) for project, value in listed.items() if _is_placed(value)}
    known = {_project(line) for line in plain} - placed
    lines = [*(line for line in plain if _project(line) not in placed), *_lines(listed, known, name, locked)]
    return "".join(f"{line}\n" for line in lines)


def _all(table: _Table) -> _Table:
    """Return dependencies none of which is optional."""
    return {name: {**one, "optional": False} if isinstance(one, Mapping) else one for name, one in table.items()}


def _is_placed(value: object) -> bool:
    """Return whether an entry says where a dependency comes from; for one of `[project]` it adds that alone."""
    tables = value if isinstance(value, list) else [value]
    return any(isinstance(table, Mapping) and {"git", "url", "path"} & table.keys() for table in tables)


def _lines(listed: _Table, named: set[str], name: str, locked: bool) -> Iterator[str]:
    for project, value in listed.items():
        if project.lower() == "python" or _project(project) in named:
            continue
        for entry in value if isinstance(value, list) else [value]:
            table = {"version": entry} if isinstance(entry, str) else entry
            if not table.get("optional"):
                yield _line(project, table, name, locked)


def _line(project: str, table: _Table, name: str, locked: bool) -> str:
    extras = f"[{','.join(table['extras'])}]" if table.get("extras") else ""
    where = f"{name}: {project}"
    markers = _markers(table, where)
    below = f"#subdirectory={table['subdirectory']}" if table.get("subdirectory") else ""
    if "git" in table:
        reference = table.get("rev") or table.get("tag") or table.get("branch")
        return f"{project}{extras} @ git+{table['git']}{f'@{reference}' if reference else ''}{below}{markers}"
    if "url" in table:
        return f"{project}{extras} @ {table['url']}{below}{markers}"
    if "path" in table:
        return f"{project}{extras} @ {table['path']}{below}{markers}"
    constraint = str(table.get("version", "*"))
    version = "" if locked and "|" in constraint else specifier(constraint, where)
    return f"{project}{extras}{version}{markers}"


def _markers(table: _Table, where: str) -> str:
    """Return the marker of an entry, with those that Poetry writes as `python` and `platform`."""
    found = [str(table["markers"])] if table.get("markers") else []
    if table.get("python", "*") != "*":
        ranges = (specifier(part.strip(), where) for part in re.split(r"\|\|?", str(table["python"])))
        found.append(" or ".join(" and ".join(map(_python, each.split(","))) for each in ranges))
    if table.get("platform"):
        found.append(f"sys_platform == '{table['platform']}'")
    return " ; " + " and ".join(f"({one})" if len(found) > 1 else one for one in found) if found else ""


def _python(comparison: str) -> str:
    match = re.match(r"([<>=!~]+)(.+)", comparison)
    operator, version = match.groups() if match else ("==", comparison)
    variable = "python_version" if version.count(".") < 2 else "python_full_version"
    return f"{variable} {operator} '{version}'"


def specifier(constraint: str, where: str) -> str:
    """Return a PEP 440 specifier for Poetry's `^1.2`, `~1.2`, `1.*`, `1.2` or a list of comparisons."""
    if "|" in constraint:
        raise BuildError(
            f"{where}: the constraint {constraint!r} has no counterpart outside of Poetry",
            code="poetry-constraint",
            hint="Commit poetry.lock (poetry lock), or write it without `||`.",
        )
    parts = [part.strip() for part in re.sub(r"([<>=!~^]+)\s+", r"\1", constraint).replace(" ", ",").split(",")]
    return ",".join(_part(part) for part in parts if part and part != "*")


def _part(part: str) -> str:
    if part.startswith("^"):
        return f">={part[1:]},<{_bumped(part[1:], caret=True)}"
    if part.startswith("~") and not part.startswith("~="):
        return f">={part[1:]},<{_bumped(part[1:], caret=False)}"
    return part if part[0] in "<>=!~" else f"=={part}"


def _bumped(version: str, *, caret: bool) -> str:
    """Return the first version that `^` or `~` excludes."""
    numbers = [int(n) for n in re.findall(r"\d+", version.split("+")[0])[:3]]
    at = next((i for i, n in enumerate(numbers) if n), len(numbers) - 1) if caret else min(1, len(numbers) - 1)
    return ".".join(str(n) for n in [*numbers[:at], numbers[at] + 1])


def _project(line: str) -> str:
    match = re.match(r"[A-Za-z0-9][\w.\-]*", line)
    return re.sub(r"[-_.]+", "-", match[0]).lower() if match else line
