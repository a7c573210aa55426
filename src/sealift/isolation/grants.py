"""Who is let in: resource policies, trust policies and Lambda permissions as statements with principals."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from sealift.cfn.values import parsed, value_at
from sealift.isolation.documents import DOCUMENTS, NO_GRANTS, PRINCIPALS
from sealift.isolation.model import DeclaredPrincipal
from sealift.isolation.policies import ANYONE, Statement, Test, Unreadable, placed, statements
from sealift.isolation.resolving import Resolved, Resolver, literal_resolver, no_value
from sealift.isolation.scope import PRINCIPAL, Scope
from sealift.model.template import Json, Location

BY_URL = "lambda:invokedviafunctionurl"
"""https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html: a URL needs InvokeFunction too, by this key alone."""
URL_AUTH = "lambda:functionurlauthtype"


@dataclass(slots=True)
class Grant:
    """The policy of one resource. `on` are the terms that name it; `trust` says that it is a role's."""

    environment: str
    scope: Scope
    logical_id: str
    owner: str
    """Logical id of the resource it is put on, when that stands in the same stack."""
    kind: str
    on: tuple[str, ...]
    statements: tuple[Statement, ...]
    trust: bool = False
    fault: str = ""

    @property
    def shown(self) -> str:
        """Return the resource that carries the policy, for messages."""
        return self.scope.origin(self.owner or self.logical_id)


def grants(environment: str, scopes: list[Scope]) -> Iterator[Grant]:
    """Yield every grant of an environment's templates and accounts; one that cannot be read has a fault."""
    made = list(_in_templates(environment, scopes))
    yield from made
    said = {s for grant in made for s in _words(grant)}
    for scope in scopes:
        for logical_id, policy in scope.view.live_resource_policies.items():
            if logical_id in scope.resources:
                yield _live(environment, scope, logical_id, policy, said=said)


def _words(grant: Grant) -> Iterator[tuple[object, ...]]:
    """Yield the content of each statement, without its Sid and without the resource that carries the policy."""
    for s in grant.statements:
        if s.exact and not s.but_resources:
            elsewhere = tuple(sorted(r for r in s.resources if r not in grant.on and r != "*"))
            yield (grant.on, s.allow, s.actions, s.but_actions, elsewhere, s.tests, s.principals, s.but_principals)


def _in_templates(environment: str, scopes: list[Scope]) -> Iterator[Grant]:
    for scope in scopes:
        for logical_id, body in scope.resources.items():
            cfn_type = str(body.get("Type", ""))
            if cfn_type in ("AWS::Lambda::Permission", "AWS::Lambda::LayerVersionPermission"):
                yield _permission(environment, scope, logical_id, cfn_type)
            elif cfn_type == "AWS::Events::EventBusPolicy":
                yield _bus_policy(environment, scope, logical_id)
            elif cfn_type in PRINCIPALS:
                yield from _listed(environment, scope, logical_id, PRINCIPALS[cfn_type])
            yield from _documents(environment, scope, logical_id, cfn_type)


def _documents(environment: str, scope: Scope, logical_id: str, cfn_type: str) -> Iterator[Grant]:
    properties = scope.properties(logical_id)
    paths, target = DOCUMENTS.get(cfn_type, ("", ""))
    known = [(path, v) for path in paths.split() for v in _at(properties, path.split(".")) if not no_value(v)]
    for path, value in known:
        made = _grant(environment, scope, logical_id, (_owner(scope, logical_id, target), value))
        made.statements = placed(made.statements, partial(_place, scope, logical_id, path))
        yield made
    opens = cfn_type not in NO_GRANTS and cfn_type.startswith("AWS::") and scope.mentions(logical_id, PRINCIPAL)
    for value in _unlisted(properties, {id(v) for _, v in known}) if opens else ():
        yield _grant(environment, scope, logical_id, (logical_id, value))


def _place(scope: Scope, logical_id: str, path: str, index: int) -> Location | None:
    return scope.place(logical_id, f"{path.replace('.', '/')}/Statement/{index}")


def _at(value: Json, keys: list[str]) -> Iterator[Json]:
    """Yield the values at a path. Lists and conditions on the way are searched too."""
    if isinstance(value, list):
        for part in value:
            yield from _at(part, keys)
    elif not keys:
        yield value
    elif isinstance(value, dict):
        if isinstance(value.get("Fn::If"), list):
            yield from _at(value["Fn::If"], keys)
        elif keys[0] in value:
            yield from _at(value[keys[0]], keys[1:])


def _listed(environment: str, scope: Scope, logical_id: str, path: str) -> Iterator[Grant]:
    """Yield a grant of all actions for each principal in a list."""
    found = [one for value in _at(scope.properties(logical_id), path.split(".")) for one in scope.resolver.many(value)]
    for who, exact in ((v, one.exact) for one in found for v in one.values):
        made = Grant(environment, scope, logical_id, logical_id, scope.type_of(logical_id), (), ())
        made.on = scope.named(logical_id).arn.values
        organized = ":organizations::" in who
        made.statements = (
            Statement(
                allow=True,
                actions=("*",),
                tests=(Test("stringequals", "aws:principalorgid", (who,), exact),) if organized else (),
                exact=exact,
                principals=(ANYONE[0] if organized else _kind_of(who) if exact else ("AWS", who),),
            ),
        )
        yield made


def _unlisted(properties: Json, known: set[int], key: str = "") -> Iterator[Json]:
    """Yield policy documents in any other property: a document with a Principal is recognized by its shape."""
    if id(properties) in known:
        return
    if isinstance(properties, list):
        for part in properties:
            yield from _unlisted(part, known, key)
    elif isinstance(properties, dict):
        if _opens(properties):
            yield properties
            return
        for name, part in properties.items():
            yield from _unlisted(part, known, key if name.startswith("Fn::") else name)
    elif isinstance(properties, str) and "polic" in key.lower() and _opens(parsed(properties)):
        yield properties


def _opens(value: Json) -> bool:
    listed = value_at(value, "Statement")
    return any(
        isinstance(part, dict) and ("Principal" in part or "NotPrincipal" in part)
        for part in (listed if isinstance(listed, list) else [listed])
    )


def _owner(scope: Scope, logical_id: str, key: str) -> str:
    value = scope.properties(logical_id).get(key) if key else None
    return _referred(value) or (logical_id if not key else "")


def _referred(value: Json) -> str:
    """Return the logical id that a value refers to, or None when it is not a plain reference."""
    if isinstance(value, list) and len(value) == 1:
        return _referred(value[0])
    if isinstance(value, dict):
        if isinstance(value.get("Ref"), str):
            return str(value["Ref"])
        got = value.get("Fn::GetAtt")
        if isinstance(got, list) and got and isinstance(got[0], str):
            return got[0]
        if isinstance(got, str):
            return got.partition(".")[0]
    return ""


def _grant(environment: str, scope: Scope, logical_id: str, what: tuple[str, Json]) -> Grant:
    owner, value = what
    made = Grant(environment, scope, logical_id, owner, scope.type_of(owner) or scope.type_of(logical_id), (), ())
    made.on = scope.named(owner).arn.values if owner in scope.resources else ()
    made.trust = scope.type_of(logical_id) == "AWS::IAM::Role"
    return _read(made, value, scope.resolver)


def _read(made: Grant, value: Json, resolver: Resolver, *, source: str = "") -> Grant:
    """Give a grant the statements of a document, or its fault."""
    try:
        made.statements = statements(value, resolver, source=source)
    except Unreadable as error:
        made.fault = str(error)
    return made


def _live(environment: str, scope: Scope, logical_id: str, value: Json, *, said: set[tuple[object, ...]]) -> Grant:
    """Return the statements of the live policy that the template lacks."""
    made = Grant(environment, scope, logical_id, logical_id, scope.type_of(logical_id), (), ())
    made.on = scope.named(logical_id).arn.values
    made.trust = made.kind == "AWS::IAM::Role"
    _read(made, value, literal_resolver(), source="live")
    words = list(_words(made))
    if len(words) == len(made.statements):
        made.statements = tuple(s for s, w in zip(made.statements, words, strict=True) if w not in said)
    return made


def trusted(environment: str, scope: Scope, role: DeclaredPrincipal) -> Grant:
    """Return the trust policy of a role that no template declares."""
    made = Grant(environment, scope, role.name, role.name, "AWS::IAM::Role", (role.arn,), (), trust=True)
    return _read(made, role.trust, literal_resolver(), source="live")


def _permission(environment: str, scope: Scope, logical_id: str, cfn_type: str) -> Grant:
    properties = scope.properties(logical_id)
    target = "FunctionName" if cfn_type == "AWS::Lambda::Permission" else "LayerVersionArn"
    owner = _referred(properties.get(target))
    principals = scope.resolver.one(properties.get("Principal"))
    tests = [
        _test(operator, key, scope.resolver.one(properties[name]))
        for name, operator, key in (
            ("SourceArn", "arnlike", "aws:sourcearn"),
            ("SourceAccount", "stringequals", "aws:sourceaccount"),
            ("PrincipalOrgID", "stringequals", "aws:principalorgid"),
            ("OrganizationId", "stringequals", "aws:principalorgid"),
            ("FunctionUrlAuthType", "stringequals", URL_AUTH),
        )
        if name in properties
    ]
    if "EventSourceToken" in properties:
        tests.append(_test("stringequals", "lambda:eventsourcetoken", Resolved(("*",), exact=False)))
    if scope.resolver.one(properties.get("InvokedViaFunctionUrl")).only == "true":
        tests.append(Test("bool", BY_URL, ("true",), exact=True))
    made = Grant(environment, scope, logical_id, owner, scope.type_of(owner) or "AWS::Lambda::Function", (), ())
    made.on = scope.named(owner).arn.values if owner in scope.resources else ()
    action = scope.resolver.one(properties.get("Action"))
    made.statements = (
        Statement(
            allow=True,
            actions=action.values or ("lambda:*",),
            resources=made.on or ("*",),
            tests=tuple(tests),
            exact=principals.exact and action.exact,
            principals=tuple(_kind_of(p) for p in principals.values),
        ),
    )
    return made


def _kind_of(principal: str) -> tuple[str, str]:
    if principal == "*":
        return ("*", "*")
    return (
        "Service" if principal.endswith((".amazonaws.com", ".amazonaws.com.cn", ".amazon.com")) else "AWS",
        principal,
    )


def _test(operator: str, key: str, value: Resolved) -> Test:
    return Test(operator, key, value.values, value.exact)


def _bus_policy(environment: str, scope: Scope, logical_id: str) -> Grant:
    properties = scope.properties(logical_id)
    if "Statement" in properties:
        value: Json = {"Statement": properties["Statement"]}
    else:
        who = scope.resolver.one(properties.get("Principal"))
        listed: list[Json] = ["*" if v == "*" else v for v in who.values]
        value = {
            "Statement": {
                "Effect": "Allow",
                "Action": properties.get("Action", "events:PutEvents"),
                "Principal": {"AWS": listed},
                "Resource": "*",
                "Condition": {"unknown": {}} if "Condition" in properties else {},
            }
        }
    owner = _referred(properties.get("EventBusName"))
    return _grant(environment, scope, logical_id, (owner or logical_id, value))
