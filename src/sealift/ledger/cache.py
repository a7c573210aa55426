"""Entries that this machine has read before, so that a long history is not read again each time.

No entry in it is believed: it counts only as part of a chain that leads to the newest entry of the bucket. But a ledger
that does not lead through it was cut or written anew since, and that is said. It may be lost or damaged at any time.
`verify` never uses it.
"""

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from sealift.errors import IntegrityError
from sealift.ledger.codec import decode_entry
from sealift.model.ledger import GENESIS, Entry


class EntryCache:
    """The beginning of one ledger in a file of this machine, an entry a line.

    A `forgetful` one is of a ledger that may be thrown away and begun again, as those of the embedded cloud are.
    """

    def __init__(self, file: Path, *, forgetful: bool = False) -> None:
        self._file = file
        self._forgetful = forgetful

    def load(self) -> tuple[Entry, ...]:
        """Return the entries from the first one on, as far as they make a chain."""
        try:
            lines = self._file.read_bytes().splitlines(keepends=True)
        except OSError:
            return ()
        entries: list[Entry] = []
        for line in lines:
            try:
                entry = decode_entry(line)
            except IntegrityError:
                break
            if (entry.seq, entry.previous) != (len(entries) + 1, entries[-1].hash if entries else GENESIS):
                break
            entries.append(entry)
        return tuple(entries)

    def compare(self, known: Sequence[Entry], entries: Sequence[Entry], environment: str) -> None:
        """Raise IntegrityError when the ledger does not lead through the newest entry that is known of it."""
        if self._forgetful or not known:
            return
        newest = known[-1]
        if len(entries) >= newest.seq and entries[newest.seq - 1].hash == newest.hash:
            return
        now = f"ends at entry {len(entries)}" if len(entries) < newest.seq else "has another one there"
        raise IntegrityError(
            f"The ledger of {environment} differs from the one that this machine saw: it saw entry {newest.seq} of "
            f"{newest.at:%Y-%m-%d %H:%M:%S} UTC, and the ledger {now}",
            code="ledger-rewritten",
            hint="Find out who wrote to the bucket: it is versioned. If it was recreated on purpose, remove "
            f"{self._file} to forget the old one.",
            context={"environment": environment, "seq": newest.seq},
        )

    def save(self, entries: Sequence[Entry]) -> None:
        """Keep these entries instead. A full disk or a forbidden folder is no reason to fail."""
        part = self._file.with_name(f"{self._file.name}.{os.getpid()}")
        with suppress(OSError):
            try:
                self._file.parent.mkdir(parents=True, exist_ok=True)
                part.write_bytes(b"".join(entry.stored for entry in entries))
                part.replace(self._file)
            finally:
                part.unlink(missing_ok=True)
