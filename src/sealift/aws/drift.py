"""Drift: what was changed by hand. The one question to CloudFormation whose answer has to be waited for."""

import json
from typing import Any

from sealift.aws.failures import calling
from sealift.aws.lagging import Pause
from sealift.aws.session import AwsSession
from sealift.errors import CloudError
from sealift.model.stack import Drift
from sealift.model.template import Json

_TIMEOUT_S = 900.0
_SLOWEST_S = 3.0


def detect_drift(session: AwsSession, stack_name: str, pause: Pause) -> tuple[Drift, ...]:
    """Start a detection, wait for it, and return what differs. Raises CloudError when it fails or takes too long."""
    client = session.cloudformation
    with calling(f"detect drift of stack {stack_name}"):
        detection = client.detect_stack_drift(StackName=stack_name)["StackDriftDetectionId"]
    _wait(session, stack_name, detection, pause)
    found: list[Drift] = []
    more: Any = {}
    while True:
        with calling(f"read the drift of stack {stack_name}"):
            page = client.describe_stack_resource_drifts(
                StackName=stack_name, StackResourceDriftStatusFilters=["MODIFIED", "DELETED"], **more
            )
        found += [_drift(raw) for raw in page["StackResourceDrifts"]]
        if not page.get("NextToken"):
            return tuple(found)
        more = {"NextToken": page["NextToken"]}


def _wait(session: AwsSession, stack_name: str, detection: str, pause: Pause) -> None:
    deadline = pause.monotonic() + _TIMEOUT_S
    pause_s = 0.1
    while True:
        with calling(f"ask about the drift of stack {stack_name}"):
            status = session.cloudformation.describe_stack_drift_detection_status(StackDriftDetectionId=detection)
        match status["DetectionStatus"]:
            case "DETECTION_COMPLETE":
                return
            case "DETECTION_FAILED":
                raise CloudError(
                    f"The drift of stack {stack_name} could not be detected: "
                    f"{status.get('DetectionStatusReason', 'no reason given')}",
                    code="drift-undetected",
                    hint="Some resource types do not support it; the reason names the resource.",
                )
            case _ if pause.monotonic() > deadline:
                raise CloudError(
                    f"Detecting the drift of stack {stack_name} took longer than {_TIMEOUT_S:.0f} s",
                    code="timeout",
                    retryable=True,
                )
            case _:
                pause.sleep(pause_s)
                pause_s = min(pause_s * 1.5, _SLOWEST_S)


def _drift(raw: Any) -> Drift:
    return Drift(
        logical_id=raw["LogicalResourceId"],
        type=raw["ResourceType"],
        status=raw["StackResourceDriftStatus"],
        differences=tuple(
            (d["PropertyPath"], _value(d["ExpectedValue"]), _value(d["ActualValue"]))
            for d in raw.get("PropertyDifferences", [])
        ),
    )


def _value(text: str) -> Json:
    """Return the value that CloudFormation gives as JSON text; text that is not JSON is the value."""
    try:
        value: Json = json.loads(text)
    except ValueError:
        return text
    return value
