"""Policy documents as statements over terms: identity policies, resource policies, trust policies.

A document that cannot be read raises `Unreadable`; the caller makes *not proved* of it.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from sealift.isolation.patterns import LITERAL_ONE, LITERAL_STAR, has_outside
from sealift.isolation.resolving import Known, Resolved, Resolver, no_value, union
from sealift.model.template import Json, Location

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_CALLER_TAG = re.compile(r"(?i)\$\{aws:PrincipalTag/([^}]+)\}")
_ESCAPED = {"*": LITERAL_STAR, "?": LITERAL_ONE, "$": "$"}


class Unreadable(Exception):
    """A policy document of unknown shape. The message says what is wrong."""


@dataclass(frozen=True, slots=True)
class Test:
    """One key of a Condition: all values are alternatives. `key` and `operator` are in lower case."""

    operator: str
    key: str
    values: tuple[str, ...]
    exact: bool
    caller_tag: str = ""
    """The tag of the caller that the value is, as in `${aws:PrincipalTag/env}`; in lower case."""

    @property
    def plain_operator(self) -> str:
        """Return the operator without set prefix and IfExists."""
        return self.operator.rpartition(":")[2].removesuffix("ifexists")


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One statement. `exact` is False where something in it was over-approximated or not known."""

    allow: bool
    actions: tuple[str, ...]
    but_actions: bool = False
    """Whether `actions` are those of NotAction."""
    resources: tuple[str, ...] = ("*",)
    but_resources: bool = False
    tests: tuple[Test, ...] = ()
    exact: bool = True
    unknown: tuple[str, ...] = ()
    """What could not be resolved: `Action`, `Resource`."""
    principals: tuple[tuple[str, str], ...] = ()
    """Pairs of kind (AWS, Service, Federated, CanonicalUser, *) and pattern, in resource and trust policies."""
    but_principals: bool = False
    managed: str | None = None
    """Name of the AWS managed policy it is from."""
    sid: str = ""
    source: str = field(default="", compare=False)
    """Name of the policy, for people."""
    index: int = field(default=0, compare=False)
    """Which statement of its document it is."""
    location: Location | None = field(default=None, compare=False)
    """Its place in the user's template, when that is known more closely than its resource's."""


ANYONE = (("*", "*"),)


def document(value: Json, resolver: Resolver | None = None) -> dict[str, Json]:
    """Return a policy document; one that is text is parsed, an intrinsic is resolved. Raises Unreadable."""
    if resolver is not None and isinstance(value, dict) and len(value) == 1 and "Statement" not in value:
        value = _made(value, resolver)
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError as error:
            raise Unreadable("the policy document is text that is not JSON") from error
        except RecursionError as error:
            raise Unreadable("the policy document is nested too deeply") from error
    if isinstance(value, list) and value and all(isinstance(part, dict) and "Rules" in part for part in value):
        return _of_rules(value)
    if not isinstance(value, dict):
        raise Unreadable("the policy document is not an object")
    if "Statement" not in value:
        raise Unreadable("the policy document has no Statement")
    return value


def _made(value: dict[str, Json], resolver: Resolver) -> Json:
    """Return the text or object that `Fn::Sub`, `Fn::Join` or `Fn::If` yields; both branches when either may hold."""
    body = value.get("Fn::If")
    if isinstance(body, list) and len(body) == 3:
        kept = [[] if no_value(part) else document(part, resolver)["Statement"] for part in body[1:]]
        return {"Statement": [{"Fn::If": [body[0], *kept]}]}
    if "Fn::Sub" in value or "Fn::Join" in value:
        found = resolver.one(value)
        return _read(found.only) if found.only is not None and found.exact else value
    return value


def _of_rules(value: list[Json]) -> dict[str, Json]:
    """Return a data access policy as an IAM policy document.

    https://docs.aws.amazon.com/opensearch-service/latest/developerguide/serverless-data-access.html
    """
    listed: list[Json] = []
    for part in value:
        rules = part.get("Rules") if isinstance(part, dict) else None
        for rule in rules if isinstance(rules, list) else [rules]:
            if not isinstance(rule, dict) or not isinstance(part, dict):
                raise Unreadable("a rule of the data access policy is not an object")
            who = part.get("Principal")
            actions = rule.get("Permission")
            listed.append({"Effect": "Allow", "Action": actions, "Resource": "*", "Principal": {"AWS": who}})
    return {"Statement": listed}


def _read(text: str) -> Json:
    try:
        return _known(json.loads(text))
    except (ValueError, RecursionError):
        return text


def _known(value: Json) -> Json:
    if isinstance(value, str):
        return Known(value)
    if isinstance(value, list):
        return [_known(part) for part in value]
    return {key: _known(part) for key, part in value.items()} if isinstance(value, dict) else value


def statements(
    value: Json, resolver: Resolver, *, managed: str | None = None, source: str = ""
) -> tuple[Statement, ...]:
    """Return the statements of a policy document. Raises Unreadable for any other value."""
    listed = list(_listed(document(value, resolver)["Statement"], resolver))
    found = (_statement(body, resolver, managed=managed, source=source, certain=c) for body, c, _ in listed)
    return tuple(replace(made, index=at) if at else made for made, (_, _, at) in zip(found, listed, strict=True))


def placed(made: Iterable[Statement], place: Callable[[int], Location | None]) -> tuple[Statement, ...]:
    """Return the statements with their places; the callable gives the place of each index."""
    found = ((statement, place(statement.index)) for statement in made)
    return tuple(replace(statement, location=at) if at else statement for statement, at in found)


def _listed(value: Json, resolver: Resolver) -> Iterator[tuple[dict[str, Json], bool, int]]:
    """Yield each statement, whether it certainly is in the document, and its index."""
    items = value if isinstance(value, list) else [value]
    for index, item in enumerate(items):
        if isinstance(item, dict) and "Fn::If" in item:
            yield from ((body, certain, index) for body, certain in _chosen(item["Fn::If"], resolver))
        elif no_value(item):
            continue
        elif isinstance(item, dict) and "Effect" in item:
            yield item, True, index
        else:
            raise Unreadable("a statement is not an object with an Effect")


def _chosen(body: Json, resolver: Resolver) -> Iterator[tuple[dict[str, Json], bool]]:
    if not isinstance(body, list) or len(body) != 3:
        raise Unreadable("Fn::If in a policy does not have three parts")
    holds = resolver.holds(body[0])
    for part, wanted in ((body[1], True), (body[2], False)):
        if holds in (None, wanted) and not no_value(part):
            for statement, certain, _ in _listed(part, resolver):
                yield statement, certain and holds is not None


def _statement(
    body: dict[str, Json], resolver: Resolver, *, managed: str | None, source: str, certain: bool
) -> Statement:
    effect = resolver.one(body.get("Effect")).only
    if effect not in ("Allow", "Deny"):
        raise Unreadable("the Effect of a statement is neither Allow nor Deny")
    if ("Action" in body and "NotAction" in body) or ("Resource" in body and "NotResource" in body):
        raise Unreadable("a statement has both an element and its Not form")
    if "Action" not in body and "NotAction" not in body:
        raise Unreadable("a statement has no Action")
    actions = _texts(body.get("Action", body.get("NotAction")), resolver)
    resources = _texts(body.get("Resource", body.get("NotResource", "*")), resolver, variables=True)
    principals, principals_exact = _principals(body.get("Principal", body.get("NotPrincipal")), resolver)
    # A value from outside is a term of its own on an Allow; what it leaves open on a Deny is not known.
    open_ended = (effect == "Deny" or "NotResource" in body) and any(has_outside(r) for r in resources.values)
    unknown = tuple(
        name
        for name, part in (("Action", actions), ("Resource", resources))
        if any((not part.exact and v.strip("*") == "") or (len(v) == 1 and has_outside(v)) for v in part.values)
    )
    return Statement(
        allow=effect == "Allow",
        actions=actions.values,
        but_actions="NotAction" in body,
        resources=resources.values,
        but_resources="NotResource" in body,
        tests=tuple(_tests(body.get("Condition"), resolver)),
        exact=certain and actions.exact and resources.exact and principals_exact and not open_ended,
        unknown=unknown,
        principals=principals,
        but_principals="NotPrincipal" in body,
        managed=managed,
        sid=str(body.get("Sid", "")),
        source=source,
    )


def _texts(value: Json, resolver: Resolver, *, variables: bool = False) -> Resolved:
    if isinstance(value, list) and not value:
        return Resolved((), exact=True)
    if value is None or isinstance(value, (bool, int, float)):
        raise Unreadable("an Action or Resource is neither text nor a list")
    found = resolver.many(value)
    if not variables:
        return _merged(found)
    return _merged([_without_variables(part) for part in found])


def _merged(parts: list[Resolved]) -> Resolved:
    """Return the texts as one list. A long list of exact texts is kept; only alternatives of one value are bounded."""
    if all(len(p.values) == 1 for p in parts):
        values = tuple(dict.fromkeys(p.values[0] for p in parts))
        return Resolved(values, all(p.exact for p in parts))
    return union(parts)


def _without_variables(part: Resolved) -> Resolved:
    """Policy variables are whatever the request says: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html"""
    if not any("${" in value for value in part.values):
        return part
    open_ended = any(m[1] not in _ESCAPED for value in part.values for m in _VARIABLE.finditer(value))
    values = tuple(_VARIABLE.sub(lambda m: _ESCAPED.get(m[1], "*"), value) for value in part.values)
    return Resolved(values, part.exact and not open_ended)


def _principals(value: Json, resolver: Resolver) -> tuple[tuple[tuple[str, str], ...], bool]:
    if value is None:
        return (), True
    if isinstance(value, str):
        return (ANYONE if value == "*" else (("AWS", value),)), True
    if not isinstance(value, dict) or any(k.startswith("Fn::") or k == "Ref" for k in value):
        found = resolver.one(value)
        return tuple(("AWS", v) for v in found.values), found.exact
    pairs: list[tuple[str, str]] = []
    exact = True
    for kind, names in value.items():
        for part in resolver.many(names):
            exact = exact and part.exact
            pairs.extend(("*", "*") if kind == "AWS" and v == "*" and part.exact else (kind, v) for v in part.values)
    return tuple(pairs), exact


def _tests(condition: Json, resolver: Resolver) -> Iterator[Test]:
    if condition is None:
        return
    if not isinstance(condition, dict):
        raise Unreadable("a Condition is not an object")
    for operator, keys in condition.items():
        if not isinstance(keys, dict) or operator.startswith("Fn::"):
            yield Test("unknown", "", (), exact=False)
            continue
        for key, values in keys.items():
            parts = resolver.many(values)
            texts = tuple(v for part in parts for v in _without_variables(part).values)
            exact = all(p.exact for p in parts) and not any("${" in v for part in parts for v in part.values)
            exact = exact and not any(has_outside(v) for v in texts)
            whole = parts[0].only if len(parts) == 1 else None
            tag = _CALLER_TAG.fullmatch(whole) if whole is not None else None
            yield Test(operator.lower(), key.lower(), texts, exact, tag[1].lower() if tag else "")
