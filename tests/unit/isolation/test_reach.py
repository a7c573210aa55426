"""Which statements reach whose resources: by the parts of the search, and over small worlds."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealift.isolation import actions as iam
from sealift.isolation.decide import denies_if_it_holds, may_act, may_concern
from sealift.isolation.model import EnvironmentView, StackView
from sealift.isolation.patterns import FIRST_SYMBOL
from sealift.isolation.policies import Statement
from sealift.isolation.policies import Test as Condition
from sealift.isolation.principals import Principal
from sealift.isolation.reach import (
    OWN_POLICY,
    TELEMETRY,
    Reach,
    Reached,
    _certain_first,
    _cure,
    _not_denied,
    _policy_cure,
    _weight,
    _word,
    allowed,
    lists_only,
    may_name,
    own_pattern,
    reached,
    reaches,
    strongest,
    witness,
    witness_pattern,
)
from sealift.isolation.world import Owned, World

SYMBOL = FIRST_SYMBOL


def allow(*actions: str, resources: tuple[str, ...] = ("*",), **more: Any) -> Statement:
    return Statement(allow=True, actions=actions, resources=resources, **more)


def deny(*actions: str, resources: tuple[str, ...] = ("*",), **more: Any) -> Statement:
    return Statement(allow=False, actions=actions, resources=resources, **more)


def owned(term: str, *, environment: str = "production") -> Owned:
    return Owned(environment, "dynamodb", "table", term, True, "It", cast(Any, None), False)


# Names and patterns.


@pytest.mark.parametrize(
    ("pattern", "service", "expected"),
    [
        ("arn:aws:s3:::bucket", "s3", True),
        ("arn:aws:s3:::bucket", "iam", False),
        ("arn:aws:iam::1:role/x", "iam", True),
        ("*", "iam", True),
        ("arn:aws:s3", "iam", True),
        ("arn:*:s3:::bucket", "iam", True),
        ("a*:aws:s3:::bucket", "iam", True),
        ("arn:aws:s?:::bucket", "iam", True),
        (f"arn:aws:{SYMBOL}:::bucket", "iam", True),
        ("arn:aws:s3:*::bucket", "iam", False),
    ],
)
def test_a_pattern_may_name_a_service_unless_it_names_another(pattern: str, service: str, expected: bool) -> None:
    assert may_name(pattern, service) is expected


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("arn:aws:iam::1:role/app-staging-worker", True),
        ("arn:aws:iam::1:role/app-staging/worker", True),
        ("arn:aws:iam::1:role/path/app-staging-worker", True),
        ("arn:aws:sqs:eu:1:app-staging-queue", True),
        ("arn:aws:lambda:eu:1:function:app-staging-hello", True),
        ("arn:aws:iam::1:role/app-staging", False),
        ("arn:aws:iam::1:role/my-app-staging-worker", False),
        ("arn:aws:iam::1:role/app-production-worker", False),
        ("arn:aws:iam::1:role/other-staging-worker", True),
        ("arn:aws:iam::1:role/Own", True),
        ("arn:aws:iam::1:role/Own2", False),
        ("*", False),
    ],
)
def test_a_pattern_is_of_the_source_when_it_begins_with_a_stack_or_is_a_role_of_its(pattern: str, expected: bool):
    scopes = [SimpleNamespace(name=name) for name in ("other-staging", "app-staging")]
    principals = [SimpleNamespace(arn=f"arn:aws:iam::1:role/{name}") for name in ("First", "Own")]
    assert own_pattern(cast(Any, SimpleNamespace(scopes=scopes, principals=principals)), pattern) is expected


TERM = f"arn:table/app-{SYMBOL}"


@pytest.mark.parametrize(
    ("resources", "but", "expected"),
    [
        (("arn:other", "arn:table/*", "*"), False, "arn:table/*"),
        (("arn:table/app-A*", "*"), False, "*"),
        (("arn:other", "arn:table/app-A*"), False, "arn:table/app-A*"),
        (("arn:other",), False, "*"),
        (("arn:other",), True, "*"),
    ],
)
def test_a_witness_is_spelled_by_the_pattern_that_matches_for_certain(
    resources: tuple[str, ...], but: bool, expected: str
) -> None:
    assert witness_pattern(allow("*", resources=resources, but_resources=but), TERM) == expected


def test_the_name_of_a_stream_is_spelled_as_the_pattern_has_it() -> None:
    pattern, term = "arn:t/*/stream/2026-01-05T09:00:00.000", "arn:t/x/stream/*"
    assert _word(pattern, term) == "arn:t/x/stream/2026-01-05T09:00:00.000"
    assert _word("arn:t/*", "arn:t/x") == "arn:t/x"


@pytest.mark.parametrize(
    ("resources", "but", "first"),
    [
        (("arn:b",), False, "arn:b"),
        (("arn:a",), False, "arn:a"),
        (("arn:other", "arn:*"), False, "arn:a"),
        (("arn:other", "arn:b*"), False, "arn:b"),
        (("arn:other",), False, "arn:a"),
        (("arn:c",), True, "arn:a"),
    ],
)
def test_a_resource_that_matches_for_certain_comes_first_and_the_others_keep_their_order(
    resources: tuple[str, ...], but: bool, first: str
) -> None:
    entries = [owned(term) for term in ("arn:a", "arn:b", "arn:c")]
    found = [entry.term for entry in _certain_first(allow("*", resources=resources, but_resources=but), entries)]
    assert found == [first, *(entry.term for entry in entries if entry.term != first)]


# How much an action says.


RANKS = ["nobody:knows", "s3:putbucketpolicy", "s3:putobject", "s3:putobjecttagging", "s3:getobject"]
RANKS += ["s3:listallmybuckets"]


def test_permissions_say_more_than_writes_than_tags_than_reads_than_lists() -> None:
    assert [_weight(name) for name in RANKS] == [0, 1, 2, 3, 4, 5]
    for at in range(len(RANKS)):
        assert strongest(frozenset(RANKS[at:])) == RANKS[at]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ({"dynamodb:updateitem", "dynamodb:putitem"}, "dynamodb:putitem"),
        ({"dynamodb:deletetable", "dynamodb:createtable"}, "dynamodb:deletetable"),
        ({"dynamodb:updatetable", "dynamodb:updateitem"}, "dynamodb:updateitem"),
        ({"dynamodb:query", "dynamodb:scan"}, "dynamodb:scan"),
        ({"sqs:deletequeue", "sqs:createqueue"}, "sqs:deletequeue"),
        ({"s3:getobjectacl", "s3:getobject"}, "s3:getobject"),
    ],
)
def test_of_equal_weight_the_familiar_then_no_creation_then_the_shorter_then_the_first(names: set[str], expected: str):
    assert strongest(frozenset(names)) == expected


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ({"s3:listallmybuckets"}, True),
        ({"s3:listallmybuckets", "s3:getobject"}, False),
        ({"s3:listbucket"}, False),
        ({"s3:listbucketversions"}, False),
        ({"dynamodb:listtables"}, True),
        ({"nobody:knows"}, False),
        (set(), True),
    ],
)
def test_listing_is_weak_but_not_that_of_a_bucket(names: set[str], expected: bool) -> None:
    assert lists_only(frozenset(names)) is expected


def test_the_actions_of_a_statement_are_those_of_the_type_that_it_names_or_does_not_name() -> None:
    every = frozenset(f"dynamodb:{name}" for name in iam.on_type("dynamodb", "table"))
    gets = frozenset({"dynamodb:getitem", "dynamodb:getresourcepolicy"})
    assert allowed(("dynamodb:Get*",), False, "dynamodb", "table") & gets == gets
    assert all(name.startswith("dynamodb:get") for name in allowed(("dynamodb:Get*",), False, "dynamodb", "table"))
    both = allowed(("dynamodb:GetItem", "dynamodb:PutItem", "s3:*"), False, "dynamodb", "table")
    assert both == {"dynamodb:getitem", "dynamodb:putitem"}
    assert allowed(("dynamodb:GetItem", "dynamodb:PutItem"), True, "dynamodb", "table") == every - both
    assert allowed(("*",), False, "dynamodb", "table") == every
    assert allowed((), True, "dynamodb", "table") == every
    assert allowed((), False, "dynamodb", "table") == frozenset()


# Denials and boundaries.


NAMES = ("d:get", "d:put", "s:send")
TERMS = ("arn:a", "arn:b")
PATTERNS = st.sampled_from(["*", "arn:a", "arn:b", "arn:*", "arn:c"])
STATEMENTS = st.builds(
    Statement,
    allow=st.booleans(),
    actions=st.lists(st.sampled_from(["d:*", "d:get", "*", "s:send", "d:put"]), min_size=1, max_size=2).map(tuple),
    but_actions=st.booleans(),
    resources=st.lists(PATTERNS, min_size=1, max_size=2).map(tuple),
    but_resources=st.booleans(),
    exact=st.booleans(),
    tests=st.sampled_from([(), (), (Condition("unknown", "", (), exact=False),)]),
)


@given(
    statements=st.lists(STATEMENTS, max_size=4),
    boundary=st.none() | st.lists(STATEMENTS, max_size=3),
    names=st.frozensets(st.sampled_from(NAMES), min_size=1),
)
def test_what_is_denied_for_certain_or_not_within_the_boundary_is_taken_away(
    statements: list[Statement], boundary: list[Statement] | None, names: frozenset[str]
):
    principal = Principal("staging", "Role", "arn:role", "role", "1", statements=statements, boundary=boundary)
    entries = [owned(term) for term in TERMS]
    denials = [one for one in (*statements, *(boundary or ())) if not one.allow and not one.tests]

    def remains(name: str, term: str) -> bool:
        if any(denies_if_it_holds(one, name, term) for one in denials):
            return False
        limits = [one for one in boundary or () if one.allow]
        return boundary is None or any(may_act(one, name) and may_concern(one, term) for one in limits)

    found = list(_not_denied(principal, names, entries, cast(Any, None)))
    listed = [(entry.term, name) for kept, left in found for entry in kept for name in left]
    assert sorted(listed) == sorted((term, name) for term in TERMS for name in names if remains(name, term))
    assert len({left for _, left in found}) == len(found), "what remains alike is told at once"
    assert all(left and kept for kept, left in found)


# Small worlds.


TRUST = {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "x.amazonaws.com"}}]}


def world(*roles: Iterable[dict[str, Any]], account: str | None = "111111111111", **more: Any) -> World:
    """Return staging and production of one template: a table and a log group each, and roles of these statements."""
    resources: dict[str, Any] = {
        "Table": {"Type": "AWS::DynamoDB::Table"},
        "Logs": {"Type": "AWS::Logs::LogGroup"},
        **{
            f"Role{number}": {
                "Type": "AWS::IAM::Role",
                "Properties": {
                    "AssumeRolePolicyDocument": TRUST,
                    "Policies": [{"PolicyName": "p", "PolicyDocument": {"Statement": list(statements)}}],
                },
            }
            for number, statements in enumerate(roles)
        },
        **more,
    }
    return World(
        [
            EnvironmentView(
                name=name,
                region="eu-central-1",
                account=account,
                stacks=(StackView(name=f"app-{name}", body={"Resources": resources}),),
            )
            for name in ("staging", "production")
        ]
    )


def may(*actions: str, effect: str = "Allow", **more: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": list(actions), "Resource": "*", **more}


def told(found: Reached) -> set[tuple[str, str, str, str]]:
    return {
        (one.source.name, one.principal.logical_id, entry.logical_id, name)
        for one in found.found
        for entry in one.entries
        for name in one.actions
    }


def test_each_environment_reaches_the_others_by_what_its_roles_may_do() -> None:
    found = reached(world([may("dynamodb:GetItem")], [may("dynamodb:PutItem"), may("sqs:*")]))
    assert told(found) == {
        (source, role, "Table", action)
        for source in ("staging", "production")
        for role, action in (("Role0", "dynamodb:getitem"), ("Role1", "dynamodb:putitem"))
    }
    assert all(one.target.name != one.source.name for one in found.found)
    assert found.telemetry == {}


def test_a_denial_takes_away_and_is_no_reach_itself() -> None:
    denial = may("dynamodb:PutItem", effect="Deny")
    made = world([may("dynamodb:GetItem", "dynamodb:PutItem"), denial])
    assert {name for *_, name in told(reached(made))} == {"dynamodb:getitem"}
    assert told(reached(world([denial]))) == set()
    assert reaches(made) == reached(made).found


def test_own_names_are_not_reached_by_what_names_them() -> None:
    own = {"Fn::GetAtt": ["Table", "Arn"]}
    assert told(reached(world([may("dynamodb:GetItem", Resource=own)]))) == set()
    assert told(reached(world([{"Effect": "Allow", "Action": "dynamodb:GetItem", "NotResource": own}])))


def test_a_condition_that_keeps_to_other_resources_rules_a_reach_out() -> None:
    elsewhere = {"StringEquals": {"aws:ResourceAccount": "999999999999"}}
    here = {"StringEquals": {"aws:ResourceAccount": "111111111111"}}
    assert told(reached(world([may("dynamodb:GetItem", Condition=elsewhere)]))) == set()
    assert told(reached(world([may("dynamodb:GetItem", Condition=here)])))


def test_telemetry_is_told_once_for_each_pair_with_every_principal() -> None:
    put = may("logs:PutLogEvents", "logs:CreateLogStream")
    found = reached(world([put], [put], [may("logs:PutLogEvents", "logs:DeleteLogGroup")]))
    assert set(found.telemetry) == {("staging", "production"), ("production", "staging")}
    for pair, seen in found.telemetry.items():
        assert (seen.reach.source.name, seen.reach.target.name) == pair
        assert sorted(seen.principals) == ["Role0", "Role1", "Role2"]
    assert {(role, entry) for _, role, entry, _ in told(found)} == {("Role2", "Logs")}
    assert all(not one.actions <= TELEMETRY for one in found.found)


def test_what_only_makes_things_that_are_tagged_reaches_nothing_that_is_there() -> None:
    secret = {"Secret": {"Type": "AWS::SecretsManager::Secret"}}
    tagged = {"StringEquals": {"aws:RequestTag/env": "staging"}}
    assert told(reached(world([may("secretsmanager:CreateSecret", Condition=tagged)], **secret))) == set()
    assert told(reached(world([may("secretsmanager:CreateSecret")], **secret)))
    more = may("secretsmanager:CreateSecret", "secretsmanager:GetSecretValue", Condition=tagged)
    assert {name for *_, name in told(reached(world([more], **secret)))} == {"secretsmanager:getsecretvalue"}


def test_snapshots_are_not_made_again_and_queries_are_known_by_who_started_them() -> None:
    rds = {"Data": {"Type": "AWS::RDS::DBInstance"}}
    found = told(reached(world([may("rds:CreateDBSnapshot", "logs:GetQueryResults", "logs:StopQuery")], **rds)))
    assert {(entry, name) for *_, entry, name in found} <= {("Data", "rds:createdbsnapshot")}


def test_of_all_actions_but_some_that_are_not_known_for_certain_any_may_be_allowed() -> None:
    but = {"Effect": "Allow", "NotAction": ["dynamodb:*"], "Resource": "*"}
    assert not [name for *_, name in told(reached(world([but]))) if name.startswith("dynamodb:")]
    unknown = reached(world([{**but, "Resource": {"Ref": "Nowhere"}}]))
    assert [name for *_, name in told(unknown) if name == "dynamodb:getitem"]


def test_environments_of_other_accounts_are_not_reached() -> None:
    made = world([may("dynamodb:*")])
    assert told(reached(made))
    views = [one.view for one in made.environments]
    apart = World([replace(view, account=f"{number:012d}") for number, view in enumerate(views)])
    assert told(reached(apart)) == set()


def test_a_witness_names_principal_action_and_resource_in_full() -> None:
    made = world([may("dynamodb:GetItem", Resource="arn:aws:dynamodb:*:*:table/app-*")])
    reach = next(one for one in reaches(made) if one.source.name == "staging")
    seen = witness(made, reach, "dynamodb:getitem")
    assert seen.action == "dynamodb:GetItem"
    assert seen.principal.startswith("arn:aws:iam::111111111111:role/app-staging-Role0-")
    assert seen.resource.startswith("arn:aws:dynamodb:eu-central-1:111111111111:table/app-production-Table-")
    assert seen.path == ()
    assert witness(made, reach, "nobody:knows").action == "nobody:knows"


# What to do about it.


@dataclass
class Generated:
    """A scope in which a role was made by SAM for a function, or written by its author."""

    by_sam: bool

    def origin(self, logical_id: str) -> str:
        return "Hello" if self.by_sam else logical_id


def by(managed: str | None, *, by_sam: bool | None, live: bool = False) -> Reach:
    scope = None if by_sam is None else cast(Any, Generated(by_sam))
    principal = Principal("staging", "HelloRole", "arn:role", "role", "1", scope=scope, live=live)
    nobody = cast(Any, None)
    return Reach(nobody, nobody, principal, allow("*", managed=managed, source="Inline"), [], frozenset())


@pytest.mark.parametrize(
    ("managed", "by_sam", "expected"),
    [
        (None, True, ""),
        ("AWSLambdaVPCAccessExecutionRole", True, "SAM attaches AWSLambdaVPCAccessExecutionRole itself"),
        ("AWSLambdaVPCAccessExecutionRole", False, OWN_POLICY),
        ("AWSLambdaVPCAccessExecutionRole", None, OWN_POLICY),
        ("AdministratorAccess", True, OWN_POLICY),
        ("AWSCodeDeployRoleForLambdaLimited", True, "`DeploymentPreference` a `Role`"),
    ],
)
def test_what_a_managed_policy_allows_is_mended_by_a_policy_of_ones_own(
    managed: str | None, by_sam: bool | None, expected: str
) -> None:
    told_ = _policy_cure(by(managed, by_sam=by_sam))
    assert expected in told_
    assert bool(told_) == (managed is not None)
    assert ("Give the function a" in told_) == ("VPC" in (managed or "") and by_sam is True)


def test_what_only_the_account_has_is_taken_off_there() -> None:
    assert _cure(by(None, by_sam=None)) == ""
    assert _cure(by(None, by_sam=None, live=True)).startswith('Take the policy "Inline" off the role')


@given(st.integers(22, 90), st.sampled_from(["{arn}:{name}*", "{arn}:{name}-*", "*:function:{name}*"]))
def test_a_pattern_for_a_longer_name_than_a_function_can_have_reaches_none_whose_name_is_cut(size: int, shape: str):
    long = "Orders" * 20
    stack = f"{'a-very-long-name-of-an-application-' * 3}"[:70]
    pattern = shape.format(arn="arn:aws:lambda:eu-central-1:111111111111:function", name=f"{stack}{long}"[:size])
    role = {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": TRUST,
            "Policies": [
                {
                    "PolicyName": "p",
                    "PolicyDocument": {
                        "Statement": [{"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": pattern}]
                    },
                }
            ],
        },
    }
    names = ("staging", "production")
    body = {"Resources": {"Role": role, long: {"Type": "AWS::Lambda::Function"}}}
    views = [
        EnvironmentView(
            name=name, region="eu-central-1", account="111111111111",
            stacks=(StackView(name=f"{stack}{name}", body=body),),
        )
        for name in names
    ]  # fmt: skip
    least = len(pattern.rpartition(":")[2].replace("*", ""))
    found = {entry.logical_id for one in reached(World(views)).found for entry in one.entries}
    assert found == ({long} if least <= 64 or pattern.startswith("*") else set())
