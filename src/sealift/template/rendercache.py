"""Keeps rendered templates by what they were made from, so that the translator need not be loaded again.

An entry that is damaged counts as absent.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from sealift.model.template import Rendered
from sealift.template import kept


def key(body: bytes, parameters: Mapping[str, str], target: tuple[str, ...]) -> str:
    """Return the name of an entry: template, values, target, translator's version, and our own code."""
    digest = hashlib.sha256()
    described = json.dumps([sorted(parameters.items()), target, _translator(), kept.code_digest()])
    for part in (body, described.encode()):
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def get(folder: Path, name: str) -> Rendered | None:
    """Return an entry, or None when there is none that is whole."""
    try:
        stored = kept.get(folder, name)
        return Rendered(body=stored["body"], origins=stored["origins"])
    except (KeyError, TypeError):
        return None


def put(folder: Path, name: str, entry: Rendered) -> None:
    """Keep an entry."""
    kept.put(folder, name, {"body": entry.body, "origins": dict(entry.origins)})


def _translator() -> str:
    import samtranslator  # only its version; the translator itself is in submodules

    return str(samtranslator.__version__)
