"""Whether one ledger goes on from what another one, or this machine, knows of it. Pure.

Whoever holds the role of an environment may write its ledger anew, and the new chain holds in itself. So each promotion
keeps, in the ledger of the environment that is entered, where the chain of the source ended: the next one has to lead
through that entry.
"""

from collections.abc import Sequence

from sealift.delivery.gates import GateResult
from sealift.model.ledger import Entry
from sealift.model.records import Anchor, Delivery


def anchor_record(environment: str, entries: Sequence[Entry]) -> Anchor | None:
    """Return the anchor that a promotion records of the source's ledger; none when that is empty."""
    return Anchor(environment=environment, seq=entries[-1].seq, hash=entries[-1].hash) if entries else None


def newest_anchor(entries: Sequence[Entry], environment: str) -> Anchor | None:
    """Return the anchor of this environment's ledger that the last promotion recorded."""
    for details in (entry.record.details for entry in reversed(entries)):
        if isinstance(details, Delivery) and details.anchor and details.anchor.environment == environment:
            return details.anchor
    return None


def anchored_gate(anchor: Anchor | None, entries: Sequence[Entry]) -> GateResult:
    """Return whether the source's ledger continues from the anchor of the last promotion."""
    if anchor is None:
        return GateResult(gate="anchored", status="open", message="no promotion before this one kept where it ended")
    there = entries[anchor.seq - 1] if 0 < anchor.seq <= len(entries) else None
    if there is not None and there.hash == anchor.hash:
        return GateResult(
            gate="anchored", status="open", message=f"goes on from entry {anchor.seq}, which was seen before"
        )
    how = "is another one now" if there is not None else f"is gone: it ends at entry {len(entries)}"
    return GateResult(
        gate="anchored",
        status="refused",
        message=f"The ledger of {anchor.environment} was rewritten: entry {anchor.seq}, which the last promotion "
        f"saw, {how}",
        hint=f"Find out who wrote to the bucket of {anchor.environment}: its versions say. When it was made anew on "
        'purpose: --override anchored --reason "…"',
    )


def newer_gate(*, commit: str | None, running: str | None, behind: Sequence[str] | None, name: str) -> GateResult:
    """Return whether a commit is no older than the one that runs.

    `behind` are the commits that the running one has and the entering one lacks, none of them when the entering one is
    on another line of history; None when this clone cannot tell.
    """
    if running is None or commit == running:
        return GateResult(gate="newer", status="open", message=f"nothing newer runs in {name}")
    if behind is None or commit is None:
        return GateResult(
            gate="newer",
            status="refused",
            message=f"This clone cannot determine whether {_short(commit)} is older than {_short(running)} of {name}",
            hint="git fetch origin (in a shallow clone: git fetch --unshallow origin), then promote again. When the "
            'history was rewritten: --override newer --reason "…"',
        )
    if behind:
        return GateResult(
            gate="newer",
            status="refused",
            message=f"{_short(commit)} is older than {_short(running)}, which {name} runs, by {len(behind)} commits",
            hint=f'To roll back: `sealift rollback {name}`. When the older one is meant: --override newer --reason "…"',
        )
    return GateResult(gate="newer", status="open", message=f"{_short(commit)} is not older than {_short(running)}")


def _short(commit: str | None) -> str:
    return f"commit {commit[:8]}" if commit else "a commit that nobody recorded"
