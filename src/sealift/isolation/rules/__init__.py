"""The rules of the proof, one file each. `RULES` is all of them in the order of their ids."""

from importlib import import_module
from importlib.resources import files

from sealift.isolation.rule import Rule


def _load() -> tuple[Rule, ...]:
    names = sorted(
        entry.name.removesuffix(".py")
        for entry in files(__name__).iterdir()
        if entry.name.endswith(".py") and not entry.name.startswith("_")
    )
    return tuple(import_module(f"{__name__}.{name}").RULE for name in names)


RULES: tuple[Rule, ...] = _load()
"""Every rule."""
