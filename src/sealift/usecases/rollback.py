"""Roll back: deploy an earlier verified release of the same environment again."""

from collections.abc import Sequence

from sealift.delivery.history import Deployed, Standing, standing
from sealift.errors import Refused
from sealift.model.app import App, Environment
from sealift.model.ledger import Entry
from sealift.usecases.release import Outcome, go_back, named, what_goes_back
from sealift.usecases.services import Services
from sealift.usecases.site import open_site
from sealift.usecases.store import full_digest
from sealift.usecases.watch import give_up_watch
from sealift.usecases.writing import Writer, check_account, check_pull_request, writing


def rollback(app: App, environment: Environment, services: Services, *, to: str | None) -> Outcome:
    """Deploy the verified release before the current one, or the one named by `to` (a digest or its beginning).

    A rollback that was interrupted is continued, not rolled back. One that came to its end and whose process was
    killed before it could say so is told of, for whoever repeats it does not know: nothing is done then.
    """
    site = open_site(app, environment, services)
    check_account(site)
    check_pull_request(site)
    with writing(site, purpose="rollback") as writer:
        entries = writer.ledger.entries()
        before = standing(entries)
        if to is None and before.last is not None and _ended_unsaid(before.last, entries, writer):
            return _told(before.last, environment, services)
        chosen = _chosen(before, full_digest(to, site.cloud) if to is not None else None, environment)
        gone = before.last.config if before.last is not None else ""
        services.note(
            "going-back",
            f"{environment.name} is rolled back to {named(chosen, gone=gone)}",
            hint=what_goes_back(chosen),
            environment=environment.name,
        )
        give_up_watch(before.current, writer, reason="a rollback was asked for")
        return go_back(chosen, writer=writer)


def _chosen(before: Standing, digest: str | None, environment: Environment) -> Deployed:
    """Return the deployment to roll back to: that of `digest`, or the one that was interrupted, or the one before.

    Raises Refused when there is none.
    """
    if digest is not None:
        named_one = before.good(digest)
        if named_one is None:
            raise Refused(
                f"Release {digest[:12]} was never verified in {environment.name}",
                code="rollback-unverified",
                hint=f"`sealift history --environment {environment.name}` shows which releases were.",
            )
        return named_one
    if before.to_finish is not None and before.to_finish.kind == "rollback":
        return before.to_finish
    last = before.last
    good = before.good_before(last.release, last.config) if last is not None else None
    if good is None:
        raise Refused(
            f"{environment.name} has no verified release before the current one",
            code="rollback-nothing",
            hint=f"`sealift history --environment {environment.name}` shows what was deployed.",
        )
    return good


def _ended_unsaid(last: Deployed, entries: Sequence[Entry], writer: Writer) -> bool:
    """Return whether the last rollback went well, was the last thing recorded, and never gave its lease back."""
    return last.kind == "rollback" and last.is_good and 0 < writer.hold.lease.took_over == entries[-1].fence


def _told(last: Deployed, environment: Environment, services: Services) -> Outcome:
    services.note(
        "went-back",
        f"{environment.name} was rolled back to release {last.release[:12]} at {last.at:%H:%M:%S} UTC, "
        "verified; the process was killed before it reported that",
        hint="Nothing is done now. To go further back, repeat the command.",
        environment=environment.name,
    )
    return Outcome(environment=environment.name, status="succeeded", release=last.release, message="already there")
