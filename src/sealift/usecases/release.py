"""Deploy and verify a release on one environment, and roll back to the release before when that is asked for."""

from contextlib import suppress
from dataclasses import dataclass, replace

from sealift.delivery.blame import broke
from sealift.delivery.history import DEPLOYING, Deployed, Standing, executions, proved_before, standing
from sealift.errors import CloudError, LeaseError, SealiftError, UserError
from sealift.model.ledger import EntryKind, Status
from sealift.model.records import Delivery
from sealift.model.release import Release
from sealift.usecases.configuration import as_then, kept_configuration
from sealift.usecases.deploy import Deployment, Plan, deploy_release, is_standing, looking_for_drift, plan_deployment
from sealift.usecases.site import Site
from sealift.usecases.store import check_stored, stored_release
from sealift.usecases.verify import verify_deployment
from sealift.usecases.watch import Watched, give_up_watch, watch
from sealift.usecases.writing import Operation, Writer

WHAT_GOES_BACK = (
    "Code, template, parameters and tags are rolled back. Secrets (NoEcho parameters) and settings are those of now. "
    "Data that was written meanwhile is not rolled back."
)
WHAT_WAS_NOT_KEPT = (
    "Code and template are rolled back. Its parameters were not kept: they are those that sealift.toml has now. "
    "Data that was written meanwhile is not rolled back."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The outcome for an environment: its current release, and the result of the attempt."""

    environment: str
    status: Status
    release: str
    message: str = ""
    hint: str = ""
    restored: str | None = None
    """The release that the environment was rolled back to."""


def bring(plan: Plan, writer: Writer, *, restore: bool, force: bool = False) -> Outcome:
    """Deploy, verify and watch.

    With `restore`, a failure after anything was sent rolls back to the verified release before; one that shows while
    the environment is watched does so always. When AWS or we broke, nothing is rolled back: that says nothing about
    the release, and the next command goes on.
    """
    name, digest = writer.site.name, plan.release.digest
    settled = _settle_watch(plan, writer, force=force)
    if settled is not None:
        return settled
    if not force and is_standing(writer.site, plan, standing(writer.ledger.entries())):
        return already_there(writer.site, digest)
    try:
        deployment: Deployment | None = deploy_release(plan, writer)
        problem, hint = _verified(deployment, writer)
    except SealiftError as error:
        if broke(error):
            _tell_left(writer.site, error)
            raise
        if not restore or not _was_sent(writer):
            raise
        deployment, problem, hint = None, error.message, error.hint
    if problem is None:
        return _watched(writer)
    if not restore:
        return Outcome(environment=name, status="failed", release=digest, message=problem, hint=hint)
    return _restore((digest, plan.config), writer, problem=problem, hint=hint)


def already_there(site: Site, digest: str) -> Outcome:
    """Report that the environment runs this release and configuration already."""
    name = site.name
    site.note("already-there", f"{name} runs release {digest[:12]} already, verified; nothing to do")
    return Outcome(environment=name, status="succeeded", release=digest, message="already there")


def _settle_watch(plan: Plan, writer: Writer, *, force: bool) -> Outcome | None:
    """Complete an open watch of the previous deployment; return its outcome when nothing else remains to do."""
    before = standing(writer.ledger.entries())
    due, current = before.rollback_due, before.current
    if due is not None:
        comes = force or (due.release, due.config) != (plan.release.digest, plan.config)
        if comes and before.good_before(due.release, due.config) is None:
            return None  # there is nothing to roll back to, and what comes may mend it
        outcome = conclude_watch(before, writer)
        return None if outcome and outcome.restored and comes else outcome
    if is_standing(writer.site, plan, before) and not force:
        return conclude_watch(before, writer)
    if before.open_watch is not None:
        give_up_watch(current, writer, reason=f"release {plan.release.short()} comes")
    return None


def conclude_watch(before: Standing, writer: Writer) -> Outcome | None:
    """Continue an open watch, or roll back after a failed one; None when there is none."""
    if before.rollback_due is not None:
        problem = "It failed while it was watched"
        return _restore(_pair(before.rollback_due), writer, problem=problem, hint="")
    return _watched(writer) if before.open_watch is not None else None


def _watched(writer: Writer) -> Outcome:
    """Watch what runs there now, where that is declared; roll back when it fails."""
    name = writer.site.name
    current = standing(writer.ledger.entries()).current
    assert current is not None
    done = Outcome(environment=name, status="succeeded", release=current.release)
    if not current.is_watched:
        return done
    watched = watch(current, writer.site.outputs(), writer)
    if watched.status == "succeeded":
        return done
    if watched.by:
        return _ended_elsewhere(writer.site, done, watched)
    if watched.status == "errored":
        return replace(
            done,
            status="errored",
            message=f"{name} runs release {current.release[:12]}, but how it does could not be seen: {watched.problem}",
            hint=f"Look at it yourself; `sealift rollback {name}` rolls it back.",
        )
    problem = f"It failed while it was watched: {watched.problem}"
    return _restore(_pair(current), writer, problem=problem, hint="Fix the cause and push it.")


def _ended_elsewhere(site: Site, done: Outcome, watched: Watched) -> Outcome:
    """Return the outcome of a deployment whose watch was ended by another process."""
    name = site.name
    message = f"Release {done.release[:12]} was deployed to {name} and verified; its watch ended: {watched.by}"
    if watched.status == "aborted":
        site.note("watch-ended", message)
        return replace(done, message=message)
    return replace(done, status=watched.status, message=message, hint=f"`sealift status` shows what {name} runs.")


def _tell_left(site: Site, error: SealiftError) -> None:
    """Report the state of an environment after a deployment broke off. A lost lease is reported elsewhere."""
    name = site.name
    if isinstance(error, UserError) and not isinstance(error, LeaseError):
        message = f"The deployment to {name} was interrupted: the release is not the cause, so {name} is left as it is"
        hint = f"`sealift resume {name}`, or the same command again, continues; `sealift rollback {name}` rolls back."
        site.note("left-as-it-is", message, level="warning", hint=hint)


def _was_sent(writer: Writer) -> bool:
    """Return whether a change set was executed since the newest good release, so that there is something to undo."""
    entries = writer.ledger.entries()
    good = {deployed.operation for deployed in standing(entries).deployments if deployed.is_good}
    since = max((e.seq for e in entries if e.record.operation in good and e.record.kind in DEPLOYING), default=0)
    return any(e.seq > since for e, _ in executions(entries))


def redeploy(digest: str, *, kind: EntryKind, writer: Writer) -> Outcome:
    """Deploy a release that the environment's bucket holds, and verify it. Drift does not stop a rollback."""
    release: Release = stored_release(digest, writer.cloud)
    check_stored(release, writer.cloud)
    entries = writer.ledger.entries()
    before = standing(entries).newest(digest)
    plan = plan_deployment(writer.site, release, commit=before.commit if before else None, kind=kind)
    author = before.author if before else None
    plan = replace(plan, author=author, isolation=proved_before(entries, digest))
    if kind != "rollback":
        plan = looking_for_drift(plan, writer, force=True)
    deployment = deploy_release(plan, writer)
    problem, hint = _verified(deployment, writer)
    if problem is None:
        return _watched(writer)
    return Outcome(
        environment=writer.site.name,
        status="failed",
        release=digest,
        message=problem,
        hint=hint,
    )


def _verified(deployment: Deployment | None, writer: Writer) -> tuple[str | None, str]:
    if deployment is None:
        return None, ""
    verification = verify_deployment(deployment, writer)
    if verification.status == "succeeded":
        return None, ""
    return "; ".join(verification.failures), "Fix the cause and push a new commit."


def go_back(to: Deployed, *, writer: Writer) -> Outcome:
    """Deploy an earlier deployment again: its release, with its configuration if that was stored."""
    release = stored_release(to.release, writer.cloud)
    then = kept_configuration(to.config, writer.cloud) if to.kept else None
    as_it_was = replace(writer, site=as_then(writer.site, release, then))
    return redeploy(to.release, kind="rollback", writer=as_it_was)


def what_goes_back(to: Deployed) -> str:
    """Return what a rollback to a deployment covers and what it does not."""
    return WHAT_GOES_BACK if to.kept else WHAT_WAS_NOT_KEPT


def named(to: Deployed, *, gone: str) -> str:
    """Name the deployment that is rolled back to, with its configuration when `gone` was another."""
    configuration = f", with its configuration of {to.at:%Y-%m-%d %H:%M:%S} UTC" if _is_other(to, gone) else ""
    return f"release {to.release[:12]}{configuration}"


def _is_other(to: Deployed, gone: str) -> bool:
    return to.kept and to.config != gone


def _pair(deployed: Deployed) -> tuple[str, str]:
    return deployed.release, deployed.config


def _restore(gone: tuple[str, str], writer: Writer, *, problem: str, hint: str) -> Outcome:
    """Roll back to the newest good deployment before this release and configuration; say so when there is none."""
    name, (digest, config) = writer.site.name, gone
    before = standing(writer.ledger.entries())
    good = before.good_before(digest, config)
    if before.did_well_otherwise(digest, config):
        hint = f"{digest[:12]} did well in {name} with another configuration: put that back in sealift.toml."
    if good is None:
        return Outcome(
            environment=name,
            status="failed",
            release=digest,
            message=f"{problem}. There is no verified release before it to roll back to",
            hint=hint,
        )
    writer.site.note(
        "going-back",
        f"{name} failed with release {digest[:12]}: {problem}. Rolling back to {named(good, gone=config)}",
        level="error",
        hint=what_goes_back(good),
    )
    try:
        back = go_back(good, writer=writer)
    except LeaseError:
        raise
    except UserError as error:
        with suppress(CloudError):
            _record_unbegun(good, before, error, writer)
        return Outcome(
            environment=name,
            status="failed",
            release=digest,
            message=f"{problem}. The rollback to {named(good, gone=config)} failed too: {error.message}",
            hint=f"{error.hint} `sealift resume {name}` continues it.".strip(),
        )
    ended = "is back on" if back.status == "succeeded" else "could not be verified on"
    return Outcome(
        environment=name,
        status="failed",
        release=digest,
        message=f"{problem}. {name} {ended} {named(good, gone=config)}",
        hint=hint,
        restored=good.release if back.status == "succeeded" else None,
    )


def _record_unbegun(good: Deployed, before: Standing, error: UserError, writer: Writer) -> None:
    """Record a rollback that failed before its first entry, so that the next command continues it."""
    last = standing(writer.ledger.entries()).last
    if last is not None and before.last is not None and last.operation == before.last.operation:
        operation = Operation(id=writer.services.ids.new(), kind="rollback", release=good.release, commit=good.commit)
        kept = Delivery(config=good.config, config_kept=good.kept, error=error.code, message=error.message)
        writer.record(operation, "failed", kept)
