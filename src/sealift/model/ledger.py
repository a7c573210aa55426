"""Records: the append-only ledger of an environment and the lease that admits one writer."""

import json
from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import Literal, cast

from sealift.model.records import Details
from sealift.model.template import Json
from sealift.model.values import value

EntryKind = Literal[
    "deployment", "verification", "promotion", "rollback", "approval", "waiver", "override", "teardown", "watch",
    "configuration",
]  # fmt: skip
Status = Literal["pending", "running", "succeeded", "failed", "errored", "skipped", "aborted", "waiting", "refused"]
GENESIS = "0" * 64
"""`previous` of the first entry."""


@value
class Record:
    """What a use case records. The ledger adds sequence, time, actor and the chain."""

    kind: EntryKind
    status: Status
    operation: str
    """Id shared by all entries of one operation (a deployment with its steps)."""
    release: str | None = None
    commit: str | None = None
    details: Details


@value
class Entry:
    """One line of history. `hash` covers every other field, `previous` included."""

    seq: int
    environment: str
    at: datetime
    actor: str
    record: Record
    previous: str
    hash: str
    id: str = ""
    """Made by the writer, so that it knows its own entry when the answer to its write was lost."""
    fence: int = 0
    """The newest lease that any entry up to this one was written under."""
    format: int = 1
    """The version of the encoding."""
    stored: bytes = field(default=b"", compare=False, repr=False)
    """Its bytes in the bucket: they hold what a newer version wrote, too."""

    @property
    def data(self) -> Mapping[str, Json]:
        """Return the details as they are stored."""
        return cast("Mapping[str, Json]", json.loads(self.stored)["record"]["data"])


@value
class Lease:
    """The right to write to an environment until `expires_at`. `fence` grows with every new holder."""

    environment: str
    holder: str
    purpose: str
    fence: int
    acquired_at: datetime
    expires_at: datetime
    """By the holder's clock. Others judge by the age of the stored lease, so clocks need not agree."""
    etag: str
    ttl_s: float = 0.0
    token: str = ""
    """Unlike every other holding of it."""
    took_over: int = 0
    """Fence of the holder before, when that one never gave it back; known to the holder alone, and not stored."""


@value
class ChainFault:
    """A fault of a ledger's chain, and its cause."""

    seq: int
    reason: str
