"""Say why a stack failed: the first cause, its place in the user's template, the function's log, and what to do."""

from collections.abc import Sequence
from datetime import datetime

from sealift.cfn.values import mapping_at
from sealift.delivery.causes import FUNCTION_TYPE, advice, first_cause, function_behind, made_from, nesting
from sealift.errors import CloudError, SealiftError
from sealift.model.stack import ChangeSet, StackEvent, StackState
from sealift.model.template import Location, Template
from sealift.usecases.build import given_everywhere
from sealift.usecases.logs import read_log, tell_log
from sealift.usecases.stacks.target import StackTarget
from sealift.usecases.writing import Writer


def refused_change(target: StackTarget, change_set: ChangeSet, writer: Writer, commit: str | None) -> CloudError:
    """Return the error of a change set that AWS refused, with what it found wrong. Ask before it is deleted."""
    found = _validations(target, writer, change_set=change_set.id or change_set.name)
    template = _template(target, (), writer) if found else None
    same_tree = _is_at(commit, target, writer) if found else False
    places = [_place(e, template, same_tree=same_tree) for e in found]
    told = [
        f"{e.logical_id} ({e.type}{f', {place}' if place else ''}): {e.reason}"
        for e, place in zip(found, places, strict=True)
    ]
    why = change_set.reason if not told else told[0] if len(told) == 1 else "\n  - ".join(["", *told])
    advised = next((text for e in found if (text := advice(e.reason))), "")
    return CloudError(
        f"AWS refused the change of stack {target.name}: {why}",
        code="change-set-failed",
        hint=f"The stack was not touched. {advised or 'Correct the template or the parameters.'} Then deploy again.",
        context={
            "environment": target.environment.name,
            "stack": target.name,
            "resources": [e.logical_id for e in found],
        },
    )


def _validations(
    target: StackTarget, writer: Writer, *, change_set: str | None = None, since: datetime | None = None
) -> tuple[StackEvent, ...]:
    """Return the validation errors that AWS found before it changed anything; emit a note when they cannot be read."""
    try:
        found = writer.cloud.stacks.validations(target.name, change_set=change_set)
    except CloudError as error:
        message = f"The exact error of stack {target.name} could not be read: {error.message}"
        hint = "The right is cloudformation:DescribeEvents." if error.code == "access-denied" else error.hint
        writer.site.note("validation-unread", message, level="warning", hint=hint)
        return ()
    return tuple(e for e in found if since is None or e.at >= since)


def failure(
    target: StackTarget, state: StackState | None, events: Sequence[StackEvent], writer: Writer, commit: str | None
) -> CloudError:
    """Return the error of a failed stack; the log of a function that caused it is emitted before."""
    cause = first_cause(events)
    if cause is not None and cause.logical_id == target.name:  # the stack itself: nothing was begun
        cause = next(iter(_validations(target, writer, since=min(e.at for e in events))), cause)
    status = state.status if state else "deleted"
    back = "It was rolled back: nothing changed." if "ROLLBACK_COMPLETE" in status else f"Its state is {status}."
    context: dict[str, object] = {"environment": target.environment.name, "stack": target.name, "status": status}
    if cause is None:
        why, what = state.reason if state else "", ""
    else:
        template = _template(target, nesting(cause, events), writer)
        place = _place(cause, template, same_tree=_is_at(commit, target, writer))
        log = _log(cause, template, events, writer)
        where = f", {place}" if place else ""
        why, what = f"{cause.logical_id} ({cause.type}{where}): {cause.reason}", advice(cause.reason)
        context |= {"file": place.file if place else None, "line": place.line if place else None, "log": list(log)}
    return CloudError(
        f"Stack {target.name} failed. {why}",
        code="stack-failed",
        hint=f"{back} {what or 'Fix the cause'}{' Then' if what else ' and'} deploy again.",
        context={
            **context,
            "logical_id": cause.logical_id if cause else None,
            "reason": cause.reason if cause else None,
        },
    )


def _template(target: StackTarget, path: Sequence[str], writer: Writer) -> Template | None:
    """Return the user's template that declares what failed, when the work tree still has it."""
    spec = next((s for s in target.app.stacks if s.name == target.stack.name), None)
    if spec is None:
        return None
    try:
        template: Template | None = writer.services.templates.load(
            target.app.root, spec.template, given=given_everywhere(target.app, spec)
        )
    except SealiftError:
        return None
    for logical_id in path:
        keys = (
            [a.key for a in template.assets if a.kind == "template" and logical_id in a.logical_ids] if template else []
        )
        template = template.nested.get(keys[0]) if template and keys else None
    return template


def _is_at(commit: str | None, target: StackTarget, writer: Writer) -> bool:
    """Return whether the work tree is the commit that is deployed: only then are its lines the release's."""
    here = writer.services.scm.origin(target.app.root)
    return (here.commit if here else None) == commit


def _place(cause: StackEvent, template: Template | None, *, same_tree: bool) -> Location | None:
    name = made_from(cause.logical_id, list(mapping_at(template.body, "Resources"))) if template else None
    if template is None or name is None:
        return None
    return Location(file=template.file, line=template.line(("Resources", name)) if same_tree else 0, logical_id=name)


def _log(cause: StackEvent, template: Template | None, events: Sequence[StackEvent], writer: Writer) -> tuple[str, ...]:
    """Return and emit the end of the log of the function that failed or that serves a custom resource."""
    name = _function(cause, template, events, writer)
    if name is None:
        return ()
    lines = read_log(name, writer.cloud, since=min(e.at for e in events))
    if lines:
        tell_log(name, lines, writer.site)
    return lines


def _function(cause: StackEvent, template: Template | None, events: Sequence[StackEvent], writer: Writer) -> str | None:
    """Return the physical name of the function to look at, in the stack of the cause."""
    if cause.type == FUNCTION_TYPE:
        return cause.physical_id
    if template is None or not cause.type.startswith(("Custom::", "AWS::CloudFormation::CustomResource")):
        return None
    logical_id = function_behind(mapping_at(template.body, "Resources").get(cause.logical_id))
    if logical_id is None:
        return None
    made = [e.physical_id for e in events if (e.stack_name, e.logical_id) == (cause.stack_name, logical_id)]
    there = [r.physical_id for r in writer.cloud.stacks.resources(cause.stack_name) if r.logical_id == logical_id]
    return next((name for name in [*reversed(made), *there] if name), None)
