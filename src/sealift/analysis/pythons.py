"""Chooses the Python that tests run on, and says which Pythons a project is for."""

import re
from collections.abc import Iterable
from functools import partial

Version = tuple[int, int]


def version_of(text: str) -> Version | None:
    """Return major and minor of `3.12`, `3.12.1`, `python3.12` or `cpython-3.12`, None when there is none."""
    found = re.search(r"(?<![0-9.])([23])\.([0-9]{1,2})(?![0-9])", text)
    return (int(found[1]), int(found[2])) if found else None


def declared_runtime(template: str) -> Version | None:
    """Return the newest Python runtime that a template's text names."""
    found = [version_of(one) for one in re.findall(r"\bpython[23]\.[0-9]{1,2}\b", template)]
    return max((one for one in found if one), default=None)


def least_required(specifier: str) -> Version | None:
    """Return the lower bound of `requires-python`."""
    found = re.search(r"(?:>=|~=|==|\^)\s*(3\.[0-9]{1,2})", specifier)
    return version_of(found[1]) if found else None


def allows(specifier: str, version: Version) -> bool:
    """Return whether some Python of this minor version fits `requires-python`, or Poetry's way to write it.

    Which patch level a runtime has is not known, so that does not count.
    """
    return any(all(map(partial(_fits, version), _CLAUSE.findall(one))) for one in re.split(r"\|\|?", specifier))


_CLAUSE = re.compile(r"(~=|===?|!=|>=|<=|[<>^~]?)\s*v?(\d[\w.]*\*?)")


def _fits(version: Version, clause: tuple[str, str]) -> bool:
    operator, text = clause
    numbers = [int(one) for one in re.findall(r"\d+", text)[:3]]
    minor = (numbers[0], numbers[1] if len(numbers) > 1 else 0)
    same = version[: len(numbers)] == minor[: len(numbers)]
    match operator:
        case "" | "==" | "===":
            return same
        case "!=":
            return not same or len(numbers) > 2
        case "<":
            return version < minor or (version == minor and len(numbers) > 2 and numbers[2] > 0)
        case "<=":
            return version[: len(numbers)] <= minor[: len(numbers)]
        case ">" | ">=":
            return version >= minor
        case "^" | "~=" | "~":
            whole = operator == "^" or len(numbers) < (3 if operator == "~=" else 2)
            return version >= minor and (version[0] == minor[0] if whole else version == minor)
    return True


def by_nearness(wanted: Version, available: Iterable[Version]) -> tuple[Version, ...]:
    """Return what there is, best first: the wanted one, then newer ones (code outlives its Python), then older ones."""
    there = {one for one in available if one[0] == 3}
    newer = sorted(one for one in there if one >= wanted)
    older = sorted((one for one in there if one < wanted), reverse=True)
    return (*newer, *older)


def written(version: Version) -> str:
    """Return `3.12`."""
    return f"{version[0]}.{version[1]}"
