"""Which resource types hold data, which are known to others by an address, and which properties protect them.

The list of stores starts from the one in cfn-lint (StatefulResources.json) and adds newer services.
"""

STORES: dict[str, str] = {
    "AWS::Backup::BackupVault": "backups",
    "AWS::Cassandra::Keyspace": "tables",
    "AWS::Cassandra::Table": "rows",
    "AWS::Cognito::UserPool": "user accounts",
    "AWS::Cognito::IdentityPool": "user identities",
    "AWS::DSQL::Cluster": "a database",
    "AWS::DocDB::DBCluster": "a database",
    "AWS::DocDB::DBInstance": "a database",
    "AWS::DynamoDB::GlobalTable": "items",
    "AWS::DynamoDB::Table": "items",
    "AWS::EC2::Volume": "a disk",
    "AWS::ECR::Repository": "images",
    "AWS::EFS::FileSystem": "files",
    "AWS::EMR::Cluster": "a cluster's data",
    "AWS::ElastiCache::CacheCluster": "cached data",
    "AWS::ElastiCache::ReplicationGroup": "cached data",
    "AWS::Elasticsearch::Domain": "indexes",
    "AWS::Events::Archive": "archived events",
    "AWS::FSx::FileSystem": "files",
    "AWS::KMS::Key": "the key that decrypts other data",
    "AWS::Kinesis::Stream": "records",
    "AWS::Logs::LogGroup": "logs",
    "AWS::MemoryDB::Cluster": "a database",
    "AWS::Neptune::DBCluster": "a database",
    "AWS::Neptune::DBInstance": "a database",
    "AWS::OpenSearchServerless::Collection": "indexes",
    "AWS::OpenSearchService::Domain": "indexes",
    "AWS::Organizations::Account": "a whole account",
    "AWS::QLDB::Ledger": "a ledger",
    "AWS::RDS::DBCluster": "a database",
    "AWS::RDS::DBInstance": "a database",
    "AWS::RDS::GlobalCluster": "a database",
    "AWS::Redshift::Cluster": "a warehouse",
    "AWS::S3::Bucket": "objects",
    "AWS::S3Express::DirectoryBucket": "objects",
    "AWS::S3Tables::TableBucket": "tables",
    "AWS::SDB::Domain": "items",
    "AWS::SQS::Queue": "messages",
    "AWS::SSM::Parameter": "a setting",
    "AWS::SecretsManager::Secret": "a secret",
    "AWS::Timestream::Database": "measurements",
    "AWS::Timestream::Table": "measurements",
}
"""Type → what is lost with it."""

IDENTITIES: dict[str, str] = {
    "AWS::ApiGateway::RestApi": "its address changes, and every client breaks",
    "AWS::ApiGateway::DomainName": "its domain stops answering",
    "AWS::ApiGateway::ApiKey": "clients' keys stop working",
    "AWS::ApiGatewayV2::Api": "its address changes, and every client breaks",
    "AWS::ApiGatewayV2::DomainName": "its domain stops answering",
    "AWS::AppSync::GraphQLApi": "its address changes, and every client breaks",
    "AWS::CloudFront::Distribution": "its address changes",
    "AWS::Cognito::UserPoolClient": "its client id changes, and every application that uses it breaks",
    "AWS::Cognito::UserPoolDomain": "the sign-in page moves",
    "AWS::Events::EventBus": "senders and rules of others lose it",
    "AWS::Lambda::Url": "its address changes",
    "AWS::SNS::Topic": "its subscribers are lost",
}
"""Type → what breaks when it is removed or replaced."""

PROTECTIONS: dict[tuple[str, str], str] = {
    ("AWS::DynamoDB::Table", "DeletionProtectionEnabled"): "deletion protection",
    ("AWS::DynamoDB::Table", "PointInTimeRecoverySpecification"): "point-in-time recovery",
    ("AWS::DynamoDB::Table", "StreamSpecification"): "its stream, with the records that are still in it",
    ("AWS::DynamoDB::Table", "TimeToLiveSpecification"): "the expiry of its items",
    ("AWS::DynamoDB::Table", "SSESpecification"): "encryption with its own key",
    ("AWS::DynamoDB::GlobalTable", "DeletionProtectionEnabled"): "deletion protection",
    ("AWS::DynamoDB::GlobalTable", "StreamSpecification"): "its stream, with the records that are still in it",
    ("AWS::DynamoDB::GlobalTable", "TimeToLiveSpecification"): "the expiry of its items",
    ("AWS::S3::Bucket", "VersioningConfiguration"): "versioning",
    ("AWS::S3::Bucket", "BucketEncryption"): "encryption with its own key",
    ("AWS::RDS::DBInstance", "BackupRetentionPeriod"): "automatic backups",
    ("AWS::RDS::DBInstance", "DeletionProtection"): "deletion protection",
    ("AWS::RDS::DBCluster", "DeletionProtection"): "deletion protection",
    ("AWS::EFS::FileSystem", "BackupPolicy"): "automatic backups",
    ("AWS::DocDB::DBCluster", "DeletionProtection"): "deletion protection",
    ("AWS::Neptune::DBCluster", "DeletionProtection"): "deletion protection",
    ("AWS::Cognito::UserPool", "DeletionProtection"): "deletion protection",
    ("AWS::ElastiCache::ReplicationGroup", "AutomaticFailoverEnabled"): "automatic failover",
}
"""(Type, property) → the protection that is lost when its value is switched off."""

_STATELESS = """
ApiGateway::Account ApiGateway::Authorizer ApiGateway::BasePathMapping ApiGateway::Deployment
ApiGateway::GatewayResponse ApiGateway::Method ApiGateway::Model ApiGateway::RequestValidator ApiGateway::Resource
ApiGateway::Stage ApiGateway::UsagePlan ApiGatewayV2:: ApplicationAutoScaling:: CDK::Metadata
CloudFormation::WaitCondition CloudWatch:: CodeDeploy:: Events::Connection Events::Rule IAM::Group
IAM::InstanceProfile IAM::ManagedPolicy IAM::Policy IAM::Role KMS::Alias Lambda:: Logs::MetricFilter
Logs::SubscriptionFilter Pipes::Pipe S3::BucketPolicy SNS::Subscription SNS::TopicPolicy SQS::QueuePolicy
Scheduler::Schedule
"""
STATELESS = tuple(f"AWS::{name}" for name in _STATELESS.split())
"""Beginnings of the types that are known to hold no data: what CloudFormation makes again is all that there was."""
