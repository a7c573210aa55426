"""From the sealed template in the bucket to the one the emulator gets: rendered, expanded, nested ones first."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from sealift.errors import TemplateError
from sealift.local.endpoint import Endpoint
from sealift.local.expand import Body, Context, expand
from sealift.local.expand.shape import as_object, known, of_type, properties, with_properties, with_resources
from sealift.local.names import Name, names_in
from sealift.model.template import Json, Rendered
from sealift.ports import Bucket

_BLOB = re.compile(r"blobs/[0-9a-f]{64}")
_STACK = "AWS::CloudFormation::Stack"
_DEPTH = 8


class Render(Protocol):
    """The part of the Templates port that is needed here."""

    def __call__(
        self, body: bytes, *, parameters: Mapping[str, str], account: str, region: str, stack_name: str
    ) -> Rendered:
        """Translate SAM to CloudFormation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparation:
    """What a template is prepared for."""

    bucket: Bucket
    render: Render
    endpoint: Endpoint
    stack_name: str
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A template stored for the emulator. `names` are the physical names it fixes, nested ones included."""

    key: str
    parameters: frozenset[str]
    notes: tuple[str, ...]
    names: tuple[tuple[str, Name], ...]


def prepared(preparation: Preparation, template_key: str, *, depth: int = 0) -> Prepared:
    """Render, expand and store the template under `local/<sha256>.json`. Raises TemplateError when it is not there."""
    stored = preparation.bucket.get(template_key)
    if stored is None:
        raise TemplateError(
            f"The template {template_key} is not in the bucket {preparation.bucket.name}",
            code="template-not-stored",
            hint="Deploy again; it is uploaded before it is used",
        )
    rendered = preparation.render(
        stored.body,
        parameters=preparation.parameters,
        account=preparation.endpoint.account,
        region=preparation.endpoint.region,
        stack_name=preparation.stack_name,
    )
    context = context_of(preparation)
    result = expand(rendered.body, context=context)
    body, nested = _with_nested(result.body, preparation, context, depth=depth)
    notes = [*result.notes, *(note for one in nested for note in one.notes)]
    names = [*names_in(body, context), *(name for one in nested for name in one.names)]
    return Prepared(
        key=_stored(body, preparation.bucket),
        parameters=frozenset(as_object(body.get("Parameters"))),
        notes=tuple(dict.fromkeys(notes)),
        names=tuple(names),
    )


def context_of(preparation: Preparation) -> Context:
    """Return what expansions need to know of it."""

    def read(key: str) -> bytes | None:
        found = preparation.bucket.get(key)
        return found.body if found else None

    return Context(
        stack_name=preparation.stack_name,
        account=preparation.endpoint.account,
        region=preparation.endpoint.region,
        parameters=preparation.parameters,
        read_blob=read,
    )


def _stored(body: Body, bucket: Bucket) -> str:
    data = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    key = f"local/{hashlib.sha256(data).hexdigest()}.json"
    bucket.put(key, data)
    return key


def _with_nested(
    body: Body, preparation: Preparation, context: Context, *, depth: int
) -> tuple[Body, tuple[Prepared, ...]]:
    """Prepare templates of nested stacks that the release carries, and point the stacks at the results."""
    if depth > _DEPTH:
        raise TemplateError(
            f"Nested stacks of {preparation.stack_name} are nested more than {_DEPTH} deep",
            code="template-nesting",
            hint="Look for a template that nests itself",
        )
    changed: dict[str, Json] = {}
    done: list[Prepared] = []
    for logical_id, resource in of_type(body, _STACK):
        blob = _BLOB.search(json.dumps(properties(resource).get("TemplateURL")))
        if blob is None:
            continue
        given = as_object(properties(resource).get("Parameters"))
        values = {name: known(value, body, context) for name, value in given.items()}
        inside = replace(
            preparation,
            stack_name=f"{preparation.stack_name}-{logical_id}",
            parameters={name: value for name, value in values.items() if value is not None},
        )
        one = prepared(inside, blob[0], depth=depth + 1)
        done.append(one)
        url = f"{preparation.endpoint.url}/{preparation.bucket.name}/{one.key}"
        kept: Body = {name: value for name, value in given.items() if name in one.parameters}
        changed[logical_id] = with_properties(resource, {"TemplateURL": url, "Parameters": kept})
    return with_resources(body, changed), tuple(done)
