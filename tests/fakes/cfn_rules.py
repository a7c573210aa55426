"""What CloudFormation does to resource types when their properties change: a table, by hand, of what tests need.

Source of each line: the "Update requires" notes of
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html
"""

from typing import Literal

Recreation = Literal["Never", "Conditionally", "Always"]

EVERYTHING = "*"

RECREATION: dict[str, dict[str, Recreation]] = {
    "AWS::ApiGateway::Deployment": {"RestApiId": "Always", "StageDescription": "Never"},
    "AWS::ApiGateway::Resource": {"ParentId": "Always", "PathPart": "Always", "RestApiId": "Always"},
    "AWS::ApiGatewayV2::Api": {"ProtocolType": "Always"},
    "AWS::Cognito::UserPool": {"AliasAttributes": "Always", "UsernameAttributes": "Always"},
    "AWS::DynamoDB::Table": {
        "TableName": "Always",
        "KeySchema": "Always",
        "LocalSecondaryIndexes": "Always",
        "ImportSourceSpecification": "Always",
        "AttributeDefinitions": "Conditionally",
    },
    "AWS::IAM::Role": {"RoleName": "Always", "Path": "Always"},
    "AWS::Kinesis::Stream": {"Name": "Always"},
    "AWS::Lambda::Alias": {"Name": "Always", "FunctionName": "Always"},
    "AWS::Lambda::EventSourceMapping": {"EventSourceArn": "Always", "StartingPosition": "Always"},
    "AWS::Lambda::Function": {"FunctionName": "Always", "PackageType": "Always", "TenancyConfig": "Always"},
    "AWS::Lambda::LayerVersion": {EVERYTHING: "Always"},
    "AWS::Lambda::Permission": {EVERYTHING: "Always"},
    "AWS::Lambda::Version": {EVERYTHING: "Always"},
    "AWS::Logs::LogGroup": {"LogGroupName": "Always"},
    "AWS::RDS::DBInstance": {
        "DBInstanceIdentifier": "Always",
        "MasterUsername": "Always",
        "StorageEncrypted": "Always",
        "KmsKeyId": "Always",
        "Engine": "Conditionally",
        "AvailabilityZone": "Conditionally",
    },
    "AWS::S3::Bucket": {"BucketName": "Always", "ObjectLockEnabled": "Never"},
    "AWS::SNS::Topic": {"TopicName": "Always", "FifoTopic": "Always"},
    "AWS::SQS::Queue": {"QueueName": "Always", "FifoQueue": "Always"},
    "AWS::SSM::Parameter": {"Name": "Always"},
    "AWS::SecretsManager::Secret": {"Name": "Always"},
}

NAME_PROPERTY: dict[str, str] = {
    "AWS::ApiGatewayV2::Api": "",
    "AWS::CloudWatch::Alarm": "AlarmName",
    "AWS::DynamoDB::Table": "TableName",
    "AWS::IAM::Role": "RoleName",
    "AWS::Kinesis::Stream": "Name",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::RDS::DBInstance": "DBInstanceIdentifier",
    "AWS::S3::Bucket": "BucketName",
    "AWS::SNS::Topic": "TopicName",
    "AWS::SQS::Queue": "QueueName",
    "AWS::SSM::Parameter": "Name",
    "AWS::SecretsManager::Secret": "Name",
}
"""The property that names the resource, unique in account and region."""

TAGGABLE = frozenset(
    {
        "AWS::DynamoDB::Table",
        "AWS::IAM::Role",
        "AWS::Lambda::Function",
        "AWS::S3::Bucket",
        "AWS::SNS::Topic",
        "AWS::SQS::Queue",
    }
)
"""Types that a change of the stack's tags changes; AWS tags more of them than stand here."""


def recreation(type_name: str, property_name: str) -> Recreation:
    """Return whether a change of this property needs a new resource. Types that are not in the table never do."""
    rules = RECREATION.get(type_name, {})
    return rules.get(property_name, rules.get(EVERYTHING, "Never"))


def arn(type_name: str, physical_id: str, *, region: str, account: str) -> str:
    """Return the ARN of a resource, right for the types that policies in tests name."""
    if physical_id.startswith("arn:"):
        return physical_id
    service = type_name.split("::")[1].lower()
    match type_name:
        case "AWS::S3::Bucket":
            return f"arn:aws:s3:::{physical_id}"
        case "AWS::IAM::Role":
            return f"arn:aws:iam::{account}:role/{physical_id}"
        case "AWS::Lambda::Function":
            return f"arn:aws:lambda:{region}:{account}:function:{physical_id}"
        case "AWS::DynamoDB::Table":
            return f"arn:aws:dynamodb:{region}:{account}:table/{physical_id}"
        case _:
            return f"arn:aws:{service}:{region}:{account}:{physical_id}"
