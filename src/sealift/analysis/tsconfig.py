"""Reads TypeScript's configuration: what a file extends, and where names of modules lead. Pure.

https://www.typescriptlang.org/tsconfig/#paths
"""

import json
import re
from collections.abc import Iterator, Mapping

from sealift.model.template import Json

NAMES = ("tsconfig.json", "jsconfig.json")
_SKIPPED = re.compile(r'"(?:[^"\\\n]|\\.)*"|//[^\n]*|/\*.*?\*/|,(?=\s*[}\]])', re.DOTALL)
"""Comments and last commas, which JSON does not know; text is matched so that it is left alone."""


def body_of(text: str) -> dict[str, Json]:
    """Return the content of a file of JSON with comments; empty when it cannot be read."""
    try:
        body = json.loads(_SKIPPED.sub(lambda m: m[0] if m[0].startswith('"') else "", text.removeprefix("\ufeff")))
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def extended(body: Mapping[str, Json]) -> list[str]:
    """Return the files that a configuration extends, as it names them; packages are left out."""
    declared = body.get("extends")
    names = declared if isinstance(declared, list) else [declared]
    return [name for name in names if isinstance(name, str) and name.startswith((".", "/"))]


def targets(name: str, paths: Mapping[str, Json]) -> Iterator[str]:
    """Yield what a name of a module leads to, best first: by the whole name, else by the longest text before `*`."""
    fitting = [one for one in paths if one == name or ("*" in one and _rest(name, one) is not None)]
    for pattern in sorted(fitting, key=lambda one: (one == name, len(one.partition("*")[0])), reverse=True)[:1]:
        declared = paths[pattern]
        for target in declared if isinstance(declared, list) else [declared]:
            if isinstance(target, str):
                yield target.replace("*", _rest(name, pattern) or "", 1)


def _rest(name: str, pattern: str) -> str | None:
    """Return what stands for the `*` of a pattern."""
    before, _, after = pattern.partition("*")
    fits = name.startswith(before) and name.endswith(after) and len(name) >= len(before) + len(after)
    return name[len(before) : len(name) - len(after)] if fits else None
