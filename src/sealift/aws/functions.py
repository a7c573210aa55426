"""Lambda functions read back, their logs, and one call that runs them."""

import base64
import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from sealift.aws.failures import calling
from sealift.aws.session import AwsSession
from sealift.cfn.values import list_at, mapping_at
from sealift.model.loading import Loading
from sealift.model.stack import FunctionState, Invocation, LogLine
from sealift.model.template import Json

_PARALLEL = 8
_STREAMS = 5
"""A function writes one log stream per instance; the newest lines are in the newest few."""


_PLATFORM = ("START RequestId:", "END RequestId:", "REPORT RequestId:")


class AwsFunctions:
    """Lambda in one account and region."""

    def __init__(self, session: AwsSession) -> None:
        self._session = session

    def state(self, names: Sequence[str]) -> tuple[FunctionState, ...]:
        if not names:
            return ()
        with ThreadPoolExecutor(max_workers=min(_PARALLEL, len(names))) as pool:
            return tuple(pool.map(self._state, names))

    def shares(self, alias_arn: str) -> Mapping[str, float]:
        function, _, name = alias_arn.rpartition(":")
        with calling(f"look at alias {name}"):
            answer = self._session.functions.get_alias(FunctionName=function, Name=name)
        others = answer.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})
        return {**others, answer["FunctionVersion"]: round(1.0 - sum(others.values()), 6)}

    def log_lines(self, name: str, *, since: datetime) -> tuple[LogLine, ...]:
        events = []
        group = self._log_group(name)
        with calling(f"read the logs of function {name}", accepted=("not-found",)):
            pages = self._session.logs.get_paginator("filter_log_events").paginate(
                logGroupName=group, startTime=int(since.timestamp() * 1000)
            )
            events = [event for page in pages for event in page["events"]]
        lines = [
            LogLine(
                at=datetime.fromtimestamp(event["timestamp"] / 1000, UTC),
                stream=event["logStreamName"],
                message=event["message"].rstrip("\n"),
            )
            for event in events
        ]
        return tuple(sorted(lines, key=lambda line: line.at))

    def invoke(self, name: str, payload: Json) -> Invocation:
        with calling(f"call function {name}"):
            answer = self._session.patient_functions.invoke(
                FunctionName=name, LogType="Tail", Payload=json.dumps(payload).encode()
            )
            body = answer["Payload"].read()
        log = base64.b64decode(answer.get("LogResult", "")).decode(errors="replace").splitlines()
        kind = answer.get("FunctionError", "")
        return Invocation(
            error=_error_of(body, kind) if kind else "",
            log=tuple(line for line in log if not line.startswith(_PLATFORM)),
            status=answer["StatusCode"],
            payload=body.decode(errors="replace"),
            trace=_trace_of(body) if kind else (),
        )

    def _state(self, name: str) -> FunctionState:
        with calling(f"look at function {name}"):
            answer = self._session.functions.get_function_configuration(FunctionName=name)
        return FunctionState(
            name=answer["FunctionName"],
            code_sha256=base64.b64decode(answer["CodeSha256"]).hex(),
            version=answer.get("Version", "$LATEST"),
        )

    def _log_group(self, name: str) -> str:
        """Return where a function logs to. One that a rollback deleted left its log in the usual place."""
        usual = f"/aws/lambda/{name}"
        with calling(f"look at function {name}", accepted=("not-found",)):
            configuration = self._session.functions.get_function_configuration(FunctionName=name)
            return configuration.get("LoggingConfig", {}).get("LogGroup") or usual
        return usual

    def load(self, names: Sequence[str]) -> tuple[Loading, ...]:
        """Return nothing: Lambda starts a function for an event only."""
        del names
        return ()

    def logs(self, name: str, *, since: datetime, limit: int = 50) -> tuple[str, ...]:
        group = self._log_group(name)
        lines: list[tuple[int, str]] = []
        with calling(f"read the logs of function {name}", accepted=("not-found",)):
            logs = self._session.logs
            streams = logs.describe_log_streams(
                logGroupName=group, orderBy="LastEventTime", descending=True, limit=_STREAMS
            )
            start = int(since.timestamp() * 1000)
            for stream in streams["logStreams"]:
                page = logs.get_log_events(
                    logGroupName=group,
                    logStreamName=stream["logStreamName"],
                    startTime=start,
                    limit=limit,
                    startFromHead=False,
                )
                lines += [(event["timestamp"], event["message"].rstrip("\n")) for event in page["events"]]
        return tuple(message for _, message in sorted(lines, key=lambda line: line[0])[-limit:])


def _raised(body: bytes) -> dict[str, Json]:
    """Return what a function raised; nothing when it is no JSON."""
    try:
        return mapping_at(json.loads(body))
    except ValueError:
        return {}


def _error_of(body: bytes, kind: str) -> str:
    """Return `Type: message` of what a function raised. https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html"""
    raised = _raised(body)
    return f"{raised.get('errorType', kind)}: {raised['errorMessage']}" if "errorMessage" in raised else kind


def _trace_of(body: bytes) -> tuple[str, ...]:
    """Return the stack trace of what a function raised: `stackTrace` of Python and Java, `trace` of Node.js."""
    raised = _raised(body)
    frames = list_at(raised, "stackTrace") or list_at(raised, "trace")
    return tuple(line for frame in frames for line in str(frame).rstrip().splitlines())
