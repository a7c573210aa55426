"""Calls that an API makes of a service itself, to the embedded cloud, with the rights of the integration's role."""

import json
import os
import urllib.parse
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_NAMES = {
    "states": "stepfunctions",
    "email": "ses",
    "monitoring": "cloudwatch",
    "runtime.sagemaker": "sagemaker-runtime",
}
_IN_JSON = ("sns", "sqs")
"""Services that an API calls by the query protocol, which answers in JSON where that is accepted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request to a service: an `action`, or a method and path."""

    service: str
    region: str
    role: str
    action: str = ""
    method: str = "POST"
    path: str = "/"
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    wants_json: bool = True


def sent(call: Call) -> tuple[int, dict[str, str], bytes]:
    """Send a call, and return the status, the headers and the body of the answer."""
    import httpx
    from botocore.auth import S3SigV4Auth, SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials
    from botocore.session import Session

    about = Session().get_service_model(_NAMES.get(call.service, call.service)).metadata
    headers, query, body = {**call.headers}, {**call.query}, call.body
    if call.action and (call.service in _IN_JSON or about["protocol"] in ("query", "ec2")):
        given = dict(urllib.parse.parse_qsl(body.decode(errors="replace"))) if body else {}
        form = {"Action": call.action, "Version": about["apiVersion"], **query, **given}
        query, body = {}, urllib.parse.urlencode(form).encode()
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    elif call.action:
        headers["X-Amz-Target"] = f"{about.get('targetPrefix')}.{call.action}"
        headers["Content-Type"] = f"application/x-amz-json-{about.get('jsonVersion', '1.0')}"
    url = f"http://127.0.0.1:{os.environ['GATEWAY_PORT']}{urllib.parse.quote(call.path, safe='/%:')}"
    url += f"?{urllib.parse.urlencode(query)}" if query else ""
    request = AWSRequest(method=call.method, url=url, headers=headers, data=body)
    keys = _keys(call)
    if keys is not None:
        kind = S3SigV4Auth if call.service == "s3" else SigV4Auth
        kind(Credentials(*keys), about.get("signingName") or about["endpointPrefix"], call.region).add_auth(request)
    # The emulator's own limit of time is shorter than this: an API gives up first.
    answer = httpx.request(
        call.method, url, headers=dict(request.headers.items()), content=body, timeout=60, trust_env=False
    )
    content = answer.content
    if call.service in _IN_JSON and call.wants_json and content.lstrip().startswith(b"<"):
        content = json.dumps(_plain(ElementTree.fromstring(content), top=True)).encode()
    return answer.status_code, dict(answer.headers), content


def _keys(call: Call) -> tuple[str, str, str | None] | None:
    """Return keys of the role; None without a role that API Gateway may assume."""
    from ministack.core import lambda_runtime
    from ministack.services import iam

    from sealift.local.patches.roles import trusts

    found = iam._roles.get(call.role.rpartition("/")[2])
    if found is None or not trusts(found["AssumeRolePolicyDocument"], "apigateway"):
        return None
    # The emulator gives sessions of roles to functions alone.
    account = call.role.split(":")[4]
    name = f"arn:aws:lambda:{call.region}:{account}:function:api-{call.role.rpartition('/')[2]}"
    keys = lambda_runtime.execution_credentials({"Role": call.role, "FunctionArn": name})
    return keys["AWS_ACCESS_KEY_ID"], keys["AWS_SECRET_ACCESS_KEY"], keys.get("AWS_SESSION_TOKEN")


def _plain(element: ElementTree.Element, *, top: bool = False) -> Any:
    """Return an answer of the query protocol as JSON has it."""
    inside = {_name(child): _plain(child) for child in element}
    value: Any = inside or element.text
    return {_name(element): value} if top else value


def _name(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]
