"""What `sealift bootstrap` makes, in one account for two environments and the previews: the roles do their work alone.

The emulator enforces every policy; what a role of staging or of previews may do at home, it may not do in production.
"""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from sealift.delivery.previews import SHARED
from sealift.errors import CloudError, Refused
from sealift.isolation.model import EnvironmentView, StackView
from sealift.local.endpoint import Endpoint
from sealift.model.app import App, Environment, StackSpec
from sealift.model.template import Json
from sealift.system import RealClock, SortableIds
from sealift.template.templates import SamTemplates
from sealift.usecases.bootstrap import Bootstrap, bootstrap_environment, compare
from sealift.usecases.proof.live import prove_live
from sealift.usecases.services import Services
from tests.component.usecases.world import make_world
from tests.local.deploying import ROLE, client, deploy, function
from tests.local.test_live_proof import TABLE, OneAccount, allow, arn

NAMES = ("staging", "production")
PREVIEW_NAME = "pr-12"
TRUST = "github:team@1/shop@2"
DENIED = frozenset({"AccessDenied", "AccessDeniedException", "AuthorizationError"})
SHOP: dict[str, Json] = {
    "Orders": {"Type": "AWS::DynamoDB::Table", "Properties": TABLE},
    "Inbox": {"Type": "AWS::SQS::Queue"},
    "Files": {"Type": "AWS::S3::Bucket"},
    "Key": {"Type": "AWS::SecretsManager::Secret", "Properties": {"GenerateSecretString": {}}},
    "Tax": {
        "Type": "AWS::SSM::Parameter",
        "Properties": {"Name": {"Fn::Sub": "/${AWS::StackName}/tax"}, "Type": "String", "Value": "20"},
    },
    "Role": {
        "Type": "AWS::IAM::Role",
        "Properties": {
            **ROLE["Properties"],  # type: ignore[dict-item]
            "PermissionsBoundary": {
                "Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:policy/sealift/${AWS::StackName}-boundary"
            },
            "Policies": [{"PolicyName": "own", "PolicyDocument": allow("dynamodb:Scan", arn("Orders"))}],
        },
    },
    "Hello": function(),
}


@dataclass(frozen=True, kw_only=True)
class Place:
    """One environment in the account: how what it owns is called."""

    endpoint: Endpoint
    name: str
    bucket: str
    ids: dict[str, str]
    bootstrap: Bootstrap

    @property
    def stack(self) -> str:
        return f"shop-{self.name}"

    @property
    def beginning(self) -> str:
        """What its roles are named after."""
        return "shop-pr" if self.name == PREVIEW_NAME else self.stack

    def role(self, role: str) -> str:
        return f"arn:aws:iam::{self.endpoint.account}:role/sealift/{self.beginning}-{role}"

    def key(self, key: str) -> str:
        """Return where a key is in the bucket, which all previews share."""
        return key if self.name != PREVIEW_NAME or key.startswith(SHARED) else f"previews/{self.name}/{key}"

    sessions: dict[str, Callable[[str], Any]] = field(default_factory=dict)
    """What makes clients, by the role that they act as: a session reads the description of each service anew."""

    def acting(self, role: str) -> Callable[[str], Any]:
        """Return what makes clients as a role of this environment.

        `function` is that of its function once somebody gave it every right: the boundary alone limits it.
        """
        if role not in self.sessions:
            self.sessions[role] = self._session(role)
        return self.sessions[role]

    def _session(self, role: str) -> Callable[[str], Any]:
        name = self.role(role)
        if role == "function":
            name = f"arn:aws:iam::{self.endpoint.account}:role/{self.ids['Role']}"
            client(self.endpoint, "iam").put_role_policy(
                RoleName=self.ids["Role"], PolicyName="wide", PolicyDocument=json.dumps(allow("*"))
            )
        sts = client(self.endpoint, "sts")
        given = sts.assume_role(RoleArn=name, RoleSessionName="test")["Credentials"]
        session = boto3.Session(
            aws_access_key_id=given["AccessKeyId"],
            aws_secret_access_key=given["SecretAccessKey"],
            aws_session_token=given["SessionToken"],
            region_name=self.endpoint.region,
        )
        return cache(lambda service: session.client(service, endpoint_url=self.endpoint.url))  # type: ignore[call-overload]


@dataclass(frozen=True, kw_only=True)
class Shops:
    """Two environments of one application in one account."""

    app: App
    services: Services
    places: dict[str, Place]

    @property
    def own(self) -> Place:
        return self.places["staging"]

    @property
    def other(self) -> Place:
        return self.places["production"]

    def homes(self, role: str) -> list[Place]:
        """Return the places whose role of this name is tried: previews have no plan and no verify."""
        return [self.own] if role in ("plan", "verify") else [self.own, self.places[PREVIEW_NAME]]


def environment(endpoint: Endpoint, name: str) -> Environment:
    roles = {r: f"arn:aws:iam::{endpoint.account}:role/sealift/shop-{name}-{r}" for r in ("deploy", "plan", "verify")}
    return Environment(
        name=name,
        region=endpoint.region,
        account=endpoint.account,
        stack_name=f"shop-{name}",
        trust=TRUST,
        protected=name == "production",
        role=roles["deploy"],
        roles=(roles["plan"], roles["verify"]),
        cloudformation_role=f"arn:aws:iam::{endpoint.account}:role/sealift/shop-{name}-cloudformation",
    )


def previews(endpoint: Endpoint) -> Environment:
    role = f"arn:aws:iam::{endpoint.account}:role/sealift/shop-pr-"
    return Environment(
        name="pr-*",
        kind="preview",
        region=endpoint.region,
        account=endpoint.account,
        stack_name="shop-pr-*",
        trust=TRUST,
        role=f"{role}deploy",
        cloudformation_role=f"{role}cloudformation",
    )


@pytest.fixture(scope="module")
def shops(endpoint: Endpoint, tmp_path_factory: pytest.TempPathFactory) -> Shops:
    """Bootstrap two environments, and deploy the application to each as somebody who may do everything."""
    root = tmp_path_factory.mktemp("shop")
    (root / "template.yaml").write_text(json.dumps({"Resources": SHOP}))
    world = make_world(tmp_path_factory.mktemp("world"))
    clock = RealClock()
    services = replace(
        world.services(), clouds=OneAccount(endpoint), templates=SamTemplates(), clock=clock, ids=SortableIds(clock)
    )
    app = App(
        name="shop",
        root=root,
        config_path=None,
        stacks=(StackSpec(name="app", template="template.yaml"),),
        environments=tuple(environment(endpoint, name) for name in NAMES),
        previews=previews(endpoint),
    )
    places = {}
    for one in (*app.environments, previews(endpoint)):
        made = bootstrap_environment(app, one, services)
        assert made.changed
        name = PREVIEW_NAME if one.kind == "preview" else one.name
        stack = f"shop-{name}"
        body = json.loads(
            json.dumps({"Resources": SHOP}).replace("${AWS::StackName}-boundary", f"{one.beginning}-boundary")
        )
        assert deploy(endpoint, stack, body).status == "CREATE_COMPLETE"
        listed = client(endpoint, "cloudformation").describe_stack_resources(StackName=stack)
        ids = {r["LogicalResourceId"]: r["PhysicalResourceId"] for r in listed["StackResources"]}
        bucket = made.outputs["Bucket"]
        s3 = client(endpoint, "s3")
        place = Place(endpoint=endpoint, name=name, bucket=bucket, ids=ids, bootstrap=made.bootstrap)
        for key in ("ledger/00000001.json", "ledger/head.json", "lease.json", "releases/abc/manifest.json"):
            s3.put_object(Bucket=bucket, Key=place.key(key), Body=b"kept")
        places[name] = place
    return Shops(app=app, services=services, places=places)


Act = Callable[[Callable[[str], Any], Place], Any]


def change_set(aws: Any, place: Place) -> Any:
    return aws("cloudformation").create_change_set(
        StackName=place.stack, ChangeSetName="sealift-by-hand", TemplateBody='{"Resources": {}}'
    )


def create_role(aws: Any, place: Place, **more: Any) -> Any:
    trust = json.dumps(allow("sts:AssumeRole", Principal={"Service": "lambda.amazonaws.com"}))
    name = f"{place.stack}-made-{len(more)}"
    return aws("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trust, **more)


def boundary(place: Place) -> str:
    return f"arn:aws:iam::{place.endpoint.account}:policy/sealift/{place.beginning}-boundary"


REACHING: dict[str, tuple[str, Act]] = {
    "describe the stack": ("deploy", lambda aws, p: aws("cloudformation").describe_stacks(StackName=p.stack)),
    "change the stack": ("deploy", change_set),
    "read the ledger": (
        "deploy",
        lambda aws, p: aws("s3").get_object(Bucket=p.bucket, Key=p.key("ledger/00000001.json")),
    ),
    "list the releases": ("deploy", lambda aws, p: aws("s3").list_objects_v2(Bucket=p.bucket)),
    "write a new ledger entry": (
        "deploy",
        lambda aws, p: aws("s3").put_object(
            Bucket=p.bucket, Key=p.key("ledger/00000002.json"), Body=b"x", IfNoneMatch="*"
        ),
    ),
    "store a blob": ("deploy", lambda aws, p: aws("s3").put_object(Bucket=p.bucket, Key="blobs/x", Body=b"x")),
    "read back a function": (
        "deploy",
        lambda aws, p: aws("lambda").get_function_configuration(FunctionName=p.ids["Hello"]),
    ),
    "invoke a function": ("deploy", lambda aws, p: aws("lambda").invoke(FunctionName=p.ids["Hello"])),
    "read the plan's roles": ("plan", lambda aws, p: aws("iam").get_role(RoleName=f"{p.beginning}-deploy")),
    "look at the stack to verify it": (
        "verify",
        lambda aws, p: aws("cloudformation").list_stack_resources(StackName=p.stack),
    ),
    "scan a table, as CloudFormation": (
        "cloudformation",
        lambda aws, p: aws("dynamodb").scan(TableName=p.ids["Orders"]),
    ),
    "read a parameter, as CloudFormation": (
        "cloudformation",
        lambda aws, p: aws("ssm").get_parameter(Name=p.ids["Tax"]),
    ),
    "read a secret, as CloudFormation": (
        "cloudformation",
        lambda aws, p: aws("secretsmanager").get_secret_value(SecretId=p.ids["Key"]),
    ),
    "write a setting": (
        "deploy",
        lambda aws, p: aws("ssm").put_parameter(
            Name=f"/shop/{p.name}/Key", Value="x", Type="SecureString", Overwrite=True
        ),
    ),
    "list the settings": ("deploy", lambda aws, p: aws("ssm").get_parameters_by_path(Path=f"/shop/{p.name}/")),
    "make and read a secret setting": (
        "deploy",
        lambda aws, p: aws("secretsmanager").get_secret_value(
            SecretId=aws("secretsmanager").create_secret(Name=f"/shop/{p.name}/Key", SecretString="x")["ARN"]
        ),
    ),
    "make a role within the boundary": (
        "cloudformation",
        lambda aws, p: create_role(aws, p, PermissionsBoundary=boundary(p)),
    ),
    "scan a table, as a function with every right": (
        "function",
        lambda aws, p: aws("dynamodb").scan(TableName=p.ids["Orders"]),
    ),
    "send to a queue, as a function with every right": (
        "function",
        lambda aws, p: aws("sqs").send_message(QueueUrl=p.ids["Inbox"], MessageBody="x"),
    ),
    "list a bucket, as a function with every right": (
        "function",
        lambda aws, p: aws("s3").list_objects_v2(Bucket=p.ids["Files"]),
    ),
}
"""What a role of an environment may do there, and in no other one."""


@pytest.mark.parametrize("act", REACHING)
def test_what_a_role_may_do_in_its_own_environment_it_can(shops: Shops, act: str) -> None:
    role, do = REACHING[act]
    for home in shops.homes(role):
        answer: Any = do(home.acting(role), home)
        assert answer["ResponseMetadata"]["HTTPStatusCode"] < 300


@pytest.mark.parametrize("act", REACHING)
def test_the_same_in_another_environment_is_denied(shops: Shops, act: str) -> None:
    role, do = REACHING[act]
    for home in shops.homes(role):
        with pytest.raises(ClientError) as denied:
            do(home.acting(role), shops.other)
        assert denied.value.response["Error"]["Code"] in DENIED


def test_a_preview_takes_its_own_part_of_the_bucket_along_when_it_goes(shops: Shops) -> None:
    home = shops.places[PREVIEW_NAME]
    s3 = home.acting("deploy")("s3")
    whole = s3.list_object_versions(Bucket=home.bucket, Prefix="previews/pr-12/")["Versions"]
    assert whole
    for one in whole:
        s3.delete_object(Bucket=home.bucket, Key=one["Key"], VersionId=one["VersionId"])
    assert "Versions" not in s3.list_object_versions(Bucket=home.bucket, Prefix="previews/pr-12/")


def put(key: str, **more: str) -> Act:
    return lambda aws, p: aws("s3").put_object(Bucket=p.bucket, Key=p.key(key), Body=b"forged", **more)


def delete(key: str) -> Act:
    return lambda aws, p: aws("s3").delete_object(Bucket=p.bucket, Key=p.key(key))


WIDE = json.dumps(allow("*"))
FORBIDDEN: dict[str, tuple[str, Act]] = {
    "overwrite a release": ("deploy", put("releases/abc/manifest.json")),
    "overwrite a ledger entry": ("deploy", put("ledger/00000001.json")),
    "write a ledger entry without asking whether it is there": ("deploy", put("ledger/00000009.json")),
    "take the lease without looking": ("deploy", put("lease.json")),
    "write an attestation without looking": ("deploy", put("releases/abc/provenance.dsse.json")),
    "write the head of the ledger without looking": ("deploy", put("ledger/head.json")),
    "delete a ledger entry": ("deploy", delete("ledger/00000001.json")),
    "delete a release": ("deploy", delete("releases/abc/manifest.json")),
    "delete the bucket": ("deploy", lambda aws, p: aws("s3").delete_bucket(Bucket=p.bucket)),
    "delete the policy of the bucket": ("deploy", lambda aws, p: aws("s3").delete_bucket_policy(Bucket=p.bucket)),
    "write the policy of the bucket": (
        "deploy",
        lambda aws, p: aws("s3").put_bucket_policy(Bucket=p.bucket, Policy=json.dumps(allow("*", Principal="*"))),
    ),
    "stop versioning": (
        "deploy",
        lambda aws, p: aws("s3").put_bucket_versioning(
            Bucket=p.bucket, VersioningConfiguration={"Status": "Suspended"}
        ),
    ),
    "let releases expire": (
        "deploy",
        lambda aws, p: aws("s3").put_bucket_lifecycle_configuration(
            Bucket=p.bucket,
            LifecycleConfiguration={
                "Rules": [{"ID": "x", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}]
            },
        ),
    ),
    "change the bootstrap stack": (
        "deploy",
        lambda aws, p: aws("cloudformation").create_change_set(
            StackName=p.bootstrap.target.name, ChangeSetName="x", TemplateBody='{"Resources": {}}'
        ),
    ),
    "delete the bootstrap stack": (
        "deploy",
        lambda aws, p: aws("cloudformation").delete_stack(StackName=p.bootstrap.target.name),
    ),
    "change another application's stack": (
        "deploy",
        lambda aws, _p: aws("cloudformation").delete_stack(StackName="payroll"),
    ),
    "make a user": ("deploy", lambda aws, _p: aws("iam").create_user(UserName="mallory")),
    "make a user, as CloudFormation": ("cloudformation", lambda aws, _p: aws("iam").create_user(UserName="mallory")),
    "edit its own policy": (
        "deploy",
        lambda aws, p: aws("iam").put_role_policy(
            RoleName=f"{p.beginning}-deploy", PolicyName="own", PolicyDocument=WIDE
        ),
    ),
    "edit its own policy, as CloudFormation": (
        "cloudformation",
        lambda aws, p: aws("iam").put_role_policy(
            RoleName=f"{p.beginning}-cloudformation", PolicyName="own", PolicyDocument=WIDE
        ),
    ),
    "edit whom it trusts": (
        "deploy",
        lambda aws, p: aws("iam").update_assume_role_policy(RoleName=f"{p.beginning}-deploy", PolicyDocument=WIDE),
    ),
    "make a role without the boundary": ("cloudformation", create_role),
    "make a role within another boundary": (
        "cloudformation",
        lambda aws, p: create_role(
            aws, p, PermissionsBoundary=boundary(p).replace(p.beginning, "shop-production"), Description="x"
        ),
    ),
    "remove the boundary of its own role": (
        "cloudformation",
        lambda aws, p: aws("iam").delete_role_permissions_boundary(RoleName=f"{p.beginning}-cloudformation"),
    ),
    "remove the boundary of a function's role": (
        "cloudformation",
        lambda aws, p: aws("iam").delete_role_permissions_boundary(RoleName=p.ids["Role"]),
    ),
    "write the boundary anew": (
        "cloudformation",
        lambda aws, p: aws("iam").create_policy_version(PolicyArn=boundary(p), PolicyDocument=WIDE, SetAsDefault=True),
    ),
    "make a role, as a function with every right": ("function", create_role),
    "remove its own boundary, as a function with every right": (
        "function",
        lambda aws, p: aws("iam").delete_role_permissions_boundary(RoleName=p.ids["Role"]),
    ),
    "become the deploy role, as a function with every right": (
        "function",
        lambda aws, p: aws("sts").assume_role(RoleArn=p.role("deploy"), RoleSessionName="test"),
    ),
    "write to the ledger, as plan": ("plan", put("ledger/00000002.json", IfNoneMatch="*")),
    "write to the ledger, as verify": ("verify", put("ledger/00000002.json", IfNoneMatch="*")),
    "execute a change set, as verify": (
        "verify",
        lambda aws, p: aws("cloudformation").execute_change_set(StackName=p.stack, ChangeSetName="x"),
    ),
    "execute a change set, as plan": (
        "plan",
        lambda aws, p: aws("cloudformation").execute_change_set(StackName=p.stack, ChangeSetName="x"),
    ),
}
"""What no role may do even at home."""
GOES_WITH_A_PREVIEW = "delete a ledger entry"


@pytest.mark.parametrize("act", FORBIDDEN)
def test_what_no_role_may_do_is_denied(shops: Shops, act: str) -> None:
    role, do = FORBIDDEN[act]
    for home in shops.homes(role) if act != GOES_WITH_A_PREVIEW else [shops.own]:
        with pytest.raises(ClientError) as denied:
            do(home.acting(role), home)
        assert denied.value.response["Error"]["Code"] in DENIED


@pytest.mark.parametrize("role", ["deploy", "plan", "verify", "cloudformation", "function"])
@pytest.mark.parametrize("wanted", ["deploy", "plan", "verify"])
def test_no_role_of_an_environment_can_become_one_of_another(shops: Shops, role: str, wanted: str) -> None:
    for home in shops.homes(role):
        with pytest.raises(ClientError) as denied:
            home.acting(role)("sts").assume_role(RoleArn=shops.other.role(wanted), RoleSessionName="test")
        assert denied.value.response["Error"]["Code"] in DENIED


def test_only_its_own_cloudformation_role_is_handed_over(shops: Shops) -> None:
    """The emulator never asks for iam:PassRole."""
    policy = client(shops.own.endpoint, "iam").get_role_policy(RoleName="shop-staging-deploy", PolicyName="own")
    passing = [s for s in policy["PolicyDocument"]["Statement"] if "iam:PassRole" in s["Action"]]
    assert [s["Resource"] for s in passing] == [shops.own.role("cloudformation")]


def views(shops: Shops) -> list[EnvironmentView]:
    """Return both environments as the proof sees them: the application's stack and the one of bootstrap."""
    return [
        EnvironmentView(
            name=one.name,
            region=one.region,
            account=one.account,
            roles=one.acting,
            stacks=(
                StackView(name=one.stack_name, body={"Resources": SHOP}, role_arn=one.cloudformation_role),
                StackView(
                    name=shops.places[one.name].bootstrap.target.name, body=dict(shops.places[one.name].bootstrap.body)
                ),
            ),
        )
        for one in shops.app.environments
    ]


def test_two_environments_in_one_account_are_proved_by_what_is_in_force(shops: Shops) -> None:
    for place in shops.places.values():
        with suppress(ClientError):
            client(place.endpoint, "iam").delete_role_policy(RoleName=place.ids["Role"], PolicyName="wide")
    proof = prove_live(shops.app, views(shops), shops.services, local=False)
    assert [f.message for f in proof.verdict.stopping] == []
    assert proof.verdict.level == "L2"


def test_done_again_nothing_changes_and_nothing_differs(shops: Shops) -> None:
    one = shops.app.environments[0]
    assert not bootstrap_environment(shops.app, one, shops.services).changed
    assert not compare(shops.app, one, shops.services).differs


def test_the_stack_and_what_it_makes_say_whose_they_are(shops: Shops) -> None:
    for place in shops.places.values():
        tags = client(place.endpoint, "s3").get_bucket_tagging(Bucket=place.bucket)["TagSet"]
        assert {"Key": "sealift:bootstrap", "Value": f"shop/{place.bootstrap.target.label}"} in tags


def elsewhere(shops: Shops, name: str, **more: Any) -> Environment:
    """Return another environment in the same account."""
    return replace(environment(shops.own.endpoint, name), **more)


def test_a_bucket_that_was_there_before_is_left_as_it_is(shops: Shops) -> None:
    """AWS is documented to take it into the stack (ImportExistingResources); the emulator refuses to."""
    one = elsewhere(shops, "older")
    s3 = client(shops.own.endpoint, "s3")
    bucket = f"sealift-{shops.own.endpoint.account}-{one.region}-shop-older"
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": one.region})
    s3.put_object(Bucket=bucket, Key="ledger/00000001.json", Body=b"kept")
    with pytest.raises(CloudError) as refused:
        bootstrap_environment(shops.app, one, shops.services)
    assert refused.value.code == "bootstrap-failed"
    assert bucket in refused.value.message
    assert s3.get_object(Bucket=bucket, Key="ledger/00000001.json")["Body"].read() == b"kept"


def test_a_bucket_with_its_ledger_is_never_left_behind(shops: Shops) -> None:
    one = shops.app.environments[0]
    with pytest.raises(Refused) as refused:
        bootstrap_environment(shops.app, replace(one, bucket="another-bucket"), shops.services)
    assert refused.value.code == "bootstrap-bucket"
    assert shops.own.bucket in refused.value.hint
    assert not compare(shops.app, one, shops.services).differs


@pytest.mark.parametrize("tags", [[], [{"Key": "sealift:bootstrap", "Value": "payroll/staging"}]])
def test_a_stack_of_somebody_else_is_left_alone(shops: Shops, tags: list[dict[str, str]]) -> None:
    name = f"foreign-{len(tags)}"
    cloudformation = client(shops.own.endpoint, "cloudformation")
    body = json.dumps({"Resources": {"Inbox": {"Type": "AWS::SQS::Queue"}}})
    cloudformation.create_stack(StackName=f"sealift-bootstrap-shop-{name}", TemplateBody=body, Tags=tags)
    with pytest.raises(Refused) as refused:
        bootstrap_environment(shops.app, elsewhere(shops, name), shops.services)
    assert refused.value.code == "bootstrap-not-ours"


def test_what_would_change_is_shown_and_nothing_is_changed(shops: Shops) -> None:
    one = replace(shops.app.environments[0], trust="github:team@1/another@3")
    assert compare(shops.app, one, shops.services).differs
    assert not compare(shops.app, shops.app.environments[0], shops.services).differs
    absent = compare(shops.app, elsewhere(shops, "absent"), shops.services)
    assert absent.live is None
    assert absent.differs


def test_an_object_lock_stays_when_it_is_not_asked_for_again(shops: Shops) -> None:
    one = elsewhere(shops, "locked")
    assert bootstrap_environment(shops.app, one, shops.services, lock_days=30).changed
    assert not bootstrap_environment(shops.app, one, shops.services).changed
