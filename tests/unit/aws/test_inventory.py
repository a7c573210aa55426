"""The inventory: pages that the embedded cloud never makes, organizations, and refusals that are not nothing."""

from typing import Any

import pytest

from sealift.aws.inventory import AwsInventory
from sealift.aws.session import AwsSession
from sealift.errors import CloudError
from sealift.isolation.perimeter import is_perimeter
from tests.unit.aws.stubs import ACCESS, stubbed

ACCOUNT = "111122223333"
ARN = f"arn:aws:iam::{ACCOUNT}:role/worker"
PLAIN = {"Statement": []}
ROLE = {
    "Path": "/",
    "RoleName": "worker",
    "RoleId": "AROAEXAMPLEEXAMPLE",
    "Arn": ARN,
    "CreateDate": "2026-11-24T00:00:00Z",
    "AssumeRolePolicyDocument": "%7B%22Statement%22%3A%5B%5D%7D",
}
AT = {"RoleName": "worker"}


def of(session: AwsSession) -> AwsInventory:
    """Return the inventory over a session."""
    return AwsInventory(session, account=ACCOUNT)


def policy(arn: str) -> dict[str, str]:
    """Return an attached policy as IAM lists it."""
    return {"PolicyName": arn.rpartition("/")[2], "PolicyArn": arn}


def test_every_page_of_a_roles_policies_is_read_and_a_managed_document_once() -> None:
    first, second = f"arn:aws:iam::{ACCOUNT}:policy/first", f"arn:aws:iam::{ACCOUNT}:policy/second"
    bounded = {**ROLE, "PermissionsBoundary": {"PermissionsBoundaryArn": first}}
    with stubbed("iam") as (session, stub):
        stub.add_response("get_role", {"Role": bounded}, AT)
        stub.add_response("list_role_policies", {"PolicyNames": ["a"], "IsTruncated": True, "Marker": "m"}, AT)
        stub.add_response("list_role_policies", {"PolicyNames": ["b"], "IsTruncated": False}, {**AT, "Marker": "m"})
        for name in ("a", "b"):
            answer = {"RoleName": "worker", "PolicyName": name, "PolicyDocument": "%7B%22Statement%22%3A%5B%5D%7D"}
            stub.add_response("get_role_policy", answer, {**AT, "PolicyName": name})
        pages = [{"IsTruncated": True, "Marker": "n"}, {"IsTruncated": False}]
        for page, arn in zip(pages, (first, second), strict=True):
            stub.add_response("list_attached_role_policies", {**page, "AttachedPolicies": [policy(arn)]})
            stub.add_response("get_policy", {"Policy": {"DefaultVersionId": "v3"}}, {"PolicyArn": arn})
            version = {"PolicyVersion": {"Document": "%7B%22Statement%22%3A%5B%5D%7D", "VersionId": "v3"}}
            stub.add_response("get_policy_version", version, {"PolicyArn": arn, "VersionId": "v3"})

        role = of(session).principal("role", "worker")

    assert role is not None
    assert (set(role.inline), set(role.managed)) == ({"a", "b"}, {first, second})
    assert role.boundary == role.trust == PLAIN


def test_a_role_that_is_gone_is_none_and_one_that_is_denied_is_an_error() -> None:
    with stubbed("iam") as (session, stub):
        stub.add_client_error("get_role", "NoSuchEntity", "The role with name worker cannot be found.", 404)
        stub.add_client_error("get_role", "AccessDenied", "User: … is not authorized to perform: iam:GetRole", 403)

        assert of(session).principal("role", "worker") is None
        with pytest.raises(CloudError, match="iam:GetRole") as caught:
            of(session).principal("role", "worker")

    assert caught.value.code == "access-denied"


@pytest.mark.parametrize(
    ("service", "operation", "code", "kind"),
    [
        ("s3", "get_bucket_policy", "AccessDenied", "AWS::S3::Bucket"),
        ("sqs", "get_queue_attributes", "AccessDeniedException", "AWS::SQS::Queue"),
        ("sns", "get_topic_attributes", "AuthorizationError", "AWS::SNS::Topic"),
        ("kms", "get_key_policy", "AccessDeniedException", "AWS::KMS::Key"),
        ("dynamodb", "describe_table", "AccessDeniedException", "AWS::DynamoDB::Table"),
    ],
)
def test_a_policy_that_may_not_be_read_is_an_error(service: str, operation: str, code: str, kind: str) -> None:
    with stubbed(service) as (session, stub):
        stub.add_client_error(operation, code, "is not authorized", 403)

        with pytest.raises(CloudError) as caught:
            of(session).resource_policy(kind, "it")

    assert caught.value.code == "access-denied"


@pytest.mark.parametrize(
    ("service", "operation", "code", "kind"),
    [
        ("s3", "get_bucket_policy", "NoSuchBucketPolicy", "AWS::S3::Bucket"),
        ("s3", "get_bucket_policy", "NoSuchBucket", "AWS::S3::Bucket"),
        ("lambda", "get_policy", "ResourceNotFoundException", "AWS::Lambda::Function"),
        ("ecr", "get_repository_policy", "RepositoryPolicyNotFoundException", "AWS::ECR::Repository"),
        ("kms", "get_key_policy", "NotFoundException", "AWS::KMS::Key"),
        ("efs", "describe_file_system_policy", "PolicyNotFound", "AWS::EFS::FileSystem"),
        ("efs", "describe_file_system_policy", "FileSystemNotFound", "AWS::EFS::FileSystem"),
        ("backup", "get_backup_vault_access_policy", "ResourceNotFoundException", "AWS::Backup::BackupVault"),
        ("opensearch", "describe_domain", "ResourceNotFoundException", "AWS::OpenSearchService::Domain"),
    ],
)
def test_a_resource_without_a_policy_has_none(service: str, operation: str, code: str, kind: str) -> None:
    with stubbed(service) as (session, stub):
        stub.add_client_error(operation, code, "there is none", 404)

        assert of(session).resource_policy(kind, "shop") is None


@pytest.mark.parametrize(
    ("service", "operation", "answer", "kind"),
    [
        ("efs", "describe_file_system_policy", {"Policy": "{}"}, "AWS::EFS::FileSystem"),
        ("opensearch", "describe_domain", {"DomainStatus": {"AccessPolicies": "{}"}}, "AWS::Elasticsearch::Domain"),
        ("opensearch", "describe_domain", {"DomainStatus": {"AccessPolicies": "{}"}}, "AWS::OpenSearchService::Domain"),
        ("backup", "get_backup_vault_access_policy", {"Policy": "{}"}, "AWS::Backup::BackupVault"),
        ("s3", "get_bucket_policy", {"Policy": "{}"}, "AWS::S3Express::DirectoryBucket"),
        (
            "opensearchserverless",
            "get_access_policy",
            {"accessPolicyDetail": {"policy": {}}},
            "AWS::OpenSearchServerless::AccessPolicy",
        ),
    ],
)
def test_the_policy_of_a_data_store_is_read(service: str, operation: str, answer: dict[str, Any], kind: str) -> None:
    if service == "opensearch":
        arn = "arn:aws:es:eu-west-1:111122223333:domain/shop"
        answer["DomainStatus"] |= {"DomainId": "1", "DomainName": "shop", "ARN": arn, "ClusterConfig": {}}
    with stubbed(service) as (session, stub):
        stub.add_response(operation, answer)

        assert of(session).resource_policy(kind, "shop") in ("{}", {})


def test_the_policy_of_an_access_point_is_asked_of_the_account() -> None:
    session = AwsSession(ACCESS)
    caller = {"Account": ACCOUNT, "Arn": ARN, "UserId": "it"}
    with stubbed("sts", session) as (_, account), stubbed("s3control", session) as (_, stub):
        account.add_response("get_caller_identity", caller)
        stub.add_response("get_access_point_policy", {"Policy": "{}"}, {"AccountId": ACCOUNT, "Name": "shop"})

        assert of(session).resource_policy("AWS::S3::AccessPoint", "shop") == "{}"


def test_the_policies_of_a_table_and_of_its_stream_are_one() -> None:
    table = "arn:aws:dynamodb:eu-west-1:111122223333:table/orders"
    stream = f"{table}/stream/2026-11-24"
    with stubbed("dynamodb") as (session, stub):
        stub.add_response("describe_table", {"Table": {"TableArn": table, "LatestStreamArn": stream}})
        for arn, sid in ((table, "t"), (stream, "s")):
            stub.add_response(
                "get_resource_policy", {"Policy": f'{{"Statement": [{{"Sid": "{sid}"}}]}}'}, {"ResourceArn": arn}
            )

        found = of(session).resource_policy("AWS::DynamoDB::Table", "orders")

    assert isinstance(found, dict)
    assert found["Statement"] == [{"Sid": "t"}, {"Sid": "s"}]


def test_the_policy_of_an_api_is_read_as_api_gateway_escapes_it() -> None:
    with stubbed("apigateway") as (session, stub):
        stub.add_response("get_rest_api", {"policy": '{\\"Statement\\":[]}'})

        assert of(session).resource_policy("AWS::ApiGateway::RestApi", "a1b2c3") == '{"Statement":[]}'


def test_guardrails_are_those_of_the_account_and_of_everything_above_it() -> None:
    with stubbed("organizations") as (session, stub):
        above = [(ACCOUNT, "ou-ab12-cdefghij", "ORGANIZATIONAL_UNIT"), ("ou-ab12-cdefghij", "r-ab12", "ROOT")]
        for target, parent, kind in above:
            stub.add_response("list_policies_for_target", {"Policies": [{"Id": f"p-{parent}-s"}]})
            stub.add_response("list_policies_for_target", {"Policies": [], "NextToken": "n"})
            stub.add_response("list_policies_for_target", {"Policies": [{"Id": f"p-{parent}-r"}]})
            stub.add_response("list_parents", {"Parents": [{"Id": parent, "Type": kind}]}, {"ChildId": target})
        stub.add_response("list_policies_for_target", {"Policies": []})
        stub.add_response("list_policies_for_target", {"Policies": []})
        for _ in range(4):
            stub.add_response("describe_policy", {"Policy": {"Content": '{"Statement":[]}'}})

        assert len(of(session).guardrails()) == 4


def test_an_account_in_no_organization_has_no_guardrails_and_a_member_may_not_ask() -> None:
    with stubbed("organizations") as (session, stub):
        stub.add_client_error("list_policies_for_target", "AWSOrganizationsNotInUseException", "not a member", 400)
        stub.add_client_error("list_policies_for_target", "AccessDeniedException", "You don't have permissions", 400)

        assert of(session).guardrails() == ()
        with pytest.raises(CloudError) as caught:
            of(session).guardrails()

    assert caught.value.code == "access-denied"


def test_a_perimeter_is_a_denial_by_where_something_belongs() -> None:
    deny = '{"Statement":[{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringNotEquals":{"KEY":"o-1"}}}]}'
    assert is_perimeter([deny.replace("KEY", "aws:ResourceOrgID")])
    assert not is_perimeter([deny.replace("KEY", "aws:RequestedRegion"), "no policy", None])


def test_a_refused_secret_does_not_tell_its_value() -> None:
    session = AwsSession(ACCESS)
    with stubbed("secretsmanager", session) as (_, stub):
        stub.add_client_error("get_secret_value", "AccessDeniedException", "is not authorized", 400)

        with pytest.raises(CloudError) as caught:
            of(session).secret_digest("key", salt="x")

    assert caught.value.code == "access-denied"
