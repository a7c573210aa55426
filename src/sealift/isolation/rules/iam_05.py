"""IAM-05: a write that IAM cannot limit to a resource, allowed."""

from collections.abc import Iterator
from functools import lru_cache

from sealift.isolation import actions as iam
from sealift.isolation.decide import may_act
from sealift.isolation.model import Finding
from sealift.isolation.patterns import TAIL, intersects
from sealift.isolation.policies import Statement
from sealift.isolation.reach import TELEMETRY, limited, names_things
from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._snippets import role
from sealift.isolation.world import World
from sealift.model.finding import Severity

GRAVE = frozenset(
    {
        *("lambda:createeventsourcemapping", "apigateway:patch"),
        *("logs:putresourcepolicy", "logs:putaccountpolicy", "events:putpermission", "ecr:putregistrypolicy"),
        *("ecr:putreplicationconfiguration", "kms:createkey", "cognito-identity:setidentitypoolroles"),
        *("cloudformation:registertype", "cloudformation:activatetype", "cloudformation:settypeconfiguration"),
        *("appsync:updatedatasource", "appsync:createapikey", "appsync:updateresolver", "appsync:createresolver"),
        *("appsync:updatefunction", "appsync:putresourcepolicy"),
    }
)
_DELIVERY = {"logs:createlogdelivery", "logs:putresourcepolicy"}
"""AWS asks for both on `*` wherever a service is to write its logs, so that one is no graver than the other.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-and-resource-policy.html
"""
_ORGANIZATION = frozenset({"sso", "identitystore", "organizations", "controltower"})
"""Services whose writes decide who may do what in every account, on whatever ARN they are allowed."""
_HARMLESS = frozenset({"sts", "xray", "ec2messages", "ssmmessages", "polly", "translate", "comprehend", "textract"})


def check(world: World) -> Iterator[Finding]:
    """Yield principals whose statements allow such writes on `*`; `Action: *` itself is left to the other rules."""
    for environment in world.environments:
        if not world.shared_with(environment.name):
            continue
        for principal in environment.principals:
            for statement in principal.statements:
                everything = _on_everything(statement)
                names = sorted(_writes(statement.actions, everything=everything)) if _lists(statement) else []
                names += [] if everything else _account_wide(statement)
                if not names or limited(world, environment, statement.tests):
                    continue
                if set(names) >= _DELIVERY:
                    names = [n for n in names if n != "logs:putresourcepolicy"]
                worst = next((n for n in names if _is_grave(n)), names[0])
                severity: Severity = "high" if _is_grave(worst) and statement.managed is None else "medium"
                service, _, lower = worst.partition(":")
                fact = iam.action(service, lower)
                shown = f"{service}:{fact.name if fact else lower}"
                through = f" (through {statement.managed})" if statement.managed else ""
                message = f"may {shown}, which no ARN limits{through}."
                fix = _fix(fact) if statement.managed is None else RULE.fix
                yield RULE.on_principal(
                    world, principal, message, action=shown, severity=severity, statement=statement, fix=fix
                )


def _fix(fact: iam.Action | None) -> str:
    """Return what limits the action: a condition that the proof accepts, or an account of the environment's own."""
    key = next((key for key in fact.keys if names_things(key.lower())), None) if fact else None
    how = f"limit it by a condition on {key} with the environment's own ARNs" if key else _ACCOUNT
    return f"Drop the action, or {how}."


def _is_grave(name: str) -> bool:
    return name in GRAVE or name.partition(":")[0] in _ORGANIZATION


def _lists(statement: Statement) -> bool:
    return statement.allow and not statement.but_actions


def _on_everything(statement: Statement) -> bool:
    return statement.but_resources or any(p.strip("*") == "" and intersects(p, "*") for p in statement.resources)


def _account_wide(statement: Statement) -> list[str]:
    """Return the action by which the settings that all APIs of the account share can be changed, by their own ARN."""
    settings = f"arn:{TAIL}:apigateway:{TAIL}::/account"
    named = statement.allow and not statement.but_resources and may_act(statement, _PATCH)
    return [_PATCH] if named and any(p.strip("*") and intersects(p, settings) for p in statement.resources) else []


_PATCH = "apigateway:patch"


@lru_cache(maxsize=4096)
def _writes(patterns: tuple[str, ...], *, everything: bool) -> frozenset[str]:
    found: set[str] = set()
    for pattern in patterns:
        service = pattern.partition(":")[0].lower()
        if "*" in service or service in _HARMLESS or not (everything or service in _ORGANIZATION):
            continue
        named = iam.matching(service, pattern)
        for name in named if service in _ORGANIZATION else named & iam.without_type(service):
            fact = iam.action(service, name)
            if fact is not None and fact.writes and f"{service}:{name}" not in TELEMETRY:
                found.add(f"{service}:{name}")
    return frozenset(found)


_ACCOUNT = "give each environment an account of its own (`account` in sealift.toml)"
_CREATE = "{Effect: Allow, Action: 'lambda:CreateEventSourceMapping', Resource: '*'CONDITION}"
RULE = Rule(
    id="IAM-05",
    title="A write that no ARN can limit",
    severity="high",
    why="435 actions of common services have no resource type. If allowed, they are allowed on everything: "
    "lambda:CreateEventSourceMapping can feed another environment's queue to this one's function.",
    fix=f"Write a policy of your own without the action, or {_ACCOUNT}.",
    failing=Example(template=role(_CREATE.replace("CONDITION", ""))),
    passing=Example(
        template=role(
            _CREATE.replace(
                "CONDITION",
                ", Condition: {ArnLike: {'lambda:FunctionArn': {'Fn::Sub': "
                "'arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:${AWS::StackName}-*'}}}",
            )
        )
    ),
    check=check,
)
