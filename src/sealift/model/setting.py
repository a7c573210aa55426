"""Configuration that an environment's account keeps: Parameter Store and Secrets Manager."""

from dataclasses import field
from datetime import datetime
from typing import Literal

from sealift.model.values import value

StoreName = Literal["parameter", "secret"]
"""`parameter` is a SecureString of SSM Parameter Store, `secret` is a secret of Secrets Manager."""


@value
class Setting:
    """A setting without its value."""

    name: str
    """As the store knows it: `/<app>/<environment>/<key>`."""
    store: StoreName
    version: str
    changed_at: datetime | None = None


@value
class Held:
    """The value that a setting has, and which version of it that is."""

    value: str = field(repr=False)
    version: str
