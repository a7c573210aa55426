"""Whether the chain of a ledger holds. Pure: bytes in, entries and faults out."""

from collections.abc import Mapping

from sealift.errors import IntegrityError
from sealift.ledger.codec import decode_entry, decode_head
from sealift.model.ledger import GENESIS, ChainFault, Entry


def judge_chain(bodies: Mapping[int, bytes], pointer: bytes | None) -> tuple[tuple[Entry, ...], tuple[ChainFault, ...]]:
    """Return the entries that can be read and every fault, both by number.

    `bodies` are stored bytes by the number in their key. A pointer that lags behind is not a fault: it is written after
    the entry, and the writer may have been killed in between.
    """
    entries: dict[int, Entry] = {}
    faults: list[ChainFault] = []
    for seq in sorted(bodies):
        try:
            entries[seq] = decode_entry(bodies[seq])
        except IntegrityError as error:
            faults.append(ChainFault(seq=seq, reason=error.message))
    faults += _pointer_faults(bodies, entries, pointer)
    newest = max(bodies, default=0)
    faults += [ChainFault(seq=seq, reason="it is missing") for seq in range(1, newest) if seq not in bodies]
    for seq, entry in entries.items():
        faults += [ChainFault(seq=seq, reason=reason) for reason in _link_faults(seq, entry, entries.get(seq - 1))]
    return tuple(entries.values()), tuple(sorted(faults, key=lambda fault: fault.seq))


def _link_faults(seq: int, entry: Entry, before: Entry | None) -> list[str]:
    """Return what is wrong between an entry, its key and the entry before, as far as that can be read."""
    reasons: list[str] = []
    if entry.seq != seq:
        reasons.append(f"it is entry {entry.seq} under another's key")
    if seq == 1 and entry.previous != GENESIS:
        reasons.append("it is not the beginning of a chain")
    if before is not None and entry.previous != before.hash:
        reasons.append("it does not follow the entry before: one of them was changed")
    if before is not None and entry.at < before.at:
        reasons.append(f"its time, {entry.at:%Y-%m-%d %H:%M:%S} UTC, is before that of the entry before")
    if before is not None and entry.fence < before.fence:
        reasons.append(f"it was written under lease {entry.fence}, after lease {before.fence} had been taken")
    return reasons


def _pointer_faults(
    bodies: Mapping[int, bytes], entries: Mapping[int, Entry], pointer: bytes | None
) -> list[ChainFault]:
    if pointer is None:
        return []
    try:
        head = decode_head(pointer)
    except IntegrityError as error:
        return [ChainFault(seq=max(bodies, default=0), reason=f"the pointer to it is damaged: {error.message}")]
    newest = max(bodies, default=0)
    if head.seq < 1:
        return [ChainFault(seq=newest, reason=f"the pointer to it is damaged: it names entry {head.seq}")]
    if head.seq > newest:
        return [
            ChainFault(seq=seq, reason="it is missing: the end was cut off") for seq in range(newest + 1, head.seq + 1)
        ]
    if head.seq in entries and entries[head.seq].hash != head.hash:
        return [ChainFault(seq=head.seq, reason="it is not the entry that the pointer was set to")]
    return []
