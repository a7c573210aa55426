"""What was read of live accounts: it is joined with the templates, never hidden by them."""

from dataclasses import replace

import pytest
import yaml

from sealift.isolation.model import EnvironmentView, Finding, StackView, Verdict
from sealift.isolation.prove import prove
from sealift.model.live import LivePrincipal, Unread
from sealift.model.template import Json

REGION = "eu-central-1"
ACCOUNT = "111122223333"
TRUST = {
    "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}]
}
TEMPLATE = """
Resources:
  Orders:
    Type: AWS::DynamoDB::Table
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Action: "sts:AssumeRole", Principal: {Service: lambda.amazonaws.com}}]
      Policies:
        - PolicyName: own
          PolicyDocument:
            Statement: [{Effect: Allow, Action: "dynamodb:GetItem", Resource: {"Fn::GetAtt": [Orders, Arn]}}]
"""
DENY = '            Statement: [{Effect: Deny, Action: "dynamodb:*", Resource: "*"},\n                        {Effect'


def allow(action: str, resource: str = "*") -> Json:
    """Return a policy document of one statement."""
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": resource}]}


def role(environment: str, *, inline: dict[str, Json] | None = None, **more: Json) -> LivePrincipal:
    """Return a role as IAM has it."""
    return LivePrincipal(
        arn=f"arn:aws:iam::{ACCOUNT}:role/app-{environment}-Role-1A2B",
        inline=inline or {},
        trust=TRUST,
        **more,  # type: ignore[arg-type]
    )


def view(environment: str, template: str = TEMPLATE, **stack: object) -> EnvironmentView:
    """Return a deployed environment whose role has nothing but what is given."""
    given: dict[str, object] = {
        "physical_ids": {"Orders": f"app-{environment}-Orders-9Z8Y", "Role": f"app-{environment}-Role-1A2B"},
        "physical_id": f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/app-{environment}/0a1b",
        "live_principals": {"Role": role(environment)},
        **stack,
    }
    made = StackView(name=f"app-{environment}", body=yaml.safe_load(template), **given)  # type: ignore[arg-type]
    return EnvironmentView(name=environment, region=REGION, account=ACCOUNT, stacks=(made,), live=True)


def shown(verdict: Verdict) -> set[tuple[str, str, str]]:
    """Return rule and ends of every finding that stops."""
    return {(f.id, f.source, f.target) for f in verdict.stopping}


def only(verdict: Verdict) -> Finding:
    """Return the one finding that stops."""
    (leak,) = verdict.stopping
    return leak


def test_two_deployed_environments_as_their_templates_say_are_proved_live() -> None:
    assert prove([view("staging"), view("production")]).level == "L2"


def test_a_policy_put_by_hand_is_found_and_the_witness_names_it() -> None:
    by_hand = {"Role": role("staging", inline={"by-hand": allow("dynamodb:Scan")})}
    leak = only(prove([view("staging", live_principals=by_hand), view("production")]))
    assert (leak.id, leak.source, leak.target) == ("IAM-01", "staging", "production")
    assert leak.witness is not None
    assert leak.witness.principal == f"arn:aws:iam::{ACCOUNT}:role/app-staging-Role-1A2B"
    assert leak.witness.resource == f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/app-production-Orders-9Z8Y"
    assert leak.witness.path == ('the policy "by-hand" in force on the role',)


def test_a_managed_policy_attached_by_hand_is_found() -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:policy/wide"
    by_hand = {"Role": role("staging", managed={arn: allow("dynamodb:Scan")})}
    assert shown(prove([view("staging", live_principals=by_hand), view("production")])) == {
        ("IAM-01", "staging", "production")
    }


def test_a_denial_of_the_template_does_not_hide_what_is_in_force() -> None:
    denied = TEMPLATE.replace("            Statement: [{Effect", DENY)
    by_hand = {"Role": role("staging", inline={"by-hand": allow("dynamodb:Scan")})}
    verdict = prove([view("staging", denied, live_principals=by_hand), view("production")])
    assert shown(verdict) == {("IAM-01", "staging", "production")}


def test_a_boundary_taken_off_by_hand_limits_nothing() -> None:
    inline = {"wide": allow("dynamodb:Scan")}
    bounded = role("staging", inline=inline, boundary=allow("s3:GetObject"))
    assert prove([view("staging", live_principals={"Role": bounded}), view("production")]).level == "L2"
    free = role("staging", inline=inline)
    assert shown(prove([view("staging", live_principals={"Role": free}), view("production")])) == {
        ("IAM-01", "staging", "production")
    }


def test_a_name_that_the_next_deployment_brings_is_owned_beside_the_one_in_force() -> None:
    renamed = TEMPLATE.replace("AWS::DynamoDB::Table", "AWS::DynamoDB::Table\n    Properties: {TableName: new-orders}")
    named = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/"
    for name in ("new-orders", "app-production-Orders-9Z8Y"):
        by_hand = {"Role": role("staging", inline={"p": allow("dynamodb:Scan", named + name)})}
        verdict = prove([view("staging", live_principals=by_hand), view("production", renamed)])
        assert ("IAM-01", "staging", "production") in shown(verdict), name


def test_a_trust_policy_opened_by_hand_is_found() -> None:
    opened: Json = {
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/app-staging-Role-1A2B"},
            }
        ]
    }
    leak = only(prove([view("staging"), view("production", live_resource_policies={"Role": opened})]))
    assert (leak.id, leak.source, leak.target) == ("RPL-04", "production", "staging")


def test_a_resource_policy_that_says_what_the_template_says_adds_nothing() -> None:
    said = """
  Inbox: {Type: AWS::SQS::Queue}
  Policy:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [{Ref: Inbox}]
      PolicyDocument:
        Statement:
          [{Effect: Allow, Principal: {Service: events.amazonaws.com}, Action: "sqs:SendMessage", Resource: "*"}]
"""
    url = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/app-production-Inbox-5X"
    ids = {"Orders": "o", "Role": "app-production-Role-1A2B", "Inbox": url}
    same: Json = {
        "Statement": [
            {
                "Sid": "made",
                "Effect": "Allow",
                "Principal": {"Service": "events.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": f"arn:aws:sqs:{REGION}:{ACCOUNT}:app-production-Inbox-5X",
            }
        ]
    }
    both = [
        view("staging"),
        view("production", TEMPLATE + said, physical_ids=ids, live_resource_policies={"Inbox": same}),
    ]
    assert [f.logical_id for f in prove(both).findings if f.id == "RPL-02"] == ["Policy"]


def test_a_role_given_to_a_function_by_hand_is_found() -> None:
    function = TEMPLATE + "  Worker: {Type: 'AWS::Lambda::Function', Properties: {Role: {'Fn::GetAtt': [Role, Arn]}}}\n"
    theirs = f"arn:aws:iam::{ACCOUNT}:role/app-production-Role-1A2B"
    own = f"arn:aws:iam::{ACCOUNT}:role/app-staging-Role-1A2B"
    assert prove([view("staging", function, live_roles={"Worker": own}), view("production")]).level == "L2"
    verdict = prove([view("staging", function, live_roles={"Worker": theirs}), view("production")])
    assert shown(verdict) == {("IAM-03", "staging", "production")}


def test_real_arns_are_met_in_one_account_too_where_none_is_declared() -> None:
    topic = TEMPLATE + "  News: {Type: 'AWS::SNS::Topic'}\n"
    ids = {"News": f"arn:aws:sns:{REGION}:444455556666:app-production-News-77", "Role": "r", "Orders": "o"}
    by_hand = {"Role": role("staging", inline={"p": allow("sns:Publish", f"arn:aws:sns:{REGION}:*:app-production-*")})}
    views = [view("staging", live_principals=by_hand), view("production", topic, physical_ids=ids)]
    assert ("IAM-01", "staging", "production") in shown(prove([replace(v, account=None) for v in views]))


def test_the_own_role_of_a_function_stays_its_own_where_no_account_is_declared() -> None:
    function = TEMPLATE + "  Worker: {Type: 'AWS::Lambda::Function', Properties: {Role: {'Fn::GetAtt': [Role, Arn]}}}\n"
    own = f"arn:aws:iam::{ACCOUNT}:role/app-staging-Role-1A2B"
    views = [view("staging", function, live_roles={"Worker": own}), view("production")]
    assert shown(prove([replace(v, account=None) for v in views])) == set()


def test_what_could_not_be_read_is_not_proved_and_named() -> None:
    unread = (Unread(what="the policies of Role", why="AWS refused: AccessDenied.", logical_id="Role"),)
    leak = only(prove([view("staging"), replace(view("production"), unread=unread)]))
    assert (leak.id, leak.unproved) == ("PRF-02", True)
    assert "the policies of Role" in leak.message


def test_an_environment_that_is_not_deployed_keeps_the_verdict_at_the_templates() -> None:
    assert prove([view("staging"), replace(view("production"), live=False)]).level == "L1"


@pytest.mark.parametrize("document", ["{", [], {"Statement": 1}, {"Statement": [{"Effect": "Perhaps"}]}, None, 7])
def test_a_policy_in_force_that_has_no_shape_is_not_proved(document: Json) -> None:
    by_hand = {"Role": role("staging", inline={"odd": document})}
    assert {f.id for f in prove([view("staging", live_principals=by_hand), view("production")]).stopping} == {"PRF-01"}
    odd = {"Orders": document if document is not None else "null"}
    assert {f.id for f in prove([view("staging", live_resource_policies=odd), view("production")]).stopping} == {
        "PRF-01"
    }


@pytest.mark.parametrize("physical", ["", "arn:", "*", "a\ue000b", "arn:aws:dynamodb:::", "x" * 5000])
def test_an_odd_physical_id_never_breaks_the_proof(physical: str) -> None:
    ids = {"Orders": physical, "Role": physical}
    assert prove([view("staging", physical_ids=ids), view("production")]).level in ("L0", "L2")


def test_a_thousand_statements_in_force_are_all_read() -> None:
    statements: list[Json] = [
        {
            "Effect": "Allow",
            "Action": "dynamodb:GetItem",
            "Resource": f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/no-{n}",
        }
        for n in range(1_000)
    ]
    statements.append({"Effect": "Allow", "Action": "dynamodb:Scan", "Resource": "*"})
    by_hand = {"Role": role("staging", inline={"long": {"Statement": statements}})}
    assert shown(prove([view("staging", live_principals=by_hand), view("production")])) == {
        ("IAM-01", "staging", "production")
    }
