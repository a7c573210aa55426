"""Watch an environment for its declared time after a deployment was verified there.

Probes are sent and health is judged again and again. `watch running` is recorded before, the outcome after it; after a
kill the next command finds the one without the other and watches on until the time that was recorded.

Who watches writes nothing, so the lease is lent meanwhile: a newer release need not wait, and ends the watch. Whoever
watches finds that in the ledger.
"""

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sealift.delivery.health import Judgement, evidence, judge, summary
from sealift.delivery.history import Deployed, standing
from sealift.errors import LeaseError, UserError
from sealift.model.app import Health
from sealift.model.event import Progressed
from sealift.model.health import Observation
from sealift.model.ledger import Status
from sealift.model.records import Watch
from sealift.usecases.health import judged, observe, send_probes
from sealift.usecases.probes import probes_of
from sealift.usecases.services import phase
from sealift.usecases.site import Site
from sealift.usecases.writing import LEASE_WAIT_S, Operation, Writer

SHORTEST_PAUSE_S = 5.0
LONGEST_PAUSE_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """The outcome of a watch: succeeded, failed (roll back), errored (nothing could be observed), or aborted."""

    status: Status
    judgement: Judgement | None = None
    probes: int = 0
    by: str = ""
    """What ended it when that was somebody else, who has recorded it: there is nothing more to do."""

    @property
    def problem(self) -> str:
        """Return what was wrong, as a sentence."""
        return "; ".join(self.judgement.reasons) if self.judgement else self.by


def watch(deployed: Deployed, outputs: Mapping[str, str], writer: Writer) -> Watched:
    """Watch a deployment until its time is over or it is not healthy any more, and record the outcome.

    The lease is held again when this returns, unless somebody else ended the watch.
    """
    operation = operation_of(deployed)
    start = deployed.verified_at or writer.services.clock.now()
    until = deployed.watch_until or writer.services.clock.now() + timedelta(seconds=deployed.watch_s)
    if deployed.watch is not None:
        _tell_resumed(writer.site, until)
    if deployed.watch != "running":
        writer.record(operation, "running", Watch(until=until, watch_s=deployed.watch_s))
    with (
        phase(writer.services, "watch", environment=writer.site.name) as outcome,
        _recorded(operation, writer),
    ):
        writer.hold.lend()
        watched = _look_until(operation, outputs, writer, start=start, until=until)
        watched = _concluded(watched, operation, writer)
        outcome.status = watched.status
        outcome.detail = _detail(watched)
    if watched.judgement is not None:
        writer.site.emit(judged(watched.judgement, writer.site))
    return watched


def _concluded(watched: Watched, operation: Operation, writer: Writer) -> Watched:
    """Record how the watch ended; return its outcome when another process has ended it."""
    if watched.judgement is None:
        return watched
    try:
        writer.hold.retake(wait_s=LEASE_WAIT_S)
    except LeaseError:
        ended = _ended(operation, writer)
        if ended is None:
            raise
        return ended
    ended = _ended(operation, writer)
    if ended is None:
        found = Watch(probes=watched.probes, health=evidence(watched.judgement))
        writer.record(operation, watched.status, found)
    return ended or watched


def _ended(operation: Operation, writer: Writer) -> Watched | None:
    """Return the outcome of the watch in the ledger; None while it continues."""
    entries = writer.ledger.entries()
    now = standing(entries)
    deployed = next((d for d in now.deployments if d.operation == operation.id), None)
    if deployed is not None and deployed.watch == "running" and deployed is now.last:
        return None
    status: Status = deployed.watch if deployed and deployed.watch not in {None, "running"} else "aborted"
    told = next((e for e in reversed(entries) if (e.record.kind, e.record.operation) == ("watch", operation.id)), None)
    details = told.record.details if told and told.record.status == status else None
    reason = details.reason if isinstance(details, Watch) else None
    by = told.actor if told else "somebody else"
    return Watched(status=status, by=f"{by} ended it" + (f": {reason}" if reason else ""))


def give_up_watch(before: Deployed | None, writer: Writer, *, reason: str) -> None:
    """Record that a watch without an outcome is not continued, because something else comes."""
    if before is not None and before.watch == "running":
        writer.record(operation_of(before), "aborted", Watch(reason=reason))


def operation_of(deployed: Deployed) -> Operation:
    """Return the operation of the entries about a deployment's watch."""
    return Operation(id=deployed.operation, kind="watch", release=deployed.release, commit=deployed.commit)


def _look_until(
    operation: Operation, outputs: Mapping[str, str], writer: Writer, *, start: datetime, until: datetime
) -> Watched:
    pause_s, sent = SHORTEST_PAUSE_S, 0
    health = replace(
        writer.site.environment.health, min_requests=0
    )  # that is asked of the soak: production has what it has
    now, before = standing(writer.ledger.entries()), None
    looks = 4 + math.ceil((until - start).total_seconds() / LONGEST_PAUSE_S)
    while True:
        ended = _ended(operation, writer)
        if ended is not None:
            return ended
        count = len(probes_of(writer.site))
        _, problems = send_probes(writer.site, outputs, count=count)
        sent += count
        seen = observe(writer.site, now, start=start, before=before)
        before = None if seen.unknown else seen.before
        judgement = _judged(seen, health, problems, looks=looks)
        left_s = (until - writer.services.clock.now()).total_seconds()
        if judgement.verdict == "unhealthy":
            return Watched(status="failed", judgement=judgement, probes=sent)
        if left_s <= 0:
            status: Status = "errored" if judgement.verdict == "unknown" else "succeeded"
            return Watched(status=status, judgement=judgement, probes=sent)
        _progress(writer.site, judgement, left_s)
        writer.services.clock.sleep(min(pause_s, left_s))
        pause_s = min(pause_s * 1.5, LONGEST_PAUSE_S)


def _judged(seen: Observation, health: Health, problems: tuple[str, ...], *, looks: int) -> Judgement:
    """Evaluate the observations. Failed probes count even when nothing else was observed."""
    judgement = judge(seen, health, problems=problems, looks=looks)
    if problems and judgement.verdict != "unhealthy":
        return replace(judgement, verdict="unhealthy", reasons=problems)
    return judgement


@contextmanager
def _recorded(operation: Operation, writer: Writer) -> Iterator[None]:
    """Record a watch that is interrupted; a process that lost the lease writes nothing."""
    try:
        yield
    except KeyboardInterrupt:
        _break_off(operation, writer, "aborted", Watch(reason="interrupted"))
        raise
    except LeaseError:
        raise
    except UserError as error:
        _break_off(operation, writer, "errored", Watch(error=error.code, message=error.message))
        raise


def _break_off(operation: Operation, writer: Writer, status: Status, found: Watch) -> None:
    """Record that the watch ends here, unless another process holds the lease: then the watch stays open."""
    with suppress(LeaseError):
        if writer.hold.lent:
            writer.hold.retake(wait_s=0.0)
        if _ended(operation, writer) is None:
            writer.record(operation, status, found)


def _progress(site: Site, judgement: Judgement, left_s: float) -> None:
    site.emit(
        Progressed(
            phase="watch",
            environment=site.name,
            unit="s",
            done=round(left_s),
            detail=f"{left_s:.0f} s left; {summary(judgement)}",
        )
    )


def _tell_resumed(site: Site, until: datetime) -> None:
    over = site.services.clock.now() >= until
    left = "its time is over, so it is concluded" if over else f"it continues until {until:%H:%M:%S} UTC"
    site.note("watch-resumed", f"The watch of {site.name} has not ended; {left}")


def _detail(watched: Watched) -> str:
    if watched.status == "failed" or watched.judgement is None:
        return watched.problem
    return f"{summary(watched.judgement)}; {watched.probes} probes answered"
