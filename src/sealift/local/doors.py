"""The doors of one embedded cloud: which names it answers to, and what only its supervisor may ask.

A web page can have a browser send requests here, and a name of its own lead to this machine (DNS rebinding).
Calls of AWS's services are signed; what is left are the emulator's own paths, and names that nobody gave it.
"""

import hashlib
import hmac
import ipaddress
import re
import sys
from collections.abc import Iterable

API_NAME = re.compile(
    r"^([0-9a-z]+)\.execute-api\.(?:localhost|127\.0\.0\.1|[a-z0-9-]+\.amazonaws\.com(?:\.cn)?)(?::\d+)?$"
)
"""The name of an API, with its id."""
KEY_HEADER = "x-sealift-key"
WHO_PATH = "/_sealift/who"
LOAD_PATH = "/_sealift/load"
SWAP_PATH = "/_sealift/swap"
FEED_PATH = "/_sealift/feed"
DEBUG_PATH = "/_sealift/debug"
NONCE_HEADER = "x-sealift-nonce"

_OURS = ("/_sealift/", "/_ministack/", "/_localstack/", "/health")
_SENT_TO_FUNCTIONS = ("/_ministack/cfn-response/", "/_ministack/cfn-signal/")
"""Addresses that hold a secret of their own: where a custom resource answers, and what ends a wait."""
_NAMES_OF_AWS = (".amazonaws.com", ".amazonaws.com.cn", ".on.aws", ".amazoncognito.com", ".cloudfront.net")


def supervisor_key(secret_key: str) -> str:
    """Return what the supervisor shows to be let in; it does not give the secret away."""
    return _digest(secret_key, "supervisor")


def proof(secret_key: str, nonce: str) -> str:
    """Return what only the emulator that holds the secret can answer to a nonce."""
    return _digest(secret_key, f"who {nonce}")


def is_for_supervisor(path: str) -> bool:
    """Say whether a path is the emulator's own, and none of AWS's."""
    return path.startswith(_OURS) and not path.startswith(_SENT_TO_FUNCTIONS) and path != WHO_PATH


def is_allowed(headers: Iterable[tuple[bytes, bytes]], secret_key: str) -> bool:
    """Say whether a request for such a path comes from the supervisor, and from no web page."""
    given = dict(headers)
    shown = given.get(KEY_HEADER.encode(), b"")
    return b"origin" not in given and hmac.compare_digest(shown, supervisor_key(secret_key).encode())


def is_known_host(host: str) -> bool:
    """Say whether the cloud answers to this name: the machine's own, AWS's, or a domain that a stack made."""
    name = _name(host)
    if name == "localhost" or name.endswith((".localhost", *_NAMES_OF_AWS)):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return is_domain(host)


def is_domain(host: str) -> bool:
    """Say whether this is the name of a domain that a stack made for an API."""
    name = _name(host)
    return bool(name) and any(_fits(name, domain) for domain in _domains())


def is_mapped(host: str, path: str) -> bool:
    """Say whether a domain leads to an API at this path."""
    module = sys.modules["ministack.services.apigateway_v1"]
    return module.resolve_base_path_mapping(_name(host), path) is not None


def _name(host: str) -> str:
    return (host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]).lower().rstrip(".")


def _domains() -> list[str]:
    """Return the custom domains of APIs that there are."""
    module = sys.modules.get("ministack.services.apigateway_v1")
    domains = getattr(module, "_domain_names", None)
    return [] if domains is None else [str(name) for name in domains]


def _fits(name: str, domain: str) -> bool:
    return name == domain or (domain.startswith("*.") and name.partition(".")[2] == domain[2:])


def _digest(secret_key: str, text: str) -> str:
    return hmac.new(secret_key.encode(), text.encode(), hashlib.sha256).hexdigest()
