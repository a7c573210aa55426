"""A lock: a requirements file with versions and hashes, whatever tool wrote it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sealift.errors import BuildError

_MISSHAPEN = (KeyError, TypeError, AttributeError, ValueError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """A resolution. `complete` says that it names everything to install, so that nothing is resolved again."""

    text: str
    complete: bool = True

    @property
    def hashed(self) -> bool:
        """Whether each requirement has a hash (paths and git commits have none)."""
        return all("--hash=" in line for line in _joined(self.text))


class Pin:
    """One pinned requirement of a requirements file with hashes."""

    __slots__ = ("marker", "project", "version")

    def __init__(self, project: str, version: str, marker: str) -> None:
        self.project = project
        self.version = version
        self.marker = marker


def pins(lock: str) -> Iterator[Pin]:
    """Yield every `name==version` of a requirements file."""
    for line in re.sub(r"\\\r?\n", " ", lock).splitlines():
        match = re.match(r"^([A-Za-z0-9][\w.\-]*)(?:\[[^]]*\])?\s*==\s*([^\s;\\]+)\s*(;.*?)?\s*(?:--hash|$)", line)
        if match:
            yield Pin(match[1], match[2], f" {match[3].strip()}" if match[3] else "")


def normalized(project: str) -> str:
    """Return the one spelling of a project's name (PEP 503)."""
    return re.sub(r"[-_.]+", "-", project).lower()


@contextmanager
def of_its_format(name: str) -> Iterator[None]:
    """Refuse a file of another tool whose values are not where, or of the type that, its format says: BuildError."""
    try:
        yield
    except _MISSHAPEN as error:
        what = f"a table lacks {error}" if isinstance(error, KeyError) else str(error)
        raise BuildError(
            f"{name} is not in the format that its name promises: {what}",
            code="lock-invalid",
            hint="Write it again with its own tool.",
        ) from error


def _joined(text: str) -> list[str]:
    return [line for line in re.sub(r"\\\r?\n", " ", text).splitlines() if line.strip()]
