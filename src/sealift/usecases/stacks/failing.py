"""Say why a stack failed: the first cause, its place in the user's template, the function's log, and what to do."""

from collections.abc import Sequence

from sealift.delivery.causes import FUNCTION_TYPE, advice, first_cause, function_behind, made_from, nesting
from sealift.errors import CloudError, SealiftError
from sealift.model.stack import StackEvent, StackState
from sealift.model.template import Location, Template
from sealift.usecases.logs import read_log, tell_log
from sealift.usecases.stacks.target import StackTarget
from sealift.usecases.writing import Writer


def failure(
    target: StackTarget, state: StackState | None, events: Sequence[StackEvent], writer: Writer, commit: str | None
) -> CloudError:
    """Return the error of a stack that failed; the log of a function that caused it is told before."""
    cause = first_cause(events)
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
        hint=f"{back} {what or 'Mend the cause'}{' Then' if what else ' and'} deploy again.",
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
        template: Template | None = writer.services.templates.load(target.app.root, spec.template)
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
    declared = _resources(template)
    name = made_from(cause.logical_id, list(declared))
    if template is None or name is None:
        return None
    return Location(file=template.file, line=template.line(("Resources", name)) if same_tree else 0, logical_id=name)


def _resources(template: Template | None) -> dict[str, object]:
    found = template.body.get("Resources") if template else None
    return dict(found) if isinstance(found, dict) else {}


def _log(cause: StackEvent, template: Template | None, events: Sequence[StackEvent], writer: Writer) -> tuple[str, ...]:
    """Return the end of the log of the function that failed, or that stands behind a custom resource; and tell it."""
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
    if not cause.type.startswith(("Custom::", "AWS::CloudFormation::CustomResource")):
        return None
    logical_id = function_behind(_resources(template).get(cause.logical_id))  # type: ignore[arg-type]
    if logical_id is None:
        return None
    made = [e.physical_id for e in events if (e.stack_name, e.logical_id) == (cause.stack_name, logical_id)]
    there = [r.physical_id for r in writer.cloud.stacks.resources(cause.stack_name) if r.logical_id == logical_id]
    return next((name for name in [*reversed(made), *there] if name), None)
