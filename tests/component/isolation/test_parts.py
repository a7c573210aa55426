"""A permission on a resource's own ARN reaches nothing of another environment, of whatever type the resource is."""

from sealift.isolation.identities import _shapes, shape
from sealift.isolation.prove import prove
from sealift.isolation.types import TYPES, facts
from tests.component.isolation.collection import Case

OF_AN_ACCOUNT = {"AWS::S3::AccessGrantsInstance", "AWS::SecurityHub::Hub"}
"""An account has one of it: what a role may do to its own it does to everybody's."""


def test_a_permission_on_ones_own_names_nothing_of_others() -> None:
    wrong = []
    for cfn_type in sorted({t for t in _shapes() if t.startswith("AWS::")} | TYPES.keys()):
        known = facts(cfn_type)
        if known is None or not known.arn or not ("{=" in known.arn or cfn_type in TYPES or known.arn.endswith("*")):
            continue
        everything = {"Effect": "Allow", "Action": f"{known.service}:*", "Resource": {"Fn::GetAtt": ["X", "Arn"]}}
        resource = {"Type": cfn_type, "Properties": _named(cfn_type)}
        found = prove(Case(kind="own", name=cfn_type, allow=[everything], resources={"X": resource}).views()).findings
        if any(f.id in ("IAM-01", "IAM-02", "IAM-03", "SHR-01") for f in found) and cfn_type not in OF_AN_ACCOUNT:
            wrong.append(cfn_type)
    assert wrong == []


def _named(cfn_type: str) -> dict[str, object]:
    """Return properties that name the resource, and what it is a part of, after the stack."""
    known = shape(cfn_type)
    keys = [key[0] for key in known.keys if key[0].endswith(("Name", "Id"))] if known else []
    named: dict[str, object] = {key: {"Ref": "AWS::StackName"} for key in keys if "." not in key}
    parents = known.parents if known else ()
    return named | {p: {"Fn::Sub": "${AWS::StackName}-whole"} for p in parents if "." not in p}


def test_a_role_passed_to_a_service_that_it_does_not_trust_is_no_way_on() -> None:
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
    policy = "arn:aws:iam::aws:policy/AmazonDynamoDBFullAccess"  # passes roles to DAX and to the scaling of tables
    properties = {"AssumeRolePolicyDocument": {"Statement": [trust]}, "ManagedPolicyArns": [policy]}
    role = {"Type": "AWS::IAM::Role", "Properties": properties}
    found = prove(Case(kind="own", name="passed", resources={"R": role}).views()).findings
    ids = {f.id for f in found if not f.unproved}
    assert "IAM-03" not in ids
    assert "IAM-06" in ids
