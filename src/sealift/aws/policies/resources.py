"""The policies of resources that need one call each; services that take more have a module of their own."""

import json
from collections.abc import Callable, Mapping

from sealift.aws.failures import calling
from sealift.aws.session import AwsSession
from sealift.model.template import Json

Read = Callable[[AwsSession, str], Json]


def resource_policy(session: AwsSession, resource_type: str, physical_id: str) -> Json:
    """Return the policy of a resource, as text or as an object; None when it has none, or is not there."""
    with calling(f"read the policy of {resource_type} {physical_id}", accepted=("not-found", "bucket-not-found")):
        return READERS[resource_type](session, physical_id)
    return None


def _layer(session: AwsSession, arn: str) -> Json:
    name, _, version = arn.rpartition(":")
    return session.functions.get_layer_version_policy(LayerName=name, VersionNumber=int(version))["Policy"]


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
    with calling(f"read the policy of {arn}", accepted=("not-found",)):
        return session.dynamodb.get_resource_policy(ResourceArn=arn)["Policy"]
    return None


def _statements(document: dict[str, Json]) -> list[Json]:
    statements = document.get("Statement")
    return statements if isinstance(statements, list) else [statements]


def _file_system(session: AwsSession, file_system: str) -> Json:
    """Documented, not observed: https://docs.aws.amazon.com/efs/latest/ug/API_DescribeFileSystemPolicy.html"""
    answer: dict[str, Json] = session.efs.describe_file_system_policy(FileSystemId=file_system)
    return answer["Policy"]


def _domain(session: AwsSession, name: str) -> Json:
    """A domain of either engine; the second one's name answers for both.

    Documented, not observed: https://docs.aws.amazon.com/opensearch-service/latest/developerguide/rename.html
    """
    answer: Json = session.opensearch.describe_domain(DomainName=name)["DomainStatus"].get("AccessPolicies")
    return answer or None


def _collection_access(session: AwsSession, name: str) -> Json:
    """A data access policy has a shape of its own, which the proof reads.

    Documented, not observed: https://docs.aws.amazon.com/opensearch-service/latest/developerguide/serverless-data-access.html
    """
    answer: dict[str, Json] = session.opensearchserverless.get_access_policy(name=name, type="data")[
        "accessPolicyDetail"
    ]
    return answer.get("policy")


def _vault(session: AwsSession, name: str) -> Json:
    """Documented, not observed: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_GetBackupVaultAccessPolicy.html"""
    answer: dict[str, Json] = session.backup.get_backup_vault_access_policy(BackupVaultName=name)
    return answer.get("Policy")


def _access_point(session: AwsSession, name: str) -> Json:
    """Documented, not observed: https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_GetAccessPointPolicy.html"""
    account = session.sts.get_caller_identity()["Account"]
    answer: dict[str, Json] = session.s3control.get_access_point_policy(AccountId=account, Name=name)
    return answer["Policy"]


def _bucket(session: AwsSession, name: str) -> Json:
    return session.s3.get_bucket_policy(Bucket=name)["Policy"]


def _function(session: AwsSession, name: str) -> Json:
    """The name of a function, or the ARN of an alias."""
    return session.functions.get_policy(FunctionName=name)["Policy"]


def _key(session: AwsSession, key: str) -> Json:
    return session.kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"]


READERS: Mapping[str, Read] = {
    "AWS::ApiGateway::RestApi": _rest_api,
    "AWS::Backup::BackupVault": _vault,
    "AWS::Backup::LogicallyAirGappedBackupVault": _vault,
    "AWS::DynamoDB::GlobalTable": _table,
    "AWS::DynamoDB::Table": _table,
    "AWS::ECR::Repository": lambda s, name: s.ecr.get_repository_policy(repositoryName=name)["policyText"],
    "AWS::EFS::FileSystem": _file_system,
    "AWS::Elasticsearch::Domain": _domain,
    "AWS::Events::EventBus": lambda s, name: s.events.describe_event_bus(Name=name).get("Policy"),
    "AWS::KMS::Key": _key,
    "AWS::KMS::ReplicaKey": _key,
    "AWS::Kinesis::Stream": _stream,
    "AWS::Lambda::Alias": _function,
    "AWS::Lambda::Function": _function,
    "AWS::Lambda::LayerVersion": _layer,
    "AWS::OpenSearchServerless::AccessPolicy": _collection_access,
    "AWS::OpenSearchService::Domain": _domain,
    "AWS::S3::AccessPoint": _access_point,
    "AWS::S3::Bucket": _bucket,
    "AWS::S3Express::DirectoryBucket": _bucket,
    "AWS::SNS::Topic": lambda s, arn: s.sns.get_topic_attributes(TopicArn=arn)["Attributes"].get("Policy"),
    "AWS::SQS::Queue": lambda s, url: (
        s.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"]).get("Attributes", {}).get("Policy")
    ),
    "AWS::SecretsManager::Secret": lambda s, arn: s.secretsmanager.get_resource_policy(SecretId=arn).get(
        "ResourcePolicy"
    ),
}
"""How the policy of each type is read, by its physical id."""
