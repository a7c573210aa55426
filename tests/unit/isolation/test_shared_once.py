"""What two environments share is reported once, whoever names it, and with all that begins alike."""

import pytest

from sealift.isolation.model import EnvironmentView, Finding, StackView
from sealift.isolation.prove import prove
from sealift.model.template import Json
from tests.unit.isolation.test_bad_input import TRUST

Body = dict[str, Json]


def found(*statements: Json, more: Body | None = None, **variables: Json) -> list[Finding]:
    """Return what stops or advises about staging and production of a function and its role."""
    policy: Json = {"PolicyName": "own", "PolicyDocument": {"Statement": list(statements)}}
    function: Json = {"Role": {"Fn::GetAtt": ["R", "Arn"]}, "Environment": {"Variables": variables}}
    body: Body = {
        "Resources": {
            "R": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": TRUST, "Policies": [policy]}},
            "F": {"Type": "AWS::Lambda::Function", "Properties": function},
            **(more or {}),
        }
    }
    views = [
        EnvironmentView(name=name, region="eu-west-1", stacks=(StackView(name=f"shop-{name}", body=body),))
        for name in ("staging", "production")
    ]
    return [one for one in prove(views).findings if one.severity != "info" and one.source == "staging"]


def allow(action: str, *resources: Json) -> Json:
    return {"Effect": "Allow", "Action": action, "Resource": list(resources)}


def arn(end: str) -> Json:
    return {"Fn::Sub": "arn:${AWS::Partition}:" + end.replace("@", "${AWS::Region}:${AWS::AccountId}")}


TABLE: Json = {"Fn::ImportValue": "the-table"}
OF_TABLE: Json = {"Fn::Sub": ["arn:aws:dynamodb:${AWS::Region}:${AWS::AccountId}:table/${T}", {"T": TABLE}]}


@pytest.mark.parametrize(
    ("resource", "text", "rules"),
    [
        (OF_TABLE, TABLE, ["SHR-01"]),
        (arn("dynamodb:@:table/shared"), "arn:aws:dynamodb:eu-west-1:123456789012:table/shared", ["SHR-01"]),
        (arn("dynamodb:@:table/shared"), "arn:aws:dynamodb:eu-west-1:123456789012:table/hared", ["SHR-01", "SHR-02"]),
        (OF_TABLE, {"Fn::ImportValue": "the-other-table"}, ["SHR-01", "SHR-02"]),
        (arn("dynamodb:@:table/${AWS::StackName}"), TABLE, ["SHR-02"]),
    ],
)
def test_what_a_role_and_a_variable_name_is_one_finding(resource: Json, text: Json, rules: list[str]) -> None:
    assert sorted(one.id for one in found(allow("dynamodb:PutItem", resource), TABLE_NAME=text)) == rules


def test_names_that_begin_alike_are_one_finding_that_lists_them() -> None:
    (one,) = found(allow("ssm:GetParameter", *(arn(f"ssm:@:parameter/shop/{n}") for n in ("token", "secret", "token"))))
    assert "/shop/token and 1 more (parameter/shop/secret), which no environment owns" in one.message


def test_a_bucket_and_its_objects_are_one_thing() -> None:
    (one,) = found(allow("s3:*Object", arn("s3:::shared-files"), arn("s3:::shared-files/*")))
    assert "more" not in one.message


def test_an_arn_that_names_nothing_is_no_thing() -> None:
    assert found(BUCKET_ARN="arn:aws:s3:::") == []


@pytest.mark.parametrize(
    ("key", "severity"),
    [("USE_DYNAMODB_AUTH", "medium"), ("CACHE_ENABLED", "medium"), ("USE_TABLE", "high"), ("DYNAMODB", "high")],
)
def test_a_flag_is_no_store(key: str, severity: str) -> None:
    (one,) = found(**{key: "{{resolve:ssm:/shop/flag}}"})
    assert (one.id, one.severity) == ("SHR-02", severity)


@pytest.mark.parametrize(
    ("principal", "said", "fix"),
    [
        ("*", "lets anybody in, without a condition.", "this environment's own roles"),
        ({"Service": "events.amazonaws.com"}, "lets events.amazonaws.com in, whoever they act for.", "Add SourceArn"),
    ],
)
def test_who_is_let_in_decides_what_mends_it(principal: Json, said: str, fix: str) -> None:
    statement: Json = {"Effect": "Allow", "Action": "s3:Get*", "Resource": arn("s3:::${B}/*"), "Principal": principal}
    policy: Json = {"Bucket": {"Ref": "B"}, "PolicyDocument": {"Statement": [statement]}}
    more: Body = {"B": {"Type": "AWS::S3::Bucket"}, "P": {"Type": "AWS::S3::BucketPolicy", "Properties": policy}}
    (one,) = found(more=more)
    assert one.id == "RPL-02"
    assert one.message.endswith(said)
    assert fix in one.fix


@pytest.mark.parametrize(
    ("action", "fix"),
    [
        ("lambda:CreateEventSourceMapping", "a condition on lambda:FunctionArn"),
        ("aws-marketplace:Subscribe", "an account of its own"),
    ],
)
def test_a_write_on_everything_is_limited_by_a_condition_that_it_knows(action: str, fix: str) -> None:
    (one,) = found({"Effect": "Allow", "Action": action, "Resource": "*"})
    assert one.id == "IAM-05"
    assert fix in one.fix
