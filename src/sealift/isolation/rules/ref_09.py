"""REF-09: a name belongs to another environment by its naming scheme, although no template declares it."""

import re
from collections.abc import Iterator

from sealift.isolation.grants import Grant
from sealift.isolation.identities import shape
from sealift.isolation.mentions import Place
from sealift.isolation.model import Finding
from sealift.isolation.patterns import has_outside, has_symbol, is_wild, until_symbol
from sealift.isolation.principals import Principal
from sealift.isolation.rule import Example, Rule
from sealift.isolation.rules import _granted as granted
from sealift.isolation.schemes import names_in
from sealift.isolation.shared import outside_of
from sealift.isolation.types import facts
from sealift.isolation.weights import weigh
from sealift.isolation.world import Sealed, World
from sealift.model.finding import Severity


def check(world: World) -> Iterator[Finding]:
    """Yield texts, permissions and grants with the words of another environment in a name, and none of the own."""
    for environment in world.environments:
        for place in environment.mentions:
            yield from _named(world, environment, place)
        for principal in environment.principals:
            yield from _permitted(world, environment, principal)
        for grant in environment.grants:
            yield from _let_in(world, environment, grant)


def _named(world: World, environment: Sealed, place: Place) -> Iterator[Finding]:
    for text in place.value.values:
        if text in environment.terms or text in environment.names:
            continue
        for name in _names(world, text):
            other = world.schemes.owner(_without_own_path(name), environment.name)
            if other is not None:
                origin = place.scope.origin(place.logical_id)
                shown = world.symbols.shown(name)
                message = (
                    f"{origin} of {environment.name} names {shown} ({place.path}), which is {other}'s by its name."
                )
                severity: Severity = "high"
                if _is_own_label(place):
                    continue
                if world.schemes.is_anybodys(name) and weigh(place, text) is None:
                    message = f"{message[:-1]}; whose host it is can not be said."
                    severity = "medium"
                elif place.key in ("AllowOrigins", "AllowedOrigins"):
                    # Its pages may call, with what their user has; its functions may not.
                    severity = "medium"
                elif _is_of_a_program(place, text) and not world.schemes.has_our_word(name):
                    # A program calls its own parts, and what it is asked for, as it likes.
                    severity = "medium"
                yield RULE.on_reference(
                    world, place, (environment.name, other), message, resource=shown, cause=text, severity=severity
                )
                break


_PROGRAM = re.compile(r"(Command|EntryPoint|UserData|BuildSpec)$")
_PAYLOAD = re.compile(r"(^|\.)(Input|Payload|ConstantValue)(\.|$)")


def _is_of_a_program(place: Place, text: str) -> bool:
    return bool(_PROGRAM.search(place.path) or (_PAYLOAD.search(place.path) and weigh(place, text) is None))


def _is_own_label(place: Place) -> bool:
    """Return whether a resource of a type of which many may have one name is called so."""
    known, tail = shape(place.type), place.type.rpartition("::")[2]
    path = place.path.removeprefix(f"{tail}.")
    if known and known.of_a_part and place.path not in known.parents and (place.path,) in known.keys:
        return True
    if path != "Name" and not (path.endswith("Name") and tail.endswith(path.removesuffix("Name"))):
        return False
    named = facts(place.type)
    taken = known is not None and any(place.path in key for key in known.keys)
    return not taken and (named is None or place.path not in (named.name or "").split(","))


def _names(world: World, text: str) -> Iterator[str]:
    outside = outside_of(world, text)
    if outside is not None:
        if not outside.public:
            yield str(outside)
    elif len(text) > 3:
        yield from names_in(text)


def _without_own_path(name: str) -> str:
    """Return a name up to the part with a generated id: what follows, such as an API's stage, is called as it likes."""
    name = until_symbol(name)
    host = name.partition("://")[2].partition("/")[0]
    return host if has_symbol(host) or is_wild(host) else name


def _permitted(world: World, environment: Sealed, principal: Principal) -> Iterator[Finding]:
    for statement in principal.statements:
        if not statement.allow or statement.but_resources or statement.managed is not None:
            continue
        for pattern in statement.resources:
            other = _owner(world, environment, pattern)
            if other is not None and not world.owned_by_others(environment.name, pattern):
                action = statement.actions[0] if statement.actions else "*"
                message = f"may {action} on {pattern}, which is {other}'s by its name."
                yield RULE.on_principal(
                    world,
                    principal,
                    message,
                    action=action,
                    resource=pattern.replace("*", "x"),
                    severity="high",
                    target=other,
                    statement=statement,
                    cause=pattern,
                )


def _owner(world: World, environment: Sealed, pattern: str) -> str | None:
    """Return whose the name in an ARN pattern is; nobody's when only its account or nothing of it is known."""
    if pattern in environment.terms or has_symbol(pattern):
        return None
    name = pattern.split(":", 5)[-1] if pattern.startswith("arn:") else pattern
    if has_outside(name):
        name = next(_names(world, name), "")
    return world.schemes.owner(name, environment.name) if name.strip("*/") else None


def _let_in(world: World, environment: Sealed, grant: Grant) -> Iterator[Finding]:
    severity: Severity = "critical" if grant.trust else "high"
    for statement in grant.statements:
        if not statement.allow:
            continue
        named = [pattern for kind, pattern in statement.principals if kind == "AWS" and not statement.but_principals]
        named += [v for test in granted.limiting(statement) if test.key.endswith("arn") for v in test.values]
        for pattern in named:
            other = _owner(world, environment, pattern) if ":" in pattern else None
            known = world.owned_by_others(environment.name, pattern)
            if other is not None and not known and next(granted.admitted(world, environment, pattern), None) is None:
                message = f"lets {pattern} in, which is {other}'s by its name."
                yield RULE.on_grant(world, grant, statement, pattern, message, target=other, severity=severity)


_TEMPLATE = """
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement:
          - Effect: Allow
            Action: sts:AssumeRole
            Principal: {AWS: {'Fn::Sub': 'arn:aws:iam::${AWS::AccountId}:role/shop-NAME-deploy'}}
"""
RULE = Rule(
    id="REF-09",
    title="A name that is another environment's by its scheme",
    severity="critical",
    why="A path, a table or a host with production's name in it is production's, whoever made it: by hand, by another "
    "stack, by another team. Names are compared as whole segments, with the usual short forms (prod, stg, dev).",
    fix="Build the name from ${AWS::StackName} or a parameter, so that each environment names its own.",
    failing=Example(template=_TEMPLATE.replace("NAME", "production")),
    passing=Example(template=_TEMPLATE.replace("NAME", "productions")),
    check=check,
)  # fmt: skip
