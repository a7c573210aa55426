"""What lets others in stands in many types: every place where cfn-lint's schemas could hold a policy is decided."""

import json
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest

from sealift.aws.policies.resources import READERS
from sealift.isolation.documents import DOCUMENTS, PRINCIPALS
from sealift.model.live import POLICY_TYPES, UNREAD_POLICY_TYPES
from tests.unit.isolation.test_bad_input import ids, proved


def listed(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(text.split())


OF_IDENTITIES = listed(
    """
AWS::IAM::Group.PolicyDocument AWS::IAM::GroupPolicy.PolicyDocument AWS::IAM::ManagedPolicy.PolicyDocument
AWS::IAM::Policy.PolicyDocument AWS::IAM::Role.PolicyDocument AWS::IAM::RolePolicy.PolicyDocument
AWS::IAM::User.PolicyDocument AWS::IAM::UserPolicy.PolicyDocument
"""
)
"""What a principal may do: `principals.py` reads them."""
LESSENING = listed(
    """
AWS::EC2::VPCEndpoint.PolicyDocument AWS::EKS::PodIdentityAssociation.Policy AWS::RolesAnywhere::Profile.SessionPolicy
AWS::Transfer::User.Policy AWS::Chatbot::SlackChannelConfiguration.GuardrailPolicies
AWS::Chatbot::MicrosoftTeamsChannelConfiguration.GuardrailPolicies AWS::ODB::OdbNetwork.KmsPolicyDocument
AWS::ODB::OdbNetwork.S3PolicyDocument AWS::ODB::OdbNetwork.StsPolicyDocument
"""
)
"""Session, guardrail and endpoint policies only take away of what a role may do."""
OF_PEOPLE = listed(
    """
AWS::SSO::PermissionSet.InlinePolicy AWS::SSO::PermissionSet.ManagedPolicies AWS::IoT::Policy.PolicyDocument
AWS::EC2::VerifiedAccessEndpoint.PolicyDocument AWS::EC2::VerifiedAccessGroup.PolicyDocument
AWS::Connect::SecurityProfile.ApplicationPermissions AWS::Connect::SecurityProfile.Permissions
AWS::DataZone::ProjectProfile.Policy
"""
)
"""What people and devices may do who sign in by other ways than a role of a template."""
NO_POLICIES = listed(
    """
AlpnPolicy AnswerPolicy ApplicationAutoScalingPolicies ArchivePolicy ArnForPolicy AutoImportPolicy BrowserPolicy
ContentSecurityPolicy DataProtectionPolicy DeliveryPolicy DlRatePolicy DnsPolicy FieldIndexPolicies FilterPolicy
HttpsPolicy ImagePullPolicy LanguageSelectionPolicy LifecyclePolicy LifecyclePolicyText NotificationPolicy
OriginProtocolPolicy RedriveAllowPolicy RedrivePolicy ReferrerPolicy ReplayPolicy ReputationEntityPolicy RetentionPolicy
RetryPolicy SafeguardPolicy SecurityPolicy SnapshotPolicy SslPolicy TLSSecurityPolicy TerminationPolicies TlsPolicy
UlRatePolicy VersionDeletionPolicy ViewerProtocolPolicy AWS::AppIntegrations::Application.Permissions
AWS::Batch::JobDefinition.Permissions AWS::Bedrock::Guardrail.Policies AWS::Config::ConfigRule.PolicyText
AWS::Config::OrganizationConfigRule.PolicyText AWS::EC2::ClientVpnEndpoint.PolicyDocument
AWS::EFS::AccessPoint.Permissions AWS::GammaDilithium::JobDefinition.Permissions
AWS::LakeFormation::DataLakeSettings.Permissions AWS::LakeFormation::Permissions.Permissions
AWS::Logs::AccountPolicy.PolicyDocument AWS::NetworkManager::CoreNetwork.PolicyDocument
AWS::OpenSearchServerless::LifecyclePolicy.Policy AWS::OpenSearchServerless::SecurityPolicy.Policy
AWS::PCAConnectorAD::Template.Policies AWS::RAM::Permission.PolicyTemplate AWS::S3Files::AccessPoint.Permissions
AWS::SSM::Parameter.Policies
"""
)
"""Called so, and about something else: retries, life cycles, TLS. Some names mean that in every type."""
ENDINGS = ("Policy", "Policies", "PolicyDocument", "PolicyText", "PolicyTemplate", "Permissions")


def schemas() -> Iterator[dict[str, Any]]:
    """Yield every resource schema of cfn-lint but those of SAM, which is translated before it is proved."""
    for file in sorted(Path(distribution("cfn-lint").locate_file("cfnlint/data/schemas/resources")).glob("*.json")):
        found = json.loads(file.read_text())
        if not str(found.get("typeName", "AWS::Serverless::")).startswith("AWS::Serverless::"):
            yield found


def named(node: Any) -> Iterator[tuple[str, Any]]:
    """Yield every property at whatever depth."""
    for key, value in node.items() if isinstance(node, dict) else ():
        if key == "properties" and isinstance(value, dict):
            yield from value.items()
        yield from named(value)
    for value in node if isinstance(node, list) else ():
        yield from named(value)


def is_free(node: Any, schema: dict[str, Any], depth: int = 0) -> bool:
    """Return whether a property is an object of no given shape, or a text of any kind."""
    while isinstance(node, dict) and "$ref" in node and depth < 9:
        target: Any = schema
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target.get(part, {})
        node, depth = target, depth + 1
    if not isinstance(node, dict) or depth > 9 or "enum" in node or node.get("properties"):
        return False
    kinds = node.get("type")
    those = set(kinds if isinstance(kinds, list) else [kinds])
    if "array" in those:
        return is_free(node.get("items", {}), schema, depth + 1)
    either = [part for key in ("oneOf", "anyOf", "allOf") for part in node.get(key, [])]
    return bool(those & {"object", "string", None}) or any(is_free(part, schema, depth + 1) for part in either)


def test_every_place_for_a_policy_is_read_or_is_none() -> None:
    undecided = []
    for schema in schemas():
        cfn_type = schema["typeName"]
        read = {path.rpartition(".")[2] for path in DOCUMENTS.get(cfn_type, ("", ""))[0].split()}
        for key, body in named(schema):
            place = f"{cfn_type}.{key}"
            decided = key in read | NO_POLICIES or place in OF_IDENTITIES | LESSENING | OF_PEOPLE | NO_POLICIES
            if key.endswith(ENDINGS) and is_free(body, schema) and not decided:
                undecided.append(place)
    assert undecided == []


def test_every_place_that_is_read_exists() -> None:
    known = {schema["typeName"]: schema for schema in schemas()}
    for cfn_type, (paths, target) in DOCUMENTS.items():
        keys = {key for key, _ in named(known[cfn_type])}
        wanted = {part for path in paths.split() for part in path.split(".")} | ({target} - {""})
        assert wanted <= keys, cfn_type
    for cfn_type, path in PRINCIPALS.items():
        assert set(path.split(".")) <= {key for key, _ in named(known[cfn_type])}, cfn_type


def test_every_carrier_of_a_policy_is_read_live_or_not_proved() -> None:
    carriers = {t for t, (_, target) in DOCUMENTS.items() if not target} - WITHOUT_CARRIER
    assert carriers - POLICY_TYPES - UNREAD_POLICY_TYPES == set()
    assert not POLICY_TYPES & UNREAD_POLICY_TYPES
    assert set(READERS) == POLICY_TYPES


WITHOUT_CARRIER = frozenset(
    {
        # Of the whole account: no resource of the stack carries them.
        *("AWS::ECR::RegistryPolicy", "AWS::ECR::RepositoryCreationTemplate", "AWS::Logs::ResourcePolicy"),
        *("AWS::Organizations::ResourcePolicy", "AWS::XRay::ResourcePolicy"),
        # Every function has a log group: its policy is read of the template alone.
        "AWS::Logs::LogGroup",
        "AWS::IAM::Role",
    }
)

OTHER = "arn:aws:iam::000000000000:role/app-staging-worker"
ROLE = {
    "Type": "AWS::IAM::Role",
    "Properties": {"RoleName": {"Fn::Sub": "${AWS::StackName}-worker"}, "AssumeRolePolicyDocument": {"Statement": []}},
}


def holding(path: str, value: Any) -> dict[str, Any]:
    """Return properties that have a value at a path."""
    first, _, rest = path.partition(".")
    inner = holding(rest, value) if rest else value
    return {first: [inner] if first == "Replicas" else inner}


@pytest.mark.parametrize("cfn_type", sorted(set(DOCUMENTS) - {"AWS::IAM::Role", "AWS::EventsV2::ResourcePolicy"}))
def test_whoever_a_document_lets_in_is_seen(cfn_type: str) -> None:
    document = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*", "Principal": {"AWS": OTHER}}]}
    for path in DOCUMENTS[cfn_type][0].split():
        for value in (document, {"Fn::Join": ["", [json.dumps(document)[:20], json.dumps(document)[20:]]]}):
            body = {"Resources": {"Role": ROLE, "It": {"Type": cfn_type, "Properties": holding(path, value)}}}
            assert "RPL-01" in ids(proved(body)), path
        body["Resources"]["It"]["Properties"] = holding(path, {"Ref": "Nowhere"})  # type: ignore[index]
        assert "PRF-01" in ids(proved(body)), path


@pytest.mark.parametrize("cfn_type", sorted(PRINCIPALS))
def test_whoever_a_list_lets_in_is_seen(cfn_type: str) -> None:
    properties = holding(PRINCIPALS[cfn_type], OTHER)
    assert "RPL-01" in ids(proved({"Resources": {"Role": ROLE, "It": {"Type": cfn_type, "Properties": properties}}}))
    anybody = holding(PRINCIPALS[cfn_type], ["arn:aws:organizations::111111111111:organization/o-a1b2c3"])
    assert "RPL-02" in ids(proved({"Resources": {"It": {"Type": cfn_type, "Properties": anybody}}}))


def test_a_data_access_policy_of_a_collection_is_read() -> None:
    rules = [{"ResourceType": "index", "Resource": ["index/${AWS::StackName}/*"], "Permission": ["aoss:*"]}]
    own = "arn:aws:iam::000000000000:role/${AWS::StackName}-worker"
    for who, found in ((OTHER, {"RPL-01"}), (own, set())):
        policy = {"Fn::Sub": json.dumps([{"Rules": rules, "Principal": [who]}])}
        properties = {"Name": {"Fn::Sub": "${AWS::StackName}"}, "Type": "data", "Policy": policy}
        it = {"Type": "AWS::OpenSearchServerless::AccessPolicy", "Properties": properties}
        assert ids(proved({"Resources": {"Role": ROLE, "It": it}})) - {"REF-08"} == found
