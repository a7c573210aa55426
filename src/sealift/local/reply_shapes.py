"""What functions return, as APIs and function URLs take it: pure functions.

https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html (REST),
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html (HTTP),
https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html (documented, not observed)
"""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from typing import Any, Literal

Door = Literal["REST", "HTTP 1.0", "HTTP 2.0", "URL"]
_OF_THE_CONNECTION = frozenset(
    {"connection", "content-length", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"}
)
"""Headers that are the server's own: what a function says of them is not sent."""
_BREAKS = re.compile(r"[\r\n\0]")
_REMAPPED = ("Connection", "Content-Length", "Date", "Server", "WWW-Authenticate")
"""REST APIs send these of a function as `x-amzn-Remapped-…`."""


def proxy_reply(payload: Any, door: Door, *, has_cors: bool = False) -> dict[str, Any] | None:
    """Return the answer in one form, None where a function returned what is none.

    Payload 2.0 makes an answer of anything without a status. With `has_cors` the API itself says what origins may.
    """
    given = _object(payload)
    if given is None or "statusCode" not in given:
        return _inferred(payload) if door in ("HTTP 2.0", "URL") else None
    status, body, headers = _status(given["statusCode"]), given.get("body"), given.get("headers")
    if status is None or not isinstance(headers, dict | None) or (door == "REST" and not isinstance(body, str | None)):
        return None
    text = body if isinstance(body, str) else "" if body is None else json.dumps(body, ensure_ascii=False)
    encoded = given.get("isBase64Encoded") is True
    if encoded and door != "REST" and not _is_base64(text):
        return None  # a REST API sends it as it is to who accepts no binary type
    sent = {name: _several(value) for name, value in (headers or {}).items()}
    if door in ("REST", "HTTP 1.0"):
        sent |= {name: _several(values) for name, values in (given.get("multiValueHeaders") or {}).items()}
    if any(_BREAKS.search(text) for name, values in sent.items() for text in (name, *values)):
        return None
    sent = dict(_header(name, values, door) for name, values in sent.items() if values)
    if has_cors:
        sent = {name: values for name, values in sent.items() if not name.lower().startswith("access-control-")}
    shown = {name: values for name, values in sent.items() if name.lower() not in _OF_THE_CONNECTION}
    if door.startswith("HTTP"):
        shown = {"Content-Type": ["text/plain; charset=utf-8"], **shown} if _lacks_type(shown) else shown
    return {
        "statusCode": status,
        "headers": {name: values[0] for name, values in shown.items() if len(values) == 1},
        "multiValueHeaders": {name: values for name, values in shown.items() if len(values) > 1},
        "body": text,
        "isBase64Encoded": encoded,
        **({"cookies": given["cookies"]} if given.get("cookies") and door in ("HTTP 2.0", "URL") else {}),
    }


def _inferred(payload: Any) -> dict[str, Any]:
    if isinstance(payload, bytes):
        payload = payload.decode("utf-8", errors="replace")
    text = payload if isinstance(payload, str) else "" if payload is None else json.dumps(payload, ensure_ascii=False)
    return {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": text}


def _object(payload: Any) -> Mapping[str, Any] | None:
    """Return an answer that may be written as JSON."""
    if isinstance(payload, str | bytes):
        try:
            payload = json.loads(payload)
        except ValueError:
            return None
    return payload if isinstance(payload, dict) else None


def _status(value: Any) -> int | None:
    """Return a status that HTTP has; text is taken, too."""
    number = int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else value
    return number if type(number) is int and 100 <= number <= 599 else None


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def _several(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [one if isinstance(one, str) else json.dumps(one) for one in values if one is not None]


def _header(name: str, values: list[str], door: Door) -> tuple[str, list[str]]:
    if door == "REST":
        found = next((known for known in _REMAPPED if known.lower() == name.lower()), None)
        return (f"x-amzn-Remapped-{found}", values) if found else (name, values)
    return name, values


def _lacks_type(headers: Mapping[str, Any]) -> bool:
    return not any(name.lower() == "content-type" for name in headers)
