"""Look for stacks that Sealift made and that nobody declares now, and refuse to make their stores anew beside them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sealift.cfn.values import mapping_at
from sealift.delivery.causes import STACK_TYPE
from sealift.delivery.guard import waiver_key
from sealift.delivery.identity import (
    OWNER_TAG,
    Creation,
    Undeclared,
    left_behind,
    namesakes,
    owner,
    recorded_names,
    stateful,
    undeclared,
)
from sealift.errors import CloudError
from sealift.model.app import App, Environment
from sealift.model.event import FindingReported
from sealift.model.ledger import Entry
from sealift.model.records import StackLeft
from sealift.model.release import Release
from sealift.model.stack import StackState
from sealift.ports import Cloud
from sealift.usecases.site import Site
from sealift.usecases.stacks.guarding import refusal
from sealift.usecases.stacks.target import StackTarget
from sealift.usecases.writing import Operation, Writer

if TYPE_CHECKING:
    from sealift.isolation.model import StackView


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The stacks of an account that Sealift made, as far as they could be asked for."""

    states: tuple[StackState, ...]
    problem: str = ""
    """Why only those that the ledger names were asked for."""


def observe_owned(entries: Sequence[Entry], cloud: Cloud) -> Seen:
    """Return every stack with an owner tag, and those that the ledger names."""
    try:
        return Seen(states=_outermost(cloud.stacks.tagged(OWNER_TAG), cloud))
    except CloudError as error:
        if error.code != "access-denied":
            raise
        states = (cloud.stacks.describe(name) for name in recorded_names(entries))
        return Seen(states=tuple(s for s in states if s is not None), problem=error.message)


def _outermost(states: Sequence[StackState], cloud: Cloud) -> tuple[StackState, ...]:
    """Leave out nested stacks: they have the tags of the stack that holds them, and come and go with it.

    AWS names the parent of each; the embedded cloud does not, so that the resources of the others are looked at there.
    """
    if not cloud.local:
        return tuple(states)
    inner = {r.physical_id for s in states for r in cloud.stacks.resources(s.id or s.name) if r.type == STACK_TYPE}
    return tuple(s for s in states if s.id not in inner and s.name not in inner)


def observe_undeclared(site: Site, entries: Sequence[Entry]) -> tuple[StackState, ...]:
    """Return the stacks of the environment that Sealift made and that sealift.toml does not declare."""
    return undeclared(site.app, site.environment, observe_owned(entries, site.cloud).states)


def judge_undeclared(release: Release, targets: Sequence[StackTarget], operation: Operation, writer: Writer) -> None:
    """Report stacks that are no longer declared; refuse a deployment that would create their resources again."""
    app, environment = targets[0].app, targets[0].environment
    seen = observe_owned(writer.ledger.entries(), writer.cloud)
    mine = undeclared(app, environment, seen.states)
    others = () if _is_known(app, environment, seen) else namesakes(app, environment, seen.states)
    if not mine and not others:
        return
    _tell(mine, environment, writer)
    creations = _creations(release, targets, writer)
    findings = tuple(left_behind(app, environment, creations, [_held(s, writer.cloud) for s in (*mine, *others)]))
    for finding in findings:
        writer.services.events.emit(FindingReported(finding=finding, environment=environment.name))
    used = tuple(key for f in findings if (key := waiver_key(f)) in targets[0].waivers)
    if used:
        writer.record(operation, "running", StackLeft(waivers=used))
    stopping = [f for f in findings if waiver_key(f) not in targets[0].waivers]
    if stopping:
        raise refusal(environment.name, stopping)


def _is_known(app: App, environment: Environment, seen: Seen) -> bool:
    """Return whether a stack of the environment is there under the application's name."""
    return any(owner(s) == (app.name, environment.name) for s in seen.states)


def _tell(mine: Sequence[StackState], environment: Environment, writer: Writer) -> None:
    for state in mine:
        of, where = owner(state)
        here = where == environment.name
        writer.site.note(
            "stack-undeclared",
            f"Stack {state.name} of {of}/{where} still exists, but sealift.toml does not declare it",
            level="warning",
            hint=f"Declare it again, or delete it: `sealift destroy {environment.name}` names it and deletes it."
            if here
            else f"Declare the environment {where} again; `sealift destroy {where}` deletes its stacks then.",
        )


def _creations(release: Release, targets: Sequence[StackTarget], writer: Writer) -> list[Creation]:
    """Return what each stack of the release would add to what is there, as its rendered template says."""
    from sealift.usecases.proof.views import stored_views  # with it comes the proof; few deployments ask

    app, environment, cloud = targets[0].app, targets[0].environment, writer.cloud
    alone = replace(app, environments=(environment,), previews=None)
    (view,) = stored_views(release, replace(writer.site, app=alone))
    creations = []
    for target, stack in zip(targets, view.stacks, strict=True):
        there = cloud.stacks.describe(target.name)
        known = {name for name, _ in _resources(target.name, cloud)} if there is not None else set()
        adds = [(name, kind) for name, kind in _planned(stack) if name not in known]
        creations.append(Creation(stack=target.stack.name, name=target.name, adds=stateful(adds)))
    return creations


def _planned(stack: "StackView", prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield (`Nested/LogicalId`, type) of every resource of a rendered template."""
    for name, resource in mapping_at(stack.body, "Resources").items():
        yield f"{prefix}{name}", str(mapping_at(resource).get("Type", ""))
    for name, inner in stack.nested.items():
        yield from _planned(inner, f"{prefix}{name}/")


def _held(state: StackState, cloud: Cloud) -> Undeclared:
    app, environment = owner(state)
    found = tuple(_resources(state.id or state.name, cloud))
    return Undeclared(name=state.name, app=app or "", environment=environment or "", holds=stateful(found))


def _resources(stack: str, cloud: Cloud, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield (`Nested/LogicalId`, type) of every resource that is there, nested stacks' included."""
    for resource in cloud.stacks.resources(stack):
        if resource.physical_id is None or resource.status == "DELETE_COMPLETE":
            continue
        yield f"{prefix}{resource.logical_id}", resource.type
        if resource.type == STACK_TYPE:
            yield from _resources(resource.physical_id, cloud, f"{prefix}{resource.logical_id}/")
