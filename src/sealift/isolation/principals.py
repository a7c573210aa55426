"""Who acts in an environment: roles, users and groups of its templates, and roles declared beside them."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from sealift.isolation.actions import managed_policy
from sealift.isolation.model import DeclaredPrincipal
from sealift.isolation.patterns import plain
from sealift.isolation.policies import Statement, Unreadable, statements
from sealift.isolation.resolving import Resolved, Resolver, literal_resolver
from sealift.isolation.scope import Scope
from sealift.model.live import LivePrincipal
from sealift.model.template import Json, Location

_KINDS = {"AWS::IAM::Role": "Roles", "AWS::IAM::User": "Users", "AWS::IAM::Group": "Groups"}
_ROLE_KEYS = (
    "Role", "RoleArn", "RoleARN", "ExecutionRoleArn", "TaskRoleArn", "ServiceRoleArn", "InvocationRole",
)  # fmt: skip


@dataclass(slots=True)
class Principal:
    """One role, user or group with everything it is allowed. `faults` are policies that could not be read."""

    environment: str
    logical_id: str
    arn: str
    name: str
    account: str
    declared: bool = False
    live: bool = False
    """Whether it is as IAM has it, and not as the template says."""
    scope: Scope | None = None
    place: Location | None = None
    statements: list[Statement] = field(default_factory=list)
    boundary: list[Statement] | None = None
    has_boundary: bool = False
    faults: list[str] = field(default_factory=list)
    unknown_managed: list[str] = field(default_factory=list)

    @property
    def location(self) -> Location | None:
        """Return the place in the user's template."""
        return self.place or (self.scope.location(self.logical_id) if self.scope else None)


@dataclass(frozen=True, slots=True)
class OutsideRole:
    """A resource that runs as a role which no template of its environment has."""

    environment: str
    scope: Scope
    logical_id: str
    role: Resolved


def in_templates(environment: str, scopes: list[Scope]) -> list[Principal]:
    """Return the roles, users and groups of an environment's templates with their policies attached."""
    found: list[Principal] = []
    for scope in scopes:
        for logical_id, body in scope.resources.items():
            if body.get("Type") in _KINDS:
                found.append(_principal(environment, scope, logical_id))
    _attach(found, scopes)
    return found + [made for scope in scopes for made in _in_force(found, environment, scope)]


def declared(environment: str, account: str, principal: DeclaredPrincipal) -> Principal:
    """Return a role that stands beside the templates."""
    resolver = literal_resolver()
    made = Principal(
        environment, principal.name, principal.arn, principal.name, account, declared=True, place=principal.location
    )
    for policy in principal.policies:
        _add(made, policy, resolver, principal.name)
    for arn in principal.managed:
        _add_managed(made, Resolved((arn,)), {})
    if principal.boundary is not None:
        made.has_boundary = True
        try:
            made.boundary = list(statements(principal.boundary, resolver))
        except Unreadable:
            made.boundary = None
    return made


def outside_roles(environment: str, scopes: list[Scope], known: set[str]) -> Iterator[OutsideRole]:
    """Yield every resource whose role is none of the environment's own."""
    for scope in scopes:
        for logical_id, arn in scope.view.live_roles.items():
            there = scope.setting.in_account(plain(arn))
            if not _is_own(there, known):
                yield OutsideRole(environment, scope, logical_id, Resolved((there,)))
        for logical_id in scope.resources:
            if scope.type_of(logical_id).startswith("AWS::IAM::"):
                continue
            properties = scope.properties(logical_id)
            for key in _ROLE_KEYS:
                if key not in properties or isinstance(properties[key], list):
                    continue
                role = scope.resolver.one(properties[key])
                if role.values and not all(_is_own(value, known) for value in role.values):
                    yield OutsideRole(environment, scope, logical_id, role)


def _is_own(value: str, known: set[str]) -> bool:
    return value in known or ":role/aws-service-role/" in value


def _principal(environment: str, scope: Scope, logical_id: str) -> Principal:
    named = scope.named(logical_id)
    arn = named.arn.values[0] if named.arn.values else "*"
    made = Principal(environment, logical_id, arn, named.name.values[0] if named.name.values else "*",
                     scope.setting.account, scope=scope)  # fmt: skip
    properties = scope.properties(logical_id)
    made.has_boundary = "PermissionsBoundary" in properties
    policies = properties.get("Policies")
    for policy in policies if isinstance(policies, list) else []:
        _add_inline(made, scope, policy)
    return made


def _add_inline(made: Principal, scope: Scope, policy: Json) -> None:
    body = policy if isinstance(policy, dict) else {}
    if "Fn::If" in body and isinstance(body["Fn::If"], list) and len(body["Fn::If"]) == 3:
        test, *parts = body["Fn::If"]
        holds = scope.holds(test)
        for part, wanted in zip(parts, (True, False), strict=True):
            if holds in (None, wanted) and not (isinstance(part, dict) and part.get("Ref") == "AWS::NoValue"):
                _add_inline(made, scope, part)
        return
    if body.get("Ref") == "AWS::NoValue":
        return
    if "PolicyDocument" not in body:
        made.faults.append("an inline policy has no PolicyDocument")
        return
    name = str(body.get("PolicyName", ""))
    _add(made, body["PolicyDocument"], scope.resolver, name)


def _add(made: Principal, value: Json, resolver: Resolver, source: str, *, managed: str | None = None) -> None:
    try:
        made.statements.extend(statements(value, resolver, managed=managed, source=source))
    except Unreadable as error:
        made.faults.append(str(error))


def _attach(found: list[Principal], scopes: list[Scope]) -> None:
    by_name: dict[str, Principal] = {}
    for principal in found:
        by_name[principal.name] = principal
        by_name[principal.arn] = principal
    own = _own_managed(scopes)
    for scope in scopes:
        for logical_id, body in scope.resources.items():
            cfn_type, properties = str(body.get("Type", "")), scope.properties(logical_id)
            if not cfn_type.startswith("AWS::IAM::") or "PolicyDocument" not in properties:
                continue
            for name in _attached_to(scope, properties):
                target = by_name.get(name)
                if target is not None:
                    _add(target, properties["PolicyDocument"], scope.resolver, logical_id)
    for principal in found:
        if principal.scope is None:
            continue
        properties = principal.scope.properties(principal.logical_id)
        for arn in principal.scope.resolver.many(properties.get("ManagedPolicyArns")):
            _add_managed(principal, arn, own)
        boundary = properties.get("PermissionsBoundary")
        if boundary is not None:
            principal.boundary = _boundary(principal.scope.resolver.one(boundary), own)


def _attached_to(scope: Scope, properties: dict[str, Json]) -> Iterator[str]:
    for key in ("Roles", "Users", "Groups", "RoleName", "UserName", "GroupName"):
        for item in scope.resolver.many(properties.get(key)):
            yield from item.values


def _own_managed(scopes: list[Scope]) -> dict[str, tuple[Scope, str]]:
    return {
        arn: (scope, logical_id)
        for scope in scopes
        for logical_id in scope.resources
        if scope.type_of(logical_id) == "AWS::IAM::ManagedPolicy"
        for arn in scope.named(logical_id).arn.values
    }


def _managed_path(arn: str) -> str | None:
    parts = arn.split(":", 5)
    if len(parts) == 6 and parts[4] == "aws" and parts[5].startswith("policy/"):
        return parts[5].removeprefix("policy/")
    return None


def _add_managed(made: Principal, arn: Resolved, own: dict[str, tuple[Scope, str]]) -> None:
    for value in arn.values:
        if value in own:
            scope, logical_id = own[value]
            document = scope.properties(logical_id).get("PolicyDocument")
            _add(made, document, scope.resolver, logical_id)
            continue
        path = _managed_path(value)
        known = managed_policy(path) if path else None
        if known is None:
            made.unknown_managed.append(value)
        else:
            name = (path or "").rpartition("/")[2]
            made.statements.extend(_managed_statements(known, name))


_managed_cache: dict[str, tuple[Statement, ...]] = {}


def _managed_statements(known: list[Json], name: str) -> tuple[Statement, ...]:
    if name not in _managed_cache:
        body: dict[str, Json] = {"Statement": known}
        _managed_cache[name] = statements(body, literal_resolver(), managed=name, source=name)
    return _managed_cache[name]


def _boundary(arn: Resolved, own: dict[str, tuple[Scope, str]]) -> list[Statement] | None:
    """A boundary only removes: one that is not known is left out."""
    value = arn.only
    if value is None or not arn.exact:
        return None
    try:
        if value in own:
            scope, logical_id = own[value]
            return list(statements(scope.properties(logical_id).get("PolicyDocument"), scope.resolver))
        path = _managed_path(value)
        known = managed_policy(path) if path else None
        return None if known is None else list(_managed_statements(known, (path or "").rpartition("/")[2]))
    except Unreadable:
        return None


def _in_force(found: list[Principal], environment: str, scope: Scope) -> Iterator[Principal]:
    """Yield what is in force as principals of their own: a denial of the template does not limit what stands live.

    The template's stay, as the next deployment brings them back.
    """
    for principal in found:
        live = scope.view.live_principals.get(principal.logical_id) if principal.scope is scope else None
        if live is None:
            continue
        _learn(principal, live)
        yield _live(environment, principal, live)


def _learn(principal: Principal, live: LivePrincipal) -> None:
    """Add the documents of managed policies that only the account knows."""
    known = [arn for arn in principal.unknown_managed if arn in live.managed]
    for arn in known:
        _add(principal, live.managed[arn], literal_resolver(), arn.rpartition("/")[2])
    principal.unknown_managed = [arn for arn in principal.unknown_managed if arn not in known]


def _live(environment: str, principal: Principal, live: LivePrincipal) -> Principal:
    resolver = literal_resolver()
    made = Principal(
        environment, principal.logical_id, plain(live.arn), principal.name, principal.account,
        scope=principal.scope, live=True,
    )  # fmt: skip
    for name, policy in live.inline.items():
        _add(made, policy, resolver, name)
    for arn, policy in live.managed.items():
        path = _managed_path(arn)
        _add(made, policy, resolver, arn.rpartition("/")[2], managed=path.rpartition("/")[2] if path else None)
    if live.boundary is not None:
        made.has_boundary = True
        try:
            made.boundary = list(statements(live.boundary, resolver))
        except Unreadable:
            made.boundary = None
    return made
