"""DEP-01: a role may change another environment's stack."""

from collections.abc import Iterator

from sealift.isolation import actions as iam
from sealift.isolation.model import Finding
from sealift.isolation.reach import findings_of, reaches
from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._snippets import role
from sealift.isolation.rules._sorted import stack_actions
from sealift.isolation.world import World
from sealift.model.finding import Severity


def check(world: World) -> Iterator[Finding]:
    """Yield reach to the stacks themselves: critical where they can be changed, low where they can be seen."""
    chosen = ((reach, stack_actions(reach)) for reach in reaches(world))
    yield from findings_of(world, chosen, rule=RULE, severity=_severity)


def _severity(names: frozenset[str]) -> Severity:
    return "critical" if any(_writes(n) for n in names) else "low"


def _writes(name: str) -> bool:
    service, _, lower = name.partition(":")
    fact = iam.action(service, lower)
    return fact is None or fact.writes


_UPDATE = (
    "{Effect: Allow, Action: 'cloudformation:DeleteStack', Resource: "
    "{'Fn::Sub': 'arn:${AWS::Partition}:cloudformation:${AWS::Region}:${AWS::AccountId}:stack/NAME/*'}}"
)
RULE = Rule(
    id="DEP-01",
    title="A role can change another environment's stack",
    severity="critical",
    why="A role that may change or delete a stack controls all in it, whatever the policies of its resources say.",
    fix="Limit CloudFormation actions to arn:…:stack/${AWS::StackName}/*.",
    failing=Example(template=role(_UPDATE.replace("NAME", "app-*"))),
    passing=Example(template=role(_UPDATE.replace("NAME", "${AWS::StackName}"))),
    check=check,
)
