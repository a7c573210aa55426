"""Writes src/sealift/delivery/data/create_only.txt from the registry schemas that cfn-lint ships.

python -m tools.create_only
"""

import importlib.metadata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sealift.delivery.stateful import IDENTITIES, STORES
from tools.identities import schemas

TARGET = Path(__file__).parents[1] / "src/sealift/delivery/data/create_only.txt"


def wanted() -> frozenset[str]:
    """Return what the data guard looks at, and what the emulator makes without knowing what replaces it."""
    from ministack.services.cloudformation.provisioners import _REPLACING_PROPERTIES, _RESOURCE_HANDLERS

    return frozenset({*STORES, *IDENTITIES, *(set(_RESOURCE_HANDLERS) - set(_REPLACING_PROPERTIES))})


def lines() -> Iterator[str]:
    """Yield the head, then a line for each type: `Type Property,Property ?Property`.

    A change of a property makes a new resource, of one after `?` only sometimes; of those not named, never. A path with
    a `/` is a part of a property. A type with no such property has its name alone.
    """
    yield f"# cfn-lint {importlib.metadata.version('cfn-lint')}"
    for name, schema in sorted(schemas().items()):
        if name in wanted():
            always = _paths(schema, "createOnlyProperties")
            sometimes = _paths(schema, "conditionalCreateOnlyProperties") - always
            parts = (name, ",".join(sorted(always)), f"?{','.join(sorted(sometimes))}" if sometimes else "")
            yield " ".join(filter(None, parts))


def _paths(schema: dict[str, Any], key: str) -> set[str]:
    given = set(schema.get("readOnlyProperties", ()))
    return {path.removeprefix("/properties/") for path in schema.get(key, ()) if path not in given}


if __name__ == "__main__":
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text("\n".join(lines()) + "\n")
