"""Properties that the emulator's CloudFormation leaves out of the resources that it makes."""

from types import ModuleType
from typing import Any

from sealift.local.patches.handlers import after


def set_boundaries(provisioners: ModuleType) -> None:
    """Let the property PermissionsBoundary of AWS::IAM::Role take effect."""
    from ministack.services import iam

    def bound(name: str, props: Any) -> None:
        role = iam._roles.get(name)
        if role is not None:
            role["PermissionsBoundary"] = props.get("PermissionsBoundary")

    after(provisioners, "AWS::IAM::Role", bound)


def tagged_buckets(provisioners: ModuleType) -> None:
    """Let the property Tags of AWS::S3::Bucket, and the tags of its stack, take effect."""
    from ministack.services import s3

    def tag(name: str, props: Any) -> None:
        s3._bucket_tags[name] = {str(one["Key"]): str(one["Value"]) for one in props.get("Tags", [])}

    provisioners._STACK_TAG_PROPERTY["AWS::S3::Bucket"] = ("Tags", "list")
    after(provisioners, "AWS::S3::Bucket", tag)


def registered_targets(provisioners: ModuleType) -> None:
    """Register the `Targets` of a target group: a load balancer answers 503 where there are none."""
    from ministack.services import alb

    def set_targets(arn: str, props: Any) -> None:
        alb._targets[arn] = [{"Port": alb._tgs[arn]["Port"], **one} for one in props.get("Targets") or []]

    after(provisioners, "AWS::ElasticLoadBalancingV2::TargetGroup", set_targets)


def set_on_functions(provisioners: ModuleType) -> None:
    """Give a function its reserved concurrency, and its dead-letter queue."""
    from ministack.services import lambda_svc

    def complete(name: str, props: Any) -> None:
        reserved, func = props.get("ReservedConcurrentExecutions"), lambda_svc._functions.get(name)
        if func is not None:
            func["concurrency"] = None if reserved is None else int(reserved)
            func["config"]["DeadLetterConfig"] = props.get("DeadLetterConfig") or {}

    after(provisioners, "AWS::Lambda::Function", complete)


def kept_integrations(provisioners: ModuleType) -> None:
    """Let the emulator keep what it drops of an AWS::ApiGatewayV2::Integration."""
    properties = provisioners._apigw_v2_integration_props

    def kept(props: Any) -> Any:
        names = ("IntegrationSubtype", "CredentialsArn", "TemplateSelectionExpression")
        return {**properties(props), **{name[0].lower() + name[1:]: props.get(name) for name in names}}

    provisioners._apigw_v2_integration_props = kept  # type: ignore[attr-defined]
