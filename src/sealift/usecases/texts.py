"""Rewrites the texts in an answer, however deep they stand, and leaves everything else in it alone."""

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from functools import cache
from operator import is_
from typing import Any


def rewritten(value: Any, rewrite: Callable[[str], str], names: frozenset[str], *, every: bool = False) -> Any:
    """Return a value whose texts in fields of these names are rewritten; with `every`, all texts."""
    if isinstance(value, str):
        return rewrite(value) if every else value
    if isinstance(value, tuple | list):
        items = [rewritten(item, rewrite, names, every=every) for item in value]
        return value if all(map(is_, items, value)) else type(value)(items)
    if isinstance(value, Mapping):
        return {key: rewritten(item, rewrite, names, every=every) for key, item in value.items()}
    changed = {}
    for name in _fields(value.__class__):
        old = getattr(value, name)
        new = rewritten(old, rewrite, names, every=every or name in names)
        if new is not old and new != old:
            changed[name] = new
    return replace(value, **changed) if changed else value


@cache
def _fields(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind) if field.init) if is_dataclass(kind) else ()
