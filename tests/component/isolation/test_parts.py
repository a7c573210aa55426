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
