"""Let the newest win: note when a deployment is asked for, and give way to a newer one made in the meantime."""

from dataclasses import replace

from sealift.delivery.succession import MOST_CONTAINED, Asked, Relation, Rival, relation, rivals, supersedes
from sealift.model.event import Noted
from sealift.model.template import Json
from sealift.ports import Cloud
from sealift.usecases.deploy import Plan
from sealift.usecases.release import Outcome
from sealift.usecases.services import Services
from sealift.usecases.target import Target
from sealift.usecases.writing import Operation, Writer


def ask(cloud: Cloud, services: Services, *, follows_branch: bool = False) -> Asked:
    """Return when a deployment is asked for. To be called before its lease is waited for."""
    entries = services.ledgers.ledger(cloud).entries()
    return Asked(at=services.clock.now(), seq=entries[-1].seq if entries else 0, follows_branch=follows_branch)


def take_turn(
    target: Target, plan: Plan, asked: Asked, writer: Writer, services: Services, *, force: bool = False
) -> Plan | Outcome:
    """Return the plan with what later deployments want to know of it, or how it gave way to a newer commit."""
    entries = writer.ledger.entries()
    newer = None if force else _newer(target, plan, rivals(entries, asked=asked), asked, services)
    if newer is not None:
        return _given_way(target, plan, newer, writer, services)
    root, commit = target.app.root, plan.commit
    contains = services.scm.ancestors(root, commit, limit=MOST_CONTAINED) if commit else ()
    request: dict[str, Json] = {"asked_at": asked.at.isoformat(), "contains": list(contains)}
    return replace(plan, request=request)


def _newer(target: Target, plan: Plan, found: tuple[Rival, ...], asked: Asked, services: Services) -> Rival | None:
    for rival in found:
        if supersedes(rival, commit=plan.commit, asked=asked, known=_known(target, plan, rival, services)):
            return rival
    return None


def _given_way(target: Target, plan: Plan, newer: Rival, writer: Writer, services: Services) -> Outcome:
    """Record that nothing was deployed, and because of whom."""
    name, by = target.environment.name, newer.deployed
    what = f"commit {by.commit[:8]}" if by.commit else f"release {by.release[:12]}"
    message = f"Superseded: {name} got the newer {what} by {by.actor}; an older one does not replace it"
    services.events.emit(Noted(name="superseded", message=message, environment=name))
    operation = Operation(id=services.ids.new(), kind=plan.kind, release=plan.release.digest, commit=plan.commit)
    superseded_by: dict[str, Json] = {
        "operation": by.operation,
        "release": by.release,
        "commit": by.commit,
        "actor": by.actor,
    }
    writer.record(operation, "skipped", superseded_by=superseded_by)
    return Outcome(
        environment=name,
        status="skipped",
        release=plan.release.digest,
        message=message,
        hint=f"If the older one is meant: `sealift rollback {name}`, or repeat the command with --force.",
    )


def _known(target: Target, plan: Plan, rival: Rival, services: Services) -> Relation:
    theirs = rival.deployed.commit
    return relation(
        _between(target, plan.commit, theirs, services),
        _between(target, theirs, plan.commit, services),
    )


def _between(target: Target, old: str | None, new: str | None, services: Services) -> tuple[str, ...] | None:
    """Return the hashes of the commits that `new` has and `old` lacks; None when that is not known."""
    if old is None or new is None:
        return None
    lines = services.scm.commits_between(target.app.root, old, new)
    return None if lines is None else tuple(line.partition(" ")[0] for line in lines)
