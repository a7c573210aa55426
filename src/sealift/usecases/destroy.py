"""Destroy an environment: its stacks in reverse order. Touches only stacks that carry our owner tags."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sealift.delivery.causes import STACK_TYPE
from sealift.delivery.destruction import BUCKET, doomed
from sealift.delivery.history import open_deletions
from sealift.delivery.identity import owner
from sealift.delivery.order import deployment_order
from sealift.delivery.states import deletion_step
from sealift.errors import CloudError, LeaseError, Refused, UserError
from sealift.model.app import App, Environment
from sealift.model.records import BucketEmptied, Destruction, StackDeletion
from sealift.model.stack import StackState
from sealift.ports import Cloud
from sealift.usecases.services import Services, phase
from sealift.usecases.site import Site, open_site
from sealift.usecases.stacks.ownership import is_ours
from sealift.usecases.stacks.settling import Following, at_rest, shown, wait_until_seen
from sealift.usecases.stacks.undeclared import observe_undeclared
from sealift.usecases.writing import Operation, Writer, check_account, check_gates, writing

ATTEMPTS = 2
"""How often a stack is deleted when buckets in it were filled again meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Destroyed:
    """The results of the deletion, and the resources that their DeletionPolicy retained."""

    stacks: tuple[str, ...]
    retained: tuple[str, ...]
    bucket: str
    """The environment's own bucket, which stays: it holds releases and the ledger."""


def destroy(app: App, environment: Environment, services: Services, *, confirmed_name: str | None) -> Destroyed:
    """Delete every stack of the environment. A protected one needs its name typed as `confirmed_name`."""
    _confirm(environment, services, confirmed_name)
    site = open_site(app, environment, services)
    check_account(site)
    check_gates(site)
    with writing(site, purpose="destroy") as writer:
        return tear_down(writer, lambda: _names(writer))


def tear_down(writer: Writer, names: Callable[[], Sequence[str]]) -> Destroyed:
    """Delete these stacks, dependencies last, and record the outcome. Raises UserError."""
    services = writer.services
    operation = Operation(id=services.ids.new(), kind="teardown", release="", commit=None)
    with phase(services, "destroy", environment=writer.site.name) as outcome:
        try:
            wait_until_seen(writer)
            destroyed = _delete_all(names(), operation, writer)
        except KeyboardInterrupt:
            writer.record(operation, "aborted", Destruction())
            raise
        except LeaseError:
            raise  # without the lease nothing may be written
        except UserError as error:
            writer.record(operation, "failed", Destruction(error=error.code, message=error.message))
            raise
        writer.record(operation, "succeeded", Destruction(stacks=destroyed.stacks, retained=destroyed.retained))
        outcome.detail = "deleted" if destroyed.stacks else "nothing was there"
    return destroyed


def _names(writer: Writer) -> list[str]:
    """Return the stacks of an environment, dependencies last."""
    site = writer.site
    left = observe_undeclared(site, writer.ledger.entries())
    mine = [state.name for state in left if owner(state)[1] == site.name]
    _tell_undeclared(mine, site)
    # What is no longer declared was deployed beside what is: it may import from that, and goes first.
    return [*mine, *(site.app.stack_name(site.environment, s) for s in reversed(deployment_order(site.app.stacks)))]


def _delete_all(names: Sequence[str], operation: Operation, writer: Writer) -> Destroyed:
    deleted: list[str] = []
    retained: list[str] = []
    for name in names:
        _check(name, writer.cloud.stacks.describe(name), writer)
    for name in names:
        kept = _delete(name, operation, writer)
        if kept is not None:
            deleted.append(name)
            retained += kept
    return Destroyed(stacks=tuple(deleted), retained=tuple(retained), bucket=writer.cloud.bucket.name)


def _tell_undeclared(names: Sequence[str], site: Site) -> None:
    for name in names:
        site.note(
            "stack-undeclared",
            f"Stack {name} is deleted too: Sealift made it for {site.name}, although "
            "sealift.toml does not declare it now",
            level="warning",
        )


def _confirm(environment: Environment, services: Services, confirmed_name: str | None) -> None:
    name = environment.name
    if confirmed_name == name:
        return
    typed = services.prompt.text(f'This deletes every stack of {name}. Type "{name}" to go on')
    if typed != name:
        raise Refused(
            f"{name} was not destroyed: its name was not typed",
            code="destroy-unconfirmed",
            hint=f"Without a terminal: sealift destroy {name} --yes-destroy {name}",
        )


def _delete(name: str, operation: Operation, writer: Writer) -> list[str] | None:
    """Delete one stack; return what it leaves behind, or None when there is no such stack."""
    stacks = writer.cloud.stacks
    # Nothing is emptied while somebody changes the stack: AWS would not delete it then.
    state = at_rest(name, writer.site)
    _check(name, state, writer)
    if state is None:
        return None
    before = {r.logical_id: r.physical_id for r in stacks.resources(name)}
    for attempt in range(ATTEMPTS):
        _empty(state.id or name, name, operation, writer)
        writer.record(operation, "running", StackDeletion(stack=name, stack_id=state.id))
        writer.check_lease()  # who was paused since the record may find another one's stack here
        if state.termination_protection:
            stacks.protect(name, enabled=False)
            shown(lambda: not _is_protected(stacks.describe(name)), writer.site)
            writer.check_lease()
        token = f"{operation.id}-{attempt}-{name}"[:128]
        following = Following(name=name, stack=state.id or name, token=token, site=writer.site)
        stacks.delete_stack(following.stack, token=token)
        now = following.end(what=f"Deleting {name}")
        if now is None:
            break
        # What still runs in it may have written to a bucket that was empty before.
        if now.status != "DELETE_FAILED" or attempt == ATTEMPTS - 1 or not _buckets(state.id or name, writer.cloud):
            raise CloudError(
                f"Stack {name} could not be deleted: {now.reason}",
                code="delete-failed",
                hint="Remove what the reason names, then destroy again.",
            )
    kept = [e for e in stacks.events(state.id or name) if e.status == "DELETE_SKIPPED"]
    named = (f"{e.logical_id} ({e.physical_id or before.get(e.logical_id, '')})" for e in kept if e.logical_id)
    names = list(dict.fromkeys(named))  # each attempt keeps them anew
    if names:
        writer.site.note("retained", f"Retained by their DeletionPolicy: {', '.join(names)}")
    return names


def _is_protected(state: StackState | None) -> bool:
    return state is not None and state.termination_protection


def _empty(stack: str, name: str, operation: Operation, writer: Writer) -> None:
    """Empty the buckets that go with a stack and its nested ones. What was emptied before a kill stays empty."""
    for bucket in _buckets(stack, writer.cloud):
        writer.record(operation, "running", BucketEmptied(stack=name, bucket=bucket))
        deleted = 0
        for count in writer.cloud.objects.empty(bucket):
            deleted += count
            writer.check_lease()
        if deleted:
            message = f"Emptied bucket {bucket} of {deleted} object{'s' * (deleted > 1)} and versions"
            writer.site.note("bucket-emptied", message)


def _buckets(stack: str, cloud: Cloud) -> tuple[str, ...]:
    resources, template = cloud.stacks.resources(stack), cloud.stacks.template(stack)
    inner = [_buckets(nested, cloud) for nested in doomed(resources, template, type=STACK_TYPE)]
    return (*doomed(resources, template, type=BUCKET), *(bucket for nested in inner for bucket in nested))


def _check(name: str, state: StackState | None, writer: Writer) -> None:
    """Refuse to delete a stack that is not ours or that is protected."""
    if state is None:
        return
    if deletion_step(state.status) == "refuse":
        raise Refused(
            f"Stack {name} is in state {state.status}: {state.reason or 'no reason given'}",
            code="stack-state",
            hint="Sealift does not support this state; check the stack in the console.",
        )
    if not is_ours(state, writer):
        whose = f"{writer.app.name}/{writer.site.name}"
        raise Refused(
            f"Stack {name} is not identified as a stack of {whose}: neither by its tags nor by the ledger",
            code="stack-owner",
            hint="Sealift destroys only stacks that it created. Delete the stack in the console if you are sure.",
        )
    ours = writer.site.environment.protected or name in open_deletions(writer.ledger.entries())
    if state.termination_protection and not ours:
        # Where it is ours, the name that was typed is the consent.
        raise Refused(
            f"Stack {name} has termination protection",
            code="termination-protection",
            hint="Switch it off in the console first, if you are sure.",
        )
