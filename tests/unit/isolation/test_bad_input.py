"""Whatever a template holds, the proof ends, and what it does not understand is not proved."""

import copy
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealift.isolation.model import DeclaredPrincipal, EnvironmentView, Finding, StackView, Verdict
from sealift.isolation.patterns import FIRST_SYMBOL, TAIL
from sealift.isolation.prove import prove
from sealift.isolation.rule import Example, Rule

TRUST: Any = {
    "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "x.amazonaws.com"}}]
}


def proved(body: Any, **stack: Any) -> Verdict:
    """Prove the same template as staging and production."""
    views = [
        EnvironmentView(
            name=name,
            region="eu-central-1",
            stacks=(StackView(name=f"app-{name}", body=copy.deepcopy(body), **stack),),
        )
        for name in ("staging", "production")
    ]
    return prove(views)


def with_policy(document: Any, **more: Any) -> Any:
    """Return a template with a table and a role of this policy document."""
    role = {"AssumeRolePolicyDocument": TRUST, "Policies": [{"PolicyName": "p", "PolicyDocument": document}]}
    return {
        "Resources": {
            "Table": {"Type": "AWS::DynamoDB::Table"},
            "Role": {"Type": "AWS::IAM::Role", "Properties": role},
        },
        **more,
    }


def ids(verdict: Verdict) -> set[str]:
    """Return the ids of what stops."""
    return {f.id for f in verdict.stopping}


def test_a_policy_document_as_text_is_read() -> None:
    text = '{"Statement": [{"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "*"}]}'
    assert ids(proved(with_policy(text))) == {"IAM-01"}


@pytest.mark.parametrize(
    "document",
    [
        "not json",
        "",
        [],
        ["a"],
        17,
        True,
        None,
        {},
        {"Statement": "x"},
        {"Statement": [7]},
        {"Statement": [{"Action": "s3:*"}]},
        {"Statement": {"Effect": "Maybe", "Action": "s3:*", "Resource": "*"}},
        {"Statement": {"Effect": "Allow", "Resource": "*"}},
        {"Statement": {"Effect": "Allow", "Action": 5, "Resource": "*"}},
        {"Statement": {"Effect": "Allow", "Action": "s3:*", "NotAction": "s3:*", "Resource": "*"}},
        {"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": "x"}},
        {"Statement": {"Fn::If": ["A", {}]}},
    ],
    ids=str,
)
def test_a_policy_of_a_wrong_shape_is_not_proved(document: Any) -> None:
    verdict = proved(with_policy(document))
    assert verdict.level == "L0"
    assert "PRF-01" in ids(verdict)
    assert all(f.unproved for f in verdict.findings if f.id == "PRF-01")


def test_ten_thousand_statements_are_read_in_time() -> None:
    own = {"Fn::GetAtt": ["Table", "Arn"]}
    listed: list[Any] = [{"Effect": "Allow", "Action": f"dynamodb:Get{n}", "Resource": own} for n in range(10_000)]
    listed.append({"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "*"})
    started = time.process_time()
    assert ids(proved(with_policy({"Statement": listed}))) == {"IAM-01"}
    assert time.process_time() - started < 20


def test_stars_everywhere_are_every_finding_at_once() -> None:
    verdict = proved(with_policy({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}))
    assert {"IAM-01", "IAM-02", "IAM-03", "IAM-04", "DEP-01"} <= ids(verdict)


def test_cyclic_references_end_as_unknown() -> None:
    body = with_policy({"Statement": {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": {"Ref": "A"}}})
    body["Resources"]["A"] = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Ref": "B"}}}
    body["Resources"]["B"] = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Ref": "A"}}}
    verdict = proved(body)
    assert "RES-01" in ids(verdict)


def test_cyclic_conditions_count_as_both_ways() -> None:
    statement = {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "*"}
    body = with_policy({"Statement": [{"Fn::If": ["A", statement, {"Ref": "AWS::NoValue"}]}]})
    body["Conditions"] = {"A": {"Condition": "B"}, "B": {"Condition": "A"}}
    assert "IAM-01" in ids(proved(body))


def test_a_condition_that_certainly_does_not_hold_removes_its_statement() -> None:
    statement = {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "*"}
    body = with_policy({"Statement": [{"Fn::If": ["Wide", statement, {"Ref": "AWS::NoValue"}]}]})
    body["Parameters"] = {"Wide": {"Type": "String", "Default": "no"}}
    body["Conditions"] = {"Wide": {"Fn::Equals": [{"Ref": "Wide"}, "yes"]}}
    assert proved(body).level == "L1"
    assert "IAM-01" in ids(proved(body, parameters={"Wide": "yes"}))


def test_a_resource_under_an_unknown_condition_counts() -> None:
    body = with_policy({"Statement": {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "*"}})
    body["Parameters"] = {"P": {"Type": "String"}}
    body["Conditions"] = {"C": {"Fn::Equals": [{"Ref": "P"}, "yes"]}}
    body["Resources"]["Role"]["Condition"] = "C"
    assert "IAM-01" in ids(proved(body))


def test_circular_nested_stacks_end() -> None:
    # A view cannot hold itself; forty templates inside each other stand for the circle.
    body: Any = {"Resources": {"Inner": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "x"}}}}
    view = StackView(name="Inner", body=body)
    for _ in range(40):
        view = StackView(name="Inner", body=body, nested={"Inner": view})
    verdict = proved(body, nested={"Inner": view})
    assert "NST-01" in ids(verdict)


@pytest.mark.parametrize("cfn_type", ["AWS::Unheard::Thing", "Vendor::A::B", "", "AWS", None, 5])
def test_an_unknown_type_is_not_proved(cfn_type: Any) -> None:
    verdict = proved({"Resources": {"It": {"Type": cfn_type, "Properties": {"Name": "x"}}}})
    assert "PRF-01" in ids(verdict)


def test_an_unknown_type_of_a_known_service_may_be_reached_by_all_its_permissions() -> None:
    body = with_policy({"Statement": {"Effect": "Allow", "Action": "glue:StartJobRun", "Resource": "*"}})
    body["Resources"]["It"] = {"Type": "AWS::Glue::NotInventedYet", "Properties": {}}
    assert "IAM-01" in ids(proved(body))


@pytest.mark.parametrize("action", ["dynamodb:Teleport", "dynamodb:Tele*", "unheard:Of", "nocolon"])
def test_an_unknown_action_on_what_others_own_is_not_proved(action: str) -> None:
    unknown = {"Effect": "Allow", "Action": action, "Resource": "*"}
    assert ids(proved(with_policy({"Statement": unknown}))) == {"PRF-01"}
    own = {**unknown, "Resource": {"Fn::GetAtt": ["Table", "Arn"]}}
    assert proved(with_policy({"Statement": own})).level == "L1"


@pytest.mark.parametrize(
    "value",
    [
        {"Fn::Transform": {"Name": "x"}},
        {"Fn::Unheard": "x"},
        {"Ref": "Nowhere"},
        {"Ref": ["x"]},
        {"Fn::GetAtt": "Nowhere"},
        {"Fn::GetAtt": ["Nowhere", "Arn"]},
        {"Fn::Sub": 5},
        {"Fn::Sub": ["${A}"]},
        {"Fn::Join": ["", {"Ref": "x"}]},
        {"Fn::Select": [9, ["a"]]},
        {"Fn::FindInMap": ["A", "b", "c"]},
        {"Fn::If": ["Nowhere", "*", {"Fn::Split": 1}]},
        {"a": 1, "b": 2},
        {"Fn::ImportValue": {"Ref": "x"}},
        "{{resolve:ssm:/x}}",
    ],
    ids=str,
)
def test_an_intrinsic_that_can_not_be_resolved_is_not_proved(value: Any) -> None:
    statement = {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": value}
    verdict = proved(with_policy({"Statement": statement}))
    assert verdict.level == "L0"
    assert {"RES-01", "IAM-01"} & ids(verdict)


def test_arns_of_another_partition_are_read_in_their_own() -> None:
    body = with_policy({"Statement": {"Effect": "Allow", "Action": "dynamodb:*", "Resource": "arn:aws-cn:dynamodb:*"}})
    assert proved(body).level == "L1"
    views = [
        EnvironmentView(name=n, region="cn-north-1", stacks=(StackView(name=f"app-{n}", body=body),))
        for n in ("a", "b")
    ]
    assert "IAM-01" in ids(prove(views))


def test_characters_with_a_private_meaning_are_taken_for_unknown_ones() -> None:
    resource = f"arn:aws:dynamodb:*:*:table/{FIRST_SYMBOL}{TAIL}"
    statement = {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": resource}
    assert ids(proved(with_policy({"Statement": statement}))) == {"IAM-01"}


def test_a_rule_that_breaks_is_not_proved() -> None:
    def broken(world: object) -> list[Finding]:
        raise KeyError("x")

    nothing = Example(template="")
    rule = Rule(id="X", title="t", severity="low", why="w.", fix="f.", failing=nothing, passing=nothing, check=broken)
    view = EnvironmentView(name="a", region="eu-central-1", stacks=())
    verdict = prove([view], rules=[rule])
    assert verdict.level == "L0"
    assert [f.id for f in verdict.findings] == ["PRF-01"]
    assert "rule X broke" in verdict.findings[0].message


@pytest.mark.parametrize("body", [{}, {"Resources": None}, {"Resources": []}, {"Resources": {"A": None, "B": 3}}])
def test_an_empty_or_odd_template_does_not_crash(body: Any) -> None:
    assert "rule" not in " ".join(f.message for f in proved(body).findings)


def test_two_environments_of_one_name_are_not_proved() -> None:
    view = EnvironmentView(name="a", region="eu-central-1", stacks=())
    assert prove([view, view]).level == "L0"


def test_a_declared_role_with_an_unreadable_policy_is_not_proved() -> None:
    role = DeclaredPrincipal(name="deploy", arn="arn:aws:iam::000000000000:role/deploy", policies=("no json",))
    view = EnvironmentView(name="a", region="eu-central-1", stacks=(), principals=(role,))
    assert ids(prove([view])) == {"PRF-01"}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(alphabet="aA*?${}:/-.", max_size=8),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["Ref", "Fn::GetAtt", "Fn::Sub", "Fn::If", "Fn::Join", "Statement", "Effect", "Action", "Resource",
             "Principal", "PolicyDocument", "Type", "Properties", "Condition", "a"]
        ),
        inner,
        max_size=3,
    ),
    max_leaves=12,
)  # fmt: skip
TYPES = st.sampled_from(
    ["AWS::IAM::Role", "AWS::IAM::Policy", "AWS::SQS::QueuePolicy", "AWS::Lambda::Permission", "AWS::Lambda::Function",
     "AWS::Events::Rule", "AWS::ApiGateway::UsagePlan", "AWS::Lambda::Alias", "AWS::CloudFormation::Stack", "Custom::X"]
)  # fmt: skip
PROPERTIES = st.sampled_from(
    ["Policies", "AssumeRolePolicyDocument", "ManagedPolicyArns", "PolicyDocument", "Roles", "Principal", "SourceArn",
     "FunctionName", "Role", "Environment", "Targets", "EventPattern", "ApiStages", "Name", "Parameters", "RoleName"]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(TYPES, st.dictionaries(PROPERTIES, json_values, max_size=5)), min_size=1, max_size=3))
def test_no_shape_of_a_template_breaks_a_rule(resources: list[tuple[str, Any]]) -> None:
    body = {"Resources": {f"R{n}": {"Type": t, "Properties": p} for n, (t, p) in enumerate(resources)}}
    broken = [f.message for f in proved(body).findings if "broke" in f.message or "could not be read" in f.message]
    assert broken == []
