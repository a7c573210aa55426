"""What the proof says of one call: whether a role may make it on one resource. Over-approximated, as the proof is."""

from collections.abc import Iterator

from sealift.isolation import actions as iam
from sealift.isolation.decide import may, may_act
from sealift.isolation.model import Attempted
from sealift.isolation.patterns import intersects, is_wild
from sealift.isolation.policies import Statement
from sealift.isolation.principals import Principal
from sealift.isolation.rules._granted import account_of
from sealift.isolation.world import Owned, Sealed, World


def may_reach(world: World, source: Sealed, attempted: Attempted) -> bool:
    """Return whether the proof holds that this attempt may succeed.

    Within one account a permission or a resource policy that names the role suffices; across accounts both are needed.
    """
    target = world.by_name[attempted.target]
    roles = [
        p
        for p in source.principals
        if p.logical_id == attempted.role and p.scope is not None and p.scope.path == attempted.stack
    ]
    owned = list(_concerned(target, attempted))
    for role in roles:
        permitted = any(_permits(role, attempted.action, entry) for entry in owned)
        direct, by_account = _granted(target, role, attempted)
        if world.same_account(source.name, target.name):
            if permitted or direct:
                return True
        elif permitted and (direct or by_account):
            return True
    return False


def _permits(role: Principal, action: str, entry: Owned) -> bool:
    return may(role.statements, action, entry.term, limits=role.limits)


def _concerned(target: Sealed, attempted: Attempted) -> Iterator[Owned]:
    """Yield the terms of the resource that the action is about."""
    service, _, name = attempted.action.lower().partition(":")
    for entry in target.owned:
        here = entry.logical_id == attempted.logical_id and entry.scope.path == attempted.target_stack
        if here and entry.service == service and name in iam.on_type(service, entry.kind):
            yield entry


def _granted(target: Sealed, role: Principal, attempted: Attempted) -> tuple[bool, bool]:
    """Return whether a resource policy lets the role in by name, and whether it lets its whole account in."""
    direct = by_account = False
    for grant in target.grants:
        if grant.owner != attempted.logical_id or grant.scope.path != attempted.target_stack:
            continue
        for statement in grant.statements:
            if statement.allow and may_act(statement, attempted.action.lower()):
                direct = direct or _names(statement, role)
                by_account = by_account or any(account_of(p) == role.account for _, p in statement.principals)
    return direct, by_account


def _names(statement: Statement, role: Principal) -> bool:
    if statement.but_principals:
        return True
    return any(
        kind == "*" or (kind == "AWS" and (is_wild(pattern) or intersects(pattern, role.arn)))
        for kind, pattern in statement.principals
    )
