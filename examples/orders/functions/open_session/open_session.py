"""POST /sessions: whoever comes gets a customer number and a token to order with."""

import functools
import os
import time
from collections.abc import Callable
from uuid import uuid4

from orders_core.answers import Answer, Event, answer, answering
from orders_core.sessions import LIFETIME_S, issue
from orders_core.settings import Kept, session_key


def handler(event: Event, context: object) -> Answer:
    """Entry point of the function."""
    return answering(lambda: open_session(key=_key()(os.environ["SESSION_KEY_ARN"]), now=time.time()))


def open_session(*, key: str, now: float, new_customer: Callable[[], str] = lambda: uuid4().hex) -> Answer:
    """Return a token for a new customer."""
    customer = new_customer()
    token = issue(customer, key=key, now=now)
    return answer(201, {"customer": customer, "token": token, "lifetime_s": LIFETIME_S})


@functools.cache
def _key() -> Kept:
    return session_key()
