"""Everything the rules look at: who owns which terms, who acts, who is let in. Built once a proof."""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import combinations
from operator import itemgetter
from typing import TypeVar, cast

from sealift.cfn.values import mapping_at, value_at
from sealift.isolation.decide import is_account
from sealift.isolation.grants import Grant, grants, trusted
from sealift.isolation.mentions import Place, mentions, values_at
from sealift.isolation.model import UNDECLARED_ACCOUNT, EnvironmentView
from sealift.isolation.patterns import TAIL, has_symbol, head, intersects, is_wild, plain
from sealift.isolation.policies import Statement
from sealift.isolation.principals import OutsideRole, Principal, Unowned, declared, in_templates, outside_roles
from sealift.isolation.resolving import Resolved
from sealift.isolation.schemes import Schemes
from sealift.isolation.scope import PATH, Scope, Setting
from sealift.isolation.symbols import NUMBERED, Symbols
from sealift.isolation.types import has_parts


@dataclass(frozen=True, slots=True)
class Owned:
    """One ARN term that an environment owns."""

    environment: str
    service: str
    kind: str
    term: str
    exact: bool
    logical_id: str
    scope: Scope
    explicit: bool

    @property
    def shown(self) -> str:
        """Return its name for messages; the stack and the artifacts bucket have no logical id."""
        if self.logical_id:
            return self.scope.origin(self.logical_id)
        return "the artifacts bucket" if self.service == "s3" else "the stack itself"


@dataclass
class Sealed:
    """One environment, prepared for the rules."""

    view: EnvironmentView
    setting: Setting
    scopes: list[Scope] = field(default_factory=list)
    owned: list[Owned] = field(default_factory=list)
    principals: list[Principal] = field(default_factory=list)
    grants: list[Grant] = field(default_factory=list)
    outside: list[OutsideRole] = field(default_factory=list)
    unowned: list[Unowned] = field(default_factory=list)
    unknown_types: list[tuple[Scope, str]] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Return the environment's name."""
        return self.view.name

    def each(self, *types: str) -> Iterator[tuple[Scope, str]]:
        """Yield the resources of these types, in the order of the templates."""
        found = [entry for one in types for entry in self._by_type.get(one, ())]
        for _, scope, logical_id in sorted(found, key=itemgetter(0)) if len(types) > 1 else found:
            yield scope, logical_id

    @cached_property
    def _by_type(self) -> dict[str, list[tuple[int, Scope, str]]]:
        found: dict[str, list[tuple[int, Scope, str]]] = {}
        for at, (scope, logical_id) in enumerate((s, i) for s in self.scopes for i in s.resources):
            found.setdefault(scope.type_of(logical_id), []).append((at, scope, logical_id))
        return found

    @cached_property
    def terms(self) -> frozenset[str]:
        """Return every ARN term the environment owns."""
        return frozenset(entry.term for entry in self.owned)

    @cached_property
    def mentions(self) -> list[Place]:
        """Return every text of its resources that may be a name."""
        return list(mentions(self.scopes))

    @cached_property
    def names(self) -> frozenset[str]:
        """Return the names of its resources."""
        return frozenset(n for s in self.scopes for i in s.resources for n in s.named(i).name.values)


class _Heads:
    """Terms sorted by their literal prefix, to find those that may begin like a pattern."""

    def __init__(self, terms: Iterable[str]) -> None:
        self._sorted = sorted((head(term), term) for term in terms)
        self._heads = [h for h, _ in self._sorted]
        self._open: dict[str, list[str]] = {}
        for literal, term in self._sorted:
            if literal != term or has_symbol(term):
                self._open.setdefault(_before_symbol(literal), []).append(term)
        self._lengths = sorted({len(h) for h in self._open})

    def meeting(self, pattern: str) -> Iterator[str]:
        """Yield the terms that have a word in common with the pattern."""
        return (term for term in self._candidates(_before_symbol(head(pattern))) if intersects(pattern, term))

    def _candidates(self, literal: str) -> Iterator[str]:
        start = bisect_left(self._heads, literal)
        for index in range(start, len(self._heads)):
            if not self._heads[index].startswith(literal):
                break
            yield self._sorted[index][1]
        for length in self._lengths:
            if length >= len(literal):
                break
            for term in self._open.get(literal[:length], ()):
                if not head(term).startswith(literal):
                    yield term


_FIELDS = 5
"""The fields of an ARN before the name of the resource."""


class _Counted:
    """Terms whose texts all have the same number of colons.

    A pattern with as many colons can spend none of its wildcards on one: it is compared field by field, and the names
    by their own heads, so that `arn:aws:dynamodb:*:*:table/shop-*` does not meet each table.
    """

    def __init__(self, terms: Sequence[str]) -> None:
        self._terms = terms
        found: dict[tuple[str, ...], dict[str, str]] = {}
        for term in terms:
            fields = term.split(":")
            found.setdefault(tuple(fields[:_FIELDS]), {})[":".join(fields[_FIELDS:])] = term
        self._by_fields = {fields: (_Heads(names), names) for fields, names in found.items()}

    @cached_property
    def _whole(self) -> _Heads:
        return _Heads(self._terms)

    def meeting(self, pattern: str, *, aligned: bool) -> Iterator[str]:
        """Yield the terms that have a word in common with the pattern; `aligned` when both have as many colons."""
        if not aligned:
            yield from self._whole.meeting(pattern)
            return
        fields = pattern.split(":")
        name = ":".join(fields[_FIELDS:])
        for theirs, (heads, names) in self._by_fields.items():
            if all(intersects(mine, other) for mine, other in zip(fields, theirs, strict=False)):
                yield from (names[found] for found in heads.meeting(name))


LABEL = re.compile(r"/stream/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}$")
"""The name of a table's stream is the one tail that holds colons: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_DescribeStream.html"""

ANY_LABEL = "/stream/*"


class Index:
    """Finds the terms that a pattern may match, by their number of colons; results are cached by pattern."""

    def __init__(self, owned: Sequence[Owned], greatest: Callable[[str], int | None] | None = None) -> None:
        self._cut = {entry.term: greatest(entry.term) for entry in owned} if greatest else {}
        by_term: dict[str, list[Owned]] = {}
        for entry in owned:
            by_term.setdefault(entry.term, []).append(entry)
        self._by_term = by_term
        counted: dict[int, list[str]] = {}
        for term in by_term:
            # A star may hold colons, and so may a wildcard of one character.
            counted.setdefault(-1 if "*" in term or "?" in term else term.count(":"), []).append(term)
        self._any = _Heads(counted.pop(-1, ()))
        self._counted = {colons: _Counted(terms) for colons, terms in counted.items()}
        self._kept: dict[str, tuple[Owned, ...]] = {}

    def meeting(self, pattern: str) -> tuple[Owned, ...]:
        """Return every owned term that has a word in common with the pattern."""
        known = self._kept.get(pattern)
        if known is None:
            terms = (term for term in self._terms(pattern) if _fits(pattern, term, self._cut.get(term)))
            known = self._kept[pattern] = tuple(entry for term in terms for entry in self._by_term[term])
        return known

    def _terms(self, pattern: str) -> Iterator[str]:
        if pattern == "*":
            yield from self._by_term
            return
        pattern = LABEL.sub(ANY_LABEL, pattern)
        colons = pattern.count(":")
        yield from self._any.meeting(pattern)
        for theirs, terms in self._counted.items():
            if theirs >= colons:
                yield from terms.meeting(pattern, aligned=theirs == colons and colons >= _FIELDS)


_SEPARATORS = re.compile("[:/]")


def _fits(pattern: str, term: str, greatest: int | None) -> bool:
    """Return whether the pattern may match a term whose name is cut to a length: it may ask for a longer name."""
    if greatest is None:
        return True
    mine, theirs = _SEPARATORS.split(pattern), _SEPARATORS.split(term)
    for part, name in zip(mine, theirs, strict=False):
        stars = part.count("*")
        if has_symbol(name) and len(part) - stars - part.count(TAIL) > greatest:
            return False
        if stars and len(mine) != len(theirs):
            return True  # a star holds separators, so what follows is not known to be beside each other
    return True


_PRIVATE = re.compile("[\ue000-\uf8ff\U000f0000-\U0010ffff]")


def _before_symbol(literal: str) -> str:
    if literal.isascii():
        return literal
    found = _PRIVATE.search(literal)
    return literal if found is None else literal[: found.start()]


Made = TypeVar("Made")


def kept(make: Callable[["World"], Made]) -> Callable[["World"], Made]:
    """Cache a function of a world, so that rules share its result."""

    def ask(world: "World") -> Made:
        if make not in world.made:
            world.made[make] = make(world)
        return cast("Made", world.made[make])

    return ask


class World:
    """All environments of a proof."""

    def __init__(self, views: Sequence[EnvironmentView], *, shared_unless_declared: bool = True) -> None:
        self.symbols = Symbols()
        self.schemes = Schemes(list(views))
        self.made: dict[object, object] = {}
        """What rules have made of it, by the function that makes it."""
        self._common: dict[tuple[str, str], frozenset[str]] = {}
        self.collapsed = shared_unless_declared and any(v.account is None for v in views)
        self.environments = [self._sealed(view, index, shared_unless_declared) for index, view in enumerate(views)]
        self.by_name = {e.name: e for e in self.environments}

    def _sealed(self, view: EnvironmentView, index: int, shared: bool) -> Sealed:
        account = view.account or (UNDECLARED_ACCOUNT if shared else f"{index:012d}")
        if self.collapsed:
            account = UNDECLARED_ACCOUNT
        setting = Setting(view, account, self.symbols, collapse_accounts=self.collapsed)
        made = Sealed(view, setting)
        tops = [Scope(setting, stack) for stack in view.stacks]
        for _ in range(2):
            # Twice: an export may be made of another stack's import.
            for scope in tops:
                setting.exports.update(_exports(scope))
        made.scopes = [scope for top in tops for scope in top.walk()]
        self._own(made)
        made.principals, made.unowned = in_templates(view.name, made.scopes)
        made.principals += [declared(view.name, account, p) for p in view.principals]
        if made.scopes:
            made.owned += [
                Owned(view.name, service, "role", p.arn, True, p.name, made.scopes[0], False)
                for p in view.principals
                for service in ("iam", "sts")
            ]
        made.grants = list(grants(view.name, made.scopes))
        if made.scopes:
            made.grants += [trusted(view.name, made.scopes[0], p) for p in view.principals if p.trust is not None]
        if self.collapsed:
            _collapse(made)
        if view.kind == "preview":
            _change(made, _opened)
        roles = {name for p in made.principals for name in (p.name, *p.arns)}
        for scope, logical_id in made.each("AWS::IAM::InstanceProfile"):
            named = scope.named(logical_id)
            roles.update((*named.name.values, *named.arn.values))
        made.outside = list(outside_roles(view.name, made.scopes, roles))
        return made

    def _own(self, made: Sealed) -> None:
        name, bucket = made.name, made.view.artifact_bucket
        if bucket and made.scopes:
            # With the ledger and the releases in it: who writes there decides what is deployed.
            whole = f"arn:{made.setting.partition}:s3:::{plain(bucket)}"
            for kind, term in (("bucket", whole), ("object", f"{whole}/*")):
                made.owned.append(Owned(name, "s3", kind, term, True, "", made.scopes[0], True))
        for scope in made.scopes:
            made.owned.append(
                Owned(name, "cloudformation", "stack", scope.stack_arn, True, "", scope, scope.parent is None)
            )
            for logical_id in scope.resources:
                found = False
                named = scope.named(logical_id)
                regions = copied_to(scope, logical_id)
                for service, kind, arn in scope.parts(logical_id):
                    found = True
                    made.owned.extend(
                        Owned(
                            name, service, kind, term, arn.exact, logical_id, scope, named.explicit and kind != PATH[1]
                        )
                        for value in arn.values
                        for term in (value, *(_in_region(value, region) for region in regions))
                    )
                if not found and named.facts is None and _is_unknown(scope.type_of(logical_id)):
                    made.unknown_types.append((scope, logical_id))

    @cached_property
    def index(self) -> Index:
        """Return the index of everything owned."""
        return Index([entry for e in self.environments for entry in e.owned], self.symbols.greatest)

    def same_account(self, left: str, right: str) -> bool:
        """Return whether two environments are, or have to be assumed to be, in one account."""
        return self.by_name[left].setting.account == self.by_name[right].setting.account

    def shared_with(self, name: str) -> list[Sealed]:
        """Return the other environments in the same account."""
        return [e for e in self.environments if e.name != name and self.same_account(e.name, name)]

    def others(self, name: str) -> list[Sealed]:
        """Return all other environments."""
        return [e for e in self.environments if e.name != name]

    def pairs(self) -> Iterator[tuple[Sealed, Sealed]]:
        """Yield every unordered pair of environments."""
        return combinations(self.environments, 2)

    def common_terms(self, left: str, right: str) -> frozenset[str]:
        """Return the terms of explicit names that both environments have."""
        key = (min(left, right), max(left, right))
        if key not in self._common:
            mine, theirs = ({o.term for o in self.by_name[n].owned if o.exact and o.explicit} for n in key)
            self._common[key] = frozenset(t for t in mine & theirs if not has_symbol(t))
        return self._common[key]

    def owned_by_others(self, name: str, pattern: str) -> list[Owned]:
        """Return the resources of other environments that the pattern may match."""
        return [entry for entry in self.index.meeting(pattern) if entry.environment != name]

    @cached_property
    def counted(self) -> dict[str, int]:
        """Return the counts of what was examined."""
        return {
            "environments": len(self.environments),
            "stacks": sum(len(e.scopes) for e in self.environments),
            "resources": sum(len(s.resources) for e in self.environments for s in e.scopes),
            "principals": sum(len({p.arn for p in e.principals}) for e in self.environments),
            "statements": sum(len(p.statements) for e in self.environments for p in e.principals),
        }


_COPIES = {"AWS::DynamoDB::GlobalTable": "Replicas.Region", "AWS::SecretsManager::Secret": "ReplicaRegions.Region"}
"""Types that one stack makes in several regions, and where these stand."""


def copied_to(scope: Scope, logical_id: str) -> list[str]:
    """Return the other regions in which a resource is made, too."""
    path = _COPIES.get(scope.type_of(logical_id))
    if path is None:
        return []
    found = (value for place in values_at(scope, logical_id, path) for value in place.value.values)
    return [region for region in dict.fromkeys(found) if region != scope.setting.view.region and not is_wild(region)]


def _in_region(arn: str, region: str) -> str:
    parts = arn.split(":", 5)
    return ":".join((*parts[:3], region, *parts[4:])) if len(parts) == 6 else arn


def _exports(top: Scope) -> Iterator[tuple[str, Resolved]]:
    for name, body in mapping_at(top.view.body, "Outputs").items():
        export = value_at(body, "Export")
        key = top.resolver.one(export.get("Name")).only if isinstance(export, dict) else None
        if key is not None:
            yield key, top.output(name)


def _is_unknown(cfn_type: str) -> bool:
    return has_parts(cfn_type) and not cfn_type.startswith("AWS::CloudFormation::")


def _collapse(made: Sealed) -> None:
    """Treat every account id in a policy as this account when no account is declared."""
    for principal in made.principals:
        principal.arn = _one_account(principal.arn)
        principal.other_arns = tuple(_one_account(arn) for arn in principal.other_arns)
    _change(made, _collapsed)


def _change(made: Sealed, changed: Callable[[Statement], Statement]) -> None:
    for principal in made.principals:
        principal.statements = [changed(s) for s in principal.statements]
        if principal.boundary is not None:
            principal.boundary = [changed(s) for s in principal.boundary]
    for grant in made.grants:
        grant.statements = tuple(changed(s) for s in grant.statements)


def _opened(statement: Statement) -> Statement:
    """Doubt a denial of the environment that represents all previews: one for a preview does not hold for the next."""
    keeps_out = statement.allow is statement.but_resources
    if keeps_out and statement.exact and any(NUMBERED in r for r in statement.resources):
        return replace(statement, exact=False)
    return statement


def _collapsed(statement: Statement) -> Statement:
    resources = tuple(_one_account(r) for r in statement.resources)
    principals = tuple((k, _one_account(v)) for k, v in statement.principals)
    tests = tuple(replace(t, values=tuple(_one_account(v) for v in t.values)) for t in statement.tests)
    if (resources, principals, tests) == (statement.resources, statement.principals, statement.tests):
        return statement
    exact = statement.exact and (statement.allow or resources == statement.resources)
    return replace(statement, resources=resources, principals=principals, tests=tests, exact=exact)


def _one_account(arn: str) -> str:
    if is_account(arn):
        return UNDECLARED_ACCOUNT
    parts = arn.split(":", 5)
    if len(parts) < 5 or parts[4] == UNDECLARED_ACCOUNT or (parts[4] != "*" and not _names_accounts(parts[4])):
        return arn
    parts[4] = UNDECLARED_ACCOUNT if is_account(parts[4]) else "*"
    return ":".join(parts)


def _names_accounts(text: str) -> bool:
    """Return whether the text is an account id, or one with wildcards in it."""
    return is_account(text) or (is_wild(text) and text.strip("0123456789*?") == "")
