"""Configuration that an environment's account keeps: Parameter Store and Secrets Manager."""

from dataclasses import field
from datetime import datetime
from typing import Literal

from sealift.model.values import value

_INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u180e \t\r\n"
UNREADABLE = frozenset({"access-denied", "kms-key-unusable"})
"""Codes of errors that say that the value of one setting cannot be read, and nothing of others."""
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
    """Its text; of a binary secret the base64 of its bytes."""
    version: str
    is_binary: bool = False
    is_secure: bool = False
    """Whether it is a SecureString, which CloudFormation reads by `ssm-secure` alone."""
    is_list: bool = False
    """Whether it is a StringList: texts with commas between them."""

    @property
    def is_blank(self) -> bool:
        """Return whether there is nothing in it, which counts as missing."""
        return is_blank(self.value.replace(",", "") if self.is_list else self.value)


def is_blank(text: str) -> bool:
    """Return whether a text shows nothing: it has only white space and characters without a width."""
    return not text.strip().strip(_INVISIBLE)
