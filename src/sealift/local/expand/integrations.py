"""Tasks of state machines that the emulator cannot do: an execution fails when it comes to one."""

import json
import re
from collections.abc import Iterator

from sealift.cfn.values import mapping_at, properties, resources
from sealift.local.expand.context import Body, Context, Expanded
from sealift.local.expand.shape import known

SERVED = (
    "apigateway:invoke", "dynamodb:deleteItem", "dynamodb:getItem", "dynamodb:putItem", "dynamodb:updateItem",
    "ecs:runTask", "events:putEvents", "lambda:invoke", "sns:publish", "sqs:sendMessage", "states:startExecution",
)  # fmt: skip
"""Optimized integrations; `ecs:runTask` starts no container, which `in_name_only` says."""
_READERS = ("s3:getObject", "s3:listObjectsV2")
"""What a distributed map reads its items by."""
SERVED_BY_SDK = (
    "athena", "cloudwatch", "cloudwatchlogs", "dynamodb", "ec2", "ecr", "ecs", "elasticache", "eventbridge", "glue",
    "iam", "kinesis", "kms", "lambda", "logs", "rds", "rdsdata", "route53", "s3", "secretsmanager", "sfn", "sns", "sqs",
    "ssm", "sts",
)  # fmt: skip
"""Services that `aws-sdk:SERVICE:ACTION` reaches."""
_TASK = re.compile(r":states:::([A-Za-z0-9-]+(?::[A-Za-z0-9-]+)+)")


def integrations(body: Body, context: Context) -> Expanded:
    """Change nothing, and name the tasks that fail."""
    return Expanded(body=body, notes=tuple(_notes(body, context)))


def _notes(body: Body, context: Context) -> Iterator[str]:
    for logical_id, resource in resources(body, "AWS::StepFunctions::StateMachine"):
        missing = sorted({task for task in _TASK.findall(_definition(resource, body, context)) if not _served(task)})
        if missing:
            yield f"{logical_id}: the embedded cloud has no {', '.join(missing)}; an execution fails there"


def _definition(resource: Body, body: Body, context: Context) -> str:
    given = properties(resource)
    key = known(mapping_at(given.get("DefinitionS3Location")).get("Key"), body, context)
    data = context.read_blob(key) if key else None
    return data.decode(errors="replace") if data is not None else json.dumps(given)


def _served(task: str) -> bool:
    service, action, *_ = task.split(":")
    return action.lower() in SERVED_BY_SDK if service == "aws-sdk" else f"{service}:{action}" in (*SERVED, *_READERS)
