"""Which resource types the pinned emulator creates, and why some others are left out.

A test compares KNOWN with the installed emulator, so that a new version of it cannot go unnoticed.
"""

_BY_SERVICE = """
ApiGateway: Account ApiKey Authorizer BasePathMapping Deployment DocumentationPart DocumentationVersion
ApiGateway: DomainName GatewayResponse Method Model RequestValidator Resource RestApi Stage UsagePlan
ApiGateway: UsagePlanKey
ApiGatewayV2: Api ApiMapping Authorizer DomainName Integration Route Stage
AppConfig: Application ConfigurationProfile Deployment DeploymentStrategy Environment
AppConfig: HostedConfigurationVersion
AppSync: ApiKey DataSource FunctionConfiguration GraphQLApi GraphQLSchema Resolver
Athena: WorkGroup
AutoScaling: AutoScalingGroup LaunchConfiguration LifecycleHook ScalingPolicy ScheduledAction
Backup: BackupPlan BackupVault
CDK: Metadata
CertificateManager: Certificate
CloudFormation: CustomResource Stack WaitCondition WaitConditionHandle
CloudFront: CachePolicy CloudFrontOriginAccessIdentity Distribution Function KeyValueStore OriginAccessControl
CloudFront: OriginRequestPolicy ResponseHeadersPolicy
CloudWatch: Alarm Dashboard
CodeBuild: Project
Cognito: IdentityPool IdentityPoolPrincipalTag IdentityPoolRoleAttachment UserPool UserPoolClient
Cognito: UserPoolDomain UserPoolGroup UserPoolResourceServer
DocDB: DBCluster DBClusterParameterGroup DBInstance DBSubnetGroup
DynamoDB: GlobalTable Table
EC2: InternetGateway LaunchTemplate Route RouteTable SecurityGroup Subnet SubnetRouteTableAssociation VPC
EC2: VPCEndpoint VPCGatewayAttachment
ECR: Repository
ECS: Cluster Service TaskDefinition
EFS: AccessPoint FileSystem MountTarget
EKS: Cluster Nodegroup
ElastiCache: CacheCluster ParameterGroup ReplicationGroup SubnetGroup User UserGroup
ElasticLoadBalancingV2: Listener ListenerRule LoadBalancer TargetGroup
Events: EventBus Rule
Glue: Connection Crawler Database Job Partition Table Trigger
IAM: InstanceProfile ManagedPolicy Policy Role User
IoT: CACertificate Certificate DomainConfiguration JobTemplate Policy PolicyPrincipalAttachment
IoT: ProvisioningTemplate Thing ThingGroup ThingPrincipalAttachment ThingType TopicRule
KMS: Alias Key
Kinesis: Stream
KinesisAnalyticsV2: Application ApplicationCloudWatchLoggingOption
KinesisFirehose: DeliveryStream
Lambda: Alias EventInvokeConfig EventSourceMapping Function LayerVersion LayerVersionPermission Permission Url
Lambda: Version
Location: Tracker
Logs: LogGroup LogStream MetricFilter ResourcePolicy SubscriptionFilter
OpenSearchService: Domain
Pipes: Pipe
RDS: DBCluster DBClusterParameterGroup DBInstance DBParameterGroup DBSubnetGroup
Route53: HostedZone RecordSet
S3: AccessPoint Bucket BucketPolicy MultiRegionAccessPoint
S3ObjectLambda: AccessPoint AccessPointPolicy
S3Tables: Namespace Table TableBucket
SES: ConfigurationSet ConfigurationSetEventDestination EmailIdentity
SNS: Subscription Topic TopicPolicy
SQS: Queue QueuePolicy
SSM: Parameter
Scheduler: Schedule ScheduleGroup
SecretsManager: Secret SecretTargetAttachment
ServiceDiscovery: HttpNamespace Instance PrivateDnsNamespace PublicDnsNamespace Service
Signer: ProfilePermission SigningProfile
StepFunctions: StateMachine
WAFv2: WebACL
"""

_ADDED = """
ApiGatewayV2: IntegrationResponse RouteResponse
Cognito: UserPoolUser UserPoolUserToGroupAttachment
Events: ApiDestination Connection
Kinesis: StreamConsumer
SES: Template
StepFunctions: Activity StateMachineAlias StateMachineVersion
"""

ADDED, KNOWN = (
    frozenset(
        f"AWS::{service}::{name}"
        for service, _, names in (line.partition(":") for line in lines.split("\n") if line)
        for name in names.split()
    )
    for lines in (_ADDED, _BY_SERVICE + _ADDED)
)
"""Types that our patches let the emulator create (`patches.more_types`), and all that it creates."""

REASONS = {
    "AWS::ApiGateway::ClientCertificate": "requests are not checked for client certificates here",
    "AWS::ApiGateway::VpcLink": "there is no network here",
    "AWS::ApiGatewayV2::ApiGatewayManagedOverrides": "it changes nothing that is observable here",
    "AWS::ApiGatewayV2::Deployment": "changes of an API are live at once here",
    "AWS::ApiGatewayV2::VpcLink": "there is no network here",
    "AWS::ApplicationAutoScaling": "nothing scales here",
    "AWS::ApplicationInsights": "nothing watches applications here",
    "AWS::CloudTrail": "no trail is kept here",
    "AWS::CloudWatch::CompositeAlarm": "only plain alarms exist here",
    "AWS::CodeDeploy": "traffic moves to a new version at once here",
    "AWS::DLM": "there are no disks here",
    "AWS::EC2": "there is no network here",
    "AWS::ResourceGroups": "resources are not grouped here",
    "AWS::Route53": "names are not resolved here",
    "AWS::Serverless": "it was not translated",
    "AWS::XRay": "nothing is traced here",
}
"""What to tell of a type, or of all types of a service, beyond that it is left out."""
