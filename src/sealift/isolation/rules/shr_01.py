"""SHR-01: two environments may use one thing that neither owns, by their roles' permissions."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from sealift.isolation import actions as iam
from sealift.isolation.conditions import apart
from sealift.isolation.decide import may
from sealift.isolation.model import Finding
from sealift.isolation.patterns import has_outside, has_symbol, head, intersects, is_wild
from sealift.isolation.policies import Statement
from sealift.isolation.principals import Principal
from sealift.isolation.reach import TELEMETRY
from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._snippets import role
from sealift.isolation.rules.iam_04 import EDITING, REMOVING, WIDENING
from sealift.isolation.weights import STORES, holds_a_secret
from sealift.isolation.world import Sealed, World
from sealift.model.finding import Severity

_NO_ACCOUNT = re.compile(r"(s3|route53|apigateway|cloudfront)::?|ec2:[^:]*::snapshot/")
"""Services and resources whose ARNs name no account, and are somebody's all the same."""
_ELSEWHERE = frozenset({"sts", "xray", "aws-marketplace", "organizations"})
"""Services that other rules read, or that hold nothing of anybody's."""
_CALLS = re.compile(
    "lambda:invoke|states:start|execute-api:invoke|ses:send|appsync:graphql|sagemaker:invoke|codebuild:startbuild"
    "|cloudwatch:putmetric|appconfig:startconf|mediaconvert:createjob|logs:(createlog|putlog)|mobiletargeting:send|sms-voice:send"
    "|bedrock[a-z-]*:(invoke|converse|retrieve|apply|start|stop|cancel)"
)
"""Actions that let the thing work and change nothing of it."""
_TAKING = frozenset({"sqs:receivemessage", "eks:accesskubernetesapi"})
"""Readings by which the other environment misses what it waits for, or by which everything may be written."""
_OTHERS = frozenset({"iam:passrole", *(f"iam:{name.lower()}" for name in (*WIDENING, *REMOVING, *EDITING))})
"""Actions that the rules on roles report."""
_OF_AWS = re.compile(
    r"[:/](StepFunctionsGetEvents|aws/|aws-service-role/|alias/aws/|AWS|RDS|cdk-hnb659fds-|aws-sam-cli-managed-"
    r"|CDKToolkit/|workgroup/primary$)"
)
"""Names that AWS or its tools give things that everybody in the account uses."""

_PART = re.compile("(?<=[^/])/(index|stream|backup)/.*$")
"""What of a table the environment's rule on its table reports."""
_ANY_ID = re.compile(r"^\w+:\*:(?=\w+Name/)")
"""What stands before the name of a group of instances."""


@dataclass(frozen=True, slots=True)
class _Use:
    """What a role may do with something that no environment of the proof owns."""

    principal: Principal
    statement: Statement
    pattern: str
    action: str
    severity: Severity
    writes: bool


def check(world: World) -> Iterator[Finding]:
    """Yield what one environment may change and another uses, and credentials that both read."""
    used = {environment.name: _outside(world, environment) for environment in world.environments}
    for source in world.environments:
        for target in world.others(source.name):
            for name, uses in used[source.name].items():
                found = list(_common(uses, used[target.name].get(name, [])))
                if found:
                    yield _finding(world, target, found)


def _common(mine: list[_Use], theirs: list[_Use]) -> Iterator[_Use]:
    return (
        use
        for use in mine
        if use.severity in ("high", "medium")
        and any(intersects(use.pattern, o.pattern) and not apart(use.statement, o.statement) for o in theirs)
    )


def _finding(world: World, target: Sealed, found: list[_Use]) -> Finding:
    """Return the finding about things of one name or of names that begin alike; a bucket and its objects are one."""
    use, *others = found
    shown = world.symbols.concrete(use.pattern)
    more = sorted({_thing(world, one) for one in others} - {_thing(world, use)})
    shown += f" and {len(more)} more ({', '.join(more)})" if more else ""
    message = f"may {use.action} on {shown}, which no environment owns and {target.name} uses too."
    return RULE.on_principal(
        world,
        use.principal,
        message,
        action=use.action,
        resource=use.pattern.replace("*", "x"),
        severity=use.severity,
        target=target.name,
        statement=use.statement,
        cause=use.pattern,
    )


def _thing(world: World, use: _Use) -> str:
    return world.symbols.concrete(use.pattern.removesuffix("/*").split(":", 5)[5])


def _outside(world: World, environment: Sealed) -> dict[str, list[_Use]]:
    """Return the uses of what nobody of the proof owns, by service and the literal beginning of its name."""
    found: dict[str, list[_Use]] = {}
    for principal in environment.principals:
        denials = principal.denials
        for statement in principal.statements:
            if not statement.allow or statement.but_resources or statement.managed is not None:
                continue
            for pattern in statement.resources:
                name = _name(pattern)
                whole = _PART.sub("", pattern)
                if (
                    name is None
                    or world.index.meeting(pattern)
                    or world.index.meeting(whole)
                    or world.schemes.owners(pattern.split(":", 5)[5])
                ):
                    continue
                use = _use(principal, statement, denials, pattern)
                if use is not None:
                    found.setdefault(name, []).append(use)
    for uses in found.values():
        uses.sort(key=lambda use: (use.severity != "high", not use.writes))
    return found


def _name(pattern: str) -> str | None:
    """Return service and name of what a pattern is about; None when it names nothing for certain, or is AWS's own."""
    fields = pattern.split(":", 5)
    if (
        len(fields) < 6
        or is_wild(fields[2])
        or fields[2] in _ELSEWHERE
        or has_symbol(pattern)
        or _OF_AWS.search(pattern)
    ):
        return None
    if fields[4] == "aws" or (not fields[4] and not _NO_ACCOUNT.match(":".join(fields[2:]))):
        return None
    literal, kind = head(_ANY_ID.sub("", fields[5])), ""
    if fields[2] not in ("s3", "sns", "sqs", "codecommit"):
        kind, _, literal = literal.lstrip("/").replace(":", "/", 1).partition("/")
    name = literal.lstrip("/").partition("/")[0]
    if not name and (fields[2] == "neptune-db" or (kind == fields[5] and fields[2] != "apigateway")):
        name = kind
    if has_outside(name):
        return f"{fields[2]}:{kind}/{name}"
    return f"{fields[2]}:{kind}/{name}" if len(name) > 2 and _is_whole(fields[2], fields[5], name) else None


def _is_whole(service: str, resource: str, name: str) -> bool:
    """Return whether a name ends where the pattern says so, or is open at its end alone."""
    after = resource.partition(name)[2]
    return service == "s3" or after[:1] not in ("*", "?") or after in ("-??????", "??????", "*")


def _use(principal: Principal, statement: Statement, denials: list[Statement], pattern: str) -> _Use | None:
    service = pattern.split(":", 3)[2]
    left = [
        (name, fact)
        for name, fact in _named(statement.actions, service)
        if not fact.lists_only
        and not _needs_more(pattern, fact)
        and may([statement, *denials], name, pattern, limits=principal.limits)
    ]
    writing = next((f for f in left if f[0] in _TAKING or (f[1].writes and not _is_call(pattern, *f))), None)
    chosen = writing or next(iter(left), None)
    if chosen is None:
        return None
    severity: Severity = (
        "high" if writing or holds_a_secret(service, pattern) else "medium" if _read(service) else "info"
    )
    if not writing and any(fact.writes for _, fact in left):
        severity = "medium"
    action = f"{chosen[0].partition(':')[0]}:{chosen[1].name}"
    return _Use(principal, statement, pattern, action, severity, writing is not None)


def _needs_more(pattern: str, fact: iam.Action) -> bool:
    """Glue asks for the whole catalog beside the table or connection that is meant.

    https://docs.aws.amazon.com/glue/latest/dg/glue-specifying-resource-arns.html
    """
    return pattern.endswith(":catalog") and bool(fact.types & {"database", "table"}) and "Policy" not in fact.name


def _is_call(pattern: str, action: str, fact: iam.Action) -> bool:
    """Return whether an action changes nothing that is there; of names that are open it makes another one."""
    if pattern.endswith("*") and fact.name.startswith("Create"):
        return True
    # Who listens to the one default bus is told by EVT-01.
    return _CALLS.match(action) is not None or pattern.endswith(":event-bus/default")


@lru_cache(maxsize=4096)
def _named(actions: tuple[str, ...], service: str) -> list[tuple[str, iam.Action]]:
    """Return the actions that apply to ARNs of this service; those of rds-data apply to clusters of rds too."""
    found: dict[str, iam.Action] = {}
    for pattern in actions:
        own = pattern.partition(":")[0].lower()
        prefix = service if is_wild(own) else own
        for name in iam.matching(prefix, pattern):
            fact = iam.action(prefix, name)
            if fact is not None and prefix not in _ELSEWHERE and iam.may_be_on(prefix, fact, service):
                found[f"{prefix}:{name}"] = fact
    return [(name, found[name]) for name in sorted(found.keys() - TELEMETRY - _OTHERS)]


def _read(service: str) -> bool:
    """Return whether to read one thing is to share it: a store, and no picture or package that everybody reads."""
    return service in STORES and service not in ("ecr", "codeartifact", "route53", "apigateway", "codecommit")


_WRITE = "{Effect: Allow, Action: ['dynamodb:PutItem', 'dynamodb:GetItem'], Resource: "
_WRITE += "{'Fn::Sub': 'arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/shared-NAME'}}"
RULE = Rule(
    id="SHR-01",
    title="Two environments write to one store that neither owns",
    severity="high",
    why="What staging writes into a table, bucket or queue of somebody else, production reads. That neither stack "
    "owns it makes it no less shared.",
    fix="Make it in the template, so that each environment has its own, or put the environment into its name.",
    failing=Example(template=role(_WRITE.replace("NAME", "data"))),
    passing=Example(template=role(_WRITE.replace("NAME", "${AWS::StackName}"))),
    check=check,
)
