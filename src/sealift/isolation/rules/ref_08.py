"""REF-08: any other property names another environment's resource."""

from collections.abc import Iterator

from sealift.isolation.model import Leak
from sealift.isolation.references import Place, leak, naming_others
from sealift.isolation.resolving import text as literal
from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules._snippets import resource
from sealift.isolation.scope import Scope
from sealift.isolation.world import Sealed, World
from sealift.model.template import Json

_ELSEWHERE = (
    "AWS::IAM::", "AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy", "AWS::S3::BucketPolicy", "AWS::Lambda::Permission",
    "AWS::SecretsManager::ResourcePolicy", "AWS::Events::EventBusPolicy", "AWS::Kinesis::ResourcePolicy",
)  # fmt: skip
"""Types whose every property the rules on permissions read."""
_SAY_NOTHING = frozenset({"Tags", "Description", "AlarmDescription", "Comment", "ZipFile", "Metadata"})
_MADE = ("Fn::Sub", "Fn::Join", "Fn::Select", "Fn::FindInMap", "Fn::ImportValue")
FIX = "Name the environment's own resource by !Ref or !GetAtt, or give the value by a parameter."


def check(world: World) -> Iterator[Leak]:
    """Yield every text that names another environment's resource and that no other rule has told of."""
    for environment in world.environments:
        for place, text, other in naming_others(world, environment, _places(environment), untold=True):
            origin = place.scope.origin(place.logical_id)
            message = f"{origin} of {environment.name} names {other.what} of {other.environment} ({place.path})."
            yield leak(world, place, rule=("REF-08", "high"), ends=(environment.name, other.environment),
                       message=message, fix=FIX, resource=text)  # fmt: skip


def _places(environment: Sealed) -> Iterator[Place]:
    for scope in environment.scopes:
        for logical_id, body in scope.resources.items():
            if not scope.type_of(logical_id).startswith(_ELSEWHERE):
                yield from _texts(scope, logical_id, scope.properties(logical_id), "")
            yield from _texts(scope, logical_id, body.get("UpdatePolicy"), "UpdatePolicy")
        yield from _texts(scope, "Hooks", scope.view.body.get("Hooks"), "")


def _texts(scope: Scope, logical_id: str, value: Json, path: str) -> Iterator[Place]:
    if isinstance(value, str):
        yield Place(scope, logical_id, path, literal(value))
    elif isinstance(value, list):
        for part in value:
            yield from _texts(scope, logical_id, part, path)
    elif isinstance(value, dict) and "Statement" not in value:
        for key, part in value.items():
            if key in _MADE:
                yield Place(scope, logical_id, path, scope.resolver.one(value))
            elif key not in ("Ref", "Fn::GetAtt") and key not in _SAY_NOTHING:
                yield from _texts(
                    scope, logical_id, part, path if key.startswith("Fn::") else f"{path}.{key}".lstrip(".")
                )


_TEMPLATE = resource(
    "AWS::Cognito::UserPool",
    "{LambdaConfig: {PreSignUp: VALUE}}",
    more="  F: {Type: 'AWS::Lambda::Function', Properties: {FunctionName: {'Fn::Sub': '${AWS::StackName}-check'}}}",
)
RULE = Rule(
    id="REF-08",
    title="A property names another environment's resource",
    severity="high",
    why="Whatever the property is for, the service will use the other environment's resource for it.",
    fix=FIX,
    failing=Example(
        template=_TEMPLATE.replace("VALUE", "'arn:aws:lambda:eu-central-1:000000000000:function:app-production-check'")
    ),
    passing=Example(template=_TEMPLATE.replace("VALUE", "{'Fn::GetAtt': [F, Arn]}")),
    check=check,
)
