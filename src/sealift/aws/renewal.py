"""Credentials that expire in the middle of a deployment: read again, once somebody has renewed them.

botocore renews what it fetched itself (SSO, roles, web identity) before it expires. Keys that another program writes
into ~/.aws/credentials it reads once; when AWS says that those have expired, they are read again, and if there are new
ones the call is sent again with them. Without new ones the error stands.
"""

from typing import Any

from sealift.aws.failures import EXPIRED_CODES


def renew_when_expired(client: Any, session: Any) -> None:
    """Let a client read its credentials again when AWS says that they have expired."""
    from botocore.credentials import Credentials

    held = session.get_credentials()
    if type(held) is not Credentials:
        return  # none at all, or of a kind that renews itself

    def again(response: Any = None, **_: Any) -> float | None:
        """Return the seconds to wait before the call is sent again; None when it is not."""
        if response is None or response[1].get("Error", {}).get("Code") not in EXPIRED_CODES:
            return None
        fresh = session.get_component("credential_provider").load_credentials()
        new = fresh.get_frozen_credentials() if fresh is not None else None
        if new is None or new == held.get_frozen_credentials():
            return None
        # In place: every client of the session signs with this object.
        held.access_key, held.secret_key, held.token = new.access_key, new.secret_key, new.token
        return 0.0

    client.meta.events.register_first("needs-retry", again)
