"""Chooses the Python that tests run on."""

import re
from collections.abc import Iterable

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


def by_nearness(wanted: Version, available: Iterable[Version]) -> tuple[Version, ...]:
    """Return what there is, best first: the wanted one, then newer ones (code outlives its Python), then older ones."""
    there = {one for one in available if one[0] == 3}
    newer = sorted(one for one in there if one >= wanted)
    older = sorted((one for one in there if one < wanted), reverse=True)
    return (*newer, *older)


def written(version: Version) -> str:
    """Return `3.12`."""
    return f"{version[0]}.{version[1]}"
