"""The template of the one stack that an environment needs first. Pure: the same values give the same bytes."""

import json
from collections.abc import Callable, Iterator

from sealift.bootstrap.boundary import boundary
from sealift.bootstrap.bucket import bucket, bucket_policy
from sealift.bootstrap.roles import deploy, plan, verify
from sealift.bootstrap.target import PATH, BootstrapTarget, sub
from sealift.errors import ConfigError
from sealift.model.template import Json

_LONGEST_BOUNDARY, _LONGEST_ROLE = 6144, 10240
"""Characters, white space left out: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""
_ROLES: dict[str, Callable[[BootstrapTarget], Iterator[Json]]] = {"Deploy": deploy, "Plan": plan, "Verify": verify}


def bootstrap_template(target: BootstrapTarget) -> dict[str, Json]:
    """Return the template. Raises ConfigError when a policy would be longer than IAM takes."""
    resources: dict[str, Json] = {"Bucket": bucket(target), "BucketPolicy": bucket_policy(target)}
    if target.trust.issuer and target.makes_provider and not target.local:
        resources["Provider"] = _provider(target)
    resources["Boundary"] = {
        "Type": "AWS::IAM::ManagedPolicy",
        "Properties": {
            "ManagedPolicyName": f"{target.stack}-boundary",
            "Path": PATH,
            "PolicyDocument": _document(list(boundary(target)), target, _LONGEST_BOUNDARY),
        },
    }
    resources["CloudFormation"] = _cloudformation(target)
    # The jobs of previews have one role: who may deploy one may look at it, too.
    roles = {name: role for name, role in _ROLES.items() if name == "Deploy" or not target.previews}
    for logical_id, statements in roles.items():
        resources[logical_id] = _role(target, logical_id.lower(), list(statements(target)))
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"Bucket, boundary and roles of {target.app}/{target.label}, by `sealift bootstrap`",
        "Resources": resources,
        "Outputs": {
            "Bucket": {"Value": {"Ref": "Bucket"}},
            "BoundaryArn": {"Value": {"Ref": "Boundary"}},
            "CloudFormationRole": {"Value": {"Fn::GetAtt": ["CloudFormation", "Arn"]}},
            **{f"{name}Role": {"Value": {"Fn::GetAtt": [name, "Arn"]}} for name in roles},
        },
    }


def _provider(target: BootstrapTarget) -> Json:
    """Return the identity provider of the account; other stacks trust it too, so it stays when this one goes."""
    return {
        "Type": "AWS::IAM::OIDCProvider",
        "DeletionPolicy": "Retain",
        "UpdateReplacePolicy": "Retain",
        "Properties": {"Url": f"https://{target.trust.issuer}", "ClientIdList": [target.trust.audience]},
    }


def _cloudformation(target: BootstrapTarget) -> Json:
    """Return the role as which CloudFormation works. Nobody else can assume it, and it cannot leave its boundary."""
    service: Json = {"Service": "cloudformation.amazonaws.com"}
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "RoleName": f"{target.stack}-cloudformation",
            "Path": PATH,
            "PermissionsBoundary": {"Ref": "Boundary"},
            "ManagedPolicyArns": [{"Ref": "Boundary"}],
            "AssumeRolePolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": service}],
            },
        },
    }


def _role(target: BootstrapTarget, name: str, statements: list[Json]) -> Json:
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "RoleName": f"{target.stack}-{name}",
            "Path": PATH,
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": list(_trusted(target, name))},
            "Policies": [{"PolicyName": "own", "PolicyDocument": _document(statements, target, _LONGEST_ROLE)}],
        },
    }


def _trusted(target: BootstrapTarget, role: str) -> Iterator[Json]:
    trusts = (target.trust, *(target.followers if role == "deploy" else ()))
    yield from (trust.statement() for trust in dict.fromkeys(trusts) if trust.arn or trust.issuer)
    if target.local:  # whoever started it
        root = "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"
        yield {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": sub(root)}}


def _document(statements: list[Json], target: BootstrapTarget, longest: int) -> Json:
    made: dict[str, Json] = {"Version": "2012-10-17", "Statement": statements}
    length = len(json.dumps(made, separators=(",", ":")).replace('{"Fn::Sub":', "").replace("}", ""))
    if length > longest:
        raise ConfigError(
            f"a policy of {target.label} would have {length} characters; IAM takes {longest}",
            code="bootstrap-policy-too-long",
            hint="Shorten `stack_name`, or split the application: each stack name and each service adds to it.",
            context={"environment": target.label},
        )
    return made
