"""Makes what a template reads as a setting before what reads it, where the template makes it itself.

CloudFormation begins with both at once, and a secret is there long before; the emulator makes one thing after another.
"""

import json
import re

from sealift.cfn.values import list_at, properties, resources
from sealift.local.expand.context import Body, Context, Expanded
from sealift.local.expand.shape import known, with_resources
from sealift.model.template import Json

_KINDS = {"AWS::SecretsManager::Secret": "secretsmanager", "AWS::SSM::Parameter": "ssm"}


def own_settings(body: Body, context: Context) -> Expanded:
    """Let each resource with a reference to a setting wait for the resource that makes it."""
    makers: dict[str, str] = {}
    for kind, service in _KINDS.items():
        for logical_id, resource in resources(body, kind):
            name = known(properties(resource).get("Name"), body, context)
            if name:
                makers[f"{service}:{name}"] = logical_id
    changed: dict[str, Json] = {}
    for logical_id, resource in resources(body) if makers else ():
        text = json.dumps(properties(resource))
        wanted = [maker for named, maker in makers.items() if maker != logical_id and _reads(text, named)]
        if wanted:
            given = resource.get("DependsOn")
            before: list[Json] = list_at(given) if isinstance(given, list) else [given] if given else []
            changed[logical_id] = {**resource, "DependsOn": [*before, *(one for one in wanted if one not in before)]}
    return Expanded(body=with_resources(body, changed))


def _reads(text: str, named: str) -> bool:
    return re.search(rf"\{{\{{resolve:{re.escape(named)}[:}}]", text) is not None
