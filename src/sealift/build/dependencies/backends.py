"""What builds pure packages from source: a set pinned by version and hash, so that every machine makes the same wheel.

A package that asks for something else is still built, and named: its bytes may differ from machine to machine.
"""

import functools
import hashlib
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path

from sealift.analysis.locks import normalized, pins

PINNED = Path(__file__).with_name("backends.txt")
"""A requirements file with hashes, handed to uv as constraints of builds."""
_SETUPTOOLS = ("setuptools",)
"""What a package without `[build-system]` is built with (PEP 517)."""


@functools.cache
def pinned_digest() -> str:
    """Return a short digest of the pinned set: what was built with another one is not used again."""
    return hashlib.sha256(PINNED.read_bytes()).hexdigest()[:12]


def unpinned(pyproject: Path) -> tuple[str, ...]:
    """Return what a package asks for to be built and the pinned set lacks, sorted."""
    known = {normalized(pin.project) for pin in pins(PINNED.read_text())}
    return tuple(sorted({_project(line) for line in _required(pyproject)} - known))


def built_from_source(uv_cache: Path, project: str, version: str) -> Iterable[Path]:
    """Yield the pyproject.toml, there or not, of each source of this version that uv has built."""
    for wheel in uv_cache.glob(f"sdists-*/*/{normalized(project)}/{version}/*/*.whl"):
        yield wheel.parent / "src" / "pyproject.toml"


def uncompiled(uv_cache: Path) -> tuple[Path, ...]:
    """Return the folders in which uv keeps pinned backends whose bytecode has not been written yet."""
    known = {f"{normalized(pin.project)}-{pin.version}" for pin in pins(PINNED.read_text())}
    return tuple(
        info.parent
        for info in uv_cache.glob("archive-v*/*/*.dist-info")
        if info.stem.replace("_", "-") in known and not any(info.parent.rglob("__pycache__"))
    )


def _required(pyproject: Path) -> Iterable[str]:
    try:
        listed = tomllib.loads(pyproject.read_text(encoding="utf-8")).get("build-system", {}).get("requires")
    except (OSError, ValueError):
        return _SETUPTOOLS
    return [str(line) for line in listed] if isinstance(listed, list) else _SETUPTOOLS


def _project(requirement: str) -> str:
    match = re.match(r"\s*([A-Za-z0-9][\w.\-]*)", requirement)
    return normalized(match[1]) if match else requirement
