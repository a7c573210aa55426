"""Which allow statement of which principal reaches which other environment's resource, and by which actions."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from sealift.isolation import actions as iam
from sealift.isolation.conditions import OF_CALLER, binding, ruled_out, surely_holds
from sealift.isolation.decide import denies_if_it_holds, may_act, may_concern
from sealift.isolation.model import Finding, Witness
from sealift.isolation.patterns import LITERAL_STAR, covers, has_symbol, intersects, is_wild, sample
from sealift.isolation.policies import Statement, Test
from sealift.isolation.principals import Principal
from sealift.isolation.rule import Rule
from sealift.isolation.symbols import NUMBERED, ONE
from sealift.isolation.world import ANY_LABEL, LABEL, Owned, Sealed, World, kept
from sealift.model.finding import Severity

TELEMETRY = frozenset(
    {
        *("logs:createloggroup", "logs:createlogstream", "logs:putlogevents"),
        *("logs:describeloggroups", "logs:describelogstreams"),
        *("xray:puttracesegments", "xray:puttelemetryrecords", "xray:getsamplingrules", "xray:getsamplingtargets"),
        *("xray:getsamplingstatisticsummaries", "cloudwatch:putmetricdata"),
    }
)
FAMILIAR = frozenset(
    {
        *("dynamodb:putitem", "dynamodb:getitem", "dynamodb:putresourcepolicy"),
        *("s3:putobject", "s3:getobject", "s3:putbucketpolicy", "sqs:sendmessage", "sns:publish", "events:putevents"),
        *("lambda:invokefunction", "lambda:addpermission", "lambda:getfunction", "states:startexecution"),
        *("secretsmanager:getsecretvalue", "ssm:getparameter", "kms:decrypt", "kms:putkeypolicy", "kinesis:putrecord"),
        *("iam:putrolepolicy", "iam:passrole", "sts:assumerole", "cloudformation:deletestack", "execute-api:invoke"),
    }
)
"""Of what a statement allows, a witness names what its readers know."""
OWN_POLICY = "Write a policy of your own that names the environment's resources."
"""How to mend what a managed policy allows: AWS's cannot be changed."""
OF_SAM = (
    "SAM attaches {} itself. Give {} a `Role` of your own whose policy names the environment's resources, or has a "
    "condition where only `*` is allowed: then SAM attaches nothing."
)
"""The same for a role that SAM makes: to write `Policies` takes nothing away."""
_BY_SAM = re.compile(
    r"AWSLambda(VPCAccess|SQSQueue|DynamoDB|Kinesis|MSK|AMQ)\w*Role|AmazonMSK\w*|AWSCodeDeployRoleForLambda\w*"
)
Judged = Callable[[frozenset[str]], Severity]
"""How bad it is that these actions are allowed."""


@dataclass(frozen=True, slots=True)
class Reach:
    """`actions` (lower-case, with service) that a statement may allow on resources of one environment and one type."""

    source: Sealed
    target: Sealed
    principal: Principal
    statement: Statement
    entries: list[Owned]
    actions: frozenset[str]

    @property
    def entry(self) -> Owned:
        """Return the resource that the witness names."""
        return self.entries[0]


Groups = dict[str, dict[tuple[str, str], list[Owned]]]


@dataclass(slots=True)
class Telemetry:
    """Principals that may write another environment's logs: every SAM function may, so one witness represents all."""

    reach: Reach
    principals: dict[str, None]


@dataclass(slots=True)
class Reached:
    """All reaches of a world. Those that only write telemetry are grouped by pair of environments."""

    found: list[Reach]
    telemetry: dict[tuple[str, str], Telemetry]


@kept
def reached(world: World) -> Reached:
    """Return every reach across environments that share an account, grouped by target and resource type."""
    made = Reached([], {})
    groups: dict[tuple[tuple[str, ...], bool], Groups] = {}
    for source in world.environments:
        shared = {e.name: e for e in world.shared_with(source.name)}
        candidates: dict[Statement, list[_Candidate]] = {}
        for principal in source.principals if shared else ():
            for statement in dict.fromkeys(principal.statements):
                if not statement.allow:
                    continue
                if statement not in candidates:
                    key = (statement.resources, statement.but_resources)
                    if key not in groups:
                        groups[key] = _met(world, statement)
                    candidates[statement] = list(_candidates(world, (source, shared), statement, groups[key]))
                for candidate in candidates[statement]:
                    _keep(made, source, principal, (statement, candidate))
    return made


def reaches(world: World) -> list[Reach]:
    """Return every reach that does more than write telemetry."""
    return reached(world).found


@dataclass(frozen=True, slots=True)
class _Candidate:
    """The actions that a statement allows on one resource type of one environment, before denials and boundary."""

    target: Sealed
    entries: list[Owned]
    names: frozenset[str]
    telemetry: bool


def _keep(made: Reached, source: Sealed, principal: Principal, what: tuple[Statement, _Candidate]) -> None:
    statement, candidate = what
    if candidate.telemetry:
        known = made.telemetry.get((source.name, candidate.target.name))
        if known is not None:
            # One that is denied in part is counted too: it is information about all of them.
            known.principals[principal.shown] = None
            return
    entries = candidate.entries
    if statement.tests:
        entries = [e for e in entries if not ruled_out(principal, statement, (source, candidate.target), e)]
    for kept_on, left in _not_denied(principal, candidate.names, entries, candidate.target) if entries else ():
        reach = Reach(source, candidate.target, principal, statement, kept_on, left)
        if left & TELEMETRY:
            pair = made.telemetry.setdefault((source.name, candidate.target.name), Telemetry(reach, {}))
            pair.principals[principal.shown] = None
        if not left <= TELEMETRY:
            made.found.append(reach)


def _met(world: World, statement: Statement) -> Groups:
    found: Groups = {}
    if statement.but_resources:
        entries: Iterator[Owned] = (o for e in world.environments for o in e.owned if may_concern(statement, o.term))
    else:
        entries = (o for pattern in statement.resources for o in world.index.meeting(pattern))
    for entry in entries:
        found.setdefault(entry.environment, {}).setdefault((entry.service, entry.kind), []).append(entry)
    return found


def _candidates(
    world: World, ends: tuple[Sealed, dict[str, Sealed]], statement: Statement, groups: Groups
) -> Iterator[_Candidate]:
    source, shared = ends
    for name, kinds in groups.items():
        target = shared.get(name)
        if target is None:
            continue
        common = world.common_terms(source.name, name)
        for (service, kind), met in kinds.items():
            # What both call by one name is NAM-01's; the permission is on the own resource.
            entries = [e for e in met if e.term not in common] if common else met
            names = _names_on(statement, service, kind) - _only_makes(statement)
            if entries and names:
                yield _Candidate(target, _certain_first(statement, entries), names, names <= TELEMETRY)


_SNAPSHOTS = {
    "snapshot": frozenset({"rds:createdbsnapshot"}),
    "cluster-snapshot": frozenset({"rds:createdbclustersnapshot"}),
}
"""What makes a snapshot fails on one that is there."""


_BY_ID = frozenset({"logs:getqueryresults", "logs:stopquery"})
"""Actions on a query, whose random id only who started it knows; AWS's own policies allow them on `*`."""


def _names_on(statement: Statement, service: str, kind: str) -> frozenset[str]:
    if statement.but_actions and not statement.exact:
        named = frozenset(f"{service}:{name}" for name in iam.on_type(service, kind))
    else:
        named = allowed(statement.actions, statement.but_actions, service, kind)
    return named - _SNAPSHOTS.get(kind, frozenset()) - _BY_ID


_MAKING = frozenset({"secretsmanager:createsecret"})
"""It fails on a secret that is there: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html"""


def _only_makes(statement: Statement) -> frozenset[str]:
    """Return the actions that can only create resources, when a condition requires tags on the new resource."""
    return _MAKING if any(test.key.startswith("aws:requesttag/") for test in statement.tests) else frozenset()


_TRIED = 64
"""Of thousands of patterns and resources no better witness is looked for than the first ones give."""


def _certain_first(statement: Statement, entries: list[Owned]) -> list[Owned]:
    """Order resources so that one which matches for any generated id comes first and gives a certain witness."""
    for index, entry in enumerate(entries[:_TRIED]):
        if statement.but_resources or any(covers(p, entry.term) for p in statement.resources):
            return entries if index == 0 else [entry, *entries[:index], *entries[index + 1 :]]
    return entries


def _not_denied(
    principal: Principal, names: frozenset[str], entries: list[Owned], target: Sealed
) -> Iterator[tuple[list[Owned], frozenset[str]]]:
    """Yield each set of actions that remains after denials and boundary, with the resources that it remains for."""
    denials = principal.denials
    boundary = principal.boundary
    if not denials and boundary is None:
        yield entries, names
        return
    denials += [s for s in boundary or () if not s.allow]
    allows = None if boundary is None else [s for s in boundary if s.allow]
    left: dict[frozenset[str], list[Owned]] = {}
    for entry in entries:
        holding = [s for s in denials if surely_holds(principal, s, target, entry)]
        kept = frozenset(
            name
            for name in names
            if not any(denies_if_it_holds(s, name, entry.term) for s in holding)
            and (allows is None or any(may_act(s, name) and may_concern(s, entry.term) for s in allows))
        )
        if kept:
            left.setdefault(kept, []).append(entry)
    for kept, listed in left.items():
        yield listed, kept


@lru_cache(maxsize=32768)
def allowed(patterns: tuple[str, ...], negated: bool, service: str, kind: str) -> frozenset[str]:
    """Return the actions on this resource type that match the Action (or NotAction) patterns, with their service."""
    usable = iam.on_type(service, kind)
    named: set[str] = set()
    for pattern in patterns:
        named |= iam.matching(service, pattern) & usable
    return frozenset(f"{service}:{name}" for name in (usable - named if negated else named))


def names_things(key: str) -> bool:
    """Return whether the values of a condition key, in lower case, are ARNs of resources."""
    return key.endswith("arn") or key == "ecs:cluster"


def limited(world: World, source: Sealed, tests: tuple[Test, ...]) -> bool:
    """Return whether a condition certainly limits the statement to the source's own names by a key with ARNs."""
    for test in tests:
        if not names_things(test.key) or test.key in OF_CALLER or not binding(test):
            continue
        if test.values and not any(world.owned_by_others(source.name, v) for v in test.values):
            return True
    return False


def witness_pattern(statement: Statement, term: str) -> str:
    """Return the pattern of the statement that intersects the term."""
    if statement.but_resources:
        return "*"
    certain = next((p for p in statement.resources if covers(p, term)), None)
    return certain or next((p for p in statement.resources if intersects(LABEL.sub(ANY_LABEL, p), term)), "*")


def _word(pattern: str, term: str) -> str:
    """Return an ARN that both match, with the name of a table's stream as in the pattern."""
    label = LABEL.search(pattern)
    word = sample(LABEL.sub(ANY_LABEL, pattern), term)
    return word.rpartition("/stream/")[0] + label[0] if label else word


def witness(world: World, reach: Reach, name: str) -> Witness:
    """Return the witness with principal, action and ARN in full."""
    service, _, lower = name.partition(":")
    fact = iam.action(service, lower)
    pattern = witness_pattern(reach.statement, reach.entry.term)
    one = reach.entry.term.replace(NUMBERED, ONE)
    word = _word(pattern, one if intersects(pattern, one) else reach.entry.term).replace(LITERAL_STAR, "*")
    return Witness(
        principal=world.symbols.concrete(reach.principal.arn),
        action=f"{service}:{fact.name if fact else lower}",
        resource=world.symbols.concrete(word),
        path=_by_hand(reach),
    )


def _by_hand(reach: Reach) -> tuple[str, ...]:
    """Return the place of a permission that only the account has."""
    return (f'the policy "{reach.statement.source}" in force on the role',) if reach.principal.live else ()


def _cure(reach: Reach) -> str:
    """Return the fix for a permission that is in the account and not in the template."""
    if not reach.principal.live:
        return ""
    return f'Take the policy "{reach.statement.source}" off the role, and declare the needed rights in the template.'


def _policy_cure(reach: Reach) -> str:
    """Return the fix for a permission of an AWS managed policy."""
    managed, principal = reach.statement.managed, reach.principal
    if managed is None:
        return ""
    generated = principal.scope is not None and principal.scope.origin(principal.logical_id) != principal.logical_id
    if not generated or not _BY_SAM.fullmatch(managed):
        return OWN_POLICY
    return OF_SAM.format(managed, "`DeploymentPreference`" if "CodeDeploy" in managed else "the function")


def strongest(names: frozenset[str]) -> str:
    """Return the most telling action: permissions, writes, tags, then reads; well-known ones first, then by name."""
    return min(names, key=lambda n: (_weight(n), n not in FAMILIAR, ":create" in n, len(n), n))


def _weight(name: str) -> int:
    service, _, lower = name.partition(":")
    fact = iam.action(service, lower)
    if fact is None:
        return 0
    if "Permissions management" in fact.levels:
        return 1
    if "Tagging" in fact.levels:  # which are writes, too
        return 3
    if "Write" in fact.levels:
        return 2
    return 5 if fact.lists_only else 4


def lists_only(names: frozenset[str]) -> bool:
    """Return whether all actions only list; listing the keys of a bucket counts as reading."""
    return all(_weight(n) == 5 and not n.startswith("s3:listbucket") for n in names)


def findings_of(
    world: World, chosen: Iterable[tuple[Reach, frozenset[str]]], *, rule: Rule, severity: Judged
) -> Iterator[Finding]:
    """Yield one finding for each statement and each environment that it reaches by the actions chosen.

    What has one place to mend is one finding, however many resources and actions it concerns. All statements of a
    managed policy have one place, too.
    """
    groups: dict[tuple[int, int | str, str], list[tuple[Reach, frozenset[str]]]] = {}
    for reach, names in chosen:
        if names:
            place = reach.statement.managed or id(reach.statement)
            groups.setdefault((id(reach.principal), place, reach.target.name), []).append((reach, names))
    for listed in groups.values():
        names = frozenset().union(*(n for _, n in listed))
        name = strongest(names)
        first = next(reach for reach, some in listed if name in some)
        others = {(id(o.scope), o.logical_id) for reach, _ in listed for o in reach.entries}
        yield finding_of(world, first, rule=rule, severity=severity(names), name=name, more=len(others) - 1)


def finding_of(world: World, reach: Reach, *, rule: Rule, severity: Severity, name: str, more: int = 0) -> Finding:
    """Return the finding of a reach by this action; `more` counts further resources."""
    made = witness(world, reach, name)
    also = f", and reach {more} more of its resources" if more else ""
    through = f" (through {reach.statement.managed})" if reach.statement.managed else ""
    return rule.finding(
        reach.source.name,
        f"{reach.principal.shown} of {reach.source.name} may {made.action} on {reach.entry.shown} of "
        f"{reach.target.name}{also}{through}.",
        severity=severity,
        target=reach.target.name,
        witness=made,
        location=reach.statement.location or reach.principal.location,
        fix=_cure(reach) or _policy_cure(reach) or rule.fix,
        logical_id=reach.principal.logical_id,
        policy=reach.statement.managed or "",
    )


def may_name(pattern: str, service: str) -> bool:
    """Return whether a pattern may match ARNs of this service: a quick check before the full comparison."""
    parts = pattern.split(":", 3)
    open_ended = any(is_wild(part) or has_symbol(part) for part in parts[:3])
    return len(parts) < 4 or open_ended or parts[2] == service


def own_pattern(source: Sealed, pattern: str) -> bool:
    """Return whether a pattern keeps to names that begin with one of the source's own stack names, or is one of its
    own roles."""
    last = pattern.split(":", 5)[-1]
    for scope in source.scopes:
        name = scope.name
        if any(f"{mark}{name}-" in f"/{last}" or f"{mark}{name}/" in f"/{last}" for mark in ("/", ":")):
            return True
    return any(p.arn == pattern for p in source.principals)
