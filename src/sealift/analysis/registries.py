"""Which registries Poetry, PDM, Pipenv and pylock.toml name, as options of a requirements file. Pure.

uv asks those of `--extra-index-url` first, in order, and takes a package from the first that has it; that of
`--index-url` comes last, in the place of the public one.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from sealift.analysis.locks import normalized

_Table = Mapping[str, Any]
_PUBLIC = re.compile(r"https://pypi\.(?:org|python\.org)/simple/?")


def of_poetry(project: _Table) -> tuple[str, ...]:
    """Return the options for `[[tool.poetry.source]]`.

    https://python-poetry.org/docs/repositories/#package-sources
    """
    sources = _tables(project, "tool", "poetry", "source")
    ranked = sorted(sources, key=lambda source: _RANKS.index(_priority(source)))
    primary = [source for source in sources if _priority(source) == "primary"]
    public = not primary or any(str(source.get("name", "")).lower() == "pypi" for source in sources)
    return _options([str(source["url"]) for source in ranked if "url" in source], public=public)


_RANKS = ("explicit", "primary", "supplemental")


def _priority(source: _Table) -> str:
    if source.get("secondary") is True:
        return "supplemental"
    said = str(source.get("priority", "primary"))
    return {"default": "primary", "secondary": "supplemental"}.get(said, said if said in _RANKS else "primary")


def placed_by_poetry(project: _Table) -> tuple[str, ...]:
    """Return the names of the main dependencies that Poetry is to take from one registry, not from any."""
    listed = project.get("tool", {}).get("poetry", {}).get("dependencies", {})
    return tuple(
        normalized(name)
        for name, value in listed.items()
        for entry in (value if isinstance(value, list) else [value])
        if isinstance(entry, Mapping) and str(entry.get("source", "pypi")).lower() != "pypi"
    )


def of_pdm(project: _Table) -> tuple[str, ...]:
    """Return the options for `[[tool.pdm.source]]`: https://pdm-project.org/en/latest/usage/config/"""
    sources = _tables(project, "tool", "pdm", "source")
    named = [source for source in sources if "url" in source and source.get("type", "index") == "index"]
    folders = [str(source["url"]) for source in sources if "url" in source and source.get("type") == "find_links"]
    own = [source for source in named if str(source.get("name", "")).lower() == "pypi"]
    rest = [source for source in named if source not in own]
    urls = [str(source["url"]) for source in (*rest, *own)]
    return (*_options(urls, public=not own), *(f"--find-links {folder}" for folder in folders))


def of_pipfile(lock: _Table) -> tuple[str, ...]:
    """Return the options for the sources of a Pipfile.lock; the first of them is asked last, as uv asks its default."""
    urls = [str(source["url"]) for source in _tables(lock, "_meta", "sources") if "url" in source]
    return _options([*urls[1:], *urls[:1]], public=not urls or any(map(_PUBLIC.fullmatch, urls)))


def of_pylock(lock: _Table) -> tuple[str, ...]:
    """Return the options for the registries that packages of a pylock.toml were found in."""
    urls = [str(package["index"]) for package in _tables(lock, "packages") if "index" in package]
    return _options(urls, public=not urls or any(map(_PUBLIC.fullmatch, urls)))


def of_uv(*settings: _Table) -> tuple[str, ...]:
    """Return arguments for the registries that uv asks for chosen packages alone, which a lock does not name."""
    listed = [index for table in settings for index in _tables(table, "index") if index.get("explicit") is True]
    named = {
        f"{index['name']}={index['url']}": None
        for index in listed
        if "name" in index and "://" in str(index.get("url"))
    }
    return tuple(word for index in named for word in ("--index", index))


def _options(urls: Iterable[str], *, public: bool) -> tuple[str, ...]:
    """Return the options to ask these in order, and at last the `public` one or none but these."""
    others = list(dict.fromkeys(url for url in urls if not _PUBLIC.fullmatch(url)))
    last = [] if public or not others else [f"--index-url {others.pop()}"]
    return (*(f"--extra-index-url {url}" for url in others), *last)


def _tables(table: object, *path: str) -> list[_Table]:
    for name in path:
        table = table.get(name) if isinstance(table, Mapping) else None
    return [one for one in table if isinstance(one, Mapping)] if isinstance(table, list) else []
