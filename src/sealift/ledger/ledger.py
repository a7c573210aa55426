"""The ledger of one environment: one object per entry, each made once and holding the hash of the one before.

    ledger/00000001.json, ledger/00000002.json, …     entries, created with If-None-Match
    ledger/head.json                                  number and hash of the newest entry, written after it

The chain alone shows every edit, gap and swap, but not that its end was cut off; the pointer shows that too. Somebody
who may write to the bucket can still forge both consistently: the chain tells accidents and meddling with single
objects; the bucket's versions and its account's trail tell the rest.

Fencing: every entry carries the number of the newest lease that the chain was written under, which never shrinks.
A holder writes an entry before anything else it does, so a writer that slept through its lease meets an entry with a
greater number where it wants to write its own, and stops. That needs no clock: the conditional write decides.
"""

import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta

from sealift.errors import CloudError, IntegrityError, LeaseError, PreconditionFailed
from sealift.ledger.author import Author
from sealift.ledger.cache import EntryCache
from sealift.ledger.chain import judge_chain
from sealift.ledger.codec import FORMAT, Head, check_format, damaged, decode_entry, decode_head, encode_head, sealed
from sealift.model.ledger import GENESIS, ChainFault, Entry, Record
from sealift.ports import Bucket

PREFIX = "ledger/"
HEAD_KEY = "ledger/head.json"
_ENTRY_KEY = re.compile(r"ledger/[0-9]{8,}\.json")
_PARALLEL = 8
_MOST_TRIES = 1000
"""Each lost race means that somebody else's entry got in, so even fifty writers at once end long before this."""


def entry_key(seq: int) -> str:
    """Return the key of an entry; keys sort as their numbers do up to 99,999,999."""
    return f"{PREFIX}{seq:08d}.json"


class BucketLedger:
    """The ledger in one environment's bucket. Share it between threads or open another: both are safe."""

    def __init__(self, bucket: Bucket, *, environment: str, author: Author, cache: EntryCache | None = None) -> None:
        self._bucket = bucket
        self._environment = environment
        self._author = author
        self._cache = cache
        self._last: Entry | None = None
        """The newest entry that we know; there may be newer ones."""
        self._known: tuple[Entry, ...] = ()
        """Every entry, as we read them last."""
        self._pointer: tuple[int, str | None] = (0, None)
        """Where the pointer stood when we saw it last, and its ETag then."""

    def append(self, record: Record, *, fence: int | None = None) -> Entry:
        """Write the next entry with a conditional put; retries when another writer was first.

        Raises LeaseError when an entry under a newer lease than `fence` is there, IntegrityError when the chain's end
        is damaged, UserError when a newer Sealift wrote it: nothing is written then.
        """
        last = self._last or self._find_last()
        for _ in range(_MOST_TRIES):
            last = self._walk_on(last)
            self._check_fence(last, fence)
            check_format(last.format if last else FORMAT, self._environment)
            entry = self._next(last, record, fence)
            if self._write(entry):
                self._last = entry
                self._point_at(entry)
                return entry
        raise CloudError(
            f"The ledger of {self._environment} could not be written to: others were first {_MOST_TRIES} times",
            code="ledger-busy",
            hint="Repeat the command.",
            retryable=True,
        )

    def entries(self) -> tuple[Entry, ...]:
        """Return every entry, oldest first. Raises IntegrityError when the chain does not hold.

        Entries that were read before and that the newest one leads back to are not read again.
        """
        known = self._known or (self._cache.load() if self._cache else ())
        entries = self._continued(known) if known else None
        if entries is None:
            entries = self._whole()
            if self._cache:
                self._cache.compare(known, entries, self._environment)
        if self._cache and entries != known:
            self._cache.save(entries)
        self._known = entries
        return entries

    def verify(self) -> tuple[ChainFault, ...]:
        return self._read()[1]

    def _whole(self) -> tuple[Entry, ...]:
        entries, faults = self._read()
        if faults:
            first = faults[0]
            raise damaged(f"The ledger of {self._environment} is damaged at entry {first.seq}: {first.reason}")
        return entries

    def _continued(self, known: tuple[Entry, ...]) -> tuple[Entry, ...] | None:
        """Return the entries known and those after them; None when that is not the ledger of the bucket."""
        pointer = self._bucket.get(HEAD_KEY)
        if pointer is None:
            return None
        head = self._head(pointer.body)
        newest = head.seq
        if newest < len(known):
            return None  # it was longer when we saw it last, or its pointer lags behind
        if head == Head(seq=len(known), hash=known[-1].hash) and self._bucket.get(entry_key(newest + 1)) is None:
            return known
        bodies = {entry.seq: entry.stored for entry in known}
        bodies |= self._bodies([entry_key(seq) for seq in range(len(known) + 1, newest + 1)])
        while (newer := self._bucket.get(entry_key(newest + 1))) is not None:
            newest += 1
            bodies[newest] = newer.body
        entries, faults = judge_chain(bodies, pointer.body)
        return None if faults else entries

    def written_at(self, seq: int) -> datetime | None:
        stored = self._bucket.get(entry_key(seq))
        if stored is None or stored.age_s is None:
            return None
        return self._author.clock.now() - timedelta(seconds=stored.age_s)

    def newest_fence(self) -> int:
        """Return the newest lease that the chain was written under; 0 when there was none."""
        last = self._walk_on(self._find_last())
        return last.fence if last else 0

    def _find_last(self) -> Entry | None:
        """Return the entry that the pointer names; the pointer itself is not trusted with anything else."""
        stored = self._bucket.get(HEAD_KEY)
        if stored is None:
            return None
        seq = self._head(stored.body).seq
        self._pointer = (seq, stored.etag)
        found = self._get(seq)
        if found is None:
            raise damaged(f"The ledger of {self._environment} lacks entry {seq}, its newest")
        return found

    def _walk_on(self, last: Entry | None) -> Entry | None:
        """Return the newest entry, starting from one that we know. One request when that is it."""
        if last is not None and last is self._last:
            return last  # ours a moment ago: the conditional put will tell if it is not any more
        while (newer := self._get((last.seq if last else 0) + 1)) is not None:
            last = newer
        return last

    def _get(self, seq: int) -> Entry | None:
        stored = self._bucket.get(entry_key(seq))
        if stored is None:
            return None
        try:
            return decode_entry(stored.body)
        except IntegrityError as error:
            raise damaged(f"The ledger of {self._environment} is damaged at entry {seq}: {error.message}") from error

    def _next(self, last: Entry | None, record: Record, fence: int | None) -> Entry:
        return sealed(
            Entry(
                seq=(last.seq if last else 0) + 1,
                id=self._author.ids.new(),
                environment=self._environment,
                at=max(self._author.clock.now(), last.at) if last else self._author.clock.now(),
                actor=self._author.actor,
                fence=max(last.fence if last else 0, fence or 0),
                record=record,
                previous=last.hash if last else GENESIS,
                hash="",
            )
        )

    def _check_fence(self, last: Entry | None, fence: int | None) -> None:
        if fence is not None and last is not None and last.fence > fence:
            raise LeaseError(
                f"Somebody else took over {self._environment} in the meantime: {last.actor} wrote entry {last.seq} "
                f"under lease {last.fence}, ours is {fence}",
                code="lease-lost",
                hint="Nothing more was written. `sealift status` shows what the other command did.",
                context={"environment": self._environment, "fence": fence, "newest": last.fence, "seq": last.seq},
            )

    def _write(self, entry: Entry) -> bool:
        """Create the entry. Returns whether it is in, False when another one has its number."""
        try:
            self._bucket.put(entry_key(entry.seq), entry.stored, if_absent=True)
        except PreconditionFailed:
            self._last = None
            # The answer to a first try may have been lost and the try have counted: then it is our own in the way.
            stored = self._bucket.get(entry_key(entry.seq))
            return stored is not None and stored.body == entry.stored
        return True

    def _point_at(self, entry: Entry) -> None:
        """Move the pointer to the entry, never back. It may lag, so what goes wrong here does not undo the entry."""
        body = encode_head(Head(seq=entry.seq, hash=entry.hash))
        known, etag = self._pointer
        with suppress(CloudError, IntegrityError):
            while known < entry.seq:
                try:
                    etag = self._bucket.put(HEAD_KEY, body, if_absent=etag is None, if_match=etag)
                    known = entry.seq
                except PreconditionFailed:
                    stored = self._bucket.get(HEAD_KEY)
                    known, etag = (self._head(stored.body).seq, stored.etag) if stored else (0, None)
            self._pointer = (known, etag)

    def _head(self, body: bytes) -> Head:
        try:
            return decode_head(body)
        except IntegrityError as error:
            raise damaged(f"The pointer of the ledger of {self._environment} is damaged: {error.message}") from error

    def _read(self) -> tuple[tuple[Entry, ...], tuple[ChainFault, ...]]:
        """Return the readable entries and the faults. The pointer is read first, so that a race never puts it ahead."""
        pointer = self._bucket.get(HEAD_KEY)
        keys = [key for key in self._bucket.keys(PREFIX) if _ENTRY_KEY.fullmatch(key)]
        return judge_chain(self._bodies(keys), pointer.body if pointer else None)

    def _bodies(self, keys: Sequence[str]) -> dict[int, bytes]:
        """Return what is stored under the keys of entries, by number."""
        if not keys:
            return {}
        with ThreadPoolExecutor(max_workers=min(_PARALLEL, len(keys))) as pool:
            stored = [found for found in pool.map(self._bucket.get, keys) if found is not None]
        return {int(found.key.removeprefix(PREFIX).removesuffix(".json")): found.body for found in stored}
