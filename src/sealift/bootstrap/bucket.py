"""The bucket of an environment, and the policy that keeps its ledger and releases from those who write there."""

from collections.abc import Iterator, Mapping

from sealift.bootstrap.owned import roles_of
from sealift.bootstrap.target import PATH, BootstrapTarget, sub, subs
from sealift.cfn.values import mapping_at, value_at
from sealift.delivery.previews import KEPT_DAYS, SHARED
from sealift.model.template import Json

READY: dict[str, Json] = {"Key": "sealift:bucket", "Value": "2"}
"""Says to `aws/bucket.py` that it is set up; a test compares the two."""
_UNFINISHED_DAYS = 7
_REPLACED_DAYS = 30
_PRIVATE = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
_ENTRIES = ("ledger/????????.json", "releases/*/manifest.json", "releases/*/origin.json")
"""Written once, each under a name of its own."""
_HEADS = ("ledger/head.json", "lease.json")
"""Written over, but only by who has read what is there."""

_ATTESTED = tuple(f"releases/*/{name}.json" for name in ("bom", "locks", "provenance", "provenance.dsse"))
"""Written over when they do not hold, by who has read them; versions keep what was there."""


def bucket(target: BootstrapTarget) -> dict[str, Json]:
    """Return the bucket: private, encrypted, versioned. It stays when the stack goes."""
    properties: dict[str, Json] = {
        "BucketName": sub(target.bucket),
        "BucketEncryption": {
            "ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
        },
        "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
        "PublicAccessBlockConfiguration": dict.fromkeys(_PRIVATE, True),
        "VersioningConfiguration": {"Status": "Enabled"},
        "LifecycleConfiguration": {"Rules": list(_forgetting() if target.previews else _expiring())},
        "Tags": [READY],
    }
    if target.lock_days is not None:
        properties["ObjectLockEnabled"] = True
        retention: Json = {"Mode": "GOVERNANCE", "Days": target.lock_days}
        properties["ObjectLockConfiguration"] = {
            "ObjectLockEnabled": "Enabled",
            "Rule": {"DefaultRetention": retention},
        }
    return {
        "Type": "AWS::S3::Bucket",
        "DeletionPolicy": "Retain",
        "UpdateReplacePolicy": "Retain",
        "Properties": properties,
    }


def lock_of(template: Mapping[str, Json]) -> int | None:
    """Return for how many days the bucket of a bootstrap template locks objects: what was locked stays so."""
    bucket = mapping_at(dict(template), "Resources", "Bucket", "Properties")
    found = value_at(bucket, "ObjectLockConfiguration", "Rule", "DefaultRetention", "Days")
    return found if isinstance(found, int) else None


def _expiring() -> Iterator[Json]:
    """Yield what is forgotten: parts of uploads that nobody finished, and what the lease and the head were before."""
    yield {
        "Id": "sealift-unfinished-uploads",
        "Status": "Enabled",
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": _UNFINISHED_DAYS},
    }
    for key in _HEADS:
        yield {
            "Id": f"sealift-replaced-{key.partition('.')[0].replace('/', '-')}",
            "Status": "Enabled",
            "Prefix": key,
            "NoncurrentVersionExpiration": {"NoncurrentDays": _REPLACED_DAYS},
        }


def _forgetting() -> Iterator[Json]:
    """Yield by what the bucket of previews forgets releases; what is deleted there goes for good."""
    for prefix in SHARED:
        name = f"sealift-old-{prefix.rstrip('/')}"
        yield {"Id": name, "Status": "Enabled", "Prefix": prefix, "ExpirationInDays": KEPT_DAYS}
    yield {
        "Id": "sealift-deleted",
        "Status": "Enabled",
        "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": _UNFINISHED_DAYS},
    }


def bucket_policy(target: BootstrapTarget) -> dict[str, Json]:
    """Return the policy of the bucket."""
    return {
        "Type": "AWS::S3::BucketPolicy",
        "DeletionPolicy": "Retain",
        "UpdateReplacePolicy": "Retain",
        "Properties": {
            "Bucket": {"Ref": "Bucket"},
            "PolicyDocument": {"Version": "2012-10-17", "Statement": list(_denials(target))},
        },
    }


def _denials(target: BootstrapTarget) -> Iterator[Json]:
    whole = target.bucket_arn
    if not target.local:
        insecure: Json = {"Bool": {"aws:SecureTransport": "false"}}
        yield _deny("TlsOnly", "s3:*", subs([whole, f"{whole}/*"]), insecure)
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html
    once = subs([f"{whole}/{_placed(key, target)}" for key in _ENTRIES])
    yield _deny("WrittenOnce", "s3:PutObject", once, {"Null": {"s3:if-none-match": "true"}})
    heads = subs([f"{whole}/{_placed(key, target)}" for key in (*_HEADS, *_ATTESTED)])
    blind: Json = {"Null": {"s3:if-none-match": "true", "s3:if-match": "true"}}
    yield _deny("WrittenKnowingly", "s3:PutObject", heads, blind)
    own = [f"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:role{PATH}{target.stack}-*", *roles_of(target)]
    ours: Json = {"ArnLike": {"aws:PrincipalArn": subs(own)}}
    deleting = "BypassGovernanceRetention DeleteObject DeleteObjectVersion PutObjectRetention"
    kept = [f"{whole}/{prefix}*" for prefix in SHARED] if target.previews else [f"{whole}/*"]
    yield _deny("NeverDeleted", _s3(deleting), subs(kept), ours)
    settings = (
        "DeleteBucket DeleteBucketPolicy PutBucketObjectLockConfiguration PutBucketPolicy"
        " PutBucketPublicAccessBlock PutBucketVersioning PutLifecycleConfiguration"
    )
    yield _deny("LeftAsItIs", _s3(settings), sub(whole), ours)


def _placed(key: str, target: BootstrapTarget) -> str:
    """Return where a key is in the bucket: what belongs to one preview alone is in its folder."""
    return key if key.startswith(SHARED) else target.folder + key


def _s3(names: str) -> list[Json]:
    return [f"s3:{name}" for name in names.split()]


def _deny(sid: str, action: Json, resource: Json, condition: Json) -> Json:
    return {
        "Sid": sid,
        "Effect": "Deny",
        "Principal": "*",
        "Action": action,
        "Resource": resource,
        "Condition": condition,
    }
