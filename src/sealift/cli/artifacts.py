"""What was built, in a few lines: artifacts that were built for the same reason are counted. Pure."""

from collections.abc import Iterator, Sequence

from sealift.model.event import ArtifactBuilt

SHOWN = 12
"""So many artifacts of one reason, and functions of one artifact, are named; more are counted."""


def artifact_lines(artifacts: Sequence[ArtifactBuilt], *, every: bool) -> Iterator[str]:
    """Yield the lines of one build. What was reused is left out, unless `every` artifact is asked for.

    Where several stacks have artifacts, each is named with its stack.
    """
    several = len({name.partition("/")[0] for one in artifacts for name in one.logical_ids}) > 1
    shown = [one for one in artifacts if one.built or every]
    counts: dict[str, list[ArtifactBuilt]] = {}
    for one in shown:
        counts.setdefault(one.reason, []).append(one)
    for reason, alike in counts.items():
        if every or len(alike) <= SHOWN:
            for one in alike:
                names = [name if several else name.rpartition("/")[2] for name in one.logical_ids]
                yield f"{_named(names, every=every)}  {size(one.size_bytes)}  {reason}"
        else:
            total = size(sum(one.size_bytes for one in alike))
            yield f"{len(alike)} artifacts  {total}  {reason} (-v names them)"


def _named(names: Sequence[str], *, every: bool) -> str:
    if every or len(names) <= SHOWN:
        return ", ".join(names)
    return f"{', '.join(names[:SHOWN])} and {len(names) - SHOWN} more"


def size(size_bytes: int) -> str:
    """Return a size as people read it."""
    if size_bytes < 1024:
        return f"{size_bytes} B"
    if size_bytes < 1024 * 1024:
        return f"{size_bytes / 1024:.1f} kB"
    return f"{size_bytes / 1024 / 1024:.1f} MB"
