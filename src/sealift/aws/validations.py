"""What CloudFormation finds wrong with a template before it changes anything: early validations, and hooks that refuse.

https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeEvents.html. Documented, not observed:
that the events of a change set are there once its status is FAILED.
"""

from typing import Any

from sealift.aws.failures import calling
from sealift.aws.session import AwsSession
from sealift.model.stack import StackEvent

_REASONS = {"VALIDATION_ERROR": "ValidationStatusReason", "HOOK_INVOCATION_ERROR": "HookStatusReason"}
_ONLY_WARNS = "WARN"


def failed_validations(session: AwsSession, stack_name: str, change_set: str | None) -> tuple[StackEvent, ...]:
    """Return the failed validations of a change set, or of every operation on a stack, oldest first."""
    which: Any = {"StackName": stack_name, **({"ChangeSetName": change_set} if change_set else {})}
    with calling(f"ask what is wrong with stack {stack_name}"):
        pages = session.cloudformation.get_paginator("describe_events").paginate(
            **which, Filters={"FailedEvents": True}
        )
        events = [event for page in pages for event in page["OperationEvents"]]
    return tuple(sorted((_event(raw, stack_name) for raw in events if _stops(raw)), key=lambda e: e.at))


def _stops(raw: Any) -> bool:
    mode = raw.get("ValidationFailureMode", raw.get("HookFailureMode"))
    return raw.get("EventType") in _REASONS and mode != _ONLY_WARNS


def _event(raw: Any, stack_name: str) -> StackEvent:
    reason, path = raw.get(_REASONS[raw["EventType"]], ""), raw.get("ValidationPath", "")
    at_property = path.partition("/Properties/")[2]
    return StackEvent(
        id=raw["EventId"],
        at=raw["Timestamp"],
        stack_name=stack_name,
        logical_id=raw.get("LogicalResourceId", stack_name),
        physical_id=raw.get("PhysicalResourceId"),
        type=raw.get("ResourceType", "AWS::CloudFormation::Stack"),
        status="VALIDATION_FAILED",
        reason=f"{at_property}: {reason}" if at_property else reason,
    )
