"""Which of two deployments is the newer one, when many are asked for at once and one at a time is made. Pure.

Deployments wait for the lease, and whoever is first to see it free gets it: an older commit may come after a newer one.
It is newer that counts, by git where the clone knows both commits; by what the ledger says that a deployment contains,
because the clone of an older commit seldom knows the newer one; and for commits that nobody can tell apart by the time
at which they were asked for.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Literal

from sealift.delivery.history import Deployed, standing
from sealift.model.ledger import Entry
from sealift.model.records import Delivery
from sealift.model.values import value

Relation = Literal["newer", "older", "same", "apart", "unknown"]
"""How another commit stands to ours, as git tells it; `apart` when each has commits that the other one lacks."""
MOST_CONTAINED = 100
"""How many of its newest commits a deployment says that it contains; nobody waits for longer than that."""


@value
class Asked:
    """The request for a deployment: its time, and the newest entry of the ledger at that time."""

    at: datetime
    seq: int
    follows_branch: bool = False
    """It brings what was pushed: what the environment runs already counts too, however long it has been there."""


@value
class Rival:
    """A concurrent deployment that was first."""

    deployed: Deployed
    contains: frozenset[str]
    """The newest commits of its history, its own among them."""
    asked_at: datetime | None
    meanwhile: bool
    """Whether it was made while ours waited."""


def rivals(entries: Sequence[Entry], *, asked: Asked) -> tuple[Rival, ...]:
    """Return deployments that may be newer: those made since, and the current one when ours follows a branch."""
    now = standing(entries)
    since = {e.record.operation for e in entries if e.seq > asked.seq}
    return tuple(
        Rival(
            deployed=deployed,
            contains=frozenset(_contained(entries, deployed.commit)),
            asked_at=_asked_at(entries, deployed.operation),
            meanwhile=deployed.operation in since,
        )
        for deployed in reversed(now.deployments)
        if deployed.status == "succeeded"
        and (deployed.operation in since or (asked.follows_branch and deployed is now.current))
    )


def relation(brings: Sequence[str] | None, lacks: Sequence[str] | None) -> Relation:
    """Return the relation of another commit to ours, from the commits that it adds and lacks; None is unknown."""
    if brings is None or lacks is None:
        return "unknown"
    if brings and lacks:
        return "apart"
    return "newer" if brings else "older" if lacks else "same"


def supersedes(rival: Rival, *, commit: str | None, asked: Asked, known: Relation) -> bool:
    """Return whether an earlier deployment has a newer commit than ours, `commit`."""
    if known in {"newer", "older", "same"}:
        return known == "newer"
    if commit is not None and commit == rival.deployed.commit:
        return False
    if commit in rival.contains:
        return True
    return rival.meanwhile and rival.asked_at is not None and rival.asked_at > asked.at


def _contained(entries: Sequence[Entry], commit: str | None) -> Iterator[str]:
    """Yield the recorded commits that deployments of this commit contain; rollbacks record none."""
    for entry in entries:
        details = entry.record.details
        if commit is not None and entry.record.commit == commit and isinstance(details, Delivery):
            yield from details.contains or ()


def _asked_at(entries: Sequence[Entry], operation: str) -> datetime | None:
    for entry in entries:
        details = entry.record.details
        if entry.record.operation == operation and isinstance(details, Delivery) and details.asked_at:
            return details.asked_at
    return None
