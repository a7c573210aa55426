"""Deploy and verify a release on one environment, and bring back the release before when that is asked for."""

from contextlib import suppress
from dataclasses import dataclass, replace

from sealift.delivery.blame import broke
from sealift.delivery.history import DEPLOYING, Deployed, Standing, proved_before, standing
from sealift.errors import CloudError, LeaseError, SealiftError, UserError
from sealift.model.event import Noted
from sealift.model.ledger import EntryKind, Status
from sealift.model.release import Release
from sealift.model.template import Json
from sealift.usecases.configuration import as_then, kept_configuration
from sealift.usecases.deploy import Deployment, Plan, deploy_release, is_standing, looking_for_drift, plan_deployment
from sealift.usecases.health import outputs_of
from sealift.usecases.services import Services
from sealift.usecases.store import check_stored, stored_release
from sealift.usecases.target import Target
from sealift.usecases.verify import verify_deployment
from sealift.usecases.watch import Watched, give_up_watch, watch
from sealift.usecases.writing import Operation, Writer

WHAT_GOES_BACK = (
    "Code, template, parameters and tags go back. Secrets (NoEcho parameters) and settings are those of now. "
    "Data that was written meanwhile is not brought back."
)
WHAT_WAS_NOT_KEPT = (
    "Code and template go back. Its parameters were not kept, so they are those that sealift.toml has now. "
    "Data that was written meanwhile is not brought back."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How an environment ended: what runs there now and what became of the attempt."""

    environment: str
    status: Status
    release: str
    message: str = ""
    hint: str = ""
    restored: str | None = None
    """The release that was brought back."""


def bring(
    target: Target, plan: Plan, writer: Writer, services: Services, *, restore: bool, force: bool = False
) -> Outcome:
    """Deploy, verify and watch.

    With `restore`, a failure after anything was sent brings back the verified release before; one that shows while
    the environment is watched does so always. When AWS or we broke, nothing is brought back: that says nothing about
    the release, and the next command goes on.
    """
    name, digest = target.environment.name, plan.release.digest
    settled = _settle_watch(target, plan, writer, services, force=force)
    if settled is not None:
        return settled
    if not force and is_standing(target, plan, standing(writer.ledger.entries())):
        return already_there(target, digest, services)
    try:
        deployment: Deployment | None = deploy_release(target, plan, writer, services)
        problem, hint = _verified(target, deployment, writer, services)
    except SealiftError as error:
        if broke(error):
            _tell_left(target, error, services)
            raise
        if not restore or not _was_sent(writer):
            raise
        deployment, problem, hint = None, error.message, error.hint
    if problem is None:
        return _watched(target, writer, services)
    if not restore:
        return Outcome(environment=name, status="failed", release=digest, message=problem, hint=hint)
    return _restore(target, (digest, plan.config), writer, services, problem=problem, hint=hint)


def already_there(target: Target, digest: str, services: Services) -> Outcome:
    """Say that the environment runs this release and configuration already."""
    name = target.environment.name
    services.events.emit(
        Noted(
            name="already-there",
            message=f"{name} runs release {digest[:12]} already, verified; nothing to do",
            environment=name,
        )
    )
    return Outcome(environment=name, status="succeeded", release=digest, message="already there")


def _settle_watch(target: Target, plan: Plan, writer: Writer, services: Services, *, force: bool) -> Outcome | None:
    """Bring to its end what a watch before left open; return the outcome when that answers the question."""
    before = standing(writer.ledger.entries())
    due, current = before.rollback_due, before.current
    if due is not None:
        comes = force or (due.release, due.config) != (plan.release.digest, plan.config)
        if comes and before.good_before(due.release, due.config) is None:
            return None  # there is nothing to go back to, and what comes may mend it
        outcome = conclude_watch(target, before, writer, services)
        return None if outcome and outcome.restored and comes else outcome
    if is_standing(target, plan, before) and not force:
        return conclude_watch(target, before, writer, services)
    if before.open_watch is not None:
        give_up_watch(current, writer, reason=f"release {plan.release.short()} comes")
    return None


def conclude_watch(target: Target, before: Standing, writer: Writer, services: Services) -> Outcome | None:
    """Watch on, or go back after a watch that failed; None when no watch was left open."""
    if before.rollback_due is not None:
        problem = "It failed while it was watched"
        return _restore(target, _pair(before.rollback_due), writer, services, problem=problem, hint="")
    return _watched(target, writer, services) if before.open_watch is not None else None


def _watched(target: Target, writer: Writer, services: Services) -> Outcome:
    """Watch what runs there now, where that is declared; go back when it fails."""
    name = target.environment.name
    current = standing(writer.ledger.entries()).current
    assert current is not None
    done = Outcome(environment=name, status="succeeded", release=current.release)
    if not current.is_watched:
        return done
    watched = watch(target, current, outputs_of(target), writer, services)
    if watched.status == "succeeded":
        return done
    if watched.by:
        return _ended_elsewhere(target, done, watched, services)
    if watched.status == "errored":
        return replace(
            done,
            status="errored",
            message=f"{name} runs release {current.release[:12]}, but how it does could not be seen: {watched.problem}",
            hint=f"Look at it yourself; `sealift rollback {name}` goes back.",
        )
    problem = f"It failed while it was watched: {watched.problem}"
    return _restore(target, _pair(current), writer, services, problem=problem, hint="Mend the cause and push it.")


def _ended_elsewhere(target: Target, done: Outcome, watched: Watched, services: Services) -> Outcome:
    """Return how a deployment ended whose watch somebody else brought to its end."""
    name = target.environment.name
    message = (
        f"Release {done.release[:12]} was brought to {name} and verified; it is not watched any more: {watched.by}"
    )
    if watched.status == "aborted":
        services.events.emit(Noted(name="watch-ended", message=message, environment=name))
        return replace(done, message=message)
    return replace(done, status=watched.status, message=message, hint=f"`sealift status` shows what {name} runs.")


def _tell_left(target: Target, error: SealiftError, services: Services) -> None:
    """Say what becomes of an environment whose deployment broke off; a lost lease says it of itself."""
    name = target.environment.name
    if isinstance(error, UserError) and not isinstance(error, LeaseError):
        message = f"The deployment to {name} broke off: this is no fault of the release, so {name} is left as it is"
        hint = f"`sealift resume {name}`, or the same command again, goes on; `sealift rollback {name}` goes back."
        services.events.emit(Noted(level="warning", name="left-as-it-is", message=message, hint=hint, environment=name))


def _was_sent(writer: Writer) -> bool:
    """Return whether anything was executed since the newest release that is good here: then there is what to undo."""
    entries = writer.ledger.entries()
    good = {deployed.operation for deployed in standing(entries).deployments if deployed.is_good}
    since = max((e.seq for e in entries if e.record.operation in good and e.record.kind in DEPLOYING), default=0)
    return any(e.record.data.get("step") == "execute" and e.seq > since for e in entries)


def redeploy(target: Target, digest: str, *, kind: EntryKind, writer: Writer, services: Services) -> Outcome:
    """Deploy a release that the environment's bucket holds, and verify it. Drift keeps nobody from going back."""
    release: Release = stored_release(digest, target.cloud)
    check_stored(release, target.cloud)
    entries = writer.ledger.entries()
    before = standing(entries).newest(digest)
    plan = plan_deployment(target, release, commit=before.commit if before else None, kind=kind)
    author = before.author if before else None
    plan = replace(plan, author=author, isolation=proved_before(entries, digest))
    if kind != "rollback":
        plan = looking_for_drift(target, plan, writer, force=True)
    deployment = deploy_release(target, plan, writer, services)
    problem, hint = _verified(target, deployment, writer, services)
    if problem is None:
        return _watched(target, writer, services)
    return Outcome(
        environment=target.environment.name,
        status="failed",
        release=digest,
        message=problem,
        hint=hint,
    )


def _verified(
    target: Target, deployment: Deployment | None, writer: Writer, services: Services
) -> tuple[str | None, str]:
    if deployment is None:
        return None, ""
    verification = verify_deployment(target, deployment, writer, services)
    if verification.status == "succeeded":
        return None, ""
    return "; ".join(verification.failures), "Mend the cause and push a new commit."


def go_back(target: Target, to: Deployed, *, writer: Writer, services: Services) -> Outcome:
    """Deploy what was deployed there before: its release, with its configuration where that was kept."""
    release = stored_release(to.release, target.cloud)
    then = kept_configuration(to.config, target.cloud) if to.kept else None
    return redeploy(as_then(target, release, then), to.release, kind="rollback", writer=writer, services=services)


def what_goes_back(to: Deployed) -> str:
    """Say what going back to a deployment brings back and what not."""
    return WHAT_GOES_BACK if to.kept else WHAT_WAS_NOT_KEPT


def named(to: Deployed, *, gone: str) -> str:
    """Name a deployment that is gone back to; with its configuration when that is another than the one `gone` from."""
    configuration = f", with its configuration of {to.at:%Y-%m-%d %H:%M:%S} UTC" if _is_other(to, gone) else ""
    return f"release {to.release[:12]}{configuration}"


def _is_other(to: Deployed, gone: str) -> bool:
    return to.kept and to.config != gone


def _pair(deployed: Deployed) -> tuple[str, str]:
    return deployed.release, deployed.config


def _restore(
    target: Target, gone: tuple[str, str], writer: Writer, services: Services, *, problem: str, hint: str
) -> Outcome:
    """Bring back the newest good deployment before this release and configuration; say so when there is none."""
    name, (digest, config) = target.environment.name, gone
    before = standing(writer.ledger.entries())
    good = before.good_before(digest, config)
    if before.did_well_otherwise(digest, config):
        hint = f"{digest[:12]} did well in {name} with another configuration: put that back in sealift.toml."
    if good is None:
        return Outcome(
            environment=name,
            status="failed",
            release=digest,
            message=f"{problem}. There is no verified release before it to go back to",
            hint=hint,
        )
    services.events.emit(
        Noted(
            level="error",
            name="going-back",
            message=f"{name} failed with release {digest[:12]}: {problem}. Going back to {named(good, gone=config)}",
            hint=what_goes_back(good),
            environment=name,
        )
    )
    try:
        back = go_back(target, good, writer=writer, services=services)
    except LeaseError:
        raise
    except UserError as error:
        with suppress(CloudError):
            _record_unbegun(good, before, error, writer, services)
        return Outcome(
            environment=name,
            status="failed",
            release=digest,
            message=f"{problem}. Going back to {named(good, gone=config)} failed too: {error.message}",
            hint=f"{error.hint} `sealift resume {name}` goes on with it.".strip(),
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


def _record_unbegun(good: Deployed, before: Standing, error: UserError, writer: Writer, services: Services) -> None:
    """Record a return that failed before its own first entry, so that the next command goes on with it."""
    last = standing(writer.ledger.entries()).last
    if last is not None and before.last is not None and last.operation == before.last.operation:
        operation = Operation(id=services.ids.new(), kind="rollback", release=good.release, commit=good.commit)
        kept: dict[str, Json] = {"config": good.config, "config_kept": good.kept}
        writer.record(operation, "failed", **kept, error=error.code, message=error.message)
