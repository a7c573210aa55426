"""What an expansion is given and what it returns. No I/O but `read_blob`, which the caller hands in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sealift.model.template import Json

Body = dict[str, Json]


def _no_blob(key: str) -> bytes | None:
    """Stand in where a template cannot point at stored files."""
    del key
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The environment a template is expanded for."""

    stack_name: str
    account: str
    region: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    read_blob: Callable[[str], bytes | None] = _no_blob
    """Returns an object of the artifacts bucket by its key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expanded:
    """A template that the embedded cloud understands, and what people have to know about the difference."""

    body: Body
    notes: tuple[str, ...] = ()


Expansion = Callable[[Body, Context], Expanded]
