"""SHR-01: two environments use one data store that neither owns, and one may write to it."""

from collections.abc import Iterator
from dataclasses import dataclass

from sealift.isolation import actions as iam
from sealift.isolation.decide import may
from sealift.isolation.model import Leak, Witness
from sealift.isolation.patterns import has_symbol, head, intersects, is_wild
from sealift.isolation.policies import Statement
from sealift.isolation.principals import Principal
from sealift.isolation.reach import TELEMETRY, shown_principal
from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._snippets import role
from sealift.isolation.world import Sealed, World

STORES = frozenset(
    {
        *("cassandra", "dynamodb", "elasticfilesystem", "es", "firehose", "kinesis", "rds-data", "redshift-data"),
        *("s3", "secretsmanager", "sns", "sqs", "ssm", "timestream"),
    }
)
"""Services whose resources hold what one environment writes and another may read."""
FIX = "Make the store in the template, so that each environment has its own, or put the environment into its name."


@dataclass(frozen=True, slots=True)
class _Use:
    """A role that may read or write a resource which no environment of the proof owns."""

    principal: Principal
    statement: Statement
    pattern: str
    writes: str
    """The action, or an empty text when it only reads."""


def check(world: World) -> Iterator[Leak]:
    """Yield stores from outside that one environment may write and another one may write or read."""
    used = {environment.name: _outside(world, environment) for environment in world.environments}
    for source in world.environments:
        for target in world.others(source.name):
            for name, uses in used[source.name].items():
                found = next(_common(uses, used[target.name].get(name, [])), None)
                if found is not None:
                    yield _leak(world, (source, target), found)


def _common(mine: list[_Use], theirs: list[_Use]) -> Iterator[_Use]:
    return (use for use in mine if use.writes and any(intersects(use.pattern, other.pattern) for other in theirs))


def _leak(world: World, ends: tuple[Sealed, Sealed], use: _Use) -> Leak:
    source, target = ends
    return Leak(
        id="SHR-01",
        severity="high",
        source=source.name,
        target=target.name,
        message=f"{shown_principal(use.principal)} of {source.name} may write to {use.pattern}, which no environment "
        f"owns and {target.name} uses too.",
        witness=Witness(
            principal=world.symbols.concrete(use.principal.arn),
            action=use.writes,
            resource=use.pattern.replace("*", "x"),
        ),
        location=use.statement.location or use.principal.location,
        fix=FIX,
        logical_id=use.principal.logical_id,
    )


def _outside(world: World, environment: Sealed) -> dict[str, list[_Use]]:
    """Return the uses of what nobody of the proof owns, by the literal beginning of its name."""
    found: dict[str, list[_Use]] = {}
    for principal in environment.principals:
        denials = [s for s in principal.statements if not s.allow]
        for statement in principal.statements:
            if not statement.allow or statement.but_resources or statement.managed is not None:
                continue
            for pattern in statement.resources:
                name = _name(pattern)
                if name is not None and not world.index.meeting(pattern):
                    use = _use(principal, statement, denials, pattern)
                    if use is not None:
                        found.setdefault(name, []).append(use)
    return found


def _name(pattern: str) -> str | None:
    """Return service and name of what a pattern is about; None when it names nothing for certain, or holds no data."""
    fields = pattern.split(":", 5)
    if len(fields) < 6 or fields[2] not in STORES or has_symbol(pattern):
        return None
    literal, kind = head(fields[5]), ""
    if fields[2] == "s3":
        # A bucket of which only the beginning is known may be anybody's.
        literal = literal if "/" in literal or not is_wild(fields[5]) else ""
    elif fields[2] not in ("sns", "sqs"):
        kind, _, literal = literal.replace(":", "/", 1).partition("/")
    name = literal.lstrip("/").partition("/")[0]
    return f"{fields[2]}:{kind}/{name}" if name else None


def _use(principal: Principal, statement: Statement, denials: list[Statement], pattern: str) -> _Use | None:
    service = pattern.split(":", 3)[2]
    named = {n for action in statement.actions for n in iam.matching(service, action)} - iam.without_type(service)
    facts = [fact for n in sorted(named) if f"{service}:{n}" not in TELEMETRY and (fact := iam.action(service, n))]
    limits = [principal.boundary] if principal.boundary is not None else []
    left = [
        f
        for f in facts
        if not f.lists_only and may([statement, *denials], f"{service}:{f.name}", pattern, limits=limits)
    ]
    writing = next((f"{service}:{f.name}" for f in left if "Write" in f.levels), "")
    return _Use(principal, statement, pattern, writing) if left else None


_WRITE = "{Effect: Allow, Action: ['dynamodb:PutItem', 'dynamodb:GetItem'], Resource: "
_WRITE += "{'Fn::Sub': 'arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/shared-NAME'}}"
RULE = Rule(
    id="SHR-01",
    title="Two environments write to one store that neither owns",
    severity="high",
    why="What staging writes into a table, bucket or queue of somebody else, production reads. That neither stack "
    "owns it makes it no less shared.",
    fix=FIX,
    failing=Example(template=role(_WRITE.replace("NAME", "data"))),
    passing=Example(template=role(_WRITE.replace("NAME", "${AWS::StackName}"))),
    check=check,
)
