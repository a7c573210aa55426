"""Let the newest win: note when a deployment is asked for, and give way to a newer one made in the meantime."""

from dataclasses import replace

from sealift.delivery.succession import MOST_CONTAINED, Asked, Relation, Rival, relation, rivals, supersedes
from sealift.model.records import Delivery, Successor
from sealift.usecases.deploy import Plan
from sealift.usecases.release import Outcome
from sealift.usecases.site import Site
from sealift.usecases.writing import Operation, Writer


def ask_for(site: Site, *, follows_branch: bool = False) -> Asked:
    """Return when a deployment is asked for. To be called before its lease is waited for."""
    entries = site.ledger.entries()
    return Asked(at=site.services.clock.now(), seq=entries[-1].seq if entries else 0, follows_branch=follows_branch)


def take_turn(plan: Plan, asked: Asked, writer: Writer, *, force: bool = False) -> Plan | Outcome:
    """Return the plan with the data that later deployments need, or the outcome when a newer commit supersedes it."""
    entries = writer.ledger.entries()
    newer = None if force else _newer(writer.site, plan, rivals(entries, asked=asked), asked)
    if newer is not None:
        return _given_way(plan, newer, writer)
    root, commit = writer.app.root, plan.commit
    contains = writer.services.scm.ancestors(root, commit, limit=MOST_CONTAINED) if commit else ()
    return replace(plan, asked_at=asked.at, contains=tuple(contains))


def _newer(site: Site, plan: Plan, found: tuple[Rival, ...], asked: Asked) -> Rival | None:
    for rival in found:
        if supersedes(rival, commit=plan.commit, asked=asked, known=_known(site, plan, rival)):
            return rival
    return None


def _given_way(plan: Plan, newer: Rival, writer: Writer) -> Outcome:
    """Record that nothing was deployed, and which deployment superseded it."""
    name, by = writer.site.name, newer.deployed
    what = f"commit {by.commit[:8]}" if by.commit else f"release {by.release[:12]}"
    message = f"Superseded: {name} got the newer {what} by {by.actor}; an older release does not replace it"
    writer.site.note("superseded", message)
    operation = Operation(id=writer.services.ids.new(), kind=plan.kind, release=plan.release.digest, commit=plan.commit)
    successor = Successor(operation=by.operation, release=by.release, commit=by.commit, actor=by.actor)
    writer.record(operation, "skipped", Delivery(superseded_by=successor))
    return Outcome(
        environment=name,
        status="skipped",
        release=plan.release.digest,
        message=message,
        hint=f"If the older one is meant: `sealift rollback {name}`, or repeat the command with --force.",
    )


def _known(site: Site, plan: Plan, rival: Rival) -> Relation:
    theirs = rival.deployed.commit
    return relation(
        _between(site, plan.commit, theirs),
        _between(site, theirs, plan.commit),
    )


def _between(site: Site, old: str | None, new: str | None) -> tuple[str, ...] | None:
    """Return the hashes of the commits that `new` has and `old` lacks; None when that is not known."""
    if old is None or new is None:
        return None
    lines = site.services.scm.commits_between(site.app.root, old, new)
    return None if lines is None else tuple(line.partition(" ")[0] for line in lines)
