"""Resource types: how a name is given or generated, what Ref returns, and the ARNs of a resource and its parts.

One line a type. `name` is the property that gives the name; `style` how CloudFormation makes one up when there is
none; `ref` what Ref returns; `arn` and `parts` are ARN formats, by resource type as IAM calls it.
Sources: the CloudFormation resource reference (return values) and the service authorization reference.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from sealift.isolation.actions import Service, service
from sealift.isolation.patterns import TAIL

Style = Literal["stack", "lower", "id", "logical"]
"""`stack-LogicalId-Symbol`, the same in lower case, a symbol alone, or `LogicalId-Symbol`."""
RefKind = Literal["name", "arn", "url"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeFacts:
    """Facts about one CloudFormation type. `max_name` is the length at which generated names are cut."""

    service: str
    kind: str
    arn: str
    name: str | None = None
    style: Style = "stack"
    ref: RefKind = "name"
    parts: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, str] = field(default_factory=dict)
    max_name: int = 0
    known: bool = True


def _facts(
    iam: str, arn: str, *, name: str | None = None, how: str = "stack name", parts: str = "", attributes: str = ""
) -> TypeFacts:
    """`iam` is `service/type[/longest name]`; `how` is style and ref; parts and attributes are `key=format` pairs.

    In a key `+` is a space. In a format `~` is text without a colon: a star there may stand for the rest of an ARN that
    a pattern names, and what names another account or name would meet it.
    """
    prefix, kind, *cut = iam.split("/")
    style, ref = how.split()
    return TypeFacts(
        service=prefix,
        kind=kind,
        arn="arn:{p}:" + arn.replace("~", TAIL) if arn else "",
        name=name,
        style=style,  # type: ignore[arg-type]
        ref=ref,  # type: ignore[arg-type]
        parts=_pairs(parts),
        attributes=_pairs(attributes),
        max_name=int(cut[0]) if cut else 0,
    )


def _pairs(text: str) -> dict[str, str]:
    listed = (pair.partition("=") for pair in text.split())
    return {k.replace("+", " "): v.replace("~", TAIL) for k, _, v in listed}


_MAPPINGS = (
    "basepathmappings={arn}/basepathmappings basepathmapping={arn}/basepathmappings/~ "
    "apimappings={arn}/apimappings apimapping={arn}/apimappings/~"
)
_LISTENERS = " ".join(
    f"{what}/{kind}=arn:{{p}}:elasticloadbalancing:{{r}}:{{a}}:{what}/{kind}/{{n}}/~"
    for what, kind in (("listener", "app"), ("listener", "net"), ("listener-rule", "app"), ("listener-rule", "net"))
)
TYPES: Mapping[str, TypeFacts] = {
    "AWS::Lambda::Function": _facts(
        "lambda/function/64", "lambda:{r}:{a}:function:{n}", name="FunctionName",
        parts="function#q={arn}:$LATEST function+alias={arn}:? function+version={arn}:? function+version#2={arn}:?? "
        "durable+execution={arn}:~/durable-execution/~ "
        "logs.log-group=arn:{p}:logs:{r}:{a}:log-group:/aws/lambda/{n} "
        "logs.log-stream=arn:{p}:logs:{r}:{a}:log-group:/aws/lambda/{n}:log-stream:~",
    ),
    "AWS::Lambda::Version": _facts("lambda/function version", "", how="id arn"),
    "AWS::Lambda::Alias": _facts("lambda/function alias", "", how="id arn"),
    "AWS::Lambda::LayerVersion": _facts("lambda/layerversion", "lambda:{r}:{a}:layer:{n}:{s}", name="LayerName",
                                        how="stack arn"),
    "AWS::Lambda::EventSourceMapping": _facts(
        "lambda/eventsourcemapping", "lambda:{r}:{a}:event-source-mapping:{n}", how="id name"),
    "AWS::Lambda::CodeSigningConfig": _facts(
        "lambda/code signing config", "lambda:{r}:{a}:code-signing-config:{n}", how="id arn"),
    "AWS::DynamoDB::Table": _facts(
        "dynamodb/table/255", "dynamodb:{r}:{a}:table/{n}", name="TableName",
        parts="index={arn}/index/~ stream={arn}/stream/~T{t} backup={arn}/backup/{t}-{t} export={arn}/export/{t}-{t} "
        "import={arn}/import/{t}-{t}",
        attributes="StreamArn={arn}/stream/{s}",
    ),
    "AWS::DynamoDB::GlobalTable": _facts(
        "dynamodb/table/255", "dynamodb:{r}:{a}:table/{n}", name="TableName",
        parts="index={arn}/index/~ stream={arn}/stream/~T{t} backup={arn}/backup/{t}-{t} export={arn}/export/{t}-{t}",
        attributes="StreamArn={arn}/stream/{s}",
    ),
    "AWS::S3::Bucket": _facts(
        "s3/bucket/63", "s3:::{n}", name="BucketName", how="lower name", parts="object={arn}/*",
        attributes="DomainName={n}.s3.amazonaws.com RegionalDomainName={n}.s3.{r}.amazonaws.com",
    ),
    "AWS::S3::AccessPoint": _facts("s3/accesspoint", "s3:{r}:{a}:accesspoint/{n}", name="Name",
                                   parts="accesspointobject={arn}/object/*"),
    "AWS::SQS::Queue": _facts(
        "sqs/queue/80", "sqs:{r}:{a}:{n}", name="QueueName", how="stack url",
        attributes="QueueName={n} QueueUrl=https://sqs.{r}.amazonaws.com/{a}/{n}",
    ),
    "AWS::SNS::Topic": _facts("sns/topic/256", "sns:{r}:{a}:{n}", name="TopicName", how="stack arn",
                              attributes="TopicName={n} TopicArn={arn}"),
    "AWS::IAM::Role": _facts("iam/role/64", "iam::{a}:role{path}{n}", name="RoleName", parts="sts.role={arn}",
                            attributes="RoleId={s}"),
    "AWS::IAM::User": _facts("iam/user/64", "iam::{a}:user{path}{n}", name="UserName", parts="sts.user={arn}"),
    "AWS::IAM::Group": _facts("iam/group/128", "iam::{a}:group{path}{n}", name="GroupName"),
    "AWS::IAM::ManagedPolicy": _facts(
        "iam/policy/128", "iam::{a}:policy{path}{n}", name="ManagedPolicyName", how="stack arn"),
    "AWS::IAM::InstanceProfile": _facts(
        "iam/instance-profile", "iam::{a}:instance-profile{path}{n}", name="InstanceProfileName"),
    "AWS::IAM::OIDCProvider": _facts("iam/oidc-provider", "iam::{a}:oidc-provider/{n}", how="id arn"),
    "AWS::SecretsManager::Secret": _facts(
        "secretsmanager/secret", "secretsmanager:{r}:{a}:secret:{n}-{s}", name="Name", how="logical arn",
        attributes="Id={arn}"),
    "AWS::SSM::Parameter": _facts("ssm/parameter", "ssm:{r}:{a}:parameter{slash}{n}", name="Name"),
    "AWS::KMS::Key": _facts("kms/key", "kms:{r}:{a}:key/{n}", how="id name", attributes="KeyId={n}"),
    "AWS::KMS::Alias": _facts("kms/alias", "kms:{r}:{a}:{n}", name="AliasName"),
    "AWS::StepFunctions::StateMachine": _facts(
        "states/statemachine/80", "states:{r}:{a}:stateMachine:{n}", name="StateMachineName", how="stack arn",
        parts="execution=arn:{p}:states:{r}:{a}:execution:{n}:~ "
        "execution#maps=arn:{p}:states:{r}:{a}:execution:{n}/~:~ "
        "express#=arn:{p}:states:{r}:{a}:express:{n}:~ maprun=arn:{p}:states:{r}:{a}:mapRun:{n}/~:~",
        attributes="Name={n}"),
    "AWS::StepFunctions::Activity": _facts(
        "states/activity", "states:{r}:{a}:activity:{n}", name="Name", how="stack arn", attributes="Name={n}"),
    "AWS::Events::EventBus": _facts(
        "events/event-bus", "events:{r}:{a}:event-bus/{n}", name="Name", attributes="Name={n}",
        parts="rule-on-custom-event-bus=arn:{p}:events:{r}:{a}:rule/{n}/~"),
    "AWS::Events::Rule": _facts("events/rule-on-default-event-bus/64", "events:{r}:{a}:rule/{bus}{n}", name="Name"),
    "AWS::Events::Archive": _facts("events/archive", "events:{r}:{a}:archive/{n}", name="ArchiveName"),
    "AWS::Events::Connection": _facts("events/connection", "events:{r}:{a}:connection/{n}/{s}", name="Name"),
    "AWS::Events::ApiDestination": _facts(
        "events/api-destination", "events:{r}:{a}:api-destination/{n}/{s}", name="Name"),
    "AWS::Scheduler::Schedule": _facts("scheduler/schedule/64", "scheduler:{r}:{a}:schedule/{group}/{n}", name="Name"),
    "AWS::Scheduler::ScheduleGroup": _facts(
        "scheduler/schedule-group", "scheduler:{r}:{a}:schedule-group/{n}", name="Name",
        parts="schedule=arn:{p}:scheduler:{r}:{a}:schedule/{n}/~"),
    "AWS::Pipes::Pipe": _facts("pipes/pipe/64", "pipes:{r}:{a}:pipe/{n}", name="Name"),
    "AWS::Kinesis::Stream": _facts("kinesis/stream/128", "kinesis:{r}:{a}:stream/{n}", name="Name",
                                   parts="consumer={arn}/consumer/~:??????????"),
    "AWS::KinesisFirehose::DeliveryStream": _facts(
        "firehose/deliverystream/64", "firehose:{r}:{a}:deliverystream/{n}", name="DeliveryStreamName"),
    "AWS::Logs::LogGroup": _facts("logs/log-group", "logs:{r}:{a}:log-group:{n}", name="LogGroupName",
                                  parts="log-group#q={arn}:~ log-stream={arn}:log-stream:~",
                                  attributes="Arn={arn}:*"),
    "AWS::CloudWatch::Alarm": _facts("cloudwatch/alarm/255", "cloudwatch:{r}:{a}:alarm:{n}", name="AlarmName"),
    "AWS::CloudWatch::CompositeAlarm": _facts("cloudwatch/alarm", "cloudwatch:{r}:{a}:alarm:{n}", name="AlarmName"),
    "AWS::CloudWatch::Dashboard": _facts("cloudwatch/dashboard", "cloudwatch::{a}:dashboard/{n}", name="DashboardName"),
    "AWS::ApiGateway::RestApi": _facts(
        "execute-api/execute-api-general", "execute-api:{r}:{a}:{n}/*", how="id name",
        parts="apigateway.restapi=arn:{p}:apigateway:{r}::/restapis/{n} "
        "apigateway.restapi#q=arn:{p}:apigateway:{r}::/restapis/{n}/*",
        attributes="RestApiId={n} RootResourceId={s}"),
    "AWS::ApiGatewayV2::Api": _facts(
        "execute-api/execute-api-general", "execute-api:{r}:{a}:{n}/*", how="id name",
        parts="apigateway.api=arn:{p}:apigateway:{r}::/apis/{n} apigateway.api#q=arn:{p}:apigateway:{r}::/apis/{n}/*",
        attributes="ApiId={n} ApiEndpoint=https://{n}.execute-api.{r}.amazonaws.com"),
    "AWS::ApiGateway::Stage": _facts("apigateway/stage", "", name="StageName", how="id name"),
    "AWS::ApiGatewayV2::Stage": _facts("apigateway/stage", "", name="StageName", how="id name"),
    "AWS::ApiGateway::UsagePlan": _facts(
        "apigateway/usageplan", "apigateway:{r}::/usageplans/{n}", how="id name",
        parts="usageplankeys={arn}/keys usageplankey={arn}/keys/~"),
    "AWS::ApiGateway::ApiKey": _facts("apigateway/apikey", "apigateway:{r}::/apikeys/{n}", how="id name"),
    "AWS::ApiGateway::DomainName": _facts(
        "apigateway/domainname", "apigateway:{r}::/domainnames/{n}", name="DomainName", parts=_MAPPINGS),
    "AWS::ApiGatewayV2::DomainName": _facts(
        "apigateway/domainname", "apigateway:{r}::/domainnames/{n}", name="DomainName", parts=_MAPPINGS),
    "AWS::Cognito::UserPool": _facts("cognito-idp/userpool", "cognito-idp:{r}:{a}:userpool/{n}", how="id name",
                                     attributes="UserPoolId={n}"),
    "AWS::Cognito::IdentityPool": _facts(
        "cognito-identity/identitypool", "cognito-identity:{r}:{a}:identitypool/{n}", how="id name"),
    "AWS::AppSync::GraphQLApi": _facts(
        "appsync/graphqlapi", "appsync:{r}:{a}:apis/{n}", how="id arn", parts="field={arn}/types/*",
        attributes="ApiId={n}"),
    "AWS::CloudFormation::Stack": _facts(
        "cloudformation/stack/128", "cloudformation:{r}:{a}:stack/{n}/{s}", how="stack arn"),
    "AWS::ECR::Repository": _facts("ecr/repository", "ecr:{r}:{a}:repository/{n}", name="RepositoryName",
                                   how="lower name"),
    "AWS::ECS::Cluster": _facts("ecs/cluster", "ecs:{r}:{a}:cluster/{n}", name="ClusterName",
                                parts="task=arn:{p}:ecs:{r}:{a}:task/{n}/{t} service=arn:{p}:ecs:{r}:{a}:service/{n}/~ "
                                "container-instance=arn:{p}:ecs:{r}:{a}:container-instance/{n}/{t}"),
    "AWS::Glue::Schema": _facts("glue/schema", "glue:{r}:{a}:schema/~/{n}", name="Name", how="id arn"),
    "AWS::Kinesis::StreamConsumer": _facts(
        "kinesis/consumer", "kinesis:{r}:{a}:stream/{=StreamARN}/consumer/{n}:{s}", name="ConsumerName", how="id arn"
    ),
    "AWS::ECS::Service": _facts("ecs/service", "ecs:{r}:{a}:service/~/{n}", name="ServiceName", how="stack arn"),
    "AWS::ECS::TaskDefinition": _facts("ecs/task-definition", "ecs:{r}:{a}:task-definition/{n}:{s}", name="Family",
                                       how="stack arn"),
    "AWS::CodeDeploy::Application": _facts(
        "codedeploy/application", "codedeploy:{r}:{a}:application:{n}", name="ApplicationName",
        parts="deploymentgroup=arn:{p}:codedeploy:{r}:{a}:deploymentgroup:{n}/~"),
    "AWS::CodeDeploy::DeploymentGroup": _facts(
        "codedeploy/deploymentgroup", "codedeploy:{r}:{a}:deploymentgroup:{app}/{n}", name="DeploymentGroupName"),
    "AWS::CloudFront::Distribution": _facts("cloudfront/distribution", "cloudfront::{a}:distribution/{n}",
                                            how="id name", attributes="DomainName={s}.cloudfront.net Id={n}"),
    "AWS::EC2::VPC": _facts("ec2/vpc", "ec2:{r}:{a}:vpc/{n}", how="id name", attributes="VpcId={n}"),
    "AWS::EC2::Subnet": _facts("ec2/subnet", "ec2:{r}:{a}:subnet/{n}", how="id name", attributes="SubnetId={n}"),
    "AWS::EC2::SecurityGroup": _facts("ec2/security-group", "ec2:{r}:{a}:security-group/{n}", how="id name",
                                      attributes="GroupId={n}"),
    "AWS::RDS::DBInstance": _facts("rds/db", "rds:{r}:{a}:db:{n}", name="DBInstanceIdentifier", how="lower name",
                                   parts="rds-db.db-user=arn:{p}:rds-db:{r}:{a}:dbuser:{@DbiResourceId}/* "
                                   "snapshot=arn:{p}:rds:{r}:{a}:snapshot:rds:{n}-~"),
    "AWS::RDS::DBProxy": _facts("rds/proxy", "rds:{r}:{a}:db-proxy:{n}", how="id name",
                                attributes="DBProxyArn=arn:{p}:rds:{r}:{a}:db-proxy:{n}",
                                parts="rds-db.db-user=arn:{p}:rds-db:{r}:{a}:dbuser:{n}/*"),
    "AWS::RDS::DBCluster": _facts("rds/cluster", "rds:{r}:{a}:cluster:{n}", name="DBClusterIdentifier",
                                  how="lower name",
                                  parts="rds-db.db-user=arn:{p}:rds-db:{r}:{a}:dbuser:{@DBClusterResourceId}/* "
                                  "cluster-snapshot=arn:{p}:rds:{r}:{a}:cluster-snapshot:rds:{n}-~"),
    "AWS::Neptune::DBCluster": _facts(
        "rds/cluster", "rds:{r}:{a}:cluster:{n}", name="DBClusterIdentifier", how="lower name",
        parts="neptune-db.database=arn:{p}:neptune-db:{r}:{a}:{@ClusterResourceId}/*",
    ),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": _facts(
        "elasticloadbalancing/loadbalancer", "elasticloadbalancing:{r}:{a}:loadbalancer/~/{n}/{s}", name="Name",
        how="stack arn", parts=_LISTENERS + " loadbalancer/app/={arn} loadbalancer/net/={arn}"),
    "AWS::ElasticLoadBalancingV2::TargetGroup": _facts(
        "elasticloadbalancing/targetgroup", "elasticloadbalancing:{r}:{a}:targetgroup/{n}/{s}", name="Name",
        how="stack arn", attributes="TargetGroupName={n} TargetGroupFullName=targetgroup/{n}/{s}"),
    "AWS::XRay::Group": _facts("xray/group", "xray:{r}:{a}:group/{n}/{s}", name="GroupName", how="stack arn"),
}  # fmt: skip

_VARIABLE = re.compile(r"\$\{[^}]*\}")
_OPEN_END = re.compile(r"(:[\w-]+:)\*$")
_PARTLESS = frozenset(
    """
AWS::IAM::Policy AWS::IAM::RolePolicy AWS::IAM::UserPolicy AWS::IAM::GroupPolicy AWS::IAM::UserToGroupAddition
AWS::IAM::AccessKey AWS::IAM::ServiceLinkedRole
AWS::Lambda::Permission AWS::Lambda::LayerVersionPermission AWS::Lambda::EventInvokeConfig AWS::Lambda::Url
AWS::ApiGateway::Deployment AWS::ApiGateway::Resource AWS::ApiGateway::Method AWS::ApiGateway::Authorizer
AWS::ApiGateway::Account AWS::ApiGateway::Model AWS::ApiGateway::GatewayResponse AWS::ApiGateway::RequestValidator
AWS::ApiGateway::UsagePlanKey AWS::ApiGateway::BasePathMapping AWS::ApiGateway::DocumentationPart
AWS::ApiGateway::DocumentationVersion AWS::ApiGateway::BasePathMappingV2 AWS::ApiGateway::DomainNameAccessAssociation
AWS::ApiGatewayV2::Deployment AWS::ApiGatewayV2::Route AWS::ApiGatewayV2::Integration AWS::ApiGatewayV2::Authorizer
AWS::ApiGatewayV2::ApiMapping AWS::ApiGatewayV2::Model AWS::ApiGatewayV2::RouteResponse
AWS::ApiGatewayV2::IntegrationResponse AWS::ApiGatewayV2::ApiGatewayManagedOverrides
AWS::S3::BucketPolicy AWS::SQS::QueuePolicy AWS::SQS::QueueInlinePolicy AWS::SNS::TopicPolicy
AWS::SNS::TopicInlinePolicy AWS::SNS::Subscription AWS::SecretsManager::ResourcePolicy
AWS::SecretsManager::RotationSchedule AWS::SecretsManager::SecretTargetAttachment AWS::Events::EventBusPolicy
AWS::Logs::SubscriptionFilter AWS::Logs::MetricFilter AWS::Logs::LogStream AWS::Logs::ResourcePolicy
AWS::Logs::QueryDefinition AWS::Logs::AccountPolicy AWS::Logs::Delivery AWS::ECR::RepositoryPolicy
AWS::Cognito::UserPoolClient AWS::Cognito::UserPoolDomain AWS::Cognito::UserPoolGroup AWS::Cognito::UserPoolUser
AWS::Cognito::UserPoolResourceServer AWS::Cognito::UserPoolIdentityProvider AWS::Cognito::IdentityPoolRoleAttachment
AWS::Cognito::UserPoolUserToGroupAttachment AWS::Cognito::UserPoolUICustomizationAttachment
AWS::AppSync::GraphQLSchema AWS::AppSync::DataSource AWS::AppSync::Resolver AWS::AppSync::ApiKey
AWS::AppSync::FunctionConfiguration AWS::AppSync::ApiCache AWS::AppSync::DomainNameApiAssociation
AWS::CloudFormation::WaitCondition AWS::CloudFormation::WaitConditionHandle AWS::CloudFormation::CustomResource
AWS::CloudFormation::Macro AWS::StepFunctions::StateMachineVersion AWS::StepFunctions::StateMachineAlias
AWS::ApplicationAutoScaling::ScalableTarget AWS::ApplicationAutoScaling::ScalingPolicy
AWS::CloudFront::CloudFrontOriginAccessIdentity AWS::CloudFront::OriginAccessControl AWS::CloudFront::CachePolicy
AWS::Route53::RecordSet AWS::Route53::RecordSetGroup AWS::EC2::Route AWS::EC2::SubnetRouteTableAssociation
AWS::EC2::VPCGatewayAttachment AWS::EC2::SecurityGroupIngress AWS::EC2::SecurityGroupEgress AWS::EC2::EIPAssociation
AWS::Kinesis::ResourcePolicy AWS::DynamoDB::ResourcePolicy AWS::CDK::Metadata AWS::WAFv2::WebACLAssociation
AWS::EC2::SubnetNetworkAclAssociation AWS::EC2::NetworkAclEntry AWS::EC2::VPCDHCPOptionsAssociation
AWS::EC2::VolumeAttachment AWS::ElasticLoadBalancingV2::Listener AWS::ElasticLoadBalancingV2::ListenerRule
""".split()  # noqa: SIM905
)
_SERVICES = {
    "apigateway": "apigateway", "apigatewayv2": "apigateway", "kinesisfirehose": "firehose", "stepfunctions": "states",
    "cognito": "cognito-idp", "elasticloadbalancingv2": "elasticloadbalancing", "opensearchservice": "es",
    "elasticsearch": "es", "msk": "kafka", "efs": "elasticfilesystem", "certificatemanager": "acm", "iot": "iot",
    "amazonmq": "mq", "applicationautoscaling": "application-autoscaling", "autoscaling": "autoscaling",
    "pinpoint": "mobiletargeting", "docdb": "rds", "neptune": "rds", "servicecatalogappregistry": "servicecatalog",
    "resourcegroups": "resource-groups", "wafregional": "waf-regional", "codestarconnections": "codestar-connections",
    "emr": "elasticmapreduce", "timestream": "timestream", "location": "geo", "inspectorv2": "inspector2",
    "codestarnotifications": "codestar-notifications", "kinesisanalytics": "kinesisanalytics", "aps": "aps",
    "kinesisanalyticsv2": "kinesisanalytics", "ssmincidents": "ssm-incidents", "ssmcontacts": "ssm-contacts",
    "apptest": "apptest", "lakeformation": "lakeformation", "opensearchserverless": "aoss", "cassandra": "cassandra",
    "eventschemas": "schemas",
}  # fmt: skip


_KINDS = {
    "AWS::EC2::EIP": "elastic-ip", "AWS::KMS::ReplicaKey": "key", "AWS::MSK::ServerlessCluster": "cluster",
    "AWS::ElastiCache::CacheCluster": "cluster", "AWS::RDS::DBSubnetGroup": "subgrp",
    "AWS::RDS::DBParameterGroup": "pg", "AWS::RDS::DBClusterParameterGroup": "cluster-pg",
    "AWS::RDS::OptionGroup": "og", "AWS::RDS::EventSubscription": "es", "AWS::IoT::TopicRule": "rule",
    "AWS::IoT::Certificate": "cert", "AWS::SES::EmailIdentity": "identity",
    "AWS::ServiceDiscovery::HttpNamespace": "namespace", "AWS::ServiceDiscovery::PrivateDnsNamespace": "namespace",
    "AWS::ServiceDiscovery::PublicDnsNamespace": "namespace", "AWS::EC2::FlowLog": "vpc-flow-log",
}  # fmt: skip
"""IAM's name of the resource type where CloudFormation's is another one."""
ALSO: Mapping[tuple[str, str], tuple[tuple[str, str], ...]] = {
    ("rds", "cluster"): (("rds-data", "cluster"),),
    ("ec2", "instance"): (("ssm", "instance"), ("ec2-instance-connect", "instance")),
    ("ecs", "task"): (("ssm", "task"),),
    ("kafka", "cluster"): (("kafka-cluster", "cluster"),),
    ("redshift", "cluster"): (("redshift-data", "cluster"),),
    ("redshift-serverless", "workgroup"): (("redshift-data", "workgroup"),),
    ("cloudfront", "key-value-store"): (("cloudfront-keyvaluestore", "key-value-store"),),
    ("vpc-lattice", "service"): (("vpc-lattice-svcs", "service"),),
    ("iot", "thing"): (("iotjobsdata", "thing"),),
}
"""Services whose actions are on the ARNs of another service: rds-data:ExecuteStatement is on an RDS cluster."""


def has_parts(cfn_type: str) -> bool:
    """Return whether resources of this type have an ARN of their own that a permission could name."""
    return cfn_type not in _PARTLESS and not cfn_type.startswith("Custom::")


@lru_cache(maxsize=2048)
def facts(cfn_type: str) -> TypeFacts | None:
    """Return the facts about the type: from the table, else derived from IAM's facts; None when unknown."""
    known = TYPES.get(cfn_type)
    if known is not None or not has_parts(cfn_type):
        return known
    parts = cfn_type.split("::")
    if len(parts) != 3 or parts[0] != "AWS":
        return None
    prefix = _SERVICES.get(parts[1].lower(), parts[1].lower())
    iam = service(prefix)
    if iam is None:
        return None
    plain, meant = parts[2].lower(), _KINDS.get(cfn_type)
    for kind, arn in sorted(iam.types.items()):
        if arn and (kind == meant or (meant is None and re.sub(r"[^a-z0-9]", "", kind) == plain)):
            return _derived(iam, kind, parts[2])
    # How its ARN is built is not known, but that its own id is in it.
    return TypeFacts(
        service=prefix, kind="?", arn="arn:{p}:" + f"{prefix}:{{r}}:{{a}}:*{{n}}*", style="id", known=False
    )


def _derived(iam: Service, kind: str, resource: str) -> TypeFacts:
    """Turn `arn:${Partition}:athena:${Region}:${Account}:workgroup/${WorkGroupName}` into a format of ours."""
    located = _OPEN_END.sub(r"\1${Id}", _located(iam.types[kind]))
    variables = _VARIABLE.findall(located)
    own = variables[-1] if variables else ""
    # What has the resource's id in its own ARN lives inside it: the tables of a database.
    inside = {k: _format(arn, own) for k, arn in iam.types.items() if k != kind and own and own in arn}
    # An ARN that ends in an id is AWS's to choose: a `Name` property is then only a label.
    by_name = own.removesuffix("}").lower().endswith("name")
    return TypeFacts(
        service=iam.prefix,
        kind=kind,
        arn=_format(located, own),
        name=f"{resource}Name,Name" if by_name else None,
        style="id",
        parts=inside,
    )


def _located(arn: str) -> str:
    for variable, short in (("Partition", "p"), ("Region", "r"), ("Account", "a"), ("AccountId", "a")):
        arn = arn.replace(f"${{{variable}}}", f"{{{short}}}")
    return arn


def _format(arn: str, own: str) -> str:
    """Return a format of ours: `{n}` is the resource's own name, `{=X}` before it what its property X names."""
    before, found, after = _located(arn).partition(own or "\n")
    return _VARIABLE.sub(lambda v: f"{{={v[0][2:-1]}}}", before) + ("{n}" if found else "") + _VARIABLE.sub("*", after)
