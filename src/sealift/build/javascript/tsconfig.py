"""The files of TypeScript's configuration that esbuild reads for a folder: the nearest ones, and what they extend.

https://esbuild.github.io/content-types/#tsconfig-json
"""

from collections.abc import Iterator
from pathlib import Path

from sealift.analysis.tsconfig import NAMES, body_of, extended


def tsconfigs(source: Path, within: tuple[Path, ...], boundary: Path) -> tuple[Path, ...]:
    """Return the files outside `source` that count, real paths; `within` are those that its own tree holds.

    What is named but not there, or is a package, or leaves the repository, is left to esbuild, which warns.
    """
    source = source.resolve()
    above = [f / name for f in source.parents if f.is_relative_to(boundary) for name in NAMES]
    waiting = [f.resolve() for f in (*within, *above) if f.is_file()]
    found: dict[Path, None] = {}
    while waiting:
        file = waiting.pop(0)
        if file in found or not file.is_relative_to(boundary):
            continue
        found[file] = None
        waiting += [extended.resolve() for extended in _extended(file)]
    return tuple(file for file in found if not file.is_relative_to(source))


def is_tsconfig(name: str) -> bool:
    """Return whether a file of the source could be TypeScript's configuration."""
    base = name.rpartition("/")[2]
    return base.endswith(".json") and "sconfig" in base


def _extended(file: Path) -> Iterator[Path]:
    try:
        body = body_of(file.read_text("utf-8"))
    except (OSError, ValueError):
        return
    for name in extended(body):
        path = file.parent / name
        for candidate in (path, path.with_name(f"{path.name}.json"), path / "tsconfig.json"):
            if candidate.is_file():
                yield candidate
                break
