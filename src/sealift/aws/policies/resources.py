"""The policies of resources that need one call each; services that take more have a module of their own."""

import json
from collections.abc import Callable, Mapping

from sealift.aws.failures import calling
from sealift.aws.session import AwsSession
from sealift.errors import CloudError
from sealift.model.template import Json

Read = Callable[[AwsSession, str], Json]


def resource_policy(session: AwsSession, resource_type: str, physical_id: str) -> Json:
    """Return the policy of a resource, as text or as an object; None when it has none, or is not there."""
    try:
        with calling(f"read the policy of {resource_type} {physical_id}"):
            return READERS[resource_type](session, physical_id)
    except CloudError as error:
        if error.code in {"not-found", "bucket-not-found"}:
            return None
        raise


def _bucket(session: AwsSession, name: str) -> Json:
    return session.s3.get_bucket_policy(Bucket=name)["Policy"]


def _queue(session: AwsSession, url: str) -> Json:
    answer = session.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])
    return answer.get("Attributes", {}).get("Policy")


def _topic(session: AwsSession, arn: str) -> Json:
    return session.sns.get_topic_attributes(TopicArn=arn)["Attributes"].get("Policy")


def _function(session: AwsSession, name: str) -> Json:
    """The name of a function, or the ARN of an alias."""
    return session.functions.get_policy(FunctionName=name)["Policy"]


def _layer(session: AwsSession, arn: str) -> Json:
    name, _, version = arn.rpartition(":")
    return session.functions.get_layer_version_policy(LayerName=name, VersionNumber=int(version))["Policy"]


def _key(session: AwsSession, key: str) -> Json:
    return session.kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"]


def _secret(session: AwsSession, arn: str) -> Json:
    return session.secretsmanager.get_resource_policy(SecretId=arn).get("ResourcePolicy")


def _bus(session: AwsSession, name: str) -> Json:
    return session.events.describe_event_bus(Name=name).get("Policy")


def _repository(session: AwsSession, name: str) -> Json:
    return session.ecr.get_repository_policy(repositoryName=name)["policyText"]


def _stream(session: AwsSession, name: str) -> Json:
    summary = session.kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
    return session.kinesis.get_resource_policy(ResourceARN=summary["StreamARN"])["Policy"]


def _rest_api(session: AwsSession, api: str) -> Json:
    """API Gateway gives the document back with its quotes escaped.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-resource-policies-create-attach.html
    """
    policy = session.apigateway.get_rest_api(restApiId=api).get("policy")
    if not policy:
        return None
    try:
        return str(json.loads(f'"{policy}"')) if '\\"' in policy else policy
    except ValueError:
        return policy


def _table(session: AwsSession, name: str) -> Json:
    """A table and its stream have a policy each; a statement names what it is about."""
    table = session.dynamodb.describe_table(TableName=name)["Table"]
    found = [_of_table(session, arn) for arn in (table["TableArn"], table.get("LatestStreamArn")) if arn]
    statements = [s for policy in found if policy for s in _statements(json.loads(policy))]
    return {"Version": "2012-10-17", "Statement": statements} if statements else None


def _of_table(session: AwsSession, arn: str) -> str | None:
    try:
        with calling(f"read the policy of {arn}"):
            return session.dynamodb.get_resource_policy(ResourceArn=arn)["Policy"]
    except CloudError as error:
        if error.code == "not-found":
            return None
        raise


def _statements(document: dict[str, Json]) -> list[Json]:
    statements = document.get("Statement")
    return statements if isinstance(statements, list) else [statements]


READERS: Mapping[str, Read] = {
    "AWS::ApiGateway::RestApi": _rest_api,
    "AWS::DynamoDB::GlobalTable": _table,
    "AWS::DynamoDB::Table": _table,
    "AWS::ECR::Repository": _repository,
    "AWS::Events::EventBus": _bus,
    "AWS::KMS::Key": _key,
    "AWS::Kinesis::Stream": _stream,
    "AWS::Lambda::Alias": _function,
    "AWS::Lambda::Function": _function,
    "AWS::Lambda::LayerVersion": _layer,
    "AWS::S3::Bucket": _bucket,
    "AWS::SNS::Topic": _topic,
    "AWS::SQS::Queue": _queue,
    "AWS::SecretsManager::Secret": _secret,
}
"""How the policy of each type is read, by its physical id."""
