"""What the proof reports of one cause is one finding, however many principals and rules name it."""

from dataclasses import replace
from typing import Any

from sealift.isolation.model import EnvironmentView, StackView, Verdict
from sealift.isolation.prove import prove
from sealift.model.template import Location
from sealift.usecases.proof.prove import alike, as_tool_finding, summary

TRUST = {
    "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}]
}


def proved(**resources: dict[str, Any]) -> list[tuple[str, str]]:
    """Return rule and message of what is shown of staging and production in one account."""
    return [(one.id, one.message) for one in map(as_tool_finding, alike(verdict_of(**resources)))]


def verdict_of(**resources: dict[str, Any]) -> Verdict:
    return prove(
        [
            EnvironmentView(
                name=name,
                region="eu-west-1",
                account="111111111111",
                artifact_bucket=f"artifacts-{name}",
                stacks=(StackView(name=f"shop-{name}", body={"Resources": resources}),),
            )
            for name in ("staging", "production")
        ]
    )


def role(*policies: str) -> dict[str, Any]:
    arns = [f"arn:aws:iam::aws:policy/{name}" for name in policies]
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {"AssumeRolePolicyDocument": TRUST, "ManagedPolicyArns": arns},
    }


def test_a_managed_policy_is_one_finding_whatever_rules_and_roles_name_it() -> None:
    found = proved(One=role("AmazonS3FullAccess"), Two=role("AmazonS3FullAccess"))
    (wide,) = [message for rule, message in found if rule == "IAM-02"]
    assert "The same holds for 1 more: Two." in wide
    assert [rule for rule, _ in found if rule.startswith("IAM")] == ["IAM-02"]


def test_the_summary_counts_what_is_shown_and_nothing_for_information() -> None:
    verdict = verdict_of(One=role("AmazonS3FullAccess"), Two=role("AmazonSQSFullAccess"))
    shown = len(alike(verdict))
    assert f", {shown} finding" in summary(verdict)
    told = tuple(replace(one, severity="info") for one in verdict.findings)
    assert "finding" not in summary(replace(verdict, findings=told))
    one = next(one for one in verdict.findings if one.id == "IAM-02")
    assert summary(replace(verdict, findings=(one, *told))).endswith(", 1 finding")


def test_two_managed_policies_are_two_findings() -> None:
    found = proved(One=role("AmazonS3FullAccess", "AmazonSQSFullAccess"), Jobs={"Type": "AWS::SQS::Queue"})
    assert len([rule for rule, _ in found if rule.startswith("IAM")]) == 2


def key(arn: str) -> dict[str, Any]:
    logs = {
        "Effect": "Allow",
        "Principal": {"Service": "logs.eu-west-1.amazonaws.com"},
        "Action": "kms:Decrypt",
        "Resource": "*",
        "Condition": {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": arn}},
    }
    return {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {"Statement": [logs]}}}


def severities(arn: str) -> list[str]:
    verdict = prove(
        [
            EnvironmentView(
                name=name,
                region="eu-west-1",
                account="111111111111",
                stacks=(StackView(name=f"shop-{name}", body={"Resources": {"Key": key(arn)}}),),
            )
            for name in ("staging", "production")
        ]
    )
    return sorted({one.severity for one in verdict.findings if one.id == "RPL-02"})


def test_a_service_that_is_let_in_for_the_own_account_is_no_graver_by_an_arn_than_by_its_number() -> None:
    assert severities("arn:aws:logs:eu-west-1:111111111111:*") == ["medium"]
    assert severities("arn:aws:logs:eu-west-1:*:*") == ["high"]


def test_what_sam_makes_of_several_events_of_one_function_is_one_finding() -> None:
    permission = {"FunctionName": {"Ref": "F"}, "Action": "lambda:InvokeFunction", "Principal": "sns.amazonaws.com"}
    place = Location(file="template.yaml", line=7, logical_id="F")
    names = ("FFirstPermission", "FSecondPermission")
    resources: dict[str, Any] = {n: {"Type": "AWS::Lambda::Permission", "Properties": permission} for n in names}
    body: dict[str, Any] = {"Resources": {"F": {"Type": "AWS::Lambda::Function", "Properties": {}}, **resources}}
    views = [
        EnvironmentView(
            name=env,
            region="eu-west-1",
            stacks=(StackView(name=f"shop-{env}", body=body, locations=dict.fromkeys(("F", *names), place)),),
        )
        for env in ("staging", "production")
    ]
    found = [one for one in map(as_tool_finding, alike(prove(views))) if one.id == "RPL-02"]
    assert [str(one.location) for one in found] == ["template.yaml:7"]
