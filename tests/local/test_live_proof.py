"""What is in force, read from the embedded cloud by real HTTP: every reader, and a proof of two stacks."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sealift.aws.cloud import Access, open_cloud
from sealift.isolation.model import EnvironmentView, StackView
from sealift.local.endpoint import Endpoint
from sealift.model.app import App, Environment, StackSpec
from sealift.model.live import POLICY_TYPES
from sealift.model.template import Json
from sealift.ports import Cloud, Inventory
from sealift.usecases.proof.live import prove_live, read_live
from sealift.usecases.proof.prove import Proof
from sealift.usecases.proof.trespass import prove_and_probe
from sealift.usecases.services import Services
from tests.component.usecases.world import make_world
from tests.local.deploying import ROLE, client, deploy, function

ENVIRONMENTS = ("staging", "production")
WIDE: Json = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "dynamodb:Scan", "Resource": "*"}]}


def allow(action: str, resource: Json = "*", **more: Json) -> dict[str, Json]:
    """Return a policy document of one statement."""
    statement: dict[str, Json] = {"Effect": "Allow", "Action": action, "Resource": resource, **more}
    return {"Version": "2012-10-17", "Statement": [statement]}


def arn(logical_id: str) -> Json:
    """Return the reference to an ARN."""
    return {"Fn::GetAtt": [logical_id, "Arn"]}


EVENTS: Json = {"Service": "events.amazonaws.com"}
TABLE: dict[str, Json] = {
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
}
EVERYTHING: dict[str, Json] = {
    "Bound": {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": allow("s3:GetObject")}},
    "Wide": {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": allow("sqs:SendMessage")}},
    "Worker": {
        "Type": "AWS::IAM::Role",
        "Properties": {
            **ROLE["Properties"],  # type: ignore[dict-item]
            "ManagedPolicyArns": [{"Ref": "Wide"}],
            "Policies": [{"PolicyName": "own", "PolicyDocument": allow("sns:Publish")}],
        },
    },
    "Role": ROLE,
    "Inbox": {"Type": "AWS::SQS::Queue"},
    "InboxPolicy": {
        "Type": "AWS::SQS::QueuePolicy",
        "Properties": {
            "Queues": [{"Ref": "Inbox"}],
            "PolicyDocument": allow("sqs:SendMessage", arn("Inbox"), Principal=EVENTS),
        },
    },
    "News": {"Type": "AWS::SNS::Topic"},
    "NewsPolicy": {
        "Type": "AWS::SNS::TopicPolicy",
        "Properties": {
            "Topics": [{"Ref": "News"}],
            "PolicyDocument": allow("sns:Publish", {"Ref": "News"}, Principal=EVENTS),
        },
    },
    "Files": {"Type": "AWS::S3::Bucket"},
    "FilesPolicy": {
        "Type": "AWS::S3::BucketPolicy",
        "Properties": {
            "Bucket": {"Ref": "Files"},
            "PolicyDocument": allow("s3:GetObject", {"Fn::Sub": "${Files.Arn}/*"}, Principal=EVENTS),
        },
    },
    "Hello": function(),
    "HelloPermission": {
        "Type": "AWS::Lambda::Permission",
        "Properties": {
            "FunctionName": {"Ref": "Hello"},
            "Action": "lambda:InvokeFunction",
            "Principal": "events.amazonaws.com",
        },
    },
    "Key": {
        "Type": "AWS::KMS::Key",
        "Properties": {"KeyPolicy": allow("kms:*", "*", Principal={"AWS": {"Ref": "AWS::AccountId"}})},
    },
    "Password": {"Type": "AWS::SecretsManager::Secret", "Properties": {"SecretString": "hunter2hunter2"}},
    "Orders": {"Type": "AWS::DynamoDB::Table", "Properties": TABLE},
    "Ticks": {"Type": "AWS::Kinesis::Stream", "Properties": {"ShardCount": 1}},
    "Bus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": {"Ref": "AWS::StackName"}}},
    "Images": {"Type": "AWS::ECR::Repository", "Properties": {"RepositoryName": {"Ref": "AWS::StackName"}}},
    "Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "api"}},
}


def opened(endpoint: Endpoint, name: str = "live") -> Cloud:
    """Return the adapters of AWS over the embedded cloud."""
    access = Access(
        region=endpoint.region,
        endpoint_url=endpoint.url,
        access_key=endpoint.access_key,
        secret_key=endpoint.secret_key,
    )
    return open_cloud(Environment(name=name, region=endpoint.region, stack_name=f"app-{name}"), access=access)


class Stack:
    """A stack that stands, its physical ids, and what is in force on it."""

    def __init__(self, endpoint: Endpoint, name: str) -> None:
        self.endpoint = endpoint
        self.cloud = opened(endpoint)
        listed = self.cloud.stacks.resources(name)
        self.ids = {r.logical_id: str(r.physical_id) for r in listed}
        self.types = {r.logical_id: r.type for r in listed}

    @property
    def inventory(self) -> Inventory:
        """What is in force."""
        return self.cloud.inventory

    def policy(self, logical_id: str) -> Any:
        """Return the policy of a resource, parsed."""
        found = self.inventory.resource_policy(self.types[logical_id], self.ids[logical_id])
        return json.loads(found) if isinstance(found, str) else found

    def client(self, service: str) -> Any:
        """Return a client, to change something by hand."""
        return client(self.endpoint, service)


@pytest.fixture(scope="module")
def stack(endpoint: Endpoint) -> Stack:
    """One resource of every kind that is read."""
    assert deploy(endpoint, "app-inventory", {"Resources": EVERYTHING}).status == "CREATE_COMPLETE"
    return Stack(endpoint, "app-inventory")


def actions(policy: Any) -> list[str]:
    """Return the action of each statement."""
    return [s["Action"] for s in policy["Statement"]]


def test_a_role_is_read_with_every_policy_boundary_and_trust(stack: Stack) -> None:
    # The emulator's CloudFormation does not set boundaries.
    stack.client("iam").put_role_permissions_boundary(
        RoleName=stack.ids["Worker"], PermissionsBoundary=stack.ids["Bound"]
    )
    role = stack.inventory.principal("role", stack.ids["Worker"])
    assert role is not None
    assert role.arn.endswith(f":role/{stack.ids['Worker']}")
    assert {name: actions(document) for name, document in role.inline.items()} == {"own": ["sns:Publish"]}
    assert [actions(document) for document in role.managed.values()] == [["sqs:SendMessage"]]
    assert actions(role.boundary) == ["s3:GetObject"]
    assert actions(role.trust) == ["sts:AssumeRole"]


def test_a_user_has_the_policies_of_its_groups(stack: Stack) -> None:
    iam = stack.client("iam")
    iam.create_group(GroupName="readers")
    iam.put_group_policy(GroupName="readers", PolicyName="read", PolicyDocument=json.dumps(allow("s3:GetObject")))
    iam.create_user(UserName="ann")
    iam.put_user_policy(UserName="ann", PolicyName="own", PolicyDocument=json.dumps(allow("sns:Publish")))
    iam.add_user_to_group(GroupName="readers", UserName="ann")
    user = stack.inventory.principal("user", "ann")
    assert user is not None
    assert set(user.inline) == {"own", "readers/read"}


def test_a_principal_that_is_not_there_is_none(stack: Stack) -> None:
    assert [stack.inventory.principal(kind, "nobody") for kind in ("role", "user", "group")] == [None, None, None]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("logical_id", "action"),
    [
        ("Inbox", "sqs:SendMessage"),
        ("News", "sns:Publish"),
        ("Files", "s3:GetObject"),
        ("Hello", "lambda:InvokeFunction"),
        ("Key", "kms:*"),
    ],
)
def test_a_policy_of_the_template_is_read_back(stack: Stack, logical_id: str, action: str) -> None:
    assert action in actions(stack.policy(logical_id))


def by_hand(stack: Stack) -> dict[str, Callable[[str], object]]:
    """Return, by logical id, what gives a resource a policy by hand."""
    ids = stack.ids
    table = stack.client("dynamodb").describe_table(TableName=ids["Orders"])["Table"]["TableArn"]
    ticks = stack.client("kinesis").describe_stream_summary(StreamName=ids["Ticks"])
    return {
        "Password": lambda p: stack.client("secretsmanager").put_resource_policy(
            SecretId=ids["Password"], ResourcePolicy=p
        ),
        "Orders": lambda p: stack.client("dynamodb").put_resource_policy(ResourceArn=table, Policy=p),
        "Ticks": lambda p: stack.client("kinesis").put_resource_policy(
            ResourceARN=ticks["StreamDescriptionSummary"]["StreamARN"], Policy=p
        ),
        "Bus": lambda p: stack.client("events").put_permission(EventBusName=ids["Bus"], Policy=p),
        "Images": lambda p: stack.client("ecr").set_repository_policy(repositoryName=ids["Images"], policyText=p),
        "Api": lambda p: stack.client("apigateway").update_rest_api(
            restApiId=ids["Api"], patchOperations=[{"op": "replace", "path": "/policy", "value": p}]
        ),
    }


@pytest.mark.parametrize(
    ("logical_id", "action"),
    [
        ("Password", "secretsmanager:GetSecretValue"),
        ("Orders", "dynamodb:GetItem"),
        ("Ticks", "kinesis:PutRecord"),
        ("Bus", "events:PutEvents"),
        ("Images", "ecr:BatchGetImage"),
        ("Api", "execute-api:Invoke"),
    ],
)
def test_a_policy_given_by_hand_is_read(stack: Stack, logical_id: str, action: str) -> None:
    assert not (stack.policy(logical_id) or {}).get("Statement")
    resource = f"arn:aws:kinesis:{stack.endpoint.region}:{stack.endpoint.account}:stream/{stack.ids['Ticks']}"
    document = allow(
        action, resource if logical_id == "Ticks" else "*", Principal={"AWS": "arn:aws:iam::444455556666:root"}
    )
    by_hand(stack)[logical_id](json.dumps(document))
    assert actions(stack.policy(logical_id)) == [action]


NOT_HERE = frozenset({"AWS::S3::AccessPoint"})
"""What the embedded cloud does not answer for."""


def test_every_type_that_carries_a_policy_has_a_reader_that_takes_a_missing_resource(stack: Stack) -> None:
    missing = {
        "AWS::KMS::Key": "5b1e2c1c-0000-0000-0000-000000000000",
        "AWS::SNS::Topic": f"arn:aws:sns:{stack.endpoint.region}:{stack.endpoint.account}:nothing",
        "AWS::SQS::Queue": f"{stack.endpoint.url}/{stack.endpoint.account}/nothing",
        "AWS::Lambda::LayerVersion": f"arn:aws:lambda:{stack.endpoint.region}:{stack.endpoint.account}:layer:no:1",
    }
    listed = POLICY_TYPES - NOT_HERE
    assert {t: stack.inventory.resource_policy(t, missing.get(t, "nothing")) for t in listed} == dict.fromkeys(listed)


def test_the_role_of_a_function_and_the_pool_of_the_account_are_read(stack: Stack) -> None:
    assert stack.inventory.function(stack.ids["Hello"]).role == stack.inventory.principal("role", stack.ids["Role"]).arn  # type: ignore[union-attr]
    assert stack.inventory.function("nobody") is None
    assert stack.inventory.concurrency().limit >= stack.inventory.concurrency().unreserved > 0


def test_a_secret_gives_a_hash_that_depends_on_value_and_salt(stack: Stack) -> None:
    first = stack.inventory.secret_digest(stack.ids["Password"], salt="a")
    assert first == stack.inventory.secret_digest(stack.ids["Password"], salt="a")
    assert first != stack.inventory.secret_digest(stack.ids["Password"], salt="b")
    assert len(first) == 64


SHOP: dict[str, Json] = {
    "Orders": {"Type": "AWS::DynamoDB::Table", "Properties": TABLE},
    "Inbox": {"Type": "AWS::SQS::Queue"},
    "Role": {
        "Type": "AWS::IAM::Role",
        "Properties": {
            **ROLE["Properties"],  # type: ignore[dict-item]
            "Policies": [{"PolicyName": "own", "PolicyDocument": allow("dynamodb:GetItem", arn("Orders"))}],
        },
    },
    "Hello": function(),
}


class OneAccount:
    """Opens every environment in the same account, as a team that has only one."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint

    def open(self, environment: Environment) -> Cloud:
        """Return the environment's cloud."""
        return opened(self.endpoint, environment.name)


@pytest.fixture(scope="module")
def shops(endpoint: Endpoint) -> dict[str, Stack]:
    """The same template as staging and as production, in one account."""
    for name in ENVIRONMENTS:
        assert deploy(endpoint, f"app-{name}", {"Resources": SHOP}).status == "CREATE_COMPLETE"
    return {name: Stack(endpoint, f"app-{name}") for name in ENVIRONMENTS}


def scene(endpoint: Endpoint, tmp_path: Path) -> tuple[App, list[EnvironmentView], Services]:
    """Return the two shops as one application over their account."""
    world = make_world(tmp_path)
    environments = tuple(Environment(name=n, region=endpoint.region, stack_name=f"app-{n}") for n in ENVIRONMENTS)
    app = App(
        name="app",
        root=world.app.root,
        config_path=None,
        stacks=(StackSpec(name="app", template="template.yaml"),),
        environments=environments,
    )
    views = [
        EnvironmentView(name=e.name, region=e.region, stacks=(StackView(name=e.stack_name, body={"Resources": SHOP}),))
        for e in environments
    ]
    return app, views, replace(world.services(), clouds=OneAccount(endpoint))


def proved(endpoint: Endpoint, tmp_path: Path) -> Proof:
    """Prove the two shops against their account."""
    return prove_live(*scene(endpoint, tmp_path), local=False)


def probed(endpoint: Endpoint, tmp_path: Path) -> Proof:
    """Let staging's roles try what is production's."""
    return prove_and_probe(*scene(endpoint, tmp_path), ["staging"], local=False)


def stopping(proof: Proof) -> set[tuple[str, str, str]]:
    """Return rule and ends of what stops."""
    return {(f.id, f.source, f.target) for f in proof.verdict.stopping}


def test_two_stacks_in_one_account_are_proved_live(endpoint: Endpoint, shops: dict[str, Stack], tmp_path: Path) -> None:
    proof = proved(endpoint, tmp_path)
    assert (stopping(proof), proof.verdict.level) == (set(), "L2")
    assert [(r.stacks, r.principals) for r in proof.readings] == [(1, 1), (1, 1)]


def test_a_policy_put_on_a_role_by_hand_is_found(endpoint: Endpoint, shops: dict[str, Stack], tmp_path: Path) -> None:
    iam, role = shops["staging"].client("iam"), shops["staging"].ids["Role"]
    iam.put_role_policy(RoleName=role, PolicyName="by-hand", PolicyDocument=json.dumps(WIDE))
    try:
        proof = proved(endpoint, tmp_path)
    finally:
        iam.delete_role_policy(RoleName=role, PolicyName="by-hand")
    assert stopping(proof) == {("IAM-01", "staging", "production")}
    witness = proof.verdict.stopping[0].witness
    assert witness is not None
    assert witness.principal == f"arn:aws:iam::{endpoint.account}:role/{role}"
    assert witness.resource.endswith(f":table/{shops['production'].ids['Orders']}")


def test_a_queue_opened_by_hand_is_found(endpoint: Endpoint, shops: dict[str, Stack], tmp_path: Path) -> None:
    production = shops["production"]
    staging_role = f"arn:aws:iam::{endpoint.account}:role/{shops['staging'].ids['Role']}"
    sqs, url = production.client("sqs"), production.ids["Inbox"]
    document = allow("sqs:SendMessage", Principal={"AWS": staging_role})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(document)})
    try:
        proof = proved(endpoint, tmp_path)
    finally:
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": ""})
    assert ("RPL-01", "production", "staging") in stopping(proof)


def test_a_function_given_the_other_role_by_hand_is_found(
    endpoint: Endpoint, shops: dict[str, Stack], tmp_path: Path
) -> None:
    functions, name = shops["staging"].client("lambda"), shops["staging"].ids["Hello"]
    roles = {n: f"arn:aws:iam::{endpoint.account}:role/{shops[n].ids['Role']}" for n in ENVIRONMENTS}
    functions.update_function_configuration(FunctionName=name, Role=roles["production"])
    try:
        proof = proved(endpoint, tmp_path)
    finally:
        functions.update_function_configuration(FunctionName=name, Role=roles["staging"])
    assert stopping(proof) == {("IAM-03", "staging", "production")}


def test_a_variable_set_by_hand_is_found_by_name_alone(
    endpoint: Endpoint, shops: dict[str, Stack], tmp_path: Path
) -> None:
    functions, name = shops["staging"].client("lambda"), shops["staging"].ids["Hello"]
    value = f"hunter2:{shops['production'].ids['Orders']}"
    functions.update_function_configuration(FunctionName=name, Environment={"Variables": {"TABLE": value}})
    try:
        proof = proved(endpoint, tmp_path)
    finally:
        functions.update_function_configuration(FunctionName=name, Environment={"Variables": {}})
    assert stopping(proof) == {("REF-04", "staging", "production")}
    assert "TABLE" in proof.verdict.stopping[0].message
    assert "hunter2" not in json.dumps(proof.verdict.as_json())


def test_a_queue_connected_by_hand_is_found(endpoint: Endpoint, shops: dict[str, Stack], tmp_path: Path) -> None:
    functions, name = shops["staging"].client("lambda"), shops["staging"].ids["Hello"]
    queue = shops["production"].ids["Inbox"].rsplit("/", 1)[-1]
    source = f"arn:aws:sqs:{endpoint.region}:{endpoint.account}:{queue}"
    made = functions.create_event_source_mapping(FunctionName=name, EventSourceArn=source, Enabled=False)
    try:
        proof = proved(endpoint, tmp_path)
        assert shops["staging"].inventory.event_sources(name) == (source,)
        assert shops["production"].inventory.event_sources(shops["production"].ids["Hello"]) == ()
    finally:
        functions.delete_event_source_mapping(UUID=made["UUID"])
    assert stopping(proof) == {("EVT-05", "staging", "production")}


def test_a_reader_without_permission_proves_nothing(endpoint: Endpoint, shops: dict[str, Stack]) -> None:
    iam = client(endpoint, "iam")
    iam.create_user(UserName="weak")
    key = iam.create_access_key(UserName="weak")["AccessKey"]
    access = Access(
        region=endpoint.region,
        endpoint_url=endpoint.url,
        access_key=key["AccessKeyId"],
        secret_key=key["SecretAccessKey"],
    )
    weak = open_cloud(
        Environment(name="w", region=endpoint.region, account=endpoint.account, stack_name="w"), access=access
    ).inventory
    for ask in (
        lambda: weak.principal("role", shops["staging"].ids["Role"]),
        lambda: weak.resource_policy("AWS::SQS::Queue", shops["staging"].ids["Inbox"]),
        lambda: weak.resource_policy("AWS::DynamoDB::Table", shops["staging"].ids["Orders"]),
        lambda: weak.function(shops["staging"].ids["Hello"]),
    ):
        with pytest.raises(Exception, match="refused") as caught:
            ask()
        assert caught.value.code == "access-denied"  # type: ignore[attr-defined]


def test_roles_try_the_other_stack_and_are_denied_as_the_proof_says(
    endpoint: Endpoint, shops: dict[str, Stack], tmp_path: Path
) -> None:
    proof = probed(endpoint, tmp_path)
    assert proof.stopping == ()
    (probe,) = proof.probes
    assert (probe.roles, probe.through, probe.untried) == (1, (), ())
    assert probe.others["denied"] == sum(probe.others.values()) >= 5
    assert probe.own["allowed"] == 1  # the own table: the credentials are good for something


def test_a_role_with_a_policy_by_hand_gets_through_as_the_proof_says(
    endpoint: Endpoint, shops: dict[str, Stack], tmp_path: Path
) -> None:
    iam, role = shops["staging"].client("iam"), shops["staging"].ids["Role"]
    iam.put_role_policy(RoleName=role, PolicyName="by-hand", PolicyDocument=json.dumps(allow("dynamodb:GetItem")))
    try:
        proof = probed(endpoint, tmp_path)
    finally:
        iam.delete_role_policy(RoleName=role, PolicyName="by-hand")
    assert {f.id for f in proof.stopping} == {"IAM-01"}
    assert [text.partition(" (")[0] for text in proof.probes[0].through] == [
        "Role: dynamodb:GetItem on Orders of production"
    ]


def test_a_stack_nested_in_a_stack_is_read_where_the_release_does_not_carry_it(
    endpoint: Endpoint, tmp_path: Path
) -> None:
    s3 = client(endpoint, "s3")
    s3.create_bucket(Bucket="nested-templates", CreateBucketConfiguration={"LocationConstraint": endpoint.region})
    s3.put_object(Bucket="nested-templates", Key="inner.json", Body=json.dumps({"Resources": SHOP}))
    outer: dict[str, Json] = {
        "Inner": {
            "Type": "AWS::CloudFormation::Stack",
            "Properties": {"TemplateURL": f"{endpoint.url}/nested-templates/inner.json"},
        }
    }
    assert deploy(endpoint, "app-outer", {"Resources": outer}).status == "CREATE_COMPLETE"
    view = EnvironmentView(
        name="outer", region=endpoint.region, stacks=(StackView(name="app-outer", body={"Resources": outer}),)
    )
    app = App(
        name="app",
        root=Path(),
        config_path=None,
        stacks=(StackSpec(name="app", template="template.yaml"),),
        environments=(Environment(name="outer", region=endpoint.region, stack_name="app-outer"),),
    )
    live = read_live(app, [view], replace(make_world(tmp_path).services(), clouds=OneAccount(endpoint)))
    (stack,) = live.views[0].stacks
    inner = stack.nested["Inner"]
    assert set(inner.physical_ids) == set(SHOP)
    assert set(inner.live_principals) == {"Role"}
    assert (live.views[0].live, live.views[0].unread) == (True, ())
