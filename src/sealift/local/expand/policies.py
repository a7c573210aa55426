"""Types that say the same as older ones that the emulator knows: each is written as the older one."""

from collections.abc import Callable

from sealift.cfn.values import properties, resources
from sealift.local.expand.context import Body, Context, Expanded
from sealift.local.expand.shape import with_resources
from sealift.model.template import Json


def policies(body: Body, context: Context) -> Expanded:
    """Write policies that are resources of their own as the types that the emulator enforces."""
    del context
    changed: dict[str, Json] = {}
    for logical_id, resource in resources(body):
        rewrite = _REWRITES.get(str(resource.get("Type")))
        if rewrite:
            kind, settings = rewrite(properties(resource))
            changed[logical_id] = {**resource, "Type": kind, "Properties": settings}
    return Expanded(body=with_resources(body, changed))


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
