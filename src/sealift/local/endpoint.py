"""Where the embedded cloud of one environment answers, and as whom."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A running emulator. `pid` is its guard: a SIGTERM to it saves the cloud and ends everything."""

    environment: str
    url: str
    port: int
    account: str
    region: str
    access_key: str
    secret_key: str = field(repr=False)
    pid: int
    started: bool = False
    """Whether this call started it."""

    def credentials(self) -> Mapping[str, str]:
        """Return the environment variables that let a subprocess use this cloud as its root."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
        }


def account_of(environment: str) -> str:
    """Return a stable 12 digit account id for an environment that declares none; never one that starts with 0."""
    digest = int.from_bytes(hashlib.sha256(f"sealift:{environment}".encode()).digest()[:8])
    return str(100_000_000_000 + digest % 900_000_000_000)
