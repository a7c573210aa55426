"""What an environment of an application has on AWS, by name: what rights are about. Pure.

Where a resource is not there yet, a name is made up that begins as CloudFormation begins it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field

from sealift.cfn.evaluation import Bindings, parameter_values, resolved
from sealift.cfn.values import mapping_at
from sealift.isolation.types import TYPES
from sealift.model.stack import StackResource
from sealift.model.template import Json, Template
from sealift.model.values import value

_SERVERLESS: Mapping[str, Sequence[str]] = {
    "Api": ("AWS::ApiGateway::RestApi",),
    "Function": ("AWS::Lambda::Function",),
    "LayerVersion": ("AWS::Lambda::LayerVersion",),
    "SimpleTable": ("AWS::DynamoDB::Table",),
    "StateMachine": ("AWS::StepFunctions::StateMachine",),
}
"""What SAM makes of its types, by whose own names rights are limited; roles beside."""
_ROLE = "AWS::IAM::Role"
MADE_UP = "sealift-any"
"""Stands in a name for what is not known; IAM simulates resources that do not exist."""
PLACES = re.compile(r"\$\{(\w+)\}")
"""Places in the format of an ARN."""
_SAM = "AWS::Serverless::"


@value
class Footprint:
    """One environment, as names."""

    partition: str
    account: str
    region: str
    app: str
    environment: str
    bucket: str
    """The one of Sealift."""
    stacks: tuple[str, ...]
    resources: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Physical ids by type."""
    services: frozenset[str] = frozenset()
    """IAM's prefixes of the services that the templates use."""
    settings: tuple[str, ...] = ()
    """References to parameters and secrets."""
    role: str | None = None
    cloudformation_role: str | None = None
    signing_key: str | None = None
    hooks: bool = False
    """Whether hooks call functions."""
    health: bool = True
    drift: bool = False
    protected: bool = False
    makes_bucket: bool = False
    """Whether the first deployment has to make the bucket."""
    boundary: str = ""
    """ARN of the permissions boundary, when every role that the templates make has one."""

    @property
    def known(self) -> dict[str, str]:
        """Return what stands at the places that every ARN has."""
        return {"Partition": self.partition, "Region": self.region, "Account": self.account}

    def named(self, kind: str) -> tuple[str, ...]:
        """Return the names of resources of a type, as ARNs have them: not the URL of a queue or the slash of a path."""
        names = self.resources.get(kind, ())
        return tuple(one.rpartition("/")[2] if "://" in one else one.removeprefix("/") for one in names)


def resources(
    stacks: Mapping[str, Template], deployed: Mapping[str, Sequence[StackResource]], given: Mapping[str, Json]
) -> dict[str, tuple[str, ...]]:
    """Return physical ids by type, of what stands and of what the templates, by name of their stack, will make.

    `given` are values of parameters and pseudo parameters, as far as they are known.
    """
    found: dict[str, dict[str, None]] = {}
    for stack, template in stacks.items():
        there = {one.logical_id: one for one in deployed.get(stack, ())}
        for one in there.values():
            if one.physical_id:
                found.setdefault(one.type, {})[one.physical_id] = None
        for logical_id, kind, named in _declared(template, {**given, "AWS::StackName": stack}):
            if logical_id not in there:
                name = named or f"{stack}-{logical_id}-{MADE_UP}"
                lower = kind in TYPES and TYPES[kind].style == "lower"
                found.setdefault(kind, {})[name.lower() if lower else name] = None
    return {kind: tuple(names) for kind, names in found.items()}


def _declared(template: Template, given: Mapping[str, Json]) -> Iterator[tuple[str, str, str]]:
    """Yield logical id, type and given name of what a template makes, and those nested in it."""
    defaults = parameter_values(template.body, {})
    bindings = Bindings(parameters={**defaults, **given}, mappings=mapping_at(template.body, "Mappings"))
    for logical_id, resource in mapping_at(template.body, "Resources").items():
        kind, properties = str(mapping_at(resource).get("Type", "")), mapping_at(resource, "Properties")
        serverless = kind.removeprefix(_SAM)
        for one in _SERVERLESS.get(serverless, ()) if serverless != kind else (kind,):
            name = resolved(properties.get(TYPES[one].name or "") if one in TYPES else None, bindings)
            # https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-layerversion.html
            own = logical_id if serverless == "LayerVersion" else ""
            yield logical_id, one, name if isinstance(name, str) else own
        if serverless in ("Function", "StateMachine") and serverless != kind and _has_own_role(template, resource):
            yield f"{logical_id}Role", _ROLE, ""
    for nested in template.nested.values():
        yield from _declared(nested, {})


def _has_own_role(template: Template, resource: Json) -> bool:
    """Return whether SAM makes a role for a function."""
    given = mapping_at(template.body, "Globals", "Function")
    return "Role" not in mapping_at(resource, "Properties") and "Role" not in given


def filled_in(arn: str, known: Mapping[str, str]) -> str:
    """Return the format of an ARN with values for its places."""
    return PLACES.sub(lambda match: known[match[1]], arn)
