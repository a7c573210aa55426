"""First-class integrations of HTTP APIs: from `integrationSubtype` and its parameters to a call.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-aws-services-reference.html
"""

import base64
import json
import re
from typing import Any

from sealift.local.mapping_templates import Seen, as_text, opened
from sealift.local.patches.service_calls import Call

_PART = re.compile(r"\$\{(?P<braced>[^}]+)\}|\$(?P<bare>(?:request|context|stageVariables)[\w.\-\[\]]*)")


def call_of(integration: Any, seen: Seen) -> Call:
    """Return the call that an integration makes for a request."""
    service, _, action = str(integration["integrationSubtype"]).partition("-")
    own = {name: filled(str(value), seen) for name, value in (integration.get("requestParameters") or {}).items()}
    given: dict[str, Any] = {name: value for name, value in own.items() if value != "" and name != "Region"}
    match service:
        case "SQS":
            body = {**_attributes(given.pop("MessageAttributes", None)), **given}
            return _call(integration, seen, "sqs", action, query={k: str(v) for k, v in body.items()})
        case "EventBridge":
            if "Resources" in given:
                given["Resources"] = opened(given["Resources"])
            return _call(integration, seen, "events", action, {"Entries": [given]})
        case "Kinesis":
            given["Data"] = base64.b64encode(given.get("Data", "").encode()).decode()
            return _call(integration, seen, "kinesis", action, given)
        case "StepFunctions":
            lowered = {name[0].lower() + name[1:]: value for name, value in given.items()}
            return _call(integration, seen, "states", action, lowered)
    raise ValueError(f"the embedded cloud has no {integration['integrationSubtype']}")


def _call(integration: Any, seen: Seen, service: str, action: str, body: Any = None, **more: Any) -> Call:
    from ministack.core.responses import get_region

    parameters = integration.get("requestParameters") or {}
    return Call(
        service=service,
        action=action,
        region=filled(str(parameters.get("Region") or ""), seen) or get_region(),
        role=str(integration.get("credentialsArn") or ""),
        body=json.dumps(body).encode() if body is not None else b"",
        wants_json=False,
        **more,
    )


def filled(value: str, seen: Seen) -> str:
    """Return a parameter with what it takes of the request."""
    return _PART.sub(lambda found: _taken(found["braced"] or found["bare"], seen), value)


def _taken(name: str, seen: Seen) -> str:
    where, _, rest = name.partition(".")
    if name == "request.path":
        return str(seen.context.get("path") or "")
    return as_text(seen.part(where, rest)) or ""


def _attributes(text: str | None) -> dict[str, str]:
    """Return message attributes as the query protocol has them."""
    form: dict[str, str] = {}
    declared = opened(text) if text else {}
    for number, (name, one) in enumerate(declared.items() if isinstance(declared, dict) else (), 1):
        form[f"MessageAttribute.{number}.Name"] = name
        for key, value in one.items():
            form[f"MessageAttribute.{number}.Value.{key}"] = str(value)
    return form
