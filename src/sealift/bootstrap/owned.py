"""What an environment owns of each service, as ARNs that only its own names match; or by tag, where AWS chooses ids."""

from sealift.bootstrap.target import BootstrapTarget
from sealift.delivery.identity import ENVIRONMENT_TAG, OWNER_TAG
from sealift.model.template import Json

_AT = "arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:${{AWS::AccountId}}:{resource}"
_NAMED: dict[str, tuple[str, ...]] = {
    "cloudwatch": ("alarm:{stack}-*",),
    "codedeploy": ("application:{stack}-*", "deploymentgroup:{stack}-*/*"),
    "dynamodb": ("table/{stack}-*",),
    "ecr": ("repository/{lower}-*",),
    "events": ("rule/{stack}-*", "event-bus/{stack}-*"),
    "firehose": ("deliverystream/{stack}-*",),
    "kinesis": ("stream/{stack}-*",),
    "lambda": ("function:{stack}-*", "layer:{stack}-*"),
    "logs": ("log-group:/aws/lambda/{stack}-*", "log-group:{stack}-*"),
    "pipes": ("pipe/{stack}-*",),
    "rds": ("db:{lower}-*", "cluster:{lower}-*", "subgrp:{lower}-*"),
    "scheduler": ("schedule/default/{stack}-*", "schedule-group/{stack}-*"),
    "sns": ("{stack}-*",),
    "sqs": ("{stack}-*",),
    "ssm": ("parameter/{stack}/*", "parameter/{stack}-*"),
    "states": ("*:{stack}-*",),
}
"""Resources whose names begin with the stack's: CloudFormation makes them so when the template names none."""
TAGGED: dict[str, tuple[str, ...]] = dict.fromkeys(("apigateway", "appsync", "cognito-idp", "secretsmanager"), ("*",))
"""Services whose ids AWS chooses: actions on what carries the tag that CloudFormation gives the stack's resources."""
NEW: dict[str, tuple[str, ...]] = {
    "appsync": ("CreateGraphqlApi",),
    "cognito-idp": ("CreateUserPool",),
    "secretsmanager": ("CreateSecret",),
}
"""Actions that make those: the request has the tags of the stack."""
_STACK_TAG = "aws:ResourceTag/aws:cloudformation:stack-name"
KNOWN = frozenset(_NAMED) | TAGGED.keys() | {"s3", "iam", "cloudformation", "xray"}


def owned(target: BootstrapTarget, service: str) -> list[str]:
    """Return the ARNs of what the environment owns of a service, by name; empty where it is by tag."""
    if service == "s3":
        return [f"arn:${{AWS::Partition}}:s3:::{stack.lower()}-*" for stack in target.stacks]
    return [
        _AT.format(service=service, resource=resource.format(stack=stack, lower=stack.lower()))
        for stack in target.stacks
        for resource in _NAMED.get(service, ())
    ]


def by_tag(target: BootstrapTarget) -> dict[str, Json]:
    """Return the condition that a resource is one of the environment's stacks'."""
    return {"StringLike": {_STACK_TAG: _names(target)}}


def asked_for(target: BootstrapTarget) -> dict[str, Json]:
    """Return the condition that a request gives what it makes the owner tags of the environment."""
    owner, environment = f"aws:RequestTag/{OWNER_TAG}", f"aws:RequestTag/{ENVIRONMENT_TAG}"
    if target.previews:
        return {"StringEquals": {owner: target.app}, "StringLike": {environment: target.environment}}
    return {"StringEquals": {owner: target.app, environment: target.environment}}


def stacks_of(target: BootstrapTarget) -> list[str]:
    """Return the ARNs of the environment's stacks, nested ones too."""
    at = _AT.format(service="cloudformation", resource="stack/")
    return [f"{at}{name}/*" for name in _names(target)]


def bootstrap_of(target: BootstrapTarget) -> str:
    """Return the ARN of the bootstrap stack itself."""
    return _AT.format(service="cloudformation", resource=f"stack/{target.name}/*")


def _names(target: BootstrapTarget) -> list[Json]:
    return [name for stack in target.stacks for name in (stack, f"{stack}-*")]


def roles_of(target: BootstrapTarget) -> list[str]:
    """Return the ARNs of the roles that the environment's stacks make."""
    return [f"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:role/{stack}-*" for stack in target.stacks]
