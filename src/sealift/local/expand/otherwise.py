"""What CloudFormation takes and the emulator takes only when it is written otherwise."""

import json
import re
from collections.abc import Callable

from sealift.cfn.values import list_at, mapped, mapping_at, properties, resources
from sealift.local.expand.context import Body, Context, Expanded
from sealift.local.expand.shape import known, rewritten, with_properties
from sealift.model.template import Json

_KINDS = {"AWS::SecretsManager::Secret": "secretsmanager", "AWS::SSM::Parameter": "ssm"}
_POLICY = "CodeDeployLambdaAliasUpdate"
_TOPIC = re.compile(r'(\bFROM\s+)"([^"\']*)"', re.IGNORECASE)


def environment_values(body: Body, _context: Context) -> Expanded:
    """Write numbers and booleans of `Environment.Variables` as text, as CloudFormation does; functions fail else."""

    def change(_logical_id: str, resource: Body) -> Body | None:
        environment = mapping_at(properties(resource).get("Environment"))
        variables = environment.get("Variables")
        if not isinstance(variables, dict) or not any(_is_bare(v) for v in variables.values()):
            return None
        texts: Body = {k: as_text(v) if _is_bare(v) else v for k, v in variables.items()}
        return with_properties(resource, {"Environment": {**environment, "Variables": texts}})

    return Expanded(body=rewritten(body, change, "AWS::Lambda::Function"))


def as_text(value: Json) -> str:
    """Return a scalar as CloudFormation passes it on."""
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _is_bare(value: Json) -> bool:
    return isinstance(value, bool | int | float)


def gradual(body: Body, _context: Context) -> Expanded:
    """Take the update policy away that hands an alias to CodeDeploy: it moves at once, and no hook is called."""
    notes: list[str] = []

    def change(logical_id: str, resource: Body) -> Body | None:
        policy = mapping_at(resource.get("UpdatePolicy"))
        if _POLICY not in policy:
            return None
        notes.append(
            f"{logical_id}: traffic moves to the new version at once, no hook is called and no alarm watched: "
            "the embedded cloud has no CodeDeploy"
        )
        left = {name: value for name, value in policy.items() if name != _POLICY}
        kept = {name: value for name, value in resource.items() if name != "UpdatePolicy"}
        return {**kept, "UpdatePolicy": left} if left else kept

    return Expanded(body=rewritten(body, change), notes=tuple(notes))


def own_settings(body: Body, context: Context) -> Expanded:
    """Make what a template reads as a setting before what reads it, where the template makes it itself.

    CloudFormation begins with both at once, and a secret is there long before; the emulator makes one thing after
    another.
    """
    makers: dict[str, str] = {}
    for kind, service in _KINDS.items():
        for logical_id, resource in resources(body, kind):
            name = known(properties(resource).get("Name"), body, context)
            if name:
                makers[f"{service}:{name}"] = logical_id

    def change(logical_id: str, resource: Body) -> Body | None:
        text = json.dumps(properties(resource))
        wanted = [maker for named, maker in makers.items() if maker != logical_id and _reads(text, named)]
        if not wanted:
            return None
        given = resource.get("DependsOn")
        before: list[Json] = list_at(given) if isinstance(given, list) else [given] if given else []
        return {**resource, "DependsOn": [*before, *(one for one in wanted if one not in before)]}

    return Expanded(body=rewritten(body, change) if makers else body)


def _reads(text: str, named: str) -> bool:
    return re.search(rf"\{{\{{resolve:{re.escape(named)}[:}}]", text) is not None


def topic_rules(body: Body, _context: Context) -> Expanded:
    """Write the topic of each rule of AWS IoT in single quotes; AWS takes double ones as well."""

    def change(_logical_id: str, resource: Body) -> Body:
        payload = mapping_at(properties(resource).get("TopicRulePayload"))
        return with_properties(resource, {"TopicRulePayload": {**payload, "Sql": mapped(payload.get("Sql"), _single)}})

    return Expanded(body=rewritten(body, change, "AWS::IoT::TopicRule"))


def _single(value: Json) -> Json:
    return _TOPIC.sub(r"\1'\2'", value) if isinstance(value, str) else value


def policies(body: Body, _context: Context) -> Expanded:
    """Write policies that are resources of their own as the older types, which the emulator enforces."""

    def change(_logical_id: str, resource: Body) -> Body:
        kind, settings = _REWRITES[str(resource["Type"])](properties(resource))
        return {**resource, "Type": kind, "Properties": settings}

    return Expanded(body=rewritten(body, change, *_REWRITES))


def _role_policy(given: Body) -> tuple[str, Body]:
    settings: Body = {
        "PolicyName": given.get("PolicyName"),
        "PolicyDocument": given.get("PolicyDocument"),
        "Roles": [given.get("RoleName")],
    }
    return "AWS::IAM::Policy", settings


def _topic_policy(given: Body) -> tuple[str, Body]:
    return "AWS::SNS::TopicPolicy", {"PolicyDocument": given.get("PolicyDocument"), "Topics": [given.get("TopicArn")]}


def _queue_policy(given: Body) -> tuple[str, Body]:
    return "AWS::SQS::QueuePolicy", {"PolicyDocument": given.get("PolicyDocument"), "Queues": [given.get("Queue")]}


_REWRITES: dict[str, Callable[[Body], tuple[str, Body]]] = {
    "AWS::IAM::RolePolicy": _role_policy,
    "AWS::SNS::TopicInlinePolicy": _topic_policy,
    "AWS::SQS::QueueInlinePolicy": _queue_policy,
}
