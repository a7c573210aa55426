"""Rewriting templates for the embedded cloud, and the values in them that can be known now."""

import hashlib
from collections.abc import Mapping

from sealift.cfn.evaluation import Bindings, parameter_values, resolved
from sealift.cfn.pseudo import pseudo_parameters
from sealift.cfn.values import mapping_at, properties, scalar_text
from sealift.local.expand.context import Body, Context
from sealift.model.template import Json


def with_resources(body: Body, changed: Mapping[str, Json]) -> Body:
    """Return the template with these resources added or replaced."""
    return {**body, "Resources": {**mapping_at(body.get("Resources")), **changed}}


def with_properties(resource: Body, changed: Mapping[str, Json], *, without: tuple[str, ...] = ()) -> Body:
    """Return the resource with properties replaced and some taken away."""
    kept = {k: v for k, v in properties(resource).items() if k not in without}
    return {**resource, "Properties": {**kept, **changed}}


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
    given = parameter_values(body, context.parameters, with_secrets=True)
    bindings = Bindings(
        parameters={**pseudo, **given},
        mappings=mapping_at(body, "Mappings"),
        conditions=mapping_at(body, "Conditions"),
    )
    found = resolved(value, bindings)
    return scalar_text(found) if isinstance(found, str | int | float) else None
