"""What a ledger says: which release an environment runs, whether it was verified, and since when it soaks.

Pure folding over entries. One operation (a deployment with its verification) is several entries of one id: `running`
is written before anything is sent, the outcome after it; one that never got an outcome was interrupted.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime
from itertools import dropwhile, pairwise, takewhile

from sealift.model import records
from sealift.model.ledger import Entry, EntryKind, Status
from sealift.model.values import value

DEPLOYING: tuple[EntryKind, ...] = ("deployment", "rollback", "promotion")
"""Kinds of entry that put a release onto an environment."""


@value
class Deployed:
    """One deployment of a release to an environment, with its outcome."""

    operation: str
    kind: EntryKind
    release: str
    commit: str | None
    config: str
    secrets: str = ""
    """Fingerprint of its secrets (NoEcho), empty when it had none."""
    settings: Mapping[str, str] | None = None
    """Version of each setting that its templates read; None when that was not recorded."""
    inherited: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Parameters by stack that keep the values which a stack had when it was taken over."""
    kept: bool = False
    """Whether the environment's bucket keeps the values of its configuration."""
    at: datetime
    actor: str
    author: str
    """Who wrote the commit; empty when that is not known."""
    status: Status
    changed: bool
    """Whether any stack was changed by it."""
    verified: Status | None = None
    verified_at: datetime | None = None
    proof: str = ""
    """The verdict on its isolation: L0 to L3, or nothing for what was deployed before that was recorded."""
    watch_s: float = 0.0
    """How long it has to be watched once it was verified."""
    watch: Status | None = None
    watch_until: datetime | None = None

    @property
    def is_good(self) -> bool:
        """Return whether it was verified and has not failed since."""
        return self.status == "succeeded" and self.verified == "succeeded" and self.watch != "failed"

    @property
    def good_at(self) -> datetime | None:
        """Return when it was verified; None unless it is good."""
        return self.verified_at if self.is_good else None

    @property
    def is_bad(self) -> bool:
        """Return whether it was deployed and failed then or later."""
        return self.verified == "failed" or self.watch == "failed"

    def is_like(self, release: str, config: str) -> bool:
        """Return whether it is a deployment of this release with this configuration."""
        return (self.release, self.config) == (release, config)

    @property
    def is_watched(self) -> bool:
        """Return whether its watch is due, under way or interrupted."""
        return self.is_good and self.watch_s > 0 and self.watch in {None, "running", "aborted"}


@value
class Standing:
    """The state of an environment according to its ledger."""

    current: Deployed | None
    """What runs there: the newest deployment that succeeded."""
    last: Deployed | None
    """The newest deployment, whatever became of it."""
    unfinished: Deployed | None
    """A deployment that was begun and has no outcome: its process was killed, or still runs."""
    soaking_since: datetime | None
    """When the soak clock of `current` started: at the verification that nothing changed since."""
    deployments: tuple[Deployed, ...] = ()

    @property
    def to_finish(self) -> Deployed | None:
        """The newest deployment when it is unfinished: the next command has to complete it.

        Its process ended, or AWS broke, before the deployment or its verification did. A rollback that failed in any
        way is not finished either: whoever rolls back wants to be there.
        """
        last = self.last
        if last is None:
            return None
        cut = last.status in {"running", "aborted", "errored"}
        unverified = last.status == "succeeded" and last.verified in {None, "aborted", "errored"}
        failed_rollback = last.kind == "rollback" and not last.is_good
        return last if cut or unverified or failed_rollback else None

    def good_before(self, release: str, config: str) -> Deployed | None:
        """Return the newest verified deployment of another release or configuration, from before this one came.

        A rollback to it does not count as its coming: another rollback goes further back, not forth. Another
        configuration of the same release is one to roll back to when its values are kept; what did badly when it came
        again later is none.
        """
        came = self._coming(release, config)
        for index in reversed(range(len(self.deployments) if came is None else came)):
            deployed = self.deployments[index]
            other = deployed.release != release or (deployed.kept and deployed.config != config)
            if deployed.is_good and other and not self._did_badly_after(index):
                return deployed
        return None

    def _coming(self, release: str, config: str) -> int | None:
        """Return the deployment that first brought this release and configuration here, not a rollback to it."""
        brought = [i for i, d in enumerate(self.deployments) if d.kind != "rollback" and d.release == release]
        exactly = [i for i in brought if self.deployments[i].config == config]
        if not exactly and any(d.is_like(release, config) for d in self.deployments):
            exactly = brought  # what was rolled back to came with another configuration
        return exactly[-1] if exactly else None

    def _did_badly_after(self, index: int) -> bool:
        """Return whether the same release and configuration was deployed again later and failed."""
        there = self.deployments[index]
        return any(
            d.is_bad and d.kind != "rollback" and d.is_like(there.release, there.config)
            for d in self.deployments[index + 1 :]
        )

    def did_well_otherwise(self, release: str, config: str) -> bool:
        """Return whether this release was good here before with another configuration."""
        return any(d.is_good and d.release == release and d.config != config for d in self.deployments)

    def failed(self, release: str) -> bool:
        """Return whether the last deployment of this release here failed."""
        came = [d for d in self.deployments if d.release == release and d.kind != "rollback" and d.status != "running"]
        return bool(came) and (came[-1].is_bad or came[-1].status == "failed")

    def reign_before(self) -> tuple[datetime, datetime] | None:
        """Return the period in which the release before the current one ran here, verified."""
        current = self.current.release if self.current else None
        ran = [(d, after.at) for d, after in pairwise(self.deployments) if d.status == "succeeded"]
        before = list(dropwhile(lambda one: not one[0].is_good or one[0].release == current, reversed(ran)))
        reign = list(takewhile(lambda one: one[0].is_good and one[0].release == before[0][0].release, before))
        since = reign[-1][0].good_at if reign else None
        return (since, reign[0][1]) if since else None

    @property
    def open_watch(self) -> Deployed | None:
        """Return the deployment that runs and whose watch is due or was interrupted."""
        current = self.current
        return current if current is not None and current is self.last and current.is_watched else None

    @property
    def rollback_due(self) -> Deployed | None:
        """Return the deployment whose watch failed and whose rollback is unfinished."""
        for deployed in reversed(self.deployments):
            if deployed.watch == "failed":
                return deployed
            going_back = deployed.kind == "rollback" and deployed.verified is None
            if not going_back or deployed.status not in {"running", "succeeded", "errored"}:
                return None
        return None

    def newest(self, release: str) -> Deployed | None:
        """Return the newest deployment of this release, whatever its outcome."""
        return next((d for d in reversed(self.deployments) if d.release == release), None)

    def verified(self, release: str) -> Deployed | None:
        """Return the newest verified deployment of this release."""
        verified = (d for d in reversed(self.deployments) if d.release == release and d.verified == "succeeded")
        return next(verified, None)

    def good(self, release: str) -> Deployed | None:
        """Return the newest good deployment of this release, else the newest one that failed while it was watched."""
        good = (d for d in reversed(self.deployments) if d.release == release and d.is_good)
        return next(good, None) or self.verified(release)


def standing(entries: Sequence[Entry]) -> Standing:
    """Return the state of an environment according to its ledger."""
    deployments: dict[str, Deployed] = {}
    for entry in entries:
        if _took_down(entry):
            deployments.clear()
        _fold(deployments, entry)
    ordered = tuple(deployments.values())
    succeeded = [d for d in ordered if d.status == "succeeded"]
    current = succeeded[-1] if succeeded else None
    last = ordered[-1] if ordered else None
    return Standing(
        current=current,
        last=last,
        unfinished=last if last is not None and last.status == "running" else None,
        soaking_since=_soaking_since(succeeded, entries) if last is current else None,
        deployments=ordered,
    )


def deployments(entries: Sequence[Entry]) -> tuple[Deployed, ...]:
    """Return every started deployment, oldest first, including those before a `destroy`."""
    found: dict[str, Deployed] = {}
    for entry in entries:
        _fold(found, entry)
    return tuple(sorted(found.values(), key=lambda one: one.at))


@value
class Overtaken:
    """A verified release that another one replaced before the end of its soak. It is not a failure."""

    operation: str
    release: str
    commit: str | None
    verified_at: datetime
    at: datetime
    by: str
    """The release that came."""


def overtaken(entries: Sequence[Entry], *, soak_s: float) -> tuple[Overtaken, ...]:
    """Return the releases that were replaced before the end of their soak, oldest first."""
    found: list[Overtaken] = []
    good = [(d, d.good_at) for d in standing(entries).deployments if d.good_at]
    for (older, began), (newer, _) in pairwise(good):
        if older.release != newer.release and newer.kind != "rollback" and (newer.at - began).total_seconds() < soak_s:
            found.append(
                Overtaken(
                    operation=older.operation,
                    release=older.release,
                    commit=older.commit,
                    verified_at=began,
                    at=newer.at,
                    by=newer.release,
                )
            )
    return tuple(found)


def open_waivers(entries: Sequence[Entry], *, release: str) -> frozenset[str]:
    """Return the waivers of this release that no deployment has used up.

    A deployment that was killed has no outcome and uses nothing up: the one that continues it may need the waiver.
    """
    ended = {e.record.operation for e in entries if e.record.kind in DEPLOYING and e.record.status != "running"}
    granted: list[str] = []
    for entry in entries:
        record, details = entry.record, entry.record.details
        if record.release != release:
            continue
        if isinstance(details, records.Waiver) and record.status == "succeeded":
            granted.append(details.waives)
        elif isinstance(details, records.Waiving) and record.operation in ended:
            for key in details.waivers or ():
                if key in granted:
                    granted.remove(key)
    return frozenset(granted)


def open_destruction(entries: Sequence[Entry]) -> bool:
    """Return whether the newest operation is an unfinished `destroy`."""
    last = next((e.record for e in reversed(entries) if e.record.kind != "configuration"), None)
    return last is not None and last.kind == "teardown" and last.status != "succeeded"


def undoable(entries: Sequence[Entry]) -> frozenset[str]:
    """Return, as waiver keys, the removals that only undo additions of operations that were never verified.

    A rollback has to remove what the bad release brought. What was verified once may hold data that people rely on.
    """
    verified = {
        e.record.operation for e in entries if e.record.kind == "verification" and e.record.status == "succeeded"
    }
    keys: set[str] = set()
    for entry in entries:
        details = entry.record.details
        if isinstance(details, records.Execution) and entry.record.operation not in verified:
            keys |= {f"{name}:{rule}" for name in details.added for rule in ("data-removed", "identity-removed")}
    return frozenset(keys)


def unsettled(entries: Sequence[Entry], *, but: str) -> tuple[tuple[str, str], ...]:
    """Return (stack, change set) that operations without an outcome may have executed or may still execute.

    Not those of operation `but`, and none from before the newest deployment that succeeded: that one settled them.
    """
    ended = {e.record.operation for e in entries if e.record.status != "running"} | {but}
    since = max((e.seq for e in entries if e.record.kind in DEPLOYING and e.record.status == "succeeded"), default=0)
    return tuple(
        (step.stack, step.change_set)
        for e, step in executions(entries)
        if e.seq > since and e.record.operation not in ended
    )


def open_deletions(entries: Sequence[Entry]) -> frozenset[str]:
    """Return the stacks that a `destroy` without an outcome may still delete, when its process was only stopped."""
    every = [e.record for e in entries]
    ended = {record.operation for record in every if record.kind == "teardown" and record.status != "running"}
    deleting = ((record.operation, record.details) for record in every)
    return frozenset(d.stack for by, d in deleting if isinstance(d, records.StackDeletion) and by not in ended)


def executions(entries: Sequence[Entry]) -> Iterator[tuple[Entry, records.Execution]]:
    """Yield every execution of a change set, oldest first."""
    for entry in entries:
        if isinstance(entry.record.details, records.Execution):
            yield entry, entry.record.details


def deliveries(entries: Sequence[Entry], *, release: str) -> Iterator[records.Delivery]:
    """Yield the recorded deliveries of a release, oldest first."""
    for record in (e.record for e in entries):
        if record.release == release and isinstance(record.details, records.Delivery):
            yield record.details


def proved_before(entries: Sequence[Entry], release: str) -> records.Isolation | None:
    """Return the recorded result of the newest proof of a release."""
    kept = [told.isolation for told in deliveries(entries, release=release) if told.isolation]
    return next((proof for proof in reversed(kept) if proof.verdict), None)


def authors(entries: Sequence[Entry], *, release: str) -> tuple[str, ...]:
    """Return the authors of the commits that this release was deployed from."""
    return tuple(dict.fromkeys(told.author for told in deliveries(entries, release=release) if told.author))


def approvals(entries: Sequence[Entry], *, release: str) -> tuple[Entry, ...]:
    """Return the approvals of this release, oldest first."""
    return tuple(e for e in entries if e.record.kind == "approval" and e.record.release == release)


def _took_down(entry: Entry) -> bool:
    """Return whether the environment was destroyed, completely or in part."""
    record = entry.record
    return record.kind == "teardown" and (
        record.status == "succeeded" or isinstance(record.details, records.StackDeletion)
    )


def _fold(deployments: dict[str, Deployed], entry: Entry) -> None:
    record = entry.record
    known = deployments.get(record.operation)
    if record.status == "skipped":
        return  # it gave way to a newer one: nothing was deployed
    if record.kind in DEPLOYING and record.release is not None:
        details = record.details if isinstance(record.details, records.Delivery) else records.Delivery()
        before = deployments.pop(record.operation, None) or Deployed(
            operation=record.operation,
            kind=record.kind,
            release=record.release,
            commit=record.commit,
            config="",
            at=entry.at,
            actor=entry.actor,
            author="",
            status=record.status,
            changed=False,
        )
        deployments[record.operation] = replace(
            before,
            release=record.release,
            commit=record.commit,
            config=details.config or before.config,
            secrets=details.secrets or before.secrets,
            settings=details.settings,
            inherited=details.inherited or before.inherited,
            kept=details.config_kept or before.kept,
            author=details.author or before.author,
            status=record.status,
            changed=details.changed or before.changed,
            proof=details.isolation.verdict if details.isolation else before.proof,
            watch_s=details.watch_s or before.watch_s,
        )
    elif record.kind == "watch" and known is not None:
        until = (isinstance(record.details, records.Watch) and record.details.until) or known.watch_until
        deployments[record.operation] = replace(known, watch=record.status, watch_until=until)
    elif record.kind == "verification" and known is not None:
        verified_at = entry.at if record.status == "succeeded" else None
        deployments[record.operation] = replace(known, verified=record.status, verified_at=verified_at)


def _soaking_since(succeeded: Sequence[Deployed], entries: Sequence[Entry]) -> datetime | None:
    """Return when the newest deployment started to soak.

    Deploying the same release and configuration again, with nothing changed, does not start the clock again. A change
    to the configuration in the environment's account does, even one whose outcome is not known.
    """
    since: datetime | None = None
    newer: Deployed | None = None
    for deployed in reversed(succeeded):
        if newer is not None and (deployed.release, deployed.config) != (newer.release, newer.config):
            break
        if deployed.verified != "succeeded":
            break
        since = deployed.verified_at
        newer = deployed
        if deployed.changed:
            break
    changes = [e.at for e in entries if e.record.kind == "configuration" and e.record.status != "refused"]
    return max([since, *changes]) if since is not None else None
