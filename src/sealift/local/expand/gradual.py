"""Gradual deployments: without CodeDeploy an alias moves at once, and its hooks are not called."""

from sealift.cfn.values import mapping_at, resources
from sealift.local.expand.context import Body, Context, Expanded
from sealift.local.expand.shape import with_resources
from sealift.model.template import Json

_POLICY = "CodeDeployLambdaAliasUpdate"


def gradual(body: Body, context: Context) -> Expanded:
    """Take the update policy that hands an alias to CodeDeploy away."""
    del context
    changed: dict[str, Json] = {}
    notes: list[str] = []
    for logical_id, resource in resources(body):
        policy = mapping_at(resource.get("UpdatePolicy"))
        if _POLICY not in policy:
            continue
        left = {name: value for name, value in policy.items() if name != _POLICY}
        kept = {name: value for name, value in resource.items() if name != "UpdatePolicy"}
        changed[logical_id] = {**kept, "UpdatePolicy": left} if left else kept
        notes.append(
            f"{logical_id}: traffic moves to the new version at once, no hook is called and no alarm watched: "
            "the embedded cloud has no CodeDeploy"
        )
    return Expanded(body=with_resources(body, changed), notes=tuple(notes))
