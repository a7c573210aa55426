"""How a release that was built again differs from the stored one, and what is kept so that it can be. Pure."""

import json
from collections.abc import Iterable, Iterator, Mapping

from sealift.model.release import BuiltArtifact, Release
from sealift.model.stored import canonical_json

_SHOWN = 5


def locks_of(artifacts: Iterable[BuiltArtifact]) -> bytes:
    """Return the lock of each dependency file without exact versions, by the file's name."""
    return canonical_json({a.declaration: a.lock for a in artifacts if a.declaration and a.lock})


def parsed_locks(body: bytes) -> Mapping[str, str]:
    """Return the stored locks. Unreadable ones count as absent: the release is built again in any case."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    listed = found if isinstance(found, dict) else {}
    return {name: lock for name, lock in listed.items() if isinstance(lock, str)}


def unlike(stored: Release, rebuilt: Release) -> Iterator[tuple[str, str | None, str | None]]:
    """Yield each difference: its name, and its SHA-256 in the stored and in the rebuilt release."""
    theirs, ours = dict(_named(stored)), dict(_named(rebuilt))
    for name in sorted({*theirs, *ours}):
        if theirs.get(name) != ours.get(name):
            yield name, theirs.get(name), ours.get(name)


def shown(names: Iterable[str]) -> str:
    """Return the first of these names, and how many more there are."""
    every = list(names)
    more = len(every) - _SHOWN
    return ", ".join(every[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _named(release: Release) -> Iterator[tuple[str, str]]:
    for artifact in release.artifacts:
        for name in artifact.logical_ids:
            yield name, artifact.sha256
    for stack in release.stacks:
        yield f"the template of stack {stack.name}", stack.template_sha256
