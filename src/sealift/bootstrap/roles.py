"""What each role may do: deploy, plan and verify. A test holds them against every call of a whole delivery."""

from collections.abc import Iterator, Mapping, Sequence

from sealift.bootstrap.boundary import MACROS, allow
from sealift.bootstrap.owned import bootstrap_of, by_tag, owned, roles_of, stacks_of
from sealift.bootstrap.target import BootstrapTarget, sub, subs
from sealift.model.template import Json

COMMANDS: Mapping[str, Sequence[str]] = {
    "deploy": (
        *("run", "deploy", "promote", "rollback", "resume", "approve", "waive", "destroy"),
        *("outputs", "open", "logs", "invoke", "config", "doctor"),
    ),
    "plan": ("drift", "diff", "prove"),
    "verify": ("status", "history", "ledger", "release"),
}
"""What each role is for."""
_READ_STACKS = "DescribeStacks ListStackResources GetTemplate"
_DRIFT = "DetectStackDrift DescribeStackResourceDrifts"
_CHANGE_STACKS = (
    "DescribeStackEvents DescribeEvents CreateChangeSet DescribeChangeSet ExecuteChangeSet DeleteChangeSet"
    " ContinueUpdateRollback DeleteStack UpdateTerminationProtection"
)
_POLICIES: Mapping[str, Sequence[str]] = {
    "dynamodb": ("DescribeTable", "GetResourcePolicy"),
    "events": ("DescribeEventBus",),
    "kinesis": ("DescribeStreamSummary", "GetResourcePolicy"),
    "lambda": ("GetFunctionConfiguration", "GetPolicy", "GetLayerVersionPolicy"),
    "s3": ("GetBucketPolicy",),
    "sns": ("GetTopicAttributes",),
    "sqs": ("GetQueueAttributes",),
}
"""What `prove --live` reads of each service's resources."""
_PARTS = {"dynamodb": "table/", "events": "event-bus/", "kinesis": "stream/"}


def deploy(target: BootstrapTarget) -> Iterator[Json]:
    """Yield the permissions of the role that deploys. It creates nothing itself; it passes the CloudFormation role."""
    used = target.services
    yield _stacks(target, _READ_STACKS, _CHANGE_STACKS, _DRIFT)
    yield from _doctor(target)
    yield allow("Macros", "cloudformation:CreateChangeSet", sub(MACROS))
    yield allow("HandOver", "iam:PassRole", sub(target.role_arn("cloudformation")))
    # IAM knows nothing narrower for these; they only read.
    wide = ["cloudformation:DescribeStackDriftDetectionStatus", "cloudwatch:DescribeAlarms", "cloudwatch:GetMetricData"]
    wide += ["secretsmanager:ListSecrets", "ssm:DescribeParameters"]
    wide += ["dynamodb:ListBackups"] if "dynamodb" in used else []
    yield allow("NothingNarrower", list(wide), "*")
    yield _bucket(target, "ListBucket GetBucketTagging ListBucketMultipartUploads")
    # Nothing that is written there can be deleted again, and the policy of the bucket keeps what must not change.
    yield _objects(target, "GetObject PutObject ListMultipartUploadParts")
    if "lambda" in used:
        functions = [arn for arn in owned(target, "lambda") if ":function:" in arn]
        yield allow("Functions", "lambda:GetFunctionConfiguration GetAlias InvokeFunction", subs(functions))
        logs = [arn for arn in owned(target, "logs") if "/aws/lambda/" in arn]
        yield allow("Logs", "logs:DescribeLogStreams FilterLogEvents GetLogEvents", subs(logs))
    yield from _apis(target)
    if "secretsmanager" in used:
        at = "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:"
        secrets = [f"{at}{stack}{end}" for stack in target.stacks for end in ("-*", "/*")]
        yield allow("Secrets", "secretsmanager:DescribeSecret", subs(secrets))
    yield from _settings(target)
    if "dynamodb" in used:
        yield allow("Backups", "dynamodb:CreateBackup DescribeBackup", subs(owned(target, "dynamodb")))
    if target.previews:  # one takes its folder along when it goes
        yield allow("ListGone", "s3:ListBucketVersions", sub(target.bucket_arn))
        yield allow("Gone", "s3:DeleteObject DeleteObjectVersion", sub(f"{target.bucket_arn}/{target.folder}*"))
    if target.may_destroy and "s3" in used:
        buckets = owned(target, "s3")
        emptying = "s3:ListBucketVersions DeleteObject DeleteObjectVersion"
        yield allow("Destroy", emptying, subs([*buckets, *(f"{one}/*" for one in buckets)]))


def _doctor(target: BootstrapTarget) -> Iterator[Json]:
    """Yield what `doctor` needs to compare the bootstrap stack, and to say what its roles lack."""
    yield allow("Bootstrap", f"cloudformation:{_READ_STACKS}", sub(bootstrap_of(target)))
    if target.trust.issuer:
        at = "arn:${AWS::Partition}:iam::${AWS::AccountId}:oidc-provider/"
        yield allow("Provider", "iam:GetOpenIDConnectProvider", sub(at + target.trust.issuer))
    roles = ("cloudformation", "deploy", *(() if target.previews else ("plan", "verify")))
    yield allow("Rights", "iam:SimulatePrincipalPolicy", subs([target.role_arn(role) for role in roles]))


def _settings(target: BootstrapTarget) -> Iterator[Json]:
    """Yield what `sealift config` needs: to list, read and write what is below /<app>/<environment>/."""
    at = "arn:${{AWS::Partition}}:{}:${{AWS::Region}}:${{AWS::AccountId}}:{}/" + f"{target.app}/{target.environment}"
    whole = at.format("ssm", "parameter")
    names = "ssm:GetParametersByPath GetParameter GetParameters PutParameter DeleteParameter"
    yield allow("Settings", names, subs([whole, f"{whole}/*"]))
    secrets = "secretsmanager:CreateSecret DeleteSecret DescribeSecret GetSecretValue PutSecretValue RestoreSecret"
    yield allow("OwnSecrets", secrets, sub(at.format("secretsmanager", "secret:") + "/*"))


def plan(target: BootstrapTarget) -> Iterator[Json]:
    """Yield the permissions of the role that plans: it reads what is deployed and in force."""
    used = target.services
    yield _stacks(target, _READ_STACKS, _DRIFT)
    wide = ["cloudformation:DescribeStackDriftDetectionStatus"]
    wide += ["lambda:GetAccountSettings", "lambda:ListEventSourceMappings"] if "lambda" in used else []
    yield allow("NothingNarrower", list(wide), "*")
    yield _objects(target, "GetObject")
    yield _bucket(target, "ListBucket")
    # What is in force: the roles of the stacks and the four here, and the policies of resources.
    here = [target.role_arn(role) for role in ("cloudformation", "deploy", "plan", "verify")]
    reading = "iam:GetRole ListRolePolicies GetRolePolicy ListAttachedRolePolicies"
    yield allow("Roles", reading, subs([*roles_of(target), *here]))
    policies = ["arn:${AWS::Partition}:iam::aws:policy/*", target.boundary_arn]
    policies += [f"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:policy/{stack}-*" for stack in target.stacks]
    yield allow("Policies", "iam:GetPolicy GetPolicyVersion", subs(policies))
    read = [service for service in _POLICIES if service in used]
    if read:
        actions: list[Json] = [f"{service}:{name}" for service in read for name in _POLICIES[service]]
        arns = [arn for service in read for arn in owned(target, service) if _PARTS.get(service, "") in arn]
        yield allow("PoliciesOfResources", actions, subs(arns))
    tagged = ["apigateway:GET"] if "apigateway" in used else []
    tagged += ["secretsmanager:GetResourcePolicy"] if "secretsmanager" in used else []
    if tagged:
        yield allow("PoliciesByTag", list(tagged), "*", by_tag(target))


def verify(target: BootstrapTarget) -> Iterator[Json]:
    """Yield the permissions of the role that verifies a deployment."""
    yield _stacks(target, "DescribeStacks ListStackResources")
    yield _objects(target, "GetObject")
    yield _bucket(target, "ListBucket")
    yield allow("Health", "cloudwatch:DescribeAlarms GetMetricData", "*")
    yield from _apis(target)


def _stacks(target: BootstrapTarget, *names: str) -> Json:
    return allow("Stacks", f"cloudformation:{' '.join(names)}", subs(stacks_of(target)))


def _bucket(target: BootstrapTarget, names: str) -> Json:
    return allow("Bucket", f"s3:{names}", sub(target.bucket_arn))


def _objects(target: BootstrapTarget, names: str) -> Json:
    return allow("Artifacts", f"s3:{names}", sub(f"{target.bucket_arn}/*"))


def _apis(target: BootstrapTarget) -> Iterator[Json]:
    if "apigateway" in target.services:
        apis = "arn:${AWS::Partition}:apigateway:${AWS::Region}::/restapis/*"
        yield allow("Apis", "apigateway:GET", sub(apis), by_tag(target))
