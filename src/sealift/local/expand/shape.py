"""Rewriting templates for the embedded cloud, and the values in them that can be known now."""

import hashlib
from collections.abc import Callable, Mapping

from sealift.cfn.evaluation import bindings_of, resolved
from sealift.cfn.pseudo import pseudo_parameters
from sealift.cfn.values import mapping_at, properties, resources, scalar_text
from sealift.local.expand.context import Body, Context
from sealift.model.template import Json


def with_resources(body: Body, changed: Mapping[str, Json]) -> Body:
    """Return the template with these resources added or replaced."""
    return {**body, "Resources": {**mapping_at(body.get("Resources")), **changed}}


def with_properties(resource: Body, changed: Mapping[str, Json], *, without: tuple[str, ...] = ()) -> Body:
    """Return the resource with properties replaced and some taken away."""
    kept = {k: v for k, v in properties(resource).items() if k not in without}
    return {**resource, "Properties": {**kept, **changed}}


def rewritten(body: Body, change: Callable[[str, Body], Body | None], *types: str) -> Body:
    """Return the template with each resource of these types as `change` returns it; None leaves it as it is."""
    return with_resources(body, {i: new for i, r in resources(body, *types) if (new := change(i, r)) is not None})


def capitalized(definition: Body, *names: str) -> Body:
    """Return keys of an OpenAPI extension as the properties that CloudFormation calls alike, where they are given."""
    return {name[0].upper() + name[1:]: definition[name] for name in names if name in definition}


def child_id(parent: str, kind: str, *parts: str) -> str:
    """Return a logical id for a resource made from a part of another; stable, so that updates update it."""
    digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:10]
    return f"{parent}{kind}{digest}" if parts else f"{parent}{kind}"


def inherited(resource: Body) -> Body:
    """Return the attributes that resources made from this one share with it."""
    return {key: resource[key] for key in ("Condition",) if key in resource}


def known(value: Json, body: Body, context: Context) -> str | None:
    """Return the text that CloudFormation would make of a value, or None when it is known only after deployment."""
    pseudo = pseudo_parameters(account=context.account, region=context.region, stack_name=context.stack_name)
    found = resolved(value, bindings_of(body, context.parameters, pseudo, with_secrets=True))
    return scalar_text(found) if isinstance(found, str | int | float) else None
