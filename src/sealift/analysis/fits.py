"""Whether a function fits what calls it and what it is given: time limits, queues, secrets in plain text. Pure.

Only what a template says literally is judged: a value that a parameter decides may fit in every environment.
"""

import re
from collections.abc import Iterator

from sealift.analysis.merge import of_one_cause
from sealift.analysis.variables import declared_variables
from sealift.cfn.sources import meant
from sealift.cfn.values import function_properties, mapping_at, properties, resources
from sealift.model.finding import Finding, Severity
from sealift.model.template import FunctionSpec, Json, Location, Template

FUNCTION_TIMEOUT_S = 3
QUEUE_VISIBILITY_S = 30
"""Defaults of AWS. https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html and
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html"""
REST_S, HTTP_S = 29, 30
"""How long API Gateway waits. https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html"""
NEARLY_MS = 1000
"""A function that is cut off so shortly before its own end would hardly have answered: 30 s behind 29 s is usual."""
ADVISED = 6
"""https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html"""

_STREAMS = ("AWS::Kinesis::Stream", "AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable")

_SECRET_NAME = re.compile(
    r"(?:.*_)?(?:PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|(?:SECRET|PRIVATE|ACCESS|SIGNING)_?KEY|CREDENTIALS?)",
    re.IGNORECASE,
)
_SECRET_VALUE = re.compile(
    r"(?:AKIA|ASIA)[A-Z0-9]{16}|-----BEGIN [A-Z ]*PRIVATE KEY|gh[pousr]_[A-Za-z0-9]{36}|xox[abps]-[A-Za-z0-9-]{10}"
    r"|sk_live_[A-Za-z0-9]{16}|[a-z][a-z0-9+.-]*://[^/\s:@$]+:[^/\s:@${}]+@"
)
_NO_SECRET = re.compile(r"arn:.*|/.*|alias/.*|https?://[^@]*|true|false|\d{0,5}|.{0,5}|.*\{\{resolve:.*|.*\$\{.*")


def fit_findings(template: Template) -> Iterator[Finding]:
    """Yield what does not fit a function of the template, or of those nested in it; functions of one cause together."""
    yield from of_one_cause(_of_functions(template))
    for nested in template.nested.values():
        yield from fit_findings(nested)


def _of_functions(template: Template) -> Iterator[Finding]:
    for function in template.functions:
        own = function_properties(template.body, function.logical_id)
        timeout = _seconds(own.get("Timeout"), FUNCTION_TIMEOUT_S)
        if timeout is not None:
            yield from _of_apis(template, function, own, timeout)
            yield from _of_queues(template, function, own, timeout)
        yield from _of_streams(template, function, own)
        yield from _of_variables(template, function)


def _seconds(value: Json, otherwise: int) -> int | None:
    """Return a number of seconds; None when only an environment decides it."""
    if value is None:
        return otherwise
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() else None


def _of_apis(template: Template, function: FunctionSpec, own: dict[str, Json], timeout: int) -> Iterator[Finding]:
    for event in mapping_at(own, "Events").values():
        kind, said = mapping_at(event).get("Type"), properties(event)
        if kind not in ("Api", "HttpApi"):
            continue
        default = REST_S if kind == "Api" else HTTP_S
        given = _seconds(said.get("TimeoutInMillis"), default * 1000)
        if given is None or timeout <= max(1, given // 1000):
            continue
        limit = f"{given / 1000:g} s"
        if kind == "HttpApi":
            what, more = "an HTTP API", f"An HTTP API never waits longer than {HTTP_S} s"
        elif _edge(template, said):
            what, more = "an edge-optimized REST API", f"An edge-optimized API never waits longer than {REST_S} s"
        else:
            what, more = (
                "a REST API",
                "A quota of the account can let it wait longer, with TimeoutInMillis at the event",
            )
        yield _finding(
            template,
            function,
            "Timeout",
            "api-timeout",
            f"{function.logical_id} may run for {timeout} s, but {what} answers 504 to its caller after {limit}",
            f"{more}: lower Timeout, or take the work out of the request (a queue, for example).",
            severity="low" if timeout * 1000 - given <= NEARLY_MS else "medium",
        )
        return


def _edge(template: Template, event: dict[str, Json]) -> bool:
    """Whether the REST API of an event is edge-optimized, which is what SAM makes where nothing is said."""
    api = mapping_at(template.body, "Resources", meant(event.get("RestApiId")), "Properties")
    said = {**mapping_at(template.body, "Globals", "Api"), **api}.get("EndpointConfiguration", "EDGE")
    kind = said.get("Type", "EDGE") if isinstance(said, dict) else said
    return kind == "EDGE"


def _of_queues(template: Template, function: FunctionSpec, own: dict[str, Json], timeout: int) -> Iterator[Finding]:
    for what, visibility in dict(_queues(template, function, own)).items():
        if visibility is None or visibility >= ADVISED * timeout:
            continue
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
            f"Set VisibilityTimeout of the queue to {ADVISED * timeout} ({ADVISED} × Timeout), or lower Timeout.",
            severity="high" if visibility < timeout else "low",
            stops=visibility < timeout,
        )


def _queues(template: Template, function: FunctionSpec, own: dict[str, Json]) -> Iterator[tuple[str, int | None]]:
    """Yield each queue that feeds the function, with how long it hides a message."""
    for name, event in mapping_at(own, "Events").items():
        kind, said = mapping_at(event).get("Type"), properties(event)
        if kind == "SQS":
            yield from _queue(template, said.get("Queue"))
        elif kind == "SNS" and said.get("SqsSubscription") in (True, "true"):
            # https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-sns.html
            yield f"the queue that SAM makes for {name} (SqsSubscription: true)", QUEUE_VISIBILITY_S
        elif kind == "SNS":
            yield from _queue(template, mapping_at(said, "SqsSubscription").get("QueueArn"))
    for _, one in resources(template.body, "AWS::Lambda::EventSourceMapping"):
        if meant(properties(one).get("FunctionName")) == function.logical_id:
            yield from _queue(template, properties(one).get("EventSourceArn"))


def _queue(template: Template, reference: Json) -> Iterator[tuple[str, int | None]]:
    name = meant(reference)
    queue = mapping_at(template.body, "Resources", name)
    if queue.get("Type") == "AWS::SQS::Queue":
        yield name, _seconds(properties(queue).get("VisibilityTimeout"), QUEUE_VISIBILITY_S)


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
        if meant(properties(one).get("FunctionName")) == function.logical_id and source.get("Type") in _STREAMS:
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
            "secret-in-template",
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
    line = template.line(("Resources", function.logical_id, "Properties", *place.split("/")))
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
