"""Entries that this machine has read before, so that a long history is not read again each time.

Nothing in it is trusted: an entry counts only as part of a chain that leads to the newest entry of the bucket. It may
be lost or damaged at any time. `verify` never uses it.
"""

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from sealift.errors import IntegrityError
from sealift.ledger.codec import decode_entry, encode_entry
from sealift.model.ledger import GENESIS, Entry


class EntryCache:
    """The beginning of one ledger in a file of this machine, an entry a line."""

    def __init__(self, file: Path) -> None:
        self._file = file

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

    def save(self, entries: Sequence[Entry]) -> None:
        """Keep these entries instead. A full disk or a forbidden folder is no reason to fail."""
        part = self._file.with_name(f"{self._file.name}.{os.getpid()}")
        with suppress(OSError):
            try:
                self._file.parent.mkdir(parents=True, exist_ok=True)
                part.write_bytes(b"".join(encode_entry(entry) for entry in entries))
                part.replace(self._file)
            finally:
                part.unlink(missing_ok=True)
