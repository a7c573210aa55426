"""Opens one environment's account and region: every adapter of it, made together, connected to nothing yet."""

from collections.abc import Mapping
from dataclasses import replace

from sealift.aws.assuming import RoleVariables
from sealift.aws.backups import AwsBackups
from sealift.aws.bucket import AwsBucket
from sealift.aws.functions import AwsFunctions
from sealift.aws.identity import AwsIdentity
from sealift.aws.inventory import AwsInventory
from sealift.aws.kms import AwsSigningKeys
from sealift.aws.metrics import AwsMetrics
from sealift.aws.objects import AwsObjects
from sealift.aws.session import Access, AwsSession
from sealift.aws.settings import AwsSettings
from sealift.aws.stacks import AwsStacks
from sealift.aws.trespass import AwsTrespass
from sealift.delivery.buckets import bucket_name
from sealift.delivery.previews import KEPT_DAYS
from sealift.model.app import Environment
from sealift.ports import Cloud

__all__ = ["Access", "open_cloud"]


def open_cloud(environment: Environment, *, access: Access) -> Cloud:
    """Return the environment's cloud.

    Nothing is asked of AWS when the environment declares its account; else the caller's account is looked up, because
    the bucket is named after it. Raises CloudError when there are no credentials.
    """
    session = AwsSession(access)
    identity = AwsIdentity(session)
    account = environment.account or identity.caller().account
    bucket = AwsBucket(
        session,
        name=environment.bucket or bucket_name(account, access.region, environment.stack_name),
        owner=account,
        ours=environment.bucket is None,
        forgets_after_days=KEPT_DAYS if environment.kind == "preview" else None,
    )
    return Cloud(
        environment=environment.name,
        account=account,
        region=access.region,
        local=access.endpoint_url is not None and access.access_key is not None,
        stacks=AwsStacks(session, bucket=bucket),
        bucket=bucket,
        functions=AwsFunctions(session),
        settings=AwsSettings(session),
        identity=identity,
        signing_keys=AwsSigningKeys(session),
        metrics=AwsMetrics(session),
        inventory=AwsInventory(session, account=account),
        objects=AwsObjects(session, account=account),
        backups=AwsBackups(session),
        trespass=AwsTrespass(session),
        endpoint=access.endpoint_url,
        credentials=_for_subprocesses(session),
        reading=_for_subprocesses(AwsSession(replace(access, only_reads=True))) if access.role_arn else None,
    )


def _for_subprocesses(session: AwsSession) -> Mapping[str, str] | None:
    """Return what gives a subprocess the same access, or None when ours is in the environment already."""
    access = session.access
    if access.role_arn is not None:
        where = {"AWS_REGION": access.region, "AWS_DEFAULT_REGION": access.region}
        endpoint = {"AWS_ENDPOINT_URL": access.endpoint_url} if access.endpoint_url else {}
        return RoleVariables(session.credentials, {**where, **endpoint})
    if access.access_key is not None and access.secret_key is not None:
        given = {
            "AWS_ACCESS_KEY_ID": access.access_key,
            "AWS_SECRET_ACCESS_KEY": access.secret_key,
            "AWS_REGION": access.region,
            "AWS_DEFAULT_REGION": access.region,
        }
        return {**given, **({"AWS_ENDPOINT_URL": access.endpoint_url} if access.endpoint_url else {})}
    return {"AWS_PROFILE": access.profile} if access.profile else None
