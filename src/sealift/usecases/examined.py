"""What `doctor` says of one thing that it examined."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from sealift.errors import SealiftError

DENIED = "access-denied"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lack:
    """An action that is not allowed, with the ARNs that it is needed on."""

    action: str
    resources: tuple[str, ...]
    needed_for: tuple[str, ...]
    """Purposes, as the page of rights calls them."""
    because: str = ""
    """What stands in the way, where it is not just that nothing allows it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """One examined item. `unknown` marks an item that could not be examined; it is never reported as healthy."""

    name: str = ""
    environment: str = ""
    status: Literal["ok", "failed", "unknown"] = "ok"
    said: str
    cure: str = ""
    """The command or the change that mends it."""
    lacks: tuple[Lack, ...] = ()


def tried(name: str, look: Callable[[], Examined | str], *, environment: str = "") -> Examined:
    """Return the result of an examination; an error that it raises becomes the problem and its fix."""
    try:
        found = look()
    except SealiftError as error:
        return failed(error, name, environment)
    if isinstance(found, str):
        return Examined(name=name, environment=environment, said=found)
    return replace(found, name=name, environment=environment)


def failed(error: SealiftError, name: str, environment: str) -> Examined:
    """Return an error as what is wrong."""
    return Examined(name=name, environment=environment, status="failed", said=error.message, cure=error.hint)
