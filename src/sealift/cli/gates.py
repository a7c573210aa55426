"""What a person is told of where the gates come from."""

from collections.abc import Iterator

from sealift.model.app import GatesRead
from sealift.model.event import Noted

_SHOWN = 4


def told(gates: GatesRead, *, local: bool) -> Iterator[Noted]:
    """Yield the notes of a command: gates that were not reviewed, that differ, environments that do not count."""
    where = f"{gates.reference} ({(gates.commit or '')[:8]})"
    if gates.problem:
        yield Noted(
            level="debug" if local else "warning",
            name="gates-unreadable",
            message=f"Gates come from the work tree: {gates.problem}",
            hint=gates.hint,
        )
    if gates.differences:
        more = len(gates.differences) - _SHOWN
        yield Noted(
            level="warning",
            name="gates-differ",
            message=f"Gates come from {where}, not from the work tree: {'; '.join(gates.differences[:_SHOWN])}"
            + (f"; and {more} more" if more > 0 else ""),
            hint="They apply after the merge" + ("; to try them here: --own-gates" if local else ""),
        )
    if gates.left_out:
        yield Noted(
            level="warning",
            name="environments-not-merged",
            message=f"Left out, because {gates.reference} does not declare it: {', '.join(gates.left_out)}",
        )
