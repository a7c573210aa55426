"""Credentials that expire in the middle of a deployment: read again, once somebody has renewed them.

botocore renews what it fetched itself (SSO, roles, web identity) before it expires. Keys that another program writes
into ~/.aws/credentials it reads once; when AWS says that those have expired, they are read again, and if there are new
ones the call is sent again with them. Without new ones the error stands.
"""

from collections.abc import Callable
from typing import Any

from sealift.aws.credentials import HeldCredentials
from sealift.aws.failures import EXPIRED_CODES, is_bare_refusal


def renew_when_expired(client: Any, credentials: Any, read_again: Callable[[], Any]) -> None:
    """Let a client read its credentials again when AWS says that they have expired."""
    from botocore.credentials import Credentials

    held = credentials.inner if isinstance(credentials, HeldCredentials) else credentials
    if type(held) is not Credentials:
        return  # none at all, or of a kind that renews itself

    def again(response: Any = None, operation: Any = None, **_: Any) -> float | None:
        """Return the seconds to wait before the call is sent again; None when it is not."""
        if response is None or not _expired(response[1].get("Error", {}).get("Code"), operation):
            return None
        fresh = read_again()
        new = fresh.get_frozen_credentials() if fresh is not None else None
        if new is None or new == held.get_frozen_credentials():
            return None
        # In place: every client of the session signs with this object.
        held.access_key, held.secret_key, held.token = new.access_key, new.secret_key, new.token
        return 0.0

    # By the service's name: what S3 itself does about a bare refusal, asking for the bucket's region, comes after it.
    service = client.meta.service_model.service_id.hyphenize()
    client.meta.events.register_first(f"needs-retry.{service}", again)


def _expired(code: str | None, operation: Any) -> bool:
    return code in EXPIRED_CODES or is_bare_refusal(str(code), str(getattr(operation, "name", "")))
