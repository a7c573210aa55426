"""What is in force in an account, whoever put it there: a deployment, or a hand in the console."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from sealift.model.template import Json

PrincipalKind = Literal["role", "user", "group"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LivePrincipal:
    """A role, user or group as IAM has it now. Users have the policies of their groups, too."""

    arn: str
    inline: Mapping[str, Json] = field(default_factory=dict)
    """Policy documents by name."""
    managed: Mapping[str, Json] = field(default_factory=dict)
    """Documents of attached managed policies by ARN, in their default version."""
    boundary: Json = None
    """The document of the permissions boundary; None when there is none."""
    trust: Json = None
    """The trust policy; None for users and groups."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """Something of a live account that could not be read. `why` names the call and what AWS answered."""

    what: str
    why: str
    logical_id: str | None = None
