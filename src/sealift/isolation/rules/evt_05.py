"""EVT-05: an event source, dead-letter queue or destination is another environment's."""

from collections.abc import Iterator

from sealift.isolation.mentions import Place
from sealift.isolation.model import Finding
from sealift.isolation.patterns import plain
from sealift.isolation.references import places, register
from sealift.isolation.resolving import Resolved
from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._snippets import resource
from sealift.isolation.world import Sealed, World

FIX_LIVE = "Delete the event source mapping: nothing in the templates asks for it."


def check(world: World) -> Iterator[Finding]:
    """Yield what feeds a deployed function although no template asks for it."""
    for environment in world.environments:
        yield from _in_force(world, environment)


def _in_force(world: World, environment: Sealed) -> Iterator[Finding]:
    """Yield what feeds a deployed function and stands in no mapping of the templates."""
    names = register(world)
    mapped = {
        v for p in places(environment, ("AWS::Lambda::EventSourceMapping",), "EventSourceArn") for v in p.value.values
    }
    for scope in environment.scopes:
        for logical_id, sources in scope.view.live_sources.items():
            for source in (scope.setting.in_account(plain(arn)) for arn in sources):
                for other in names.others(source, environment.name) if source not in mapped else ():
                    message = f"{scope.origin(logical_id)} of {environment.name} takes events from {other.what} of "
                    message += f"{other.environment}, as it is in force."
                    yield RULE.on_reference(
                        world,
                        Place(scope, logical_id, "EventSourceArn", Resolved((source,))),
                        (environment.name, other.environment),
                        message,
                        resource=source,
                        fix=FIX_LIVE,
                    )


_TEMPLATE = resource(
    "AWS::Lambda::EventSourceMapping",
    "{FunctionName: {Ref: F}, EventSourceArn: VALUE}",
    more="  F: {Type: 'AWS::Lambda::Function'}\n"
    "  Q: {Type: 'AWS::SQS::Queue', Properties: {QueueName: {'Fn::Sub': '${AWS::StackName}-q'}}}",
)
RULE = Rule(
    id="EVT-05",
    title="A queue or stream of another environment feeds a function",
    severity="critical",
    why="A mapping takes messages away: what staging's function reads from production's queue, production never sees.",
    fix="Take events from, and leave failures in, queues and streams of the same environment.",
    failing=Example(template=_TEMPLATE.replace("VALUE", "'arn:aws:sqs:eu-central-1:000000000000:app-production-q'")),
    passing=Example(template=_TEMPLATE.replace("VALUE", "{'Fn::GetAtt': [Q, Arn]}")),
    check=check,
)
