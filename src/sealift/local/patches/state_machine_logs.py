"""What state machines log: the emulator keeps the history of an execution, and writes nothing to a log group."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

_DATA = ("input", "output")


def logged_executions() -> None:
    """Write each event of an execution to the log group that its state machine names.

    https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html (documented, not observed)
    """
    from ministack.services import stepfunctions

    add = stepfunctions._add_event

    def added(execution: Any, kind: str, details: Any = None) -> Any:
        event = add(execution, kind, details)
        machine = stepfunctions._state_machines.get(execution.get("stateMachineArn")) or {}
        declared = _lowered(machine.get("loggingConfiguration"))
        # An execution is made with its first event in it.
        for one in execution["events"] if event["id"] == 2 else [event]:
            if _is_logged(one["type"], str(declared.get("level"))):
                _write(declared, execution["executionArn"], one)
        return event

    stepfunctions._add_event = added


def _is_logged(kind: str, level: str) -> bool:
    failed = kind.endswith(("Failed", "TimedOut", "Aborted"))
    return level == "ALL" or (level == "ERROR" and failed) or (level == "FATAL" and failed and "Execution" in kind)


def _write(declared: Mapping[str, Any], execution: str, event: Mapping[str, Any]) -> None:
    from ministack.services import cloudwatch_logs

    details = {key: value for key, value in event.items() if key not in ("id", "type", "timestamp")}
    at = int(datetime.fromisoformat(str(event["timestamp"])).timestamp() * 1000)
    text = json.dumps(
        {
            "id": str(event["id"]),
            "type": event["type"],
            "details": details if declared.get("includeExecutionData") else _without_data(details),
            "previous_event_id": str(event["id"] - 1),
            "event_timestamp": str(at),
            "execution_arn": execution,
        },
        default=str,
    )
    for one in declared.get("destinations") or []:
        group = str(one.get("cloudWatchLogsLogGroup", {}).get("logGroupArn", "")).partition(":log-group:")[2]
        stream = {"logGroupName": group.removesuffix(":*"), "logStreamName": "states/" + execution.rpartition(":")[2]}
        cloudwatch_logs._create_log_stream(stream)  # says so when it is there already
        cloudwatch_logs._put_log_events({**stream, "logEvents": [{"timestamp": at, "message": text}]})


def _without_data(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {key: _without_data(one) for key, one in value.items() if key not in _DATA}


def _lowered(value: Any) -> Any:
    """Return a declaration with the names of the API: CloudFormation's begin with a capital."""
    if isinstance(value, dict):
        return {name[:1].lower() + name[1:]: _lowered(one) for name, one in value.items()}
    return [_lowered(one) for one in value] if isinstance(value, list) else ({} if value is None else value)
