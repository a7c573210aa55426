"""RPL-02: a resource policy lets anybody in, or a service on behalf of anybody."""

from collections.abc import Iterator

from sealift.isolation.grants import BY_URL, URL_AUTH
from sealift.isolation.model import EVERY, Finding
from sealift.isolation.policies import Statement
from sealift.isolation.references import places
from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules import _granted as granted
from sealift.isolation.rules._snippets import resource
from sealift.isolation.world import Sealed, World


def check(world: World) -> Iterator[Finding]:
    """Yield `Principal: *` and services that no condition limits to this environment."""
    for environment in world.environments:
        for grant, statement in granted.statements(environment, trust=False):
            if _public_by_design(statement):
                continue
            for kind, pattern in statement.principals:
                anyone = granted.is_anyone(kind, pattern) or statement.but_principals
                if not anyone and kind != "Service":
                    continue
                why = granted.left_open(world, environment, statement)
                if why is None:
                    continue
                said = why[0].replace("whoever they act for", "without a condition") if anyone else why[0]
                message = f"lets {'anybody' if anyone else pattern} in, {said}."
                fix = _NAMED if anyone else RULE.fix
                yield RULE.on_grant(world, grant, statement, pattern, message, severity=why[1], fix=fix)
                break
        yield from _by_canned_lists(world, environment)


def _by_canned_lists(world: World, environment: Sealed) -> Iterator[Finding]:
    """Yield buckets that an access control list opens: https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html"""
    for place in places(environment, ("AWS::S3::Bucket",), "AccessControl"):
        for text in place.value.values:
            if text in ("PublicRead", "PublicReadWrite", "AuthenticatedRead"):
                message = f"{place.logical_id} of {environment.name} lets anybody in: {text}."
                yield RULE.on_reference(
                    world,
                    place,
                    (environment.name, EVERY),
                    message,
                    resource=text,
                    fix="Leave AccessControl out; a bucket policy lets in who has to come in.",
                )


def _public_by_design(statement: Statement) -> bool:
    """A function URL and an API are front doors: that they are open is what they are for.

    A URL with AuthType AWS_IAM is none: by such a grant every account's roles may call it.
    """
    if any(test.key == URL_AUTH and "NONE" not in test.values for test in statement.tests):
        return False
    if any(
        test.key == BY_URL and test.plain_operator == "bool" and test.values == ("true",) for test in statement.tests
    ):
        return True
    return all(a.lower() in ("lambda:invokefunctionurl", "execute-api:invoke") for a in statement.actions)


_NAMED = "Name who may instead of everybody: this environment's own roles, or a service with the SourceArn of its one "
_NAMED += "resource here, as CloudFront before a public bucket."
_TEMPLATE = resource(
    "AWS::Lambda::Permission",
    "{FunctionName: {Ref: F}, Action: 'lambda:InvokeFunction', Principal: events.amazonaws.com MORE}",
    more="  F: {Type: 'AWS::Lambda::Function'}\n  R: {Type: 'AWS::Events::Rule', Properties: "
    "{ScheduleExpression: 'rate(1 day)'}}",
)
RULE = Rule(
    id="RPL-02",
    title="A resource policy lets anybody, or a service for anybody, in",
    severity="high",
    why="A service principal without SourceArn acts for every customer and every environment: the confused deputy.",
    fix="Add SourceArn (or SourceAccount) with the one resource of this environment that may.",
    failing=Example(template=_TEMPLATE.replace(" MORE", "")),
    passing=Example(template=_TEMPLATE.replace(" MORE", ", SourceArn: {'Fn::GetAtt': [R, Arn]}")),
    check=check,
)
