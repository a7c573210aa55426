"""The authorizer of the orders API: lets requests pass that carry a good session token."""

import functools
import os
import time
from typing import Any

from orders_core.answers import Event
from orders_core.sessions import customer_of
from orders_core.settings import Kept, session_key


class Unauthorized(Exception):
    """API Gateway answers 401 when an authorizer fails with exactly this message."""

    def __init__(self) -> None:
        super().__init__("Unauthorized")


def handler(event: Event, context: object) -> dict[str, Any]:
    """Entry point of the function."""
    return authorize(event, key=_key()(os.environ["SESSION_KEY_ARN"]), now=time.time())


def authorize(event: Event, *, key: str, now: float) -> dict[str, Any]:
    """Return a policy that lets the token's customer use this API. Raises Unauthorized."""
    scheme, _, token = str(event.get("authorizationToken", "")).partition(" ")
    customer = customer_of(token, key=key, now=now) if scheme.lower() == "bearer" else None
    if customer is None:
        raise Unauthorized
    api, stage = str(event["methodArn"]).split("/")[:2]
    # The answer is kept and used for other methods of the API too, so it must name them all.
    statement = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": f"{api}/{stage}/*"}
    return {
        "principalId": customer,
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": {"customer": customer},
    }


@functools.cache
def _key() -> Kept:
    return session_key()
