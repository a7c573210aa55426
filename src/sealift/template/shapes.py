"""Which properties point at local files, and the shape in which each wants the stored object named.

After `aws cloudformation package` and `sam package`, so that what packs there packs here:
https://docs.aws.amazon.com/cli/latest/reference/cloudformation/package.html
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sealift.cfn.values import mapping_at
from sealift.model.release import ARTIFACT_BUCKET_PARAMETER
from sealift.model.template import AssetKind, Json

Written = Callable[[str], Json]
"""Makes the value of a property from the SHA-256 of the stored object."""


def _bucket() -> dict[str, Json]:
    return {"Ref": ARTIFACT_BUCKET_PARAMETER}


def bucket_and_key(sha256: str) -> Json:
    """`{Bucket, Key}`: the S3 locations of SAM, APIs and state machines."""
    return {"Bucket": _bucket(), "Key": f"blobs/{sha256}"}


def s3_bucket_and_key(sha256: str) -> Json:
    """`{S3Bucket, S3Key}`: code of plain Lambda functions and layers."""
    return {"S3Bucket": _bucket(), "S3Key": f"blobs/{sha256}"}


def s3_url(sha256: str) -> Json:
    """`s3://bucket/key`: AppSync and Glue."""
    return {"Fn::Sub": f"s3://${{{ARTIFACT_BUCKET_PARAMETER}}}/blobs/{sha256}"}


def https_url(sha256: str) -> Json:
    """`https://…`: a template in S3, in any partition."""
    host = f"${{{ARTIFACT_BUCKET_PARAMETER}}}.s3.${{AWS::Region}}.${{AWS::URLSuffix}}"
    return {"Fn::Sub": f"https://{host}/blobs/{sha256}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One property that may name something local."""

    path: tuple[str, ...]
    kind: AssetKind
    written: Written


def _shape(path: str, kind: AssetKind, written: Written) -> Shape:
    return Shape(path=tuple(path.split(".")), kind=kind, written=written)


SHAPES: Final[dict[str, tuple[Shape, ...]]] = {
    "AWS::Serverless::Function": (_shape("CodeUri", "function", bucket_and_key),),
    "AWS::Lambda::Function": (_shape("Code", "function", s3_bucket_and_key),),
    "AWS::Serverless::LayerVersion": (_shape("ContentUri", "layer", bucket_and_key),),
    "AWS::Lambda::LayerVersion": (_shape("Content", "layer", s3_bucket_and_key),),
    "AWS::Serverless::Api": (_shape("DefinitionUri", "file", bucket_and_key),),
    "AWS::Serverless::HttpApi": (_shape("DefinitionUri", "file", bucket_and_key),),
    "AWS::Serverless::StateMachine": (_shape("DefinitionUri", "file", bucket_and_key),),
    "AWS::ApiGateway::RestApi": (_shape("BodyS3Location", "file", bucket_and_key),),
    "AWS::ApiGatewayV2::Api": (_shape("BodyS3Location", "file", bucket_and_key),),
    "AWS::StepFunctions::StateMachine": (_shape("DefinitionS3Location", "file", bucket_and_key),),
    "AWS::AppSync::GraphQLSchema": (_shape("DefinitionS3Location", "file", s3_url),),
    "AWS::AppSync::Resolver": (
        _shape("RequestMappingTemplateS3Location", "file", s3_url),
        _shape("ResponseMappingTemplateS3Location", "file", s3_url),
        _shape("CodeS3Location", "file", s3_url),
    ),
    "AWS::AppSync::FunctionConfiguration": (
        _shape("RequestMappingTemplateS3Location", "file", s3_url),
        _shape("ResponseMappingTemplateS3Location", "file", s3_url),
        _shape("CodeS3Location", "file", s3_url),
    ),
    "AWS::Glue::Job": (_shape("Command.ScriptLocation", "file", s3_url),),
    "AWS::CloudFormation::Stack": (_shape("TemplateURL", "template", https_url),),
    "AWS::Serverless::Application": (_shape("Location", "template", https_url),),
}

SAM: Final = "AWS::Serverless-2016-10-31"
"""The transform of AWS SAM."""
FUNCTION_TYPES: Final = ("AWS::Serverless::Function", "AWS::Lambda::Function")
LAYER_TYPES: Final = ("AWS::Serverless::LayerVersion", "AWS::Lambda::LayerVersion")


def is_remote(location: str) -> bool:
    """Say whether a text names something that is stored already, not a local path."""
    return location.lower().startswith(("s3://", "https://", "http://", "arn:")) or "{{resolve:" in location


def of_globals(body: dict[str, Json], kind: str) -> dict[str, Json]:
    """Return what Globals gives to a resource of this type."""
    prefix, _, name = kind.rpartition("::")
    return mapping_at(body, "Globals", name) if prefix == "AWS::Serverless" else {}
