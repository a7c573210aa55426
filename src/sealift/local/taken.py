"""Refuses a stack that names a resource as another stack of the same environment does."""

import json
from dataclasses import replace

from sealift.errors import CloudError
from sealift.local.names import Name, names_in
from sealift.local.preparing import Preparation, Prepared, context_of, put_once
from sealift.ports import Bucket, Stacks

_MARKS = "local/stacks/"


def refuse_taken_names(result: Prepared, *, inner: Stacks, bucket: Bucket, preparation: Preparation) -> None:
    """Raise CloudError when a physical name is used twice, in this template or by a stack deployed before.

    Which stacks there are is kept in the bucket, one empty object each; what they name is read from their templates.
    """
    if not result.names:
        return
    seen: dict[Name, str] = {}
    for logical_id, name in result.names:
        if seen.setdefault(name, logical_id) != logical_id:
            raise _taken(name, f"{seen[name]} and {logical_id} of stack {preparation.stack_name}")
    mark = f"{_MARKS}{preparation.stack_name}"
    for key in bucket.keys(_MARKS):
        other = key.removeprefix(_MARKS)
        if key == mark:
            continue
        for logical_id, name in _names_of(other, inner, preparation):
            if name in seen:
                raise _taken(name, f"{logical_id} of stack {other} and {seen[name]} of {preparation.stack_name}")
    put_once(bucket, mark, b"")


def _names_of(stack_name: str, inner: Stacks, preparation: Preparation) -> list[tuple[str, Name]]:
    state = inner.describe(stack_name)
    if state is None or state.status == "REVIEW_IN_PROGRESS":
        return []
    try:
        body = json.loads(inner.template(stack_name))
    except ValueError:
        return []
    context = context_of(replace(preparation, stack_name=stack_name, parameters=state.parameters))
    return list(names_in(body, context)) if isinstance(body, dict) else []


def _taken(name: Name, both: str) -> CloudError:
    return CloudError(
        f'The name "{name.name}" of {name.type} is used twice: by {both}',
        code="name-taken",
        hint="AWS refuses this too. Leave the name out, or make it depend on the stack's name",
        context={"name": name.name, "type": name.type},
    )
