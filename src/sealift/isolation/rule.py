"""What a rule is: metadata for people and docs, a failing and a passing example, and a check over the world.

A rule makes its own findings: its id, its severity and its fix stand in them unless the check says otherwise.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypedDict, Unpack

from sealift.isolation.grants import Grant
from sealift.isolation.mentions import Place
from sealift.isolation.model import EVERY, Finding, Witness
from sealift.isolation.policies import Statement
from sealift.isolation.principals import Principal
from sealift.isolation.scope import Scope
from sealift.isolation.world import World
from sealift.model.finding import Severity
from sealift.model.template import Json, Location


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


class Details(TypedDict, total=False):
    """Optional details of a finding beyond its source and message; `target` is every environment unless given."""

    target: str
    severity: Severity
    fix: str
    witness: Witness
    location: Location | None
    unproved: bool
    residual: bool
    cause: str
    policy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule. `severity` is the worst it gives; `residual` marks channels that are only listed.

    A rule without a `check` reports only what `named` and `shared` find at the places that belong to it.
    """

    id: str
    title: str
    severity: Severity
    why: str
    fix: str
    failing: Example
    passing: Example
    check: Callable[[World], Iterable[Finding]] | None = None
    residual: bool = False
    live: bool = False
    """Whether it needs what was read of the live account."""

    def finding(
        self, source: str, message: str, *, logical_id: str | None = None, **details: Unpack[Details]
    ) -> Finding:
        """Return a finding of this rule about an environment."""
        plain = Finding(id=self.id, severity=self.severity, source=source, target=EVERY, message=message, fix=self.fix)
        return replace(plain, logical_id=logical_id, **details)

    def on_resource(
        self,
        scope: Scope,
        logical_id: str,
        message: str,
        *,
        principal: str = "",
        action: str = "",
        resource: str = "*",
        **details: Unpack[Details],
    ) -> Finding:
        """Return a finding about a resource, at its place; the witness names it unless a principal is given."""
        details.setdefault("location", scope.location(logical_id))
        if action:
            details["witness"] = Witness(principal=principal or logical_id, action=action, resource=resource)
        return self.finding(scope.setting.view.name, message, logical_id=logical_id, **details)

    def on_principal(
        self,
        world: World,
        principal: Principal,
        message: str,
        *,
        action: str,
        resource: str = "*",
        statement: Statement | None = None,
        **details: Unpack[Details],
    ) -> Finding:
        """Return a finding about what a principal may do, at the place of the statement; `message` follows its name."""
        shown = world.symbols.concrete
        details["witness"] = Witness(principal=shown(principal.arn), action=action, resource=shown(resource))
        details["location"] = (statement.location if statement else None) or principal.location
        details.setdefault("policy", (statement.managed if statement else None) or "")
        message = f"{principal.shown} of {principal.environment} {message}"
        return self.finding(principal.environment, message, logical_id=principal.logical_id, **details)

    def on_reference(
        self,
        world: World,
        place: Place,
        ends: tuple[str, str],
        message: str,
        *,
        resource: str,
        **details: Unpack[Details],
    ) -> Finding:
        """Return a finding about a text at its place; `ends` are both environments, `cause` the text unless given."""
        named = place.scope.named(place.logical_id)
        principal = world.symbols.concrete(named.arn.values[0] if named.arn.values else place.logical_id)
        details["witness"] = Witness(principal=principal, action=f"names in {place.path}", resource=resource)
        details["location"] = place.scope.place(place.logical_id, place.at)
        details["cause"] = details.get("cause") or resource
        details["target"] = ends[1]
        return self.finding(ends[0], message, logical_id=place.logical_id, **details)

    def on_grant(
        self, world: World, grant: Grant, statement: Statement, who: str, message: str, **details: Unpack[Details]
    ) -> Finding:
        """Return a finding about a resource policy that lets a principal in; `message` follows the resource's name."""
        shown = world.symbols.concrete
        action = statement.actions[0] if statement.actions and not statement.but_actions else "*"
        on = shown(grant.on[0] if grant.on else "*")
        details["witness"] = Witness(principal=shown(who), action=action, resource=on)
        details["location"] = statement.location or grant.scope.location(grant.logical_id)
        message = f"{grant.shown} of {grant.environment} {message}"
        return self.finding(grant.environment, message, logical_id=grant.logical_id, **details)
