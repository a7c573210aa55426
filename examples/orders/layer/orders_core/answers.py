"""How a function reads a request and answers it, for both kinds of API. Knows nothing of orders."""

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any

Event = Mapping[str, Any]
Answer = dict[str, Any]


class Refusal(Exception):
    """The request cannot be served, and it is the caller who can mend it."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def answer(status: int, body: Mapping[str, object]) -> Answer:
    """Return a proxy answer that holds `body` as JSON."""
    return {"statusCode": status, "headers": {"content-type": "application/json"}, "body": json.dumps(body)}


def answering(work: Callable[[], Answer]) -> Answer:
    """Do the work; a Refusal becomes its answer.

    Anything else is ours: it is raised, so that it is logged and counted as an error of the function.
    """
    try:
        return work()
    except Refusal as refusal:
        return answer(refusal.status, {"error": str(refusal)})


def json_body(event: Event) -> dict[str, Any]:
    """Return the request's body. Raises Refusal when it is not a JSON object."""
    text = event.get("body") or ""
    if event.get("isBase64Encoded"):
        text = base64.b64decode(text).decode("utf-8", errors="replace")
    try:
        body = json.loads(text)
    except json.JSONDecodeError:
        raise Refusal(400, "the body must be JSON") from None
    if not isinstance(body, dict):
        raise Refusal(400, "the body must be a JSON object")
    return body
