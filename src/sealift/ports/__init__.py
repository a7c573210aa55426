"""The ports: Protocols for everything that the use cases need from outside. They contain no implementation.

Adapters in aws/, local/, build/, template/, config/, ledger/, scm/ and system.py implement these; `tests/fakes` too.
Every write is idempotent or guarded by a token or a condition; each Protocol states which. A Protocol states what a
method promises; the adapter's docstring states what it does beyond that.
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
