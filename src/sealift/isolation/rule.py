"""What a rule is: metadata for people and docs, a failing and a passing example, and a check over the world."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from sealift.isolation.model import Finding
from sealift.isolation.world import World
from sealift.model.finding import Severity
from sealift.model.template import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A template (YAML, long-form intrinsics) deployed as `staging` and `production` in one account.

    `production` is another template for production. `stack` and `environment` hold further fields of StackView and
    EnvironmentView; `{env}` in their texts is the environment's name; `only` limits them to one environment.
    """

    template: str
    production: str | None = None
    stack: Mapping[str, Json] = field(default_factory=dict)
    environment: Mapping[str, Json] = field(default_factory=dict)
    only: str | None = None
    accounts: tuple[str | None, str | None] = (None, None)
    stack_name: str = "app-{env}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule. `severity` is the worst it gives; `residual` marks channels that are only listed."""

    id: str
    title: str
    severity: Severity
    why: str
    fix: str
    failing: Example
    passing: Example
    check: Callable[[World], Iterable[Finding]]
    residual: bool = False
    live: bool = False
    """Whether it needs what was read of the live account."""
