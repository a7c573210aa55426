"""Policy documents as statements: what is read, what is only approximated, and what is refused with its reason."""

import json
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from sealift.isolation.patterns import FIRST_OUTSIDE, LITERAL_ONE, LITERAL_STAR
from sealift.isolation.policies import Statement, Unreadable, document, placed, statements
from sealift.isolation.policies import Test as Condition
from sealift.isolation.resolving import UNKNOWN, Resolved, Resolver
from sealift.model.template import Json, Location

FROM_OUTSIDE = FIRST_OUTSIDE
NONE: Json = {"Ref": "AWS::NoValue"}
UNKNOWN_REF: Json = {"Ref": "Unknown"}
OUTSIDE_REF: Json = {"Ref": "Outside"}


@dataclass
class Names:
    """The names of a stack: parameters by name, and which conditions hold."""

    conditions: dict[str, bool | None] = field(default_factory=dict)
    values: dict[str, Resolved] = field(
        default_factory=lambda: {
            "Name": Resolved(("items",)),
            "Either": Resolved(("one", "other")),
            "Outside": Resolved((FROM_OUTSIDE,)),
            "Tag": Resolved(("${aws:PrincipalTag/Env}",)),
            "Text": Resolved(('{"Statement": []}',)),
        }
    )

    def ref(self, name: str) -> Resolved:
        return self.values.get(name, UNKNOWN)

    def attribute(self, logical_id: str, name: str) -> Resolved:
        return self.values.get(f"{logical_id}.{name}", UNKNOWN)

    def imported(self, export: Resolved) -> Resolved:
        return UNKNOWN

    def holds(self, condition: Json) -> bool | None:
        return self.conditions.get(str(condition))

    def mapping(self, *keys: str) -> Json:
        return None

    def outside(self, kind: str, name: str) -> str:
        return "*"


def resolver(**conditions: bool | None) -> Resolver:
    return Resolver(Names(conditions))


def read(*listed: Json, **conditions: bool | None) -> tuple[Statement, ...]:
    return statements({"Statement": list(listed)}, resolver(**conditions))


GET = "dynamodb:GetItem"
ALLOW: dict[str, Json] = {"Effect": "Allow", "Action": GET, "Resource": "arn:a"}
READ = Statement(allow=True, actions=(GET,), resources=("arn:a",))
BUT_GET: dict[str, Json] = {"Effect": "Allow", "NotAction": GET, "Resource": "arn:a"}


def resources(*listed: Json, **more: Json) -> dict[str, Json]:
    return {**ALLOW, "Resource": list(listed), **more}


CASES: dict[str, tuple[dict[str, Json], Statement]] = {
    "an allowance": (ALLOW, READ),
    "a denial": ({**ALLOW, "Effect": "Deny"}, replace(READ, allow=False)),
    "several actions, each once": (
        {**ALLOW, "Action": [GET, "s3:*", GET]},
        replace(READ, actions=(GET, "s3:*")),
    ),
    "all actions but one": (BUT_GET, replace(READ, but_actions=True)),
    "no resource": ({"Effect": "Allow", "Action": GET}, replace(READ, resources=("*",))),
    "all resources but one": (
        {"Effect": "Allow", "Action": GET, "NotResource": "arn:a"},
        replace(READ, but_resources=True),
    ),
    "a name": ({**ALLOW, "Sid": "Reads"}, replace(READ, sid="Reads")),
    "an empty list of actions": ({**ALLOW, "Action": []}, replace(READ, actions=())),
    "a known resource": (resources({"Fn::Sub": "arn:${Name}"}), replace(READ, resources=("arn:items",))),
    "one of two resources": (
        resources({"Ref": "Either"}),
        replace(READ, resources=("one", "other")),
    ),
    "one of two resources and another": (
        resources({"Ref": "Either"}, "arn:a"),
        replace(READ, resources=("one", "other", "arn:a")),
    ),
    "an unknown resource": (
        {**ALLOW, "Resource": UNKNOWN_REF},
        replace(READ, resources=("*",), exact=False, unknown=("Resource",)),
    ),
    "an unknown resource beside a known one": (
        resources("arn:a", UNKNOWN_REF),
        replace(READ, resources=("arn:a", "*"), exact=False, unknown=("Resource",)),
    ),
    "a resource that is unknown in part": (
        resources({"Fn::Sub": "arn:${Unknown}"}),
        replace(READ, resources=("arn:*",), exact=False),
    ),
    "every resource": (resources("*"), replace(READ, resources=("*",))),
    "an unknown action": (
        {**ALLOW, "Action": UNKNOWN_REF},
        replace(READ, actions=("*",), exact=False, unknown=("Action",)),
    ),
    "a resource from outside": (
        resources(OUTSIDE_REF),
        replace(READ, resources=(FROM_OUTSIDE,), unknown=("Resource",)),
    ),
    "a resource with a part from outside": (
        resources({"Fn::Sub": "arn:${Outside}"}),
        replace(READ, resources=(f"arn:{FROM_OUTSIDE}",)),
    ),
    "a denial of a resource with a part from outside": (
        {**resources({"Fn::Sub": "arn:${Outside}"}, "arn:a"), "Effect": "Deny"},
        replace(READ, allow=False, resources=(f"arn:{FROM_OUTSIDE}", "arn:a"), exact=False),
    ),
    "all resources but one with a part from outside": (
        {"Effect": "Allow", "Action": GET, "NotResource": {"Fn::Sub": "arn:${Outside}"}},
        replace(READ, resources=(f"arn:{FROM_OUTSIDE}",), but_resources=True, exact=False),
    ),
    "a policy variable": (
        resources("arn:${aws:username}/x"),
        replace(READ, resources=("arn:*/x",), exact=False),
    ),
    "escaped characters": (
        resources("arn:${*}${?}${$}"),
        replace(READ, resources=(f"arn:{LITERAL_STAR}{LITERAL_ONE}$",)),
    ),
    "an escaped character beside what is not known": (
        resources({"Fn::Join": ["", ["arn:${*}", UNKNOWN_REF]]}),
        replace(READ, resources=(f"arn:{LITERAL_STAR}*",), exact=False),
    ),
    "a variable in an action is text": ({**ALLOW, "Action": "${a}"}, replace(READ, actions=("${a}",))),
    "a principal": ({**ALLOW, "Principal": {"AWS": "arn:p"}}, replace(READ, principals=(("AWS", "arn:p"),))),
    "anyone": ({**ALLOW, "Principal": "*"}, replace(READ, principals=(("*", "*"),))),
    "a principal that is text": ({**ALLOW, "Principal": "1111"}, replace(READ, principals=(("AWS", "1111"),))),
    "anyone with credentials": ({**ALLOW, "Principal": {"AWS": "*"}}, replace(READ, principals=(("*", "*"),))),
    "principals of several kinds": (
        {**ALLOW, "Principal": {"AWS": ["a", {"Ref": "Either"}], "Service": "*"}},
        replace(READ, principals=(("AWS", "a"), ("AWS", "one"), ("AWS", "other"), ("Service", "*"))),
    ),
    "an unknown principal is not anyone": (
        {**ALLOW, "Principal": {"AWS": UNKNOWN_REF, "Service": "s"}},
        replace(READ, principals=(("AWS", "*"), ("Service", "s")), exact=False),
    ),
    "principals that are unknown as a whole": (
        {**ALLOW, "Principal": UNKNOWN_REF},
        replace(READ, principals=(("AWS", "*"),), exact=False),
    ),
    "principals by a function": (
        {**ALLOW, "Principal": {"Fn::Sub": "arn:${Name}"}},
        replace(READ, principals=(("AWS", "arn:items"),)),
    ),
    "everybody but one": (
        {**ALLOW, "NotPrincipal": {"AWS": "arn:p"}},
        replace(READ, principals=(("AWS", "arn:p"),), but_principals=True),
    ),
    "a condition": (
        {**ALLOW, "Condition": {"StringEquals": {"aws:SourceArn": ["a", "b"], "k": "v"}}},
        replace(
            READ,
            tests=(
                Condition("stringequals", "aws:sourcearn", ("a", "b"), exact=True),
                Condition("stringequals", "k", ("v",), exact=True),
            ),
        ),
    ),
    "a condition of the caller's tag": (
        {**ALLOW, "Condition": {"StringLike": {"aws:ResourceTag/Env": "${aws:PrincipalTag/Env}"}}},
        replace(READ, tests=(Condition("stringlike", "aws:resourcetag/env", ("*",), exact=False, caller_tag="env"),)),
    ),
    "a condition of the caller's tag and more": (
        {**ALLOW, "Condition": {"StringLike": {"k": ["${aws:PrincipalTag/Env}", "x"]}}},
        replace(READ, tests=(Condition("stringlike", "k", ("*", "x"), exact=False),)),
    ),
    "a condition with a part of the caller's tag": (
        {**ALLOW, "Condition": {"StringLike": {"k": "a-${aws:PrincipalTag/Env}"}}},
        replace(READ, tests=(Condition("stringlike", "k", ("a-*",), exact=False),)),
    ),
    "a condition with an unknown value": (
        {**ALLOW, "Condition": {"StringEquals": {"k": ["a", UNKNOWN_REF]}}},
        replace(READ, tests=(Condition("stringequals", "k", ("a", "*"), exact=False),)),
    ),
    "a condition with a value from outside": (
        {**ALLOW, "Condition": {"StringEquals": {"k": ["a", OUTSIDE_REF]}}},
        replace(READ, tests=(Condition("stringequals", "k", ("a", FROM_OUTSIDE), exact=False),)),
    ),
    "a condition that is not known": (
        {**ALLOW, "Condition": {"StringEquals": "x", "Fn::If": {"a": "b"}, "Bool": {"k": True}}},
        replace(
            READ,
            tests=(
                Condition("unknown", "", (), exact=False),
                Condition("unknown", "", (), exact=False),
                Condition("bool", "k", ("true",), exact=True),
            ),
        ),
    ),
    "a condition without values": (
        {**ALLOW, "Condition": {"StringEquals": {"k": []}}},
        replace(READ, tests=(Condition("stringequals", "k", (), exact=True),)),
    ),
}


@pytest.mark.parametrize("name", list(CASES))
def test_a_statement_is_read_as_it_is_written(name: str) -> None:
    body, expected = CASES[name]
    assert read(body) == (expected,)
    assert read(body)[0].index == 0
    (managed,) = statements({"Statement": body}, resolver(), managed="Reads", source="mine")
    assert managed == replace(expected, managed="Reads")
    assert managed.source == "mine"


REFUSED: dict[str, tuple[Json, str]] = {
    "no statement": ({"Version": "2012-10-17"}, "has no Statement"),
    "no object": (7, "is not an object"),
    "a list": ([{"Effect": "Allow"}], "the policy document is not an object"),
    "an empty list": ([], "is not an object"),
    "text": ("x", "text that is not JSON"),
    "deep text": ("[" * 100_000, "nested too deeply"),
    "a statement that is no object": ({"Statement": ["x"]}, "not an object with an Effect"),
    "no effect": ({"Statement": [{"Action": GET}]}, "not an object with an Effect"),
    "another effect": ({"Statement": {**ALLOW, "Effect": "allow"}}, "neither Allow nor Deny"),
    "an unknown effect": ({"Statement": {**ALLOW, "Effect": UNKNOWN_REF}}, "neither Allow nor Deny"),
    "no action": ({"Statement": {"Effect": "Allow", "Resource": "*"}}, "has no Action"),
    "both forms of an action": ({"Statement": {**ALLOW, "NotAction": GET}}, "both an element and its Not form"),
    "both forms of a resource": ({"Statement": {**ALLOW, "NotResource": "*"}}, "both an element and its Not form"),
    "an action that is nothing": ({"Statement": {**ALLOW, "Action": None}}, "neither text nor a list"),
    "a resource that is a number": ({"Statement": {**ALLOW, "Resource": 1}}, "neither text nor a list"),
    "a resource that is true": ({"Statement": {**ALLOW, "Resource": True}}, "neither text nor a list"),
    "a condition that is text": ({"Statement": {**ALLOW, "Condition": "x"}}, "Condition is not an object"),
    "a choice of two parts": ({"Statement": {"Fn::If": ["C", ALLOW]}}, "does not have three parts"),
    "a choice that is text": ({"Statement": {"Fn::If": "C"}}, "does not have three parts"),
    "a rule that is no object": ([{"Rules": ["x"]}], "rule of the data access policy is not an object"),
    "no rules": ([{"Rules": None}], "rule of the data access policy is not an object"),
}


@pytest.mark.parametrize("name", list(REFUSED))
def test_what_cannot_be_read_is_refused_with_what_is_wrong(name: str) -> None:
    value, message = REFUSED[name]
    with pytest.raises(Unreadable, match=message):
        statements(value, resolver())


def test_every_statement_has_its_index_and_those_of_a_choice_have_its() -> None:
    listed: list[Json] = [ALLOW, NONE, {"Fn::If": ["C", [ALLOW, BUT_GET], ALLOW]}, ALLOW]
    assert [one.index for one in read(*listed, C=True)] == [0, 2, 2, 3]
    assert [one.index for one in read(*listed, C=False)] == [0, 2, 3]


def allows(allowed: Any) -> list[tuple[bool, bool]]:
    return [(one.but_actions, one.exact) for one in allowed]


@pytest.mark.parametrize(
    ("holds", "found"),
    [
        (True, [(False, True)]),
        (False, [(True, True)]),
        (None, [(False, False), (True, False)]),
    ],
)
def test_of_a_choice_what_may_hold_counts_and_is_exact_only_when_it_is_known(
    holds: bool | None, found: list[tuple[bool, bool]]
) -> None:
    assert allows(read({"Fn::If": ["C", ALLOW, BUT_GET]}, C=holds)) == found
    for body in ({"Fn::If": ["C", ALLOW, NONE]}, {"Fn::If": ["C", NONE, ALLOW]}):
        first = body["Fn::If"][1] is ALLOW
        expected = [(False, holds is not None)] if holds in (None, first) else []
        assert allows(read(body, C=holds)) == expected


def test_within_a_choice_that_is_not_known_nothing_is_exact() -> None:
    inner: Json = {"Fn::If": ["Inner", [ALLOW], NONE]}
    for outer, known in ((True, None), (None, True), (None, None)):
        assert allows(read({"Fn::If": ["Outer", [inner], NONE]}, Outer=outer, Inner=known)) == [(False, False)]
    assert allows(read({"Fn::If": ["Outer", [inner], NONE]}, Outer=True, Inner=True)) == [(False, True)]


DOCUMENT: dict[str, Json] = {"Statement": [ALLOW]}


@pytest.mark.parametrize(
    "value",
    [
        DOCUMENT,
        json.dumps(DOCUMENT),
        {"Fn::Sub": json.dumps(DOCUMENT)},
        {"Fn::Join": ["", [json.dumps(DOCUMENT)[:9], json.dumps(DOCUMENT)[9:]]]},
    ],
)
def test_a_document_is_an_object_or_text_however_it_is_made(value: Json) -> None:
    assert statements(value, resolver()) == (READ,)


def test_text_that_is_resolved_keeps_the_symbols_in_it() -> None:
    body = json.dumps({"Statement": [{**ALLOW, "Resource": ["arn:${Outside}"]}]})
    (found,) = statements({"Fn::Sub": body}, resolver())
    assert found.resources == (f"arn:{FROM_OUTSIDE}",)
    for unknown in ("Unknown", "Either"):
        with pytest.raises(Unreadable, match="has no Statement"):
            statements({"Fn::Sub": body.replace("Outside", unknown)}, resolver())
    assert document({"Ref": "Text", "Statement": []}, resolver()) == {"Ref": "Text", "Statement": []}
    with pytest.raises(Unreadable, match="has no Statement"):
        document({"Ref": "Text"}, resolver())
    with pytest.raises(Unreadable, match="has no Statement"):
        document({"Fn::Sub": json.dumps(DOCUMENT)})


@pytest.mark.parametrize(
    ("holds", "found"), [(True, [(False, True)]), (False, [(True, True)]), (None, [(False, False), (True, False)])]
)
def test_a_document_may_be_a_choice_too(holds: bool | None, found: list[tuple[bool, bool]]) -> None:
    value: Json = {"Fn::If": ["C", DOCUMENT, json.dumps({"Statement": [BUT_GET]})]}
    assert allows(statements(value, resolver(C=holds))) == found
    nothing: Json = {"Fn::If": ["C", DOCUMENT, NONE]}
    assert allows(statements(nothing, resolver(C=holds))) == ([] if holds is False else [(False, holds is not None)])
    with pytest.raises(Unreadable):
        statements({"Fn::If": ["C", DOCUMENT]}, resolver(C=holds))


def test_a_data_access_policy_lets_its_principals_do_what_its_rules_permit() -> None:
    rules: list[Json] = [{"Permission": ["aoss:ReadDocument"]}, {"Permission": "aoss:*"}]
    value: Json = [{"Rules": rules, "Principal": ["arn:p"]}, {"Rules": {"Permission": "aoss:x"}, "Principal": "arn:q"}]
    assert [(one.actions, one.principals, one.resources, one.allow) for one in statements(value, resolver())] == [
        (("aoss:ReadDocument",), (("AWS", "arn:p"),), ("*",), True),
        (("aoss:*",), (("AWS", "arn:p"),), ("*",), True),
        (("aoss:x",), (("AWS", "arn:q"),), ("*",), True),
    ]
    with pytest.raises(Unreadable, match="is not an object"):
        statements([{"Rules": rules}, {"Others": rules}], resolver())


def test_statements_get_the_places_that_are_known() -> None:
    made = read(ALLOW, BUT_GET)
    there = Location(file="template.yaml", line=7)
    assert [one.location for one in placed(made, {1: there}.get)] == [None, there]
    assert placed(made, {}.get) == made


@pytest.mark.parametrize(
    ("operator", "plain"),
    [
        ("stringequals", "stringequals"),
        ("stringequalsifexists", "stringequals"),
        ("foranyvalue:stringlike", "stringlike"),
        ("forallvalues:arnlikeifexists", "arnlike"),
    ],
)
def test_an_operator_has_a_plain_form(operator: str, plain: str) -> None:
    assert Condition(operator, "k", (), exact=True).plain_operator == plain
