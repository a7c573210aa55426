"""EVT-05: an event source, dead-letter queue or destination is another environment's."""

from collections.abc import Iterator

from sealift.isolation.model import Leak
from sealift.isolation.patterns import plain
from sealift.isolation.references import Place, leak, named_leaks, places, register
from sealift.isolation.resolving import Resolved
from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._alike import used_alike
from sealift.isolation.rules._snippets import resource
from sealift.isolation.world import Sealed, World

TYPES = (
    "AWS::Lambda::EventSourceMapping",
    "AWS::Lambda::Function",
    "AWS::SQS::Queue",
    "AWS::Lambda::EventInvokeConfig",
)
PATHS = (
    "EventSourceArn",
    "FunctionName",
    "DeadLetterConfig.TargetArn",
    "RedrivePolicy.deadLetterTargetArn",
    "DestinationConfig.OnFailure.Destination",
    "DestinationConfig.OnSuccess.Destination",
)
FIX_LIVE = "Delete the event source mapping: nothing in the templates asks for it."
FIX = "Take events from, and leave failures in, queues and streams of the same environment."


def check(world: World) -> Iterator[Leak]:
    """Yield sources that two environments share, and what names another one's resource at these places."""
    mapping = ("AWS::Lambda::EventSourceMapping",)
    yield from used_alike(
        world, mapping, ("EventSourceArn",), rule=("EVT-05", "critical"), words=("the event source", FIX)
    )
    yield from named_leaks(world, TYPES, PATHS, rule=("EVT-05", "critical"), what="The event source or queue", fix=FIX)
    for environment in world.environments:
        yield from _in_force(world, environment)


def _in_force(world: World, environment: Sealed) -> Iterator[Leak]:
    """Yield what feeds a deployed function and stands in no mapping of the templates."""
    names = register(world)
    mapped = {v for p in places(environment, ("AWS::Lambda::EventSourceMapping",), PATHS[0]) for v in p.value.values}
    for scope in environment.scopes:
        for logical_id, sources in scope.view.live_sources.items():
            for source in (scope.setting.in_account(plain(arn)) for arn in sources):
                for other in names.others(source, environment.name) if source not in mapped else ():
                    message = f"{scope.origin(logical_id)} of {environment.name} takes events from {other.what} of "
                    message += f"{other.environment}, as it is in force."
                    yield leak(world, Place(scope, logical_id, PATHS[0], Resolved((source,))),
                               rule=("EVT-05", "critical"), ends=(environment.name, other.environment),
                               message=message, fix=FIX_LIVE, resource=source)  # fmt: skip


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
    fix=FIX,
    failing=Example(template=_TEMPLATE.replace("VALUE", "'arn:aws:sqs:eu-central-1:000000000000:app-production-q'")),
    passing=Example(template=_TEMPLATE.replace("VALUE", "{'Fn::GetAtt': [Q, Arn]}")),
    check=check,
)
