"""Sends notices to the addresses that variables of the job hold. An address may be a secret: no message names one."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from sealift.delivery.notices import Notice, body, headers
from sealift.errors import CloudError
from sealift.model.app import Notification
from sealift.scm.forge.calls import Api

_TIMEOUT_S = 5.0


def post(
    notice: Notice,
    to: Sequence[Notification],
    env: Mapping[str, str],
    *,
    now: Callable[[], datetime],
    sleep: Callable[[float], None],
) -> tuple[str, ...]:
    """Send a notice to everybody; return what could not be sent, without addresses."""
    found = (_posted(notice, one, env, now=now, sleep=sleep) for one in to)
    return tuple(fault for fault in found if fault)


def _posted(
    notice: Notice,
    to: Notification,
    env: Mapping[str, str],
    *,
    now: Callable[[], datetime],
    sleep: Callable[[float], None],
) -> str:
    missing = [name for name in (to.url_variable, to.secret_variable) if name and not env.get(name)]
    if missing:
        return f"A notification was not sent: the job has no {' and no '.join(missing)}"
    raw = body(notice, to, now())
    secret = env[to.secret_variable] if to.secret_variable else None
    api = Api(env[to.url_variable].strip(), sleep=sleep, headers=headers(raw, secret), timeout_s=_TIMEOUT_S)
    try:
        api.call("POST", "", body=raw)
    except CloudError as error:
        status = error.context.get("status")
        why = f"HTTP {status}" if status else "its address is wrong, or no server responds"
        return f"A notification to the address in {to.url_variable} could not be sent: {why}"
    finally:
        api.close()
    return ""
