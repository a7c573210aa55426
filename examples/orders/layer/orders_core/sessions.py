"""Sessions: a token that names a customer and an end, signed with a key that only this environment has."""

import base64
import hashlib
import hmac

LIFETIME_S = 3600


def issue(customer: str, *, key: str, now: float) -> str:
    """Return a token for `customer` that is good for an hour."""
    claim = f"{customer}.{int(now) + LIFETIME_S}"
    return f"{claim}.{_signature(claim, key)}"


def customer_of(token: str, *, key: str, now: float) -> str | None:
    """Return the customer a token was issued to, or None when it is forged, broken or over."""
    claim, _, signature = token.rpartition(".")
    customer, _, ends = claim.rpartition(".")
    if not hmac.compare_digest(signature.encode(), _signature(claim, key).encode()):
        return None
    return customer if int(ends) > now else None


def _signature(claim: str, key: str) -> str:
    digest = hmac.new(key.encode(), claim.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
