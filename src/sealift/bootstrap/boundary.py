"""What an environment's stacks, and whatever they make, can do at most: the rights of its CloudFormation role."""

from collections.abc import Iterator, Mapping

from sealift.bootstrap.owned import KNOWN, NEW, TAGGED, asked_for, by_tag, owned, roles_of, stacks_of
from sealift.bootstrap.target import BootstrapTarget, sub, subs
from sealift.model.template import Json

Statement = dict[str, Json]
_NEW_STACKS = (
    "cloudformation:CreateStack UpdateStack DeleteStack DescribeStacks"
    " CreateChangeSet DescribeChangeSet ExecuteChangeSet DeleteChangeSet"
)
MACROS = "arn:${AWS::Partition}:cloudformation:${AWS::Region}:aws:transform/*"


def allow(sid: str, action: str | list[Json], resource: Json, condition: Json = None) -> Statement:
    """Return a statement that allows actions: a list, or `service:Name Name …` for those of one service."""
    if isinstance(action, str) and " " in action:
        service, _, names = action.partition(":")
        action = [f"{service}:{name}" for name in names.split()]
    made: Statement = {"Sid": sid, "Effect": "Allow", "Action": action, "Resource": resource}
    return made if condition is None else {**made, "Condition": condition}


def not_covered(target: BootstrapTarget) -> tuple[str, ...]:
    """Return the services that the templates use and that no statement is known for."""
    return tuple(sorted(target.services - KNOWN))


def boundary(target: BootstrapTarget) -> Iterator[Json]:
    """Yield the statements of the boundary: only services that the application's templates use."""
    named = [service for service in sorted(target.services) if owned(target, service)]
    if named:
        actions: list[Json] = [f"{service}:*" for service in named]
        yield allow("OwnNames", actions, subs([arn for service in named for arn in owned(target, service)]))
    if tagged := _actions(target, TAGGED):
        yield allow("OwnTags", tagged, "*", by_tag(target))
    if new := _actions(target, NEW):
        yield allow("NewWithTags", new, "*", asked_for(target))
    if "secretsmanager" in target.services:
        yield allow("NewPasswords", "secretsmanager:GetRandomPassword", "*")
    if "apigateway" in target.services:
        at = "arn:${AWS::Partition}:apigateway:${AWS::Region}::/"
        yield allow("NewApis", "apigateway:POST", subs([f"{at}restapis", f"{at}apis"]))
    if "lambda" in target.services:
        functions = [arn for arn in owned(target, "lambda") if ":function:" in arn]
        names = "lambda:CreateEventSourceMapping UpdateEventSourceMapping DeleteEventSourceMapping"
        yield allow("OwnEventSources", names, "*", {"ArnLike": {"lambda:FunctionArn": subs(functions)}})
    if "xray" in target.services:
        yield allow("Traces", "xray:PutTraceSegments PutTelemetryRecords", "*")
    if "iam" in target.services:
        yield from _roles(target)
    yield allow("Artifacts", "s3:GetObject", sub(f"{target.bucket_arn}/*"))
    # The SAM transform and AWS's other macros.
    yield allow("Macros", "cloudformation:CreateChangeSet", sub(MACROS))
    if "cloudformation" in target.services:
        yield allow("NestedStacks", _NEW_STACKS, subs([arn for arn in stacks_of(target) if arn.endswith("-*/*")]))


def _actions(target: BootstrapTarget, known: Mapping[str, tuple[str, ...]]) -> list[Json]:
    used = sorted(target.services & known.keys())
    return [f"{service}:{name}" for service in used for name in known[service]]


def _roles(target: BootstrapTarget) -> Iterator[Json]:
    own = subs(roles_of(target))
    bounded: Json = {"StringEquals": {"iam:PermissionsBoundary": sub(target.boundary_arn)}}
    within = "iam:CreateRole PutRolePolicy AttachRolePolicy PutRolePermissionsBoundary"
    yield allow("OwnRolesWithinTheBoundary", within, own, bounded)
    rest = (
        "iam:GetRole GetRolePolicy PassRole DeleteRole DeleteRolePolicy"
        " DetachRolePolicy UpdateAssumeRolePolicy TagRole UntagRole"
    )
    yield allow("OwnRoles", rest, own)
