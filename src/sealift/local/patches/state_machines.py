"""State machines: the emulator takes any definition, and dates of nested executions are texts."""

import json
import os
import re
from types import ModuleType
from typing import Any
from urllib.parse import quote

from sealift.local.states_language import fault_in


def checked_definitions(provisioners: ModuleType) -> None:
    """Refuse a definition that Step Functions refuses, from a stack or by its own API."""
    from ministack.services import stepfunctions

    check, definition_of = stepfunctions._validate_definition_jsonata, provisioners._sfn_definition

    def checked(definition: Any) -> Any:
        return check(definition) or (fault_in(definition) if isinstance(definition, str) else None)

    def taken(props: Any) -> Any:
        definition = definition_of(props)
        if fault := checked(definition):
            raise ValueError(f"Invalid State Machine Definition: '{fault}'")
        return definition

    stepfunctions._validate_definition_jsonata = checked
    vars(provisioners)["_sfn_definition"] = taken


def dates_of_nested_executions() -> None:
    """Give `startExecution.sync` its dates as Step Functions does: in milliseconds (documented, not observed)."""
    from ministack.services import stepfunctions

    run = stepfunctions._invoke_nested_start_execution_sync

    def ran(resource: Any, input_data: Any) -> Any:
        result = run(resource, input_data)
        dates = {name: _milliseconds(result.get(name)) for name in ("StartDate", "StopDate")}
        return {**result, **dates}

    stepfunctions._invoke_nested_start_execution_sync = ran


def objects_of_buckets() -> None:
    """Let `aws-sdk:s3:getObject` and `putObject` read and write the bytes of an object (documented, not observed)."""
    from ministack.services import stepfunctions

    dispatch = stepfunctions._dispatch_aws_sdk_rest_xml

    def dispatched(info: Any, service: str, action: str, given: Any) -> Any:
        if service != "s3" or action not in ("getObject", "putObject"):
            return dispatch(info, service, action, given)
        return _object(info, action, given or {})

    stepfunctions._dispatch_aws_sdk_rest_xml = dispatched


def _object(info: Any, action: str, given: Any) -> Any:
    from ministack import app
    from ministack.services import stepfunctions

    body = given.get("Body", "")
    data = body if isinstance(body, str) else json.dumps(body)
    path = f"/{given.get('Bucket', '')}/{given.get('Key', '')}"
    # As the emulator signs its other calls of this kind.
    sent = {"authorization": f"AWS4-HMAC-SHA256 Credential=test/20260101/{stepfunctions.REGION}/s3/aws4_request"}
    sent |= {"content-type": given["ContentType"]} if given.get("ContentType") else {}
    handler = app.SERVICE_HANDLERS[info.get("service_key", "s3")]
    method, content = ("GET", b"") if action == "getObject" else ("PUT", data.encode())
    status, headers, answer = app.call_service_handler_sync(handler, method, path, sent, content, {})
    text = answer.decode(errors="replace") if isinstance(answer, bytes) else str(answer or "")
    if status >= 400:
        code = re.search(r"<Code>(\w+)</Code>", text)
        raise stepfunctions._ExecutionError(f"S3.{code[1] if code else 'S3'}Exception", text)
    lower = {str(name).lower(): value for name, value in (headers or {}).items()}
    read = {"Body": text, "ContentType": lower.get("content-type"), "ContentLength": len(answer or b"")}
    return {"ETag": lower.get("etag"), **(read if action == "getObject" else {})}


def calls_of_apis() -> None:
    """Let `apigateway:invoke` call an API of this cloud.

    https://docs.aws.amazon.com/step-functions/latest/dg/connect-api-gateway.html (documented, not observed)
    """
    from ministack.services import stepfunctions

    stepfunctions._SERVICE_DISPATCH["arn:aws:states:::apigateway:invoke"] = lambda _resource, given: _call_api(given)


def _call_api(given: Any) -> Any:
    import httpx
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials
    from ministack.core.responses import get_region
    from ministack.services.stepfunctions import _ExecutionError

    found = re.match(r"(?:https?://)?([0-9a-z]+)\.execute-api\.", str(given.get("ApiEndpoint")))
    if found is None:
        raise _ExecutionError("States.Runtime", f"{given.get('ApiEndpoint')} is not an API of the embedded cloud")
    parts = [quote(str(given.get(name) or "").strip("/"), safe="/%") for name in ("Stage", "Path")]
    path = "/".join(part for part in (found[1], *parts) if part)  # without a Stage, Path begins with it
    body = given.get("RequestBody")
    sent = AWSRequest(
        method=given.get("Method", "GET"),
        url=f"http://127.0.0.1:{os.environ['GATEWAY_PORT']}/_aws/execute-api/{path}",
        headers={"Content-Type": "application/json"}
        | {name.title(): ",".join(_several(value)) for name, value in (given.get("Headers") or {}).items()},
        data=b"" if body is None else body.encode() if isinstance(body, str) else json.dumps(body).encode(),
        params={name: _several(value) for name, value in (given.get("QueryParameters") or {}).items()},
    )
    if given.get("AuthType") == "IAM_ROLE":
        keys = Credentials(os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"])
        SigV4Auth(keys, "execute-api", get_region()).add_auth(sent)
    ready = sent.prepare()
    answer = httpx.request(
        ready.method, ready.url, headers=dict(ready.headers.items()), content=sent.data, timeout=60, trust_env=False
    )
    if answer.is_error:
        raise _ExecutionError(f"ApiGateway.{answer.status_code}", answer.text)
    try:
        said = answer.json()
    except ValueError:
        said = answer.text
    headers = {name: [value] for name, value in answer.headers.items()}
    return {
        "Headers": headers,
        "ResponseBody": said,
        "StatusCode": answer.status_code,
        "StatusText": answer.reason_phrase,
    }


def _several(value: Any) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]


def _milliseconds(date: Any) -> Any:
    from ministack.services import stepfunctions

    if isinstance(date, int | float):
        return int(date * 1000)
    return stepfunctions._iso_to_epoch_ms(date)
