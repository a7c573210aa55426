"""Says in a few words why an artifact was built again. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingredients:
    """What an artifact was made of."""

    files: Mapping[str, str] = field(default_factory=dict)
    """SHA-256 by name; executable files have `+x` after it."""
    pins: Mapping[str, str] = field(default_factory=dict)
    """Version by project."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """What else counts: runtime, architecture, method, compressor."""


def why(before: Ingredients | None, now: Ingredients) -> str:
    """Return what differs, the most telling difference first."""
    if before is None:
        return "first build"
    parts = []
    if before.settings != now.settings:
        changed = [
            k for k in sorted({*before.settings, *now.settings}) if before.settings.get(k) != now.settings.get(k)
        ]
        parts.append(", ".join(_setting(k, before.settings.get(k), now.settings.get(k)) for k in changed))
    if before.pins != now.pins:
        parts.append(f"dependencies changed: {_pins(before.pins, now.pins)}")
    if before.files != now.files:
        parts.append(f"source changed: {_files(before.files, now.files)}")
    return "; ".join(parts) or "built with other tools"


def _setting(name: str, before: str | None, now: str | None) -> str:
    return f"{name} changed: {before or 'none'} -> {now or 'none'}"


def _pins(before: Mapping[str, str], now: Mapping[str, str]) -> str:
    changed = [p for p in sorted({*before, *now}) if before.get(p) != now.get(p)]
    return _first([f"{p} {before.get(p, '(new)')} -> {now.get(p, '(gone)')}" for p in changed])


def _files(before: Mapping[str, str], now: Mapping[str, str]) -> str:
    changed = [n for n in sorted({*before, *now}) if before.get(n) != now.get(n)]
    return _first([f"{n} (gone)" if n not in now else n for n in changed])


def _first(changes: list[str]) -> str:
    more = f" (+{len(changes) - 1})" if len(changes) > 1 else ""
    return f"{changes[0]}{more}"
