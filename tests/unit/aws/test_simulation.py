"""Simulation: what to ask together, every page of the answer, and answers that are documented, not observed."""

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealift.aws.identity import AwsIdentity
from sealift.aws.simulation import batches
from sealift.errors import CloudError
from sealift.model.rights import Permission, Simulated
from tests.unit.aws.stubs import stubbed

ACCOUNT = "111122223333"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/ops/deployer"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/deployer/ann"
READ = Permission(action="s3:GetObject", resource="arn:aws:s3:::b/one")
OTHER = Permission(action="s3:GetObject", resource="arn:aws:s3:::b/two")
LIST = Permission(action="s3:ListBucket", resource="arn:aws:s3:::b")
PERMISSIONS = st.lists(
    st.builds(Permission, action=st.sampled_from(["a:A", "a:B", "c:C"]), resource=st.integers(0, 150).map(str)),
    unique=True,
)


def request(*permissions: Permission, source: str = ROLE, **more: Any) -> dict[str, Any]:
    """Return the parameters of a call for permissions of one action."""
    return {
        "PolicySourceArn": source,
        "ActionNames": [permissions[0].action],
        "ResourceArns": [one.resource for one in permissions],
        "ContextEntries": [],
        **more,
    }


def on(*results: tuple[Permission, str], **more: Any) -> dict[str, Any]:
    """Return what IAM answers for one action on several resources."""
    each = [{"EvalResourceName": p.resource, "EvalResourceDecision": decision, **more} for p, decision in results]
    action = results[0][0].action
    return {"EvalActionName": action, "EvalDecision": "implicitDeny", "ResourceSpecificResults": each}


def simulated(
    answers: Iterable[tuple[str, dict[str, Any], dict[str, Any]]], *permissions: Permission, principal: str = ROLE
) -> tuple[Simulated, ...]:
    """Simulate against recorded answers: operation, answer, and the parameters that were expected."""
    with stubbed("iam") as (session, stub):
        for operation, answer, expected in answers:
            if "Error" in answer:
                error = answer["Error"]
                stub.add_client_error(operation, error["Code"], error["Message"], 403, expected_params=expected)
            else:
                stub.add_response(operation, answer, expected)
        return AwsIdentity(session).simulate(principal, permissions, context={})


def answer(*results: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return one page."""
    return {"EvaluationResults": list(results), "IsTruncated": False, **more}


NAME = "simulate_principal_policy"


@given(PERMISSIONS)
def test_batches_ask_for_exactly_what_is_wanted_and_never_for_more_than_one_page(permissions: list[Permission]) -> None:
    made = list(batches(permissions))
    asked = [Permission(action=a, resource=r) for actions, resources in made for a in actions for r in resources]
    assert sorted(map(repr, asked)) == sorted(map(repr, permissions))
    assert all(len(actions) * len(resources) <= 100 for actions, resources in made)


def test_every_page_of_an_answer_is_read_and_results_come_in_the_order_of_the_questions() -> None:
    first = answer(on((OTHER, "explicitDeny")), IsTruncated=True, Marker="m")
    pages = [
        (NAME, first, request(READ, OTHER)),
        (NAME, answer(on((READ, "allowed"))), request(READ, OTHER, Marker="m")),
    ]
    found = simulated(pages, READ, OTHER)
    assert [(one.permission, one.decision) for one in found] == [(READ, "allowed"), (OTHER, "explicitDeny")]


def test_a_result_that_never_came_is_an_error_and_no_denial() -> None:
    with pytest.raises(CloudError, match="did not say whether") as raised:
        simulated([(NAME, answer(on((READ, "allowed"))), request(READ, OTHER))], READ, OTHER)
    assert raised.value.code == "simulation-incomplete"


def test_what_is_answered_for_the_action_alone_is_for_the_resource_that_was_asked_about() -> None:
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_EvaluationResult.html: EvalResourceName is a template."""
    result = {
        "EvalActionName": LIST.action,
        "EvalResourceName": "arn:${Partition}:s3:::${BucketName}",
        "EvalDecision": "allowed",
    }
    assert [one.allowed for one in simulated([(NAME, answer(result), request(LIST))], LIST)] == [True]


def test_boundary_organization_and_conditions_without_a_value_are_kept() -> None:
    detail = {"PermissionsBoundaryDecisionDetail": {"AllowedByPermissionsBoundary": False}}
    result = {
        **on((LIST, "implicitDeny"), MissingContextValues=["aws:SourceIp"], **detail),
        "OrganizationsDecisionDetail": {"AllowedByOrganizations": False},
    }
    (one,) = simulated([(NAME, answer(result), request(LIST))], LIST)
    assert (one.allowed, one.undecided) == (False, ("aws:SourceIp",))
    assert (one.outside_boundary, one.forbidden_by_organization) == (True, True)


ROLE_FOUND = {
    "Role": {
        "Path": "/ops/",
        "RoleName": "deployer",
        "RoleId": "AROAEXAMPLEEXAMPLE",
        "Arn": ROLE,
        "CreateDate": "2026-11-24T00:00:00Z",
    }
}
DENIED = {"Error": {"Code": "AccessDenied", "Message": "not authorized to perform: iam:GetRole"}}


def test_a_session_is_simulated_as_its_role_whose_path_iam_knows() -> None:
    asked = [("get_role", ROLE_FOUND, {"RoleName": "deployer"}), (NAME, answer(on((LIST, "allowed"))), request(LIST))]
    assert simulated(asked, LIST, principal=SESSION)[0].allowed


def test_without_the_right_to_look_up_the_role_one_without_a_path_is_tried() -> None:
    bare = f"arn:aws:iam::{ACCOUNT}:role/deployer"
    asked = [
        ("get_role", DENIED, {"RoleName": "deployer"}),
        (NAME, answer(on((LIST, "allowed"))), request(LIST, source=bare)),
    ]
    assert simulated(asked, LIST, principal=SESSION)[0].allowed


def test_a_role_whose_path_cannot_be_known_is_not_called_missing() -> None:
    bare = f"arn:aws:iam::{ACCOUNT}:role/deployer"
    gone = {"Error": {"Code": "NoSuchEntity", "Message": "cannot be found"}}
    asked = [("get_role", DENIED, {"RoleName": "deployer"}), (NAME, gone, request(LIST, source=bare))]
    with pytest.raises(CloudError, match="has a path that its session does not show") as raised:
        simulated(asked, LIST, principal=SESSION)
    assert raised.value.code == "principal-not-simulated"


def test_a_role_that_is_not_there_is_not_found() -> None:
    gone = {"Error": {"Code": "NoSuchEntity", "Message": "cannot be found"}}
    with pytest.raises(CloudError) as raised:
        simulated([(NAME, gone, request(LIST))], LIST)
    assert raised.value.code == "not-found"


@pytest.mark.parametrize(
    ("arn", "who"),
    [
        (f"arn:aws:iam::{ACCOUNT}:root", "the root user"),
        (f"arn:aws:sts::{ACCOUNT}:federated-user/ann", "federated users"),
    ],
)
def test_who_has_no_policies_of_iam_is_named(arn: str, who: str) -> None:
    with pytest.raises(CloudError, match=f"not of {who}") as raised:
        simulated([], LIST, principal=arn)
    assert raised.value.code == "principal-not-simulated"


def test_whoever_may_not_simulate_is_told_which_right_is_lacking() -> None:
    message = f"User: {ROLE} is not authorized to perform: iam:SimulatePrincipalPolicy on resource: {ROLE}"
    refused = {"Error": {"Code": "AccessDenied", "Message": message}}
    with pytest.raises(CloudError, match="iam:SimulatePrincipalPolicy") as raised:
        simulated([(NAME, refused, request(LIST))], LIST)
    assert raised.value.code == "access-denied"
