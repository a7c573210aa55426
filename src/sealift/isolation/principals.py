"""Who acts in an environment: roles, users and groups of its templates, and roles declared beside them."""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache

from sealift.cfn.values import list_at, mapping_at
from sealift.isolation.actions import managed_policy
from sealift.isolation.model import DeclaredPrincipal
from sealift.isolation.patterns import has_symbol, plain
from sealift.isolation.policies import Statement, Unreadable, placed, statements
from sealift.isolation.resolving import Resolved, Resolver, literal_resolver, no_value
from sealift.isolation.scope import Scope
from sealift.model.live import LivePrincipal
from sealift.model.template import Json, Location

_KINDS = {"AWS::IAM::Role": "Roles", "AWS::IAM::User": "Users", "AWS::IAM::Group": "Groups"}
_DOCUMENTS = {"AWS::IoT::Policy": "PolicyDocument", "AWS::SSO::PermissionSet": "InlinePolicy"}
"""What gives permissions to things and people that stand in no template, by the property that holds its document."""
_ROLE_KEYS = (
    "Role", "RoleArn", "RoleARN", "ExecutionRoleArn", "TaskRoleArn", "ServiceRoleArn", "InvocationRole",
)  # fmt: skip

_IDENTITIES = {
    "AWS::IAM::InstanceProfile": ("Roles",),
    "AWS::IAM::User": ("Groups",),
    "AWS::IAM::UserToGroupAddition": ("GroupName", "Users"),
    "AWS::IAM::AccessKey": ("UserName",),
}
"""What gives the powers of a role, group or user, by name, to whoever holds it."""
_ROLE_KEY = re.compile(r"[Rr]ole(Arn|ARN)?$|[Cc]redentials(Arn)?$")

SAMS_CODEDEPLOY = "CodeDeployServiceRole"
"""https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-generated-resources-function.html"""


@dataclass(slots=True)
class Principal:
    """One role, user or group with all its permissions. `faults` are policies that could not be read."""

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
    other_arns: tuple[str, ...] = ()
    """What its ARN may be as well, where a condition decides its name."""

    @property
    def arns(self) -> tuple[str, ...]:
        """Return every ARN it may have."""
        return (self.arn, *self.other_arns)

    @property
    def denials(self) -> list[Statement]:
        """Return its statements that deny."""
        return [s for s in self.statements if not s.allow]

    @property
    def limits(self) -> list[list[Statement]]:
        """Return what limits its permissions: the boundary, where one is known."""
        return [] if self.boundary is None else [self.boundary]

    @property
    def location(self) -> Location | None:
        """Return the place in the user's template."""
        return self.place or (self.scope.location(self.logical_id) if self.scope else None)

    @property
    def shown(self) -> str:
        """Return the name for messages; a role that SAM generates for a function has the function's name.

        The one that it makes for CodeDeploy serves every function with a `DeploymentPreference`, and none runs as it.
        """
        if self.scope is None or self.logical_id == SAMS_CODEDEPLOY:
            return self.logical_id
        return self.scope.origin(self.logical_id)


@dataclass(frozen=True, slots=True)
class OutsideRole:
    """A resource that runs as a role that no template of its environment declares."""

    environment: str
    scope: Scope
    logical_id: str
    role: Resolved


@dataclass(frozen=True, slots=True)
class Unowned:
    """A policy attached to `name`, a principal that the environment lacks; `*` when the name is unknown."""

    scope: Scope
    logical_id: str
    name: str


def in_templates(environment: str, scopes: list[Scope]) -> tuple[list[Principal], list[Unowned]]:
    """Return the principals of an environment's templates with their policies, and the policies without a principal."""
    found: list[Principal] = []
    for scope in scopes:
        for logical_id in scope.resources:
            if scope.type_of(logical_id) in _KINDS or scope.type_of(logical_id) in _DOCUMENTS:
                found.append(_principal(environment, scope, logical_id))
    unowned = list(_attach(found, scopes))
    return found + [made for scope in scopes for made in _in_force(found, environment, scope)], unowned


def declared(environment: str, account: str, principal: DeclaredPrincipal) -> Principal:
    """Return a role that no template declares, as a principal."""
    resolver = literal_resolver()
    made = Principal(
        environment, principal.name, principal.arn, principal.name, account, declared=True, place=principal.location
    )
    for policy in principal.policies:
        _add(made, policy, resolver, principal.name)
    for arn in principal.managed:
        _add_managed(made, Resolved((arn,)), {})
    _limit(made, principal.boundary)
    return made


def _limit(made: Principal, boundary: Json) -> None:
    """Limit a principal by the document of its boundary; what cannot be read limits nothing."""
    if boundary is not None:
        made.has_boundary = True
        with suppress(Unreadable):
            made.boundary = list(statements(boundary, literal_resolver()))


def outside_roles(environment: str, scopes: list[Scope], known: set[str]) -> Iterator[OutsideRole]:
    """Yield every resource with a role, at any depth, that is not one of the environment's own."""
    for scope in scopes:
        for logical_id, arn in scope.view.live_roles.items():
            there = scope.setting.in_account(plain(arn))
            if not _is_own(there, known):
                yield OutsideRole(environment, scope, logical_id, Resolved((there,)))
        for logical_id in scope.resources:
            cfn_type, properties = scope.type_of(logical_id), scope.properties(logical_id)
            if cfn_type in _IDENTITIES:
                listed = [(one, True) for key in _IDENTITIES[cfn_type] for one in _each(properties.get(key))]
            elif cfn_type.startswith("AWS::IAM::"):
                continue
            else:
                listed = list(_role_values(properties, top=True))
            for value, sure in listed:
                for role in scope.resolver.many(value):
                    # Deep inside, a key may be called so and hold something else.
                    meant = sure or any(":role/" in v or v == "*" for v in role.values)
                    if meant and role.values and not all(_is_own(v, known) for v in role.values):
                        yield OutsideRole(environment, scope, logical_id, role)


def _role_values(value: Json, *, top: bool = False) -> Iterator[tuple[Json, bool]]:
    """Yield each value under a key that may hold a role, and whether that key always holds one."""
    if isinstance(value, list):
        for part in value:
            yield from _role_values(part)
    elif isinstance(value, dict):
        for key, part in value.items():
            sure = top and key in _ROLE_KEYS
            if sure or (_ROLE_KEY.search(key) and _is_single(part)):
                yield part, sure
            elif key == "IamInstanceProfile":
                yield from ((one, True) for one in (_each(part) if isinstance(part, dict) else [part]))
            elif key == "Roles":
                yield from ((one, False) for one in _each(part))
            if not sure and isinstance(part, (dict, list)):
                yield from _role_values(part)


def _is_single(value: Json) -> bool:
    """Return whether the value is a text or an intrinsic function that yields a text."""
    return isinstance(value, str) or (isinstance(value, dict) and any(k.startswith(("Fn::", "Ref")) for k in value))


def _each(value: Json) -> Iterator[Json]:
    if isinstance(value, (list, str)):
        yield from value if isinstance(value, list) else [value]
    elif isinstance(value, dict):
        yield from [value] if _is_single(value) else value.values()


def _is_own(value: str, known: set[str]) -> bool:
    # A single symbol is what AWS gives a resource of the same stack.
    return value in known or ":role/aws-service-role/" in value or (len(value) == 1 and has_symbol(value))


def _principal(environment: str, scope: Scope, logical_id: str) -> Principal:
    named = scope.named(logical_id)
    arn = named.arn.values[0] if named.arn.values else "*"
    made = Principal(environment, logical_id, arn, named.name.values[0] if named.name.values else "*",
                     scope.setting.account, scope=scope, other_arns=named.arn.values[1:])  # fmt: skip
    properties = scope.properties(logical_id)
    made.has_boundary = "PermissionsBoundary" in properties
    _add_inline(made, scope, properties.get("Policies", []))
    key = _DOCUMENTS.get(scope.type_of(logical_id))
    if key is not None and key in properties:
        _add_own(made, (scope, logical_id, key), properties[key], logical_id)
    return made


def _add_inline(made: Principal, scope: Scope, policy: Json, index: int = 0) -> None:
    if isinstance(policy, list):
        for at, part in enumerate(policy):
            _add_inline(made, scope, part, at)
        return
    body = mapping_at(policy)
    if len(list_at(body, "Fn::If")) == 3:
        for part in scope.branches(body["Fn::If"]):
            _add_inline(made, scope, part, index)
        return
    if no_value(body):
        return
    if "PolicyDocument" not in body:
        made.faults.append("an inline policy has no PolicyDocument")
        return
    name = str(body.get("PolicyName", ""))
    _add_own(made, (scope, made.logical_id, _path(made.logical_id, name, index)), body["PolicyDocument"], name)


def _path(logical_id: str, name: str, index: int) -> str:
    """Return the path of an inline policy. SAM numbers those of a function's role in the order of its Policies."""
    number = name.removeprefix(f"{logical_id}Policy")
    return f"Policies/{number}" if number != name and number.isdigit() else f"Policies/{index}/PolicyDocument"


def _add_own(made: Principal, at: tuple[Scope, str, str], value: Json, source: str) -> None:
    """Add the policies of a principal in a template, with the place of each statement."""
    scope, logical_id, path = at
    try:
        found = statements(value, scope.resolver, source=source)
        made.statements.extend(placed(found, lambda index: scope.place(logical_id, f"{path}/Statement/{index}")))
    except Unreadable as error:
        made.faults.append(str(error))


def _add(made: Principal, value: Json, resolver: Resolver, source: str, *, managed: str | None = None) -> None:
    try:
        made.statements.extend(statements(value, resolver, managed=managed, source=source))
    except Unreadable as error:
        made.faults.append(str(error))


def _attach(found: list[Principal], scopes: list[Scope]) -> Iterator[Unowned]:
    """Attach separately declared policies to their principals; yield those whose principal is unknown."""
    by_name = {name: p for p in found for name in (p.name, *p.arns)}
    own = _own_managed(scopes)
    for scope in scopes:
        for logical_id in scope.resources:
            cfn_type, properties = scope.type_of(logical_id), scope.properties(logical_id)
            if not cfn_type.startswith("AWS::IAM::") or "PolicyDocument" not in properties:
                continue
            for name in _attached_to(scope, properties):
                target = by_name.get(name)
                if target is None:
                    yield Unowned(scope, logical_id, name)
                else:
                    _add_own(target, (scope, logical_id, "PolicyDocument"), properties["PolicyDocument"], logical_id)
    for principal in found:
        if principal.scope is None:
            continue
        properties = principal.scope.properties(principal.logical_id)
        for arn in principal.scope.resolver.many(
            properties.get("ManagedPolicyArns", properties.get("ManagedPolicies"))
        ):
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
            _add_own(made, (scope, logical_id, "PolicyDocument"), document, logical_id)
            continue
        known = _of_aws(value)
        if known is None:
            made.unknown_managed.append(value)
        else:
            made.statements.extend(placed(known, lambda _: _attached_at(made)))


def _attached_at(made: Principal) -> Location | None:
    """Return the path at which managed policies are attached; for a function's generated role, its Policies."""
    if made.scope is None:
        return None
    generated = made.scope.origin(made.logical_id) != made.logical_id
    return made.scope.place(made.logical_id, "Policies" if generated else "ManagedPolicyArns")


@cache
def _of_aws(arn: str) -> tuple[Statement, ...] | None:
    """Return the statements of a policy that AWS manages; None when it is none that is known."""
    path = _managed_path(arn)
    known = managed_policy(path) if path else None
    if path is None or known is None:
        return None
    name = path.rpartition("/")[2]
    return statements({"Statement": known}, literal_resolver(), managed=name, source=name)


def _boundary(arn: Resolved, own: dict[str, tuple[Scope, str]]) -> list[Statement] | None:
    """Return the permissions boundary; None when it is unknown, since a boundary only removes permissions."""
    value = arn.only
    if value is None or not arn.exact:
        return None
    try:
        if value in own:
            scope, logical_id = own[value]
            return list(statements(scope.properties(logical_id).get("PolicyDocument"), scope.resolver))
        known = _of_aws(value)
        return None if known is None else list(known)
    except Unreadable:
        return None


def _in_force(found: list[Principal], environment: str, scope: Scope) -> Iterator[Principal]:
    """Yield live policies as separate principals: a denial in the template does not limit live permissions.

    The template's stay, as the next deployment brings them back.
    """
    for principal in found:
        live = scope.view.live_principals.get(principal.logical_id) if principal.scope is scope else None
        if live is None:
            continue
        _learn(principal, live)
        yield _live(environment, principal, live)


def _learn(principal: Principal, live: LivePrincipal) -> None:
    """Add the documents of managed policies that exist only in the account."""
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
    _limit(made, live.boundary)
    return made
