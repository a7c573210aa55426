"""Drift of a stack itself: its template, parameters, tags and protection compared with what was deployed. Only reads.

CloudFormation's own look for drift compares resources with the stack's template of now. Whoever changed that with
`update-stack`, or a tag or the protection in the console, is not seen by it.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence

from sealift.cfn.references import differs_by_versions
from sealift.delivery.causes import STACK_TYPE
from sealift.delivery.history import executions, standing
from sealift.delivery.identity import owner
from sealift.errors import IntegrityError
from sealift.model.ledger import Entry
from sealift.model.records import Execution
from sealift.model.stack import Drift, StackState
from sealift.model.stored import canonical_json
from sealift.model.template import Json
from sealift.ports import Cloud, Stacks
from sealift.usecases.configuration import kept_configuration
from sealift.usecases.site import Site

ITSELF = "stack-itself"
"""Stands for the logical id in findings and waivers; no resource can have it."""
Difference = tuple[str, Json, Json]


def fingerprint(template: str) -> str:
    """Return the SHA-256 of a processed template, whatever its spacing; empty when there is none."""
    try:
        body = canonical_json(json.loads(template))
    except ValueError:
        body = template.encode()
    return hashlib.sha256(body).hexdigest() if template else ""


def drift_of_itself(state: StackState, stack: str, site: Site, entries: Sequence[Entry]) -> tuple[Drift, ...]:
    """Return the differences between the stack and its last deployment. `stack` is its name in the application.

    After a deployment that failed it may be as that left it, or as the one before did; only neither is drift.
    """
    executed = _executed(entries, state.name)
    found = [list(_differences(state, stack, *one, entries, site.cloud)) for one in executed]
    differing = min(found, key=len, default=[])
    if site.environment.protected and owner(state) != (None, None) and not state.termination_protection:
        differing.append(("TerminationProtection", True, False))
    if not differing:
        return ()
    return (Drift(logical_id=ITSELF, type=STACK_TYPE, status="MODIFIED", differences=tuple(differing)),)


def drift_of_nested(nested: StackState, parent: StackState, stacks: Stacks) -> tuple[Drift, ...]:
    """Return the changes of a nested stack itself since its parent's last operation.

    An operation on the parent ends after those on its nested stacks, so only an update past the parent is newer.
    """
    ended = [e.at for e in stacks.events(parent.id) if e.logical_id == e.stack_name == parent.name]
    later = [e for e in stacks.events(nested.id) if e.stack_name == nested.name and ended and e.at > ended[-1]]
    if not later:
        return ()
    resources = dict.fromkeys(e.logical_id for e in later if e.logical_id != nested.name)
    now = f"updated past it at {later[-1].at:%Y-%m-%d %H:%M:%S} UTC"
    now += f", which changed {', '.join(resources)}" if resources else ", its tags, parameters or outputs only"
    difference = ("Stack", f"what stack {parent.name} makes of it", now)
    return (Drift(logical_id=ITSELF, type=STACK_TYPE, status="MODIFIED", differences=(difference,)),)


def _executed(entries: Sequence[Entry], stack_name: str) -> list[tuple[str, Execution]]:
    """Return the newest execution on the stack of an operation that succeeded, and every later one, with their ids."""
    succeeded = {d.operation for d in standing(entries).deployments if d.status == "succeeded"}
    steps = [(e, step) for e, step in executions(entries) if step.stack == stack_name]
    good = [e.seq for e, _ in steps if e.record.operation in succeeded]
    since = good[-1] if good else 0
    return [(e.record.operation, step) for e, step in steps if step.template is not None and e.seq >= since]


def _differences(
    state: StackState, stack: str, operation: str, executed: Execution, entries: Sequence[Entry], cloud: Cloud
) -> Iterator[Difference]:
    if executed.tags is not None:
        yield from _changed("Tags", executed.tags, state.tags)
    yield from _changed("Parameters", *_parameters(state, stack, operation, entries, cloud))
    now = fingerprint(cloud.stacks.template(state.name))
    if executed.template and now and now != executed.template:
        yield "Template", executed.template[:12], f"{now[:12]}{_touched(state, cloud.stacks)}"


def _parameters(
    state: StackState, stack: str, operation: str, entries: Sequence[Entry], cloud: Cloud
) -> tuple[dict[str, str], dict[str, str]]:
    """Return the open values that were deployed and those of now; the embedded cloud knows only some of them."""
    deployed = next((d for d in standing(entries).deployments if d.operation == operation), None)
    if deployed is None or not deployed.kept:
        return {}, {}
    try:
        kept = kept_configuration(deployed.config, cloud).parameters.get(stack, {})
    except IntegrityError:
        return {}, {}
    both = {name: (value, state.parameters[name]) for name, value in kept.items() if name in state.parameters}
    now = {name: then if differs_by_versions(then, it) else it for name, (then, it) in both.items()}
    return {name: then for name, (then, _) in both.items()}, now


def _changed(what: str, expected: Mapping[str, str], now: Mapping[str, str]) -> Iterator[Difference]:
    for name in sorted({*expected, *now}):
        if expected.get(name) != now.get(name):
            yield f"{what}/{name}", expected.get(name), now.get(name)


def _touched(state: StackState, stacks: Stacks) -> str:
    """Return which resources were changed since the last operation of ours, as far as events say so."""
    touched: dict[str, None] = {}
    for event in reversed(stacks.events(state.id or state.name)):
        if (event.token or "").startswith("sealift-"):
            break
        if event.logical_id != state.name:
            touched[event.logical_id] = None
    return f", which changed {', '.join(reversed(touched))}" if touched else ""
