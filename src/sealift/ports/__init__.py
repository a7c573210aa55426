"""What the use cases need from the world, as Protocols. Nothing here does anything.

Adapters in aws/, local/, build/, template/, config/, ledger/, scm/ and system.py implement these; `tests/fakes` too.
Every write is idempotent or guarded by a token or a condition; each Protocol says which. What a method promises stands
here; an adapter's own docstring says what it does beyond that.
"""

from sealift.ports.building import Analyzer, Builder, Checkout, Checkouts, Templates, Tester, Trials
from sealift.ports.cloud import (
    Backups,
    Bucket,
    Cloud,
    Clouds,
    Functions,
    Identity,
    Inventory,
    Metrics,
    Objects,
    Presence,
    Settings,
    SigningKeys,
    Stacks,
    StoredObject,
    Trespass,
)
from sealift.ports.code import Accounts, PullRequests, SourceControl
from sealift.ports.ledgers import Leases, Ledger, Ledgers
from sealift.ports.machine import Clock, Completed, EventSink, Http, HttpAnswer, Ids, Memory, Process, Prompt

__all__ = (
    "Accounts", "Analyzer", "Backups", "Bucket", "Builder", "Checkout", "Checkouts", "Clock", "Cloud", "Clouds",
    "Completed", "EventSink", "Functions", "Http", "HttpAnswer", "Identity", "Ids", "Inventory", "Leases",
    "Ledger", "Ledgers", "Memory", "Metrics", "Objects", "Presence", "Process", "Prompt", "PullRequests",
    "Settings", "SigningKeys", "SourceControl", "Stacks", "StoredObject", "Templates", "Tester", "Trespass",
    "Trials",
)  # fmt: skip
