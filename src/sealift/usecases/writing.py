"""Write to a site: hold its lease, keep it alive, and put every entry into its ledger under it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta

from sealift.delivery.journey import NOT_ON_BRANCH, first_branch
from sealift.errors import CloudError, InternalError, LeaseError, Refused
from sealift.model.app import App
from sealift.model.event import EntryRecorded
from sealift.model.ledger import Entry, EntryKind, Lease, Record, Status
from sealift.model.records import Details, Gates
from sealift.ports import Cloud, Leases, Ledger
from sealift.usecases.services import Services
from sealift.usecases.site import Site

LEASE_WAIT_S = 1800.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """The fields that all entries of one operation share."""

    id: str
    kind: EntryKind
    release: str
    """Its digest; empty when the operation is not about one release."""
    commit: str | None


@dataclass(slots=True, kw_only=True)
class Hold:
    """A lease that is kept alive, and may be lent to others for a while."""

    leases: Leases
    lease: Lease
    site: Site
    lent: bool = False
    """Whether the lease was given back for a while: nothing may be written then."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def check(self) -> None:
        """Check that the lease is still ours, and renew it past half its life. Raises LeaseError."""
        with self._lock:
            if self.lent:
                raise InternalError("Nothing is written while the lease is lent", code="lease-lent")
            lease = self.lease
            half = lease.expires_at - timedelta(seconds=lease.ttl_s / 2)
            if self.site.services.clock.now() >= half:
                self.lease = self.leases.renew(lease)

    def lend(self) -> None:
        """Release the lease for a while, so that others may write while we only watch."""
        with self._lock:
            self.lent = True
            self.give_back()

    def retake(self, *, wait_s: float) -> None:
        """Take a lent lease again, waiting for others that hold it. Raises LeaseError."""
        lease = _acquire(self.leases, self.site, purpose=self.lease.purpose, wait_s=wait_s)
        with self._lock:
            self.lease, self.lent = lease, False

    def give_back(self) -> None:
        """Release the lease. When AWS cannot be reached it ends by itself, and the operation's outcome stays."""
        try:
            self.leases.release(self.lease)
        except CloudError as error:
            message = (
                f"The lease could not be released ({error.message}); "
                f"it expires within {self.site.services.lease_ttl_s:.0f} s"
            )
            self.site.note("lease-not-released", message, level="warning")


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """A site with the right to write to it. Call `check_lease` before every write to its account.

    A process that was paused longer than its lease lasts finds in `check_lease` that somebody else took over, and
    stops: it fences itself.
    """

    site: Site
    hold: Hold

    @property
    def app(self) -> App:
        """Return the application."""
        return self.site.app

    @property
    def cloud(self) -> Cloud:
        """Return the site's cloud."""
        return self.site.cloud

    @property
    def ledger(self) -> Ledger:
        """Return the site's ledger."""
        return self.site.ledger

    @property
    def services(self) -> Services:
        """Return the services."""
        return self.site.services

    def check_lease(self) -> None:
        """Make sure that the lease is still ours. Raises LeaseError."""
        self.hold.check()

    def record(self, operation: Operation, status: Status, details: Details) -> Entry:
        """Write an entry of this operation to the ledger."""
        self.check_lease()
        entry = self.ledger.append(
            Record(
                kind=operation.kind,
                status=status,
                operation=operation.id,
                release=operation.release or None,
                commit=operation.commit,
                details=details,
            ),
            fence=self.hold.lease.fence,
        )
        recorded = EntryRecorded(
            environment=self.site.name,
            ledger_seq=entry.seq,
            kind=operation.kind,
            status=status,
            release=entry.record.release,
        )
        self.site.emit(recorded)
        return entry


def check_account(site: Site) -> None:
    """Refuse, before any write, when the credentials belong to another account than the declared one."""
    declared = site.environment.account
    if declared is None or site.cloud.local:
        return
    caller = site.cloud.identity.caller()
    if caller.account != declared:
        raise Refused(
            f"{site.name} is declared in account {declared}, but the credentials belong to account {caller.account}",
            code="wrong-account",
            hint=f"Use credentials of account {declared} (AWS_PROFILE), or correct `account`.",
            context={"environment": site.name, "caller": caller.arn},
        )


def check_gates(site: Site) -> None:
    """Refuse, before any write to AWS, when the gates are not those of the protected branch."""
    if not site.cloud.local:
        require_gates(site.app)
    check_pull_request(site)


def check_pull_request(site: Site) -> None:
    """Refuse to write to a permanent environment on AWS for what nobody has merged.

    A CI system may call a commit what it likes (`pull_request_target`, `issue_comment`, a run that is repeated): only
    the branch that the environment's releases come from makes it a merged one. A person may act from any clone.
    """
    if site.cloud.local or site.environment.kind != "permanent":
        return
    gates = site.app.gates
    branch = first_branch(site.app, site.environment) or (gates.reference or "").removeprefix("origin/")
    if gates.pull_request is not None:
        who = f"Pull request {gates.pull_request}"
    elif gates.in_ci and not gates.has_branch(branch):
        lacks = f"branch {branch or 'main'} does not have, as far as this clone goes"
        who = f"A commit that {lacks}, counts as a pull request. It"
    else:
        return
    raise Refused(
        f"{who} writes to no permanent environment, and so not to {site.name}",
        code="gates-pull-request",
        hint="Merge it; the pipeline of the branch deploys." if gates.pull_request else f"{NOT_ON_BRANCH}.",
    )


def check_merged(site: Site) -> None:
    """Refuse to deploy to AWS a commit that the environment's branch does not have, whoever asks."""
    branch = site.environment.branch
    if site.cloud.local or site.environment.kind != "permanent" or branch is None:
        return
    if not site.app.gates.has_branch(branch):
        raise Refused(
            f"{site.name} is deployed to from branch {branch}, which does not have this commit, as far as this clone "
            "goes",
            code="not-merged",
            hint=f"{NOT_ON_BRANCH}.",
        )


def require_gates(app: App) -> None:
    """Refuse when the gates could not be read from the protected branch."""
    if app.gates.problem:
        raise Refused(
            f"The gates cannot be relied on: {app.gates.problem}", code="gates-unreadable", hint=app.gates.hint
        )


def gates_record(app: App) -> Gates:
    """Return where the gates were read from, for the ledger."""
    return Gates(from_=app.gates.reference or "work tree", commit=app.gates.commit)


def caller_of(site: Site) -> str | None:
    """Return the caller's ARN from AWS, for a decision in the ledger: a name proves less than credentials."""
    return None if site.cloud.local else site.cloud.identity.caller().arn


@contextmanager
def writing(site: Site, *, purpose: str, wait_s: float = LEASE_WAIT_S) -> Iterator[Writer]:
    """Hold the site's lease around the body. Waits up to `wait_s` seconds for another holder."""
    site.cloud.bucket.ensure()
    leases = site.services.ledgers.leases(site.cloud)
    lease = _acquire(leases, site, purpose=purpose, wait_s=wait_s)
    hold = Hold(leases=leases, lease=lease, site=site)
    stop = threading.Event()
    heartbeat = threading.Thread(target=_beat, args=(hold, stop), name="lease-heartbeat", daemon=True)
    heartbeat.start()
    try:
        yield Writer(site=site, hold=hold)
    finally:
        stop.set()
        heartbeat.join()
        if not hold.lent:
            hold.give_back()


def clear_lease(site: Site) -> None:
    """Release the lease of a dead process where nothing else is left to do; the lease of a live process stays."""
    if site.services.ledgers.leases(site.cloud).current() is not None:
        with suppress(LeaseError), writing(site, purpose="giving back what was left", wait_s=0.0):
            pass


def _beat(hold: Hold, stop: threading.Event) -> None:
    while not stop.wait(hold.site.services.lease_ttl_s / 4):
        if hold.lent:
            continue
        try:
            hold.check()
        except LeaseError:
            return  # the next guard of the body raises it where it can be handled
        except Exception:  # noqa: S112  (a passing fault: the lease lasts for several more beats)
            continue


def _acquire(leases: Leases, site: Site, *, purpose: str, wait_s: float) -> Lease:
    services = site.services
    deadline = services.clock.monotonic() + wait_s
    pause_s, told = 0.2, False
    while True:
        try:
            return leases.acquire(purpose=purpose, ttl_s=services.lease_ttl_s)
        except LeaseError as error:
            if services.clock.monotonic() + pause_s > deadline:
                raise
            if not told:
                told = True
                message = f"{error.message}; waiting for at most {wait_s / 60:.0f} minutes"
                site.note("lease-waiting", message)
        services.clock.sleep(pause_s)
        pause_s = min(pause_s * 1.5, 5.0)
