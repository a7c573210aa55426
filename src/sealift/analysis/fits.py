"""Whether a function fits what calls it and what it is given: time limits, queues, secrets in plain text. Pure.

What parameters, mappings and conditions decide is judged as each environment has it; what is not known is not.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from sealift.analysis.merge import of_one_cause
from sealift.analysis.variables import declared_variables
from sealift.analysis.waits import waits
from sealift.cfn.evaluation import Bindings, condition, parameter_values, resolved
from sealift.cfn.sources import meant, names_function
from sealift.cfn.values import function_properties, mapping_at, properties, resources
from sealift.model.finding import Finding, Severity
from sealift.model.template import FunctionSpec, Json, Location, Template

FUNCTION_TIMEOUT_S = 3
QUEUE_VISIBILITY_S = 30
"""Defaults of AWS. https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html and
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html"""
NEARLY_MS = 1000
"""A function that is cut off so shortly before its own end would hardly have answered: 30 s behind 29 s is usual."""
ADVISED = 6
"""https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html"""

IN_PLAIN_TEXT = "secret-in-template"
_STREAMS = ("AWS::Kinesis::Stream", "AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable")

_SECRET_NAME = re.compile(
    r"(?:.*_)?(?:PASSWORD|PASSWD|PASSPHRASE|PASS|PWD|SECRET|TOKEN|CREDENTIALS?"
    r"|(?:API|SECRET|PRIVATE|ACCESS|SIGNING|ENCRYPTION|AUTH|JWT|HMAC|MASTER|SESSION|SHARED)_?KEY)",
    re.IGNORECASE,
)
_SECRET_VALUE = re.compile(
    r"(?:AKIA|ASIA)[A-Z0-9]{16}|-----BEGIN [A-Z ]*PRIVATE KEY|gh[pousr]_[A-Za-z0-9]{36}|xox[abps]-[A-Za-z0-9-]{10}"
    r"|sk_live_[A-Za-z0-9]{16}|[a-z][a-z0-9+.-]*://[^/\s:@$]+:[^/\s:@${}]+@"
)
_NO_SECRET = re.compile(r"arn:.*|/.*|alias/.*|https?://[^@]*|true|false|\d{0,5}|.{0,5}|.*\{\{resolve:.*|.*\$\{.*")


def fit_findings(
    template: Template, environments: Mapping[str, Mapping[str, str]] = MappingProxyType({})
) -> Iterator[Finding]:
    """Yield what does not fit a function of the template, or of those nested in it; functions of one cause together.

    `environments` holds the values of the template's parameters by environment. A value that is not known is not
    judged; what parent templates give to nested ones is not.
    """
    found: dict[tuple[str, str, Location | None], tuple[Finding, list[str]]] = {}
    for name, body in _bodies(template, environments):
        for finding in of_one_cause(_of_functions(replace(template, body=body))):
            found.setdefault((finding.id, finding.message, finding.location), (finding, []))[1].append(name)
    for finding, names in found.values():
        some = len(names) < max(1, len(environments))
        yield replace(finding, message=f"{finding.message} ({', '.join(names)})") if some else finding
    yield from of_one_cause(f for function in template.functions for f in _of_variables(template, function))
    for nested in template.nested.values():
        yield from fit_findings(nested)


def _bodies(template: Template, environments: Mapping[str, Mapping[str, str]]) -> Iterator[tuple[str, dict[str, Json]]]:
    """Yield the template as each environment has it, without what its conditions leave out."""
    for name, given in environments.items() or [("", None)]:
        known = parameter_values(template.body, given) if given is not None else {}
        known |= {name: value for name, value in (given or {}).items() if name.startswith("AWS::")}
        bindings = Bindings(
            parameters=known,
            mappings=mapping_at(template.body, "Mappings"),
            conditions=mapping_at(template.body, "Conditions") if given is not None else {},
        )
        there = {
            logical_id: resolved(one, bindings)
            for logical_id, one in resources(template.body)
            if condition(one.get("Condition"), bindings) is not False
        }
        shared = resolved(mapping_at(template.body, "Globals"), bindings)
        yield name, {**template.body, "Resources": there, "Globals": shared}


def _of_functions(template: Template) -> Iterator[Finding]:
    for function in template.functions:
        if function.logical_id not in mapping_at(template.body, "Resources"):
            continue
        own = function_properties(template.body, function.logical_id)
        timeout = _seconds(own.get("Timeout"), FUNCTION_TIMEOUT_S)
        if timeout is not None:
            yield from _of_apis(template, function, timeout)
            yield from _of_queues(template, function, own, timeout)
        yield from _of_streams(template, function, own)


def _seconds(value: Json, otherwise: int) -> int | None:
    """Return a number of seconds; None when only an environment decides it."""
    if value is None:
        return otherwise
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() else None


def _of_apis(template: Template, function: FunctionSpec, timeout: int) -> Iterator[Finding]:
    late = [one for one in waits(template.body, function.logical_id) if timeout > max(1, one.wait_ms // 1000)]
    if late:
        first = min(late, key=lambda one: one.wait_ms)
        yield _finding(
            template,
            function,
            "Timeout",
            "api-timeout",
            f"{function.logical_id} may run for {timeout} s, but {first.kind.name} answers 504 to its caller after "
            f"{first.wait_ms / 1000:g} s",
            f"{first.kind.more}: lower Timeout, or take the work out of the request (a queue, for example).",
            severity="low" if timeout * 1000 - first.wait_ms <= NEARLY_MS else "medium",
        )


def _of_queues(template: Template, function: FunctionSpec, own: dict[str, Json], timeout: int) -> Iterator[Finding]:
    for what, (visibility, window) in dict(_queues(template, function, own)).items():
        made = what.startswith(_MADE)
        advised = ADVISED * timeout + window
        if visibility is None or visibility >= advised:
            continue
        sum_of = f"{ADVISED} × Timeout" + (f" + {window} s of the batching window" if window else "")
        hides = f"{what} hides a message for {visibility} s"
        if visibility < timeout:
            message = f"AWS refuses {function.logical_id}: it may run for {timeout} s, but {hides} only"
        else:
            message = f"{function.logical_id} may get messages twice: {hides}, and it may run for {timeout} s"
        yield _finding(
            template,
            function,
            "Timeout",
            "queue-visibility",
            message,
            f"{_QUEUE if made else 'Set VisibilityTimeout of the queue to'} {advised} ({sum_of}), or lower Timeout.",
            severity="high" if visibility < timeout else "low",
            stops=visibility < timeout,
        )


_MADE = "the queue that SAM makes for"
_QUEUE = "Name a queue of your own by QueueArn and QueueUrl under SqsSubscription, with a VisibilityTimeout of"


def _queues(
    template: Template, function: FunctionSpec, own: dict[str, Json]
) -> Iterator[tuple[str, tuple[int | None, int]]]:
    """Yield each queue that feeds the function, how long it hides a message, and how long a batch is waited for."""
    for name, event in mapping_at(own, "Events").items():
        kind, said = mapping_at(event).get("Type"), properties(event)
        subscription = said.get("SqsSubscription") if kind == "SNS" else None
        if kind == "SQS":
            yield from _queue(template, said.get("Queue"), said)
        elif subscription in (True, "true") or (isinstance(subscription, dict) and "QueueArn" not in subscription):
            # https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-sns.html
            yield f"{_MADE} {name} (SqsSubscription: true)", (QUEUE_VISIBILITY_S, 0)
        elif isinstance(subscription, dict):
            yield from _queue(template, subscription["QueueArn"], subscription)
    for _, one in resources(template.body, "AWS::Lambda::EventSourceMapping"):
        said = properties(one)
        if names_function(template.body, said.get("FunctionName"), function.logical_id):
            yield from _queue(template, said.get("EventSourceArn"), said)


def _queue(
    template: Template, reference: Json, mapping: dict[str, Json]
) -> Iterator[tuple[str, tuple[int | None, int]]]:
    name = meant(reference)
    queue = mapping_at(template.body, "Resources", name)
    if queue.get("Type") == "AWS::SQS::Queue" and mapping.get("Enabled") not in (False, "false"):
        window = _seconds(mapping.get("MaximumBatchingWindowInSeconds"), 0) or 0
        yield name, (_seconds(properties(queue).get("VisibilityTimeout"), QUEUE_VISIBILITY_S), window)


def _of_streams(template: Template, function: FunctionSpec, own: dict[str, Json]) -> Iterator[Finding]:
    """Yield whether the function tries a record of a stream again without an end, and none after it meanwhile.

    https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
    """
    for name, said in _streams(template, function, own):
        if all(str(said.get(limit, -1)) == "-1" for limit in ("MaximumRetryAttempts", "MaximumRecordAgeInSeconds")):
            yield _finding(
                template,
                function,
                "Events",
                "stream-held-up",
                f"{function.logical_id} may hold up {name}: a record at which it fails is tried again until it expires",
                "Set MaximumRetryAttempts, and an OnFailure destination that keeps such records.",
            )
            return


def _streams(template: Template, function: FunctionSpec, own: dict[str, Json]) -> Iterator[tuple[str, dict[str, Json]]]:
    """Yield each stream that feeds the function, with how it is read."""
    for name, event in mapping_at(own, "Events").items():
        if mapping_at(event).get("Type") in ("Kinesis", "DynamoDB"):
            yield f"the stream of {name}", properties(event)
    for name, one in resources(template.body, "AWS::Lambda::EventSourceMapping"):
        source = mapping_at(template.body, "Resources", meant(properties(one).get("EventSourceArn")))
        fed = names_function(template.body, properties(one).get("FunctionName"), function.logical_id)
        if fed and source.get("Type") in _STREAMS:
            yield f"the stream of {name}", properties(one)


def _of_variables(template: Template, function: FunctionSpec) -> Iterator[Finding]:
    """Yield each variable whose value stands in the template and looks like a secret. The value is never shown."""
    parameters = {p.name: p for p in template.parameters}
    for name, value in (declared_variables(template, function) or {}).items():
        spec = parameters.get(str(value.get("Ref"))) if isinstance(value, dict) else None
        stored = spec is not None and spec.type.startswith("AWS::SSM::Parameter::")
        text = spec.default if spec is not None and not spec.no_echo and not stored else value
        if not isinstance(text, str) or not _looks_secret(name, text):
            continue
        where = f"the default of the parameter {spec.name}" if spec is not None else "the template"
        yield _finding(
            template,
            function,
            f"Environment/Variables/{name}",
            IN_PLAIN_TEXT,
            f"{function.logical_id}: {name} is plain text in {where}; whoever reads the code or looks at the function"
            " reads it",
            "Put it into Secrets Manager or Parameter Store (`sealift config set`) and read it there; then change it, "
            "for git keeps the old one.",
            severity="high",
        )


def _looks_secret(name: str, value: str) -> bool:
    if _SECRET_VALUE.search(value):
        return True
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return _SECRET_NAME.fullmatch(words) is not None and _NO_SECRET.fullmatch(value) is None


def _finding(
    template: Template,
    function: FunctionSpec,
    place: str,
    rule: str,
    message: str,
    fix: str,
    *,
    severity: Severity = "medium",
    stops: bool = False,
) -> Finding:
    path = place.split("/")
    shared = template.lines.get(("Globals", "Function", *path)) if path[0] == "Environment" else None
    own = ("Resources", function.logical_id, "Properties", *path)
    line = template.lines.get(own) or shared or template.line(own)
    return Finding(
        tool="sealift",
        id=rule,
        severity=severity,
        message=message,
        location=Location(file=template.file, line=line, logical_id=function.logical_id),
        fix=fix,
        stops=stops,
        data={"function": function.logical_id},
    )
