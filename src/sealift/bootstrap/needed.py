"""The permissions that somebody who works on an environment needs: the list of rights, with the names filled in. Pure.

The list is rights.py alone. What is not simulated stands here with its reason.
"""

from collections.abc import Callable, Collection, Iterator, Mapping

from sealift.bootstrap import needs
from sealift.bootstrap.footprint import MADE_UP, PLACES, Footprint, filled_in
from sealift.bootstrap.needs import Need
from sealift.bootstrap.rights import EVERYTHING, OBJECT, RIGHTS, Right
from sealift.delivery.identity import ENVIRONMENT_TAG, OWNER_TAG
from sealift.model.rights import Permission

NOT_SIMULATED: Mapping[Need, str] = {
    needs.ASSUME: "it was used when the environment was opened",
    needs.UNDECLARED: "commands go on without it, and say so",
    needs.OUTSIDE: "commands go on without it, and say so",
    needs.FAILED: "commands go on without it, and say so",
    needs.GUARDRAILS: "commands go on without it, and say so",
    needs.COMPARED: "the comparison itself says what it may not look at",
    needs.SIMULATE: "it was used when the rights were simulated",
    needs.COMPARE: "the secrets to compare are known when they are compared",
    needs.PROBE: "trust policies of roles are not simulated",
    needs.BOOTSTRAP: "whoever makes roles and a bucket is no role of the environment",
}
_APPLIES: Mapping[Need, Callable[[Footprint], bool]] = {
    needs.BUCKET_MADE: lambda of: of.makes_bucket,
    needs.PASS: lambda of: of.cloudformation_role is not None,
    needs.PROTECT: lambda of: of.protected,
    needs.SETTINGS: lambda of: bool(of.settings),
    needs.CONFIGURE: lambda of: bool(of.settings),
    needs.SHIFT: lambda of: "codedeploy" in of.services,
    needs.HOOKS: lambda of: of.hooks,
    needs.HEALTH: lambda of: of.health,
    needs.DRIFT: lambda of: of.drift,
    needs.DESTROY: lambda of: not of.protected,
    needs.SIGN: lambda of: of.signing_key is not None,
}
"""When a need is one of this environment; others are one of every environment that has what they are about."""
_KINDS: Mapping[tuple[str, str], str] = {
    ("apigateway", "restApiId"): "AWS::ApiGateway::RestApi",
    ("backup", "BackupVaultName"): "AWS::Backup::BackupVault",
    ("dynamodb", "ResourceArn"): "AWS::DynamoDB::Table",
    ("dynamodb", "TableName"): "AWS::DynamoDB::Table",
    ("ecr", "repositoryName"): "AWS::ECR::Repository",
    ("elasticfilesystem", "FileSystemId"): "AWS::EFS::FileSystem",
    ("es", "DomainName"): "AWS::OpenSearchService::Domain",
    ("events", "Name"): "AWS::Events::EventBus",
    ("iam", "GroupName"): "AWS::IAM::Group",
    ("iam", "PolicyArn"): "AWS::IAM::ManagedPolicy",
    ("iam", "RoleName"): "AWS::IAM::Role",
    ("iam", "UserName"): "AWS::IAM::User",
    ("kinesis", "ResourceARN"): "AWS::Kinesis::Stream",
    ("kinesis", "StreamName"): "AWS::Kinesis::Stream",
    ("kms", "KeyId"): "AWS::KMS::Key",
    ("lambda", "FunctionName"): "AWS::Lambda::Function",
    ("lambda", "LayerName"): "AWS::Lambda::LayerVersion",
    ("logs", "logGroupName"): "AWS::Lambda::Function",
    ("rds", "DBClusterSnapshotIdentifier"): "AWS::RDS::DBCluster",
    ("rds", "DBSnapshotIdentifier"): "AWS::RDS::DBInstance",
    ("s3", "Name"): "AWS::S3::AccessPoint",
    ("secretsmanager", "SecretId"): "AWS::SecretsManager::Secret",
    ("sns", "TopicArn"): "AWS::SNS::Topic",
    ("sqs", "QueueUrl"): "AWS::SQS::Queue",
}
"""The type of what a parameter of a service's calls names."""
_OF_TEMPLATES = frozenset({"aoss", "dynamodb", "lambda", "rds"})
"""Services that commands ask for everything of, only where the templates use them."""
_KEYS = (f"blobs/{MADE_UP}", f"ledger/{MADE_UP}", "lease.json", f"releases/{MADE_UP}")


def needed(commands: Collection[str], of: Footprint) -> dict[Permission, tuple[Need, ...]]:
    """Return every permission that these commands need in an environment, with what for."""
    found: dict[Permission, dict[Need, None]] = {}
    for right in RIGHTS:
        if right.need not in NOT_SIMULATED and _is_for(right.need, commands, of):
            for permission in permissions(right, of):
                found.setdefault(permission, {})[right.need] = None
    return {permission: tuple(reasons) for permission, reasons in found.items()}


def permissions(right: Right, of: Footprint) -> Iterator[Permission]:
    """Yield a right for each resource of the environment that it is about."""
    for action in right.actions:
        prefix = action.partition(":")[0]
        if right.resource != EVERYTHING or prefix in of.services or prefix not in _OF_TEMPLATES:
            yield from (Permission(action=action, resource=arn) for arn in _arns(right, prefix, of))


def context(of: Footprint) -> dict[str, str]:
    """Return values of the condition keys that are known of every request about the environment's own resources."""
    functions = of.named("AWS::Lambda::Function")
    arn = f"arn:{of.partition}:lambda:{of.region}:{of.account}:function:{functions[0]}" if functions else ""
    return {
        "aws:RequestedRegion": of.region,
        "aws:ResourceTag/aws:cloudformation:stack-name": of.stacks[0],
        f"aws:RequestTag/{OWNER_TAG}": of.app,
        f"aws:RequestTag/{ENVIRONMENT_TAG}": of.environment,
        "iam:PermissionsBoundary": of.boundary or "none",
        **({"lambda:FunctionArn": arn} if arn else {}),
    }


def _is_for(need: Need, commands: Collection[str], of: Footprint) -> bool:
    used = any(command.split()[0] in commands for command in need.commands)
    return used and (need not in _APPLIES or _APPLIES[need](of))


def _arns(right: Right, prefix: str, of: Footprint) -> Iterator[str]:
    """Yield the resource of a right once per name: what the first place stands for decides, the rest is made up."""
    places = [place for place in PLACES.findall(right.resource) if place not in of.known]
    for name in _names(places[0], right.need, prefix, of) if places else ("",):
        if name.startswith("arn:"):
            yield name
            continue
        for last in _KEYS if right.resource == OBJECT and right.need is not needs.DESTROY else (MADE_UP,):
            filled = {**dict.fromkeys(places, last), **dict.fromkeys(places[:1], name), **of.known}
            yield filled_in(right.resource, filled).replace("/*", f"/{MADE_UP}")


def _names(place: str, need: Need, prefix: str, of: Footprint) -> tuple[str, ...]:
    """Return what a place in a resource stands for in this environment; nothing when it has none of it."""
    if place == "StackName":
        return of.stacks
    if place == "Bucket":
        return of.named("AWS::S3::Bucket") if need in (needs.DESTROY, needs.LIVE) else (of.bucket,)
    if need is needs.PASS:
        return (of.cloudformation_role or "",)
    if need is needs.SIGN:
        return (of.signing_key or "",) if not (of.signing_key or "").startswith("alias/") else ()
    if need is needs.CONFIGURE:
        return (f"{of.app}/{of.environment}" + ("" if place == "Path" else f"/{MADE_UP}"),)
    if need is needs.SETTINGS:
        return tuple(_secret(one) for one in of.settings if one.startswith("secretsmanager:"))
    names = of.named(_KINDS.get((prefix, place), ""))
    return tuple(f"/aws/lambda/{name}" for name in names) if place == "logGroupName" else names


def _secret(reference: str) -> str:
    """Return the secret that a reference names, as its ARN ends: AWS adds a dash and six characters."""
    name = reference.partition(":")[2]
    return ":".join(name.split(":")[:7]) if name.startswith("arn:") else f"{name.partition(':')[0]}-000000"
