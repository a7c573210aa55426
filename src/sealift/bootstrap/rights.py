"""Every call that the adapters make, with the IAM actions it needs, on what, and why: the one list of rights.

`doctor` simulates it, and the page docs/reference/aws-rights.md is made from it. Tests read the calls from the source
of this package, and record those of a whole delivery: one that is not in the list fails them. Calls nothing.
"""

from collections.abc import Iterator

from sealift.bootstrap import needs
from sealift.bootstrap.needs import Need
from sealift.model.values import value

_PREFIXES = {
    "efs": "elasticfilesystem",
    "opensearch": "es",
    "opensearchserverless": "aoss",
    "s3control": "s3",
}
"""IAM's name of a service, where it is not botocore's."""


@value
class Right:
    """A call (`service:Operation`, as botocore names it) and the IAM actions that it needs on a resource.

    An empty call is one that AWS makes for another one of ours. `${…}` in the resource is the parameter of the call
    that names it.
    """

    need: Need
    call: str
    resource: str
    why: str
    actions: tuple[str, ...]


_AT = "arn:${Partition}:%s:${Region}:${Account}:"
STACK = _AT % "cloudformation" + "stack/${StackName}/*"
"""That of a nested stack begins with the name of the one it is in, and a dash."""
MACRO = "arn:${Partition}:cloudformation:${Region}:aws:transform/*"
BUCKET = "arn:${Partition}:s3:::${Bucket}"
OBJECT = "arn:${Partition}:s3:::${Bucket}/${Key}"
FUNCTION = _AT % "lambda" + "function:${FunctionName}"
LOG_GROUP = _AT % "logs" + "log-group:${logGroupName}"
TABLE = _AT % "dynamodb" + "table/${TableName}"
SECRET = _AT % "secretsmanager" + "secret:${SecretId}"
PARAMETER = _AT % "ssm" + "parameter/${Name}"
REST_API = "arn:${Partition}:apigateway:${Region}::/restapis/${restApiId}"
KEY = _AT % "kms" + "key/${KeyId}"
SNAPSHOT = _AT % "rds" + "snapshot:${DBSnapshotIdentifier}"
CLUSTER_SNAPSHOT = _AT % "rds" + "cluster-snapshot:${DBClusterSnapshotIdentifier}"
ROLE, USER, GROUP, POLICY = (
    "arn:${Partition}:iam::${Account}:" + kind
    for kind in ("role/${RoleName}", "user/${UserName}", "group/${GroupName}", "policy/${PolicyArn}")
)
PROVIDER = "arn:${Partition}:iam::${Account}:oidc-provider/${OpenIDConnectProviderArn}"
EVERYTHING = "*"
"""IAM knows no resource for the action, or not for all that the call asks, so it is allowed on everything or not."""


def _of(need: Need, *rows: tuple[str, ...]) -> Iterator[Right]:
    """Yield rights from rows of call, resource, reason and actions; without actions it is one of the call's name."""
    for call, resource, why, *actions in rows:
        service, _, name = call.partition(":")
        own = (f"{_PREFIXES.get(service, service)}:{name}",)
        yield Right(need=need, call=call, resource=resource, why=why, actions=tuple(actions) or own)


RIGHTS: tuple[Right, ...] = (
    *_of(
        needs.LOOK,
        ("cloudformation:DescribeStacks", STACK, "state, outputs, tags"),
        ("cloudformation:ListStackResources", STACK, "what is in a stack, by physical id"),
        ("s3:GetObject", OBJECT, "ledger, lease, releases, configurations, certificates"),
        ("s3:ListObjectsV2", BUCKET, "the ledger's entries; without it S3 denies what is not there", "s3:ListBucket"),
    ),
    *_of(needs.DEPLOYED, ("cloudformation:GetTemplate", STACK, "of a stack, or of a change set")),
    *_of(
        needs.UNDECLARED,
        ("cloudformation:DescribeStacks", EVERYTHING, "the tags of every stack of the account and region"),
        ("", EVERYTHING, "AWS asks for it when no stack is named", "cloudformation:ListStacks"),
    ),
    *_of(
        needs.DRIFT,
        ("cloudformation:DetectStackDrift", STACK, "have AWS look"),
        ("cloudformation:DescribeStackDriftDetectionStatus", EVERYTHING, "whether it has looked"),
        ("cloudformation:DescribeStackResourceDrifts", STACK, "what differs"),
    ),
    *_of(
        needs.RECORD,
        ("s3:GetBucketTagging", BUCKET, "whether the bucket is set up"),
        (
            "s3:PutObject",
            OBJECT,
            "ledger entries and lease, each on a condition; releases, configurations, certificates",
        ),
    ),
    *_of(
        needs.BUCKET_MADE,
        ("s3:CreateBucket", BUCKET, "make it"),
        ("s3:PutPublicAccessBlock", BUCKET, "keep it private", "s3:PutBucketPublicAccessBlock"),
        ("s3:PutBucketOwnershipControls", BUCKET, "no access lists"),
        ("s3:PutBucketEncryption", BUCKET, "encrypt", "s3:PutEncryptionConfiguration"),
        ("s3:PutBucketVersioning", BUCKET, "keep what is overwritten"),
        ("s3:PutBucketLifecycleConfiguration", BUCKET, "forget unfinished uploads", "s3:PutLifecycleConfiguration"),
        ("s3:PutBucketPolicy", BUCKET, "TLS only"),
        ("s3:PutBucketTagging", BUCKET, "say that it is set up"),
    ),
    *_of(
        needs.DEPLOY,
        ("s3:HeadObject", OBJECT, "whether a blob is there already", "s3:GetObject"),
        ("cloudformation:CreateChangeSet", STACK, "ask what would change"),
        ("", MACRO, "the SAM transform, and AWS's other macros", "cloudformation:CreateChangeSet"),
        ("", OBJECT, "CloudFormation and Lambda fetch templates and code for the caller", "s3:GetObject"),
        ("cloudformation:DescribeChangeSet", STACK, "read it for the data guard"),
        ("cloudformation:ExecuteChangeSet", STACK, "change the stack"),
        ("cloudformation:DeleteChangeSet", STACK, "clear away one that was declined or is empty"),
        ("cloudformation:DescribeStackEvents", STACK, "progress, and the cause of a failure"),
        ("cloudformation:DescribeEvents", STACK, "why a template is refused before anything is changed"),
        ("cloudformation:ContinueUpdateRollback", STACK, "go on, once, with a rollback that failed"),
        ("cloudformation:DeleteStack", STACK, "the empty remains of a first creation that failed or was declined"),
        ("lambda:GetFunctionConfiguration", FUNCTION, "read back which code runs"),
    ),
    *_of(needs.ASSUME, ("sts:AssumeRole", ROLE, "that one role")),
    *_of(needs.PASS, ("", ROLE, "hand that one role over", "iam:PassRole")),
    *_of(
        needs.LARGE,
        ("s3:ListMultipartUploads", BUCKET, "whether one was begun before", "s3:ListBucketMultipartUploads"),
        ("s3:ListParts", OBJECT, "what a killed one has sent", "s3:ListMultipartUploadParts"),
        ("s3:CreateMultipartUpload", OBJECT, "begin", "s3:PutObject"),
        ("s3:UploadPart", OBJECT, "send a part", "s3:PutObject"),
        ("s3:CompleteMultipartUpload", OBJECT, "end", "s3:PutObject"),
    ),
    *_of(
        needs.PROTECT,
        ("cloudformation:UpdateTerminationProtection", STACK, "on; and off, before `destroy`"),
    ),
    *_of(
        needs.SETTINGS,
        ("ssm:DescribeParameters", EVERYTHING, "whether they are there"),
        ("secretsmanager:DescribeSecret", SECRET, "whether they are there"),
    ),
    *_of(
        needs.CONFIGURE,
        ("ssm:GetParametersByPath", _AT % "ssm" + "parameter/${Path}", "list the parameters"),
        ("secretsmanager:ListSecrets", EVERYTHING, "list the secrets"),
        ("ssm:GetParameter", PARAMETER, "read a value"),
        ("ssm:GetParameters", PARAMETER, "read ten values by one call; without it each is read alone"),
        ("secretsmanager:GetSecretValue", SECRET, "read a value"),
        ("ssm:PutParameter", PARAMETER, "write a value"),
        ("secretsmanager:CreateSecret", SECRET, "make a secret"),
        ("secretsmanager:PutSecretValue", SECRET, "write a value"),
        ("secretsmanager:RestoreSecret", SECRET, "restore a secret that waits for its deletion"),
        ("ssm:DeleteParameter", PARAMETER, "delete a parameter"),
        ("secretsmanager:DeleteSecret", SECRET, "delete a secret"),
    ),
    *_of(
        needs.OUTSIDE,
        ("s3:HeadObject", OBJECT, "whether it is there", "s3:GetObject"),
        ("", BUCKET, "without it S3 denies what is not there", "s3:ListBucket"),
        ("ecr:DescribeImages", _AT % "ecr" + "repository/${repositoryName}", "whether an image is there"),
    ),
    *_of(needs.SHIFT, ("lambda:GetAlias", FUNCTION, "how much of the traffic each version has")),
    *_of(
        needs.FAILED,
        ("lambda:GetFunctionConfiguration", FUNCTION, "where it logs"),
        ("logs:DescribeLogStreams", LOG_GROUP, "the newest ones"),
        ("logs:GetLogEvents", LOG_GROUP + ":log-stream:${logStreamName}", "what the function said last"),
    ),
    *_of(
        needs.LOGS,
        ("lambda:GetFunctionConfiguration", FUNCTION, "where a function logs"),
        ("logs:FilterLogEvents", LOG_GROUP, "what the functions logged"),
    ),
    *_of(needs.INVOKE, ("lambda:Invoke", FUNCTION, "call the function", "lambda:InvokeFunction")),
    *_of(needs.HOOKS, ("lambda:Invoke", FUNCTION, "run the hook", "lambda:InvokeFunction")),
    *_of(
        needs.HEALTH,
        ("cloudwatch:DescribeAlarms", EVERYTHING, "the states of alarms, composite ones too"),
        ("cloudwatch:GetMetricData", EVERYTHING, "requests, errors, latency"),
        ("apigateway:GetRestApi", REST_API, "the name that its metrics are kept under", "apigateway:GET"),
    ),
    *_of(
        needs.BACKUP,
        ("dynamodb:ListBackups", EVERYTHING, "one that was asked for before a kill"),
        ("dynamodb:CreateBackup", TABLE, "ask for one"),
        ("dynamodb:DescribeBackup", TABLE + "/backup/${BackupArn}", "wait until it is complete"),
        ("rds:CreateDBSnapshot", SNAPSHOT, "ask for one; on the database, too"),
        ("rds:DescribeDBSnapshots", SNAPSHOT, "wait until it is complete"),
        ("rds:CreateDBClusterSnapshot", CLUSTER_SNAPSHOT, "ask for one; on the cluster, too"),
        ("rds:DescribeDBClusterSnapshots", CLUSTER_SNAPSHOT, "wait until it is complete"),
    ),
    *_of(
        needs.DESTROY,
        ("s3:ListObjectVersions", BUCKET, "what is in a bucket of the stack", "s3:ListBucketVersions"),
        ("s3:DeleteObjects", OBJECT, "empty it", "s3:DeleteObject", "s3:DeleteObjectVersion"),
        ("cloudformation:DeleteStack", STACK, "delete it"),
        ("cloudformation:DescribeStackEvents", STACK, "what was kept, or is in the way"),
    ),
    *_of(needs.SIGN, ("kms:Sign", KEY, "sign the digest of the manifest")),
    *_of(
        needs.LIVE,
        *(
            (f"iam:{name}", ROLE, "what each role may do, and who may assume it")
            for name in ("GetRole", "ListRolePolicies", "GetRolePolicy", "ListAttachedRolePolicies")
        ),
        *(
            (f"iam:{name}", USER, "the same of users")
            for name in ("GetUser", "ListUserPolicies", "GetUserPolicy", "ListAttachedUserPolicies")
        ),
        ("iam:ListGroupsForUser", USER, "the groups of a user"),
        *(
            (f"iam:{name}", GROUP, "the same of groups")
            for name in ("GetGroup", "ListGroupPolicies", "GetGroupPolicy", "ListAttachedGroupPolicies")
        ),
        *((f"iam:{name}", POLICY, "managed policies and boundaries") for name in ("GetPolicy", "GetPolicyVersion")),
        ("lambda:GetFunctionConfiguration", FUNCTION, "role and environment variables of a function"),
        ("lambda:ListEventSourceMappings", EVERYTHING, "the queues and streams that feed it"),
        ("lambda:GetPolicy", FUNCTION, "who may invoke it"),
        ("lambda:GetLayerVersionPolicy", _AT % "lambda" + "layer:${LayerName}:${VersionNumber}", "who may use it"),
        ("lambda:GetAccountSettings", EVERYTHING, "the concurrency that environments share"),
        ("s3:GetBucketPolicy", BUCKET, "the policy of a bucket of the stack"),
        ("sqs:GetQueueAttributes", _AT % "sqs" + "${QueueUrl}", "the policy of a queue"),
        ("sns:GetTopicAttributes", _AT % "sns" + "${TopicArn}", "the policy of a topic"),
        ("kms:GetKeyPolicy", KEY, "the policy of a key"),
        ("events:DescribeEventBus", _AT % "events" + "event-bus/${Name}", "the policy of a bus"),
        ("ecr:GetRepositoryPolicy", _AT % "ecr" + "repository/${repositoryName}", "the policy of a repository"),
        ("kinesis:DescribeStreamSummary", _AT % "kinesis" + "stream/${StreamName}", "the ARN of a stream"),
        ("kinesis:GetResourcePolicy", _AT % "kinesis" + "stream/${ResourceARN}", "the policy of a stream"),
        ("dynamodb:DescribeTable", TABLE, "the ARNs of a table and its stream"),
        ("dynamodb:GetResourcePolicy", _AT % "dynamodb" + "table/${ResourceArn}", "the policy of each"),
        ("s3control:GetAccessPointPolicy", _AT % "s3" + "accesspoint/${Name}", "the policy of an access point"),
        (
            "efs:DescribeFileSystemPolicy",
            _AT % "elasticfilesystem" + "file-system/${FileSystemId}",
            "the policy of one",
        ),
        ("opensearch:DescribeDomain", _AT % "es" + "domain/${DomainName}", "the policy of a domain"),
        ("opensearchserverless:GetAccessPolicy", EVERYTHING, "who may use a collection"),
        ("backup:GetBackupVaultAccessPolicy", _AT % "backup" + "backup-vault:${BackupVaultName}", "that of a vault"),
        ("secretsmanager:GetResourcePolicy", SECRET, "the policy of a secret"),
        ("apigateway:GetRestApi", REST_API, "the policy of an API", "apigateway:GET"),
    ),
    *_of(needs.COMPARE, ("secretsmanager:GetSecretValue", SECRET, "whether two environments have the same one")),
    *_of(
        needs.GUARDRAILS,
        ("organizations:ListParents", EVERYTHING, "the units above the account"),
        ("organizations:ListPoliciesForTarget", EVERYTHING, "the policies of each"),
        ("organizations:DescribePolicy", EVERYTHING, "what they say"),
    ),
    *_of(
        needs.BOOTSTRAP,
        ("cloudformation:DescribeStacks", STACK, "whether it is there"),
        ("cloudformation:ListStackResources", STACK, "whether the identity provider is in it"),
        ("cloudformation:GetTemplate", STACK, "what is live, with `--diff`"),
        ("cloudformation:DetectStackDrift", STACK, "what was changed by hand"),
        ("cloudformation:DescribeStackDriftDetectionStatus", EVERYTHING, "whether AWS has looked"),
        ("cloudformation:DescribeStackResourceDrifts", STACK, "what was changed by hand"),
        ("cloudformation:CreateChangeSet", STACK, "ask what would change"),
        ("cloudformation:DescribeChangeSet", STACK, "see that no bucket would be left behind"),
        ("cloudformation:ExecuteChangeSet", STACK, "make it"),
        ("cloudformation:DeleteChangeSet", STACK, "clear away one that is empty or was declined"),
        ("cloudformation:DescribeStackEvents", STACK, "progress, and the cause of a failure"),
        ("cloudformation:DescribeEvents", STACK, "why a template is refused before anything is changed"),
        ("cloudformation:DeleteStack", STACK, "the empty remains of a creation that failed"),
        ("iam:GetOpenIDConnectProvider", PROVIDER, "whether the account knows the CI's tokens"),
    ),
    *_of(
        needs.COMPARED,
        ("cloudformation:DescribeStacks", STACK, "whether it is there"),
        ("cloudformation:ListStackResources", STACK, "whether the identity provider is in it"),
        ("cloudformation:GetTemplate", STACK, "what is live"),
        ("iam:GetOpenIDConnectProvider", PROVIDER, "whether the account knows the CI's tokens"),
    ),
    *_of(
        needs.SIMULATE,
        ("iam:SimulatePrincipalPolicy", ROLE, "what each role of the environment may do; or a user"),
        ("iam:GetRole", ROLE, "the path of the role in use, when `role` does not say it"),
    ),
    *_of(needs.PROBE, ("sts:AssumeRole", ROLE, "the roles of the environment's functions")),
)
