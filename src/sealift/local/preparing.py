"""From the sealed template in the bucket to the one the emulator gets: rendered, expanded, nested ones first."""

import contextlib
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from sealift.cfn.values import mapping_at, properties, resources
from sealift.errors import CloudError, PreconditionFailed, TemplateError
from sealift.local import sdk_layers
from sealift.local.clients import client_notes
from sealift.local.endpoint import Endpoint
from sealift.local.expand import Body, Context, expand
from sealift.local.expand.shape import known, with_properties, with_resources
from sealift.local.interpreters import Places, nearest
from sealift.local.layers import Install, install, stand_ins
from sealift.local.packages import packages_in
from sealift.local.quotas import refuse_over_quota
from sealift.local.runtimes import Package
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
    blob_file: Callable[[str], Path | None]
    where: Places
    install: Install = install
    install_sdk: Callable[[tuple[str, ...]], bytes | None] = sdk_layers.install

    def zip_of(self, key: str) -> Path | bytes | None:
        """Return a stored zip: from this machine when it is there, else from the bucket."""
        path = self.blob_file(key.removeprefix("blobs/"))
        if path:
            return path
        stored = self.bucket.get(key)
        return stored.body if stored else None

    def layer(self, requirement: str, declared: tuple[int, int]) -> tuple[str, str] | None:
        """Return bucket and key of a layer for the Python that runs a declared version here; None without one."""
        version = nearest(declared, self.where).version
        return self._kept(f"{requirement} {version}", lambda: self.install(requirement, version))

    def sdk(self, packages: tuple[str, ...]) -> tuple[str, str] | None:
        """Return bucket and key of a layer with parts of the SDK of Lambda's Node.js; None without one."""
        return self._kept(" ".join(packages), lambda: self.install_sdk(packages))

    def _kept(self, what: str, make: Callable[[], bytes | None]) -> tuple[str, str] | None:
        key = f"local/layers/{hashlib.sha256(what.encode()).hexdigest()}.zip"
        if not self.bucket.keys(key):
            packed = make()
            if packed is None:
                return None
            put_once(self.bucket, key, packed)
        return self.bucket.name, key


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A template stored for the emulator, with the functions it makes, nested ones included."""

    key: str
    parameters: frozenset[str]
    notes: tuple[str, ...]
    packages: tuple[Package, ...] = ()


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
    refuse_over_quota(rendered.body, stored.body, preparation.stack_name)
    context = context_of(preparation)
    expanded = expand(rendered.body, context=context)
    of_node = sdk_layers.sdk_stand_ins(expanded.body, context, preparation.zip_of, preparation.sdk)
    result = stand_ins(of_node.body, context, preparation.layer)
    _check_blobs(result.body, preparation.bucket)
    body, nested = _with_nested(result.body, preparation, context, depth=depth)
    clients = client_notes(expanded.body, context, preparation.zip_of)
    notes = [*expanded.notes, *of_node.notes, *result.notes, *clients, *(note for one in nested for note in one.notes)]
    packages = [*packages_in(body, context, preparation.zip_of), *(p for one in nested for p in one.packages)]
    return Prepared(
        key=_stored(body, preparation.bucket),
        parameters=frozenset(mapping_at(body.get("Parameters"))),
        notes=tuple(dict.fromkeys(notes)),
        packages=tuple(packages),
    )


def _check_blobs(body: Body, bucket: Bucket) -> None:
    """Raise CloudError when code is missing: the emulator would answer with a made-up response."""
    wanted = set(_BLOB.findall(json.dumps(body)))
    missing = sorted(wanted - set(bucket.keys("blobs/"))) if wanted else []
    if missing:
        raise CloudError(
            f"{missing[0]} is not in the bucket {bucket.name}",
            code="blob-missing",
            hint="Deploy again; what a release carries is uploaded before it is used",
            context={"missing": missing},
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
    put_once(bucket, key, data)
    return key


def put_once(bucket: Bucket, key: str, data: bytes) -> None:
    """Store an object unless there is one; the bucket keeps versions, and equal ones are of no use."""
    with contextlib.suppress(PreconditionFailed):
        bucket.put(key, data, if_absent=True)


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
    for logical_id, resource in resources(body, _STACK):
        blob = _BLOB.search(json.dumps(properties(resource).get("TemplateURL")))
        if blob is None:
            continue
        given = mapping_at(properties(resource).get("Parameters"))
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
