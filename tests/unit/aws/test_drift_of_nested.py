"""Drift of a stack with one nested in it, over answers as AWS documents them.

A detection does not look into nested stacks, each is asked for by its id:
https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DetectStackDrift.html
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from botocore.stub import Stubber

from sealift.aws.stacks import AwsStacks
from sealift.usecases.masking import Secrets
from sealift.usecases.site import Site
from sealift.usecases.stacks.drift import DriftReport, observe_drift
from tests.component.usecases.world import make_world
from tests.fakes.clock import START
from tests.unit.aws.stubs import stubbed
from tests.unit.aws.test_stacks import INNER, event, raw_stack, stacks_of

NAME = "shop-staging"
OUTER = f"arn:aws:cloudformation:eu-west-1:111122223333:stack/{NAME}/1f"
INNER_NAME = INNER.split("/")[1]


def stack(stub: Stubber, arn: str, *, asked: str) -> None:
    stub.add_response(
        "describe_stacks",
        {"Stacks": [raw_stack(StackName=arn.split("/")[1], StackId=arn, StackStatus="UPDATE_COMPLETE")]},
        {"StackName": asked},
    )


def detection(stub: Stubber, of: str, *drifted: dict[str, Any]) -> None:
    stub.add_response("detect_stack_drift", {"StackDriftDetectionId": of[-2:]}, {"StackName": of})
    status = {"StackId": of, "StackDriftDetectionId": of[-2:], "Timestamp": START}
    stub.add_response("describe_stack_drift_detection_status", {**status, "DetectionStatus": "DETECTION_COMPLETE"})
    stub.add_response("describe_stack_resource_drifts", {"StackResourceDrifts": list(drifted)})


def resources(stub: Stubber, of: str, **kinds: tuple[str, str]) -> None:
    summaries = [
        {
            "LogicalResourceId": name,
            "PhysicalResourceId": INNER if kind == "AWS::CloudFormation::Stack" else f"{name}-1",
            "ResourceType": kind,
            "LastUpdatedTimestamp": START,
            "ResourceStatus": "UPDATE_COMPLETE",
            "DriftInformation": {"StackResourceDriftStatus": drift},
        }
        for name, (kind, drift) in kinds.items()
    ]
    stub.add_response("list_stack_resources", {"StackResourceSummaries": summaries}, {"StackName": of})


def events(stub: Stubber, of: str, *newest_first: dict[str, Any]) -> None:
    stub.add_response("describe_stack_events", {"StackEvents": list(newest_first)}, {"StackName": of})


def of_parent(number: int, logical_id: str, status: str, **fields: Any) -> dict[str, Any]:
    return event(number, logical_id, status, stack=OUTER, **fields)


def of_nested(number: int, logical_id: str, status: str) -> dict[str, Any]:
    return event(number, logical_id, status, stack=INNER)


BEGAN = of_parent(0, NAME, "UPDATE_IN_PROGRESS")
CHILD = of_parent(3, "Child", "UPDATE_COMPLETE", PhysicalResourceId=INNER, ResourceType="AWS::CloudFormation::Stack")
ENDED = of_parent(9, NAME, "UPDATE_COMPLETE")
WITHIN = (of_nested(2, INNER_NAME, "UPDATE_COMPLETE"), of_nested(1, INNER_NAME, "UPDATE_IN_PROGRESS"))
PAST = (
    of_nested(22, INNER_NAME, "UPDATE_COMPLETE"),
    of_nested(21, "Topic", "UPDATE_COMPLETE"),
    of_nested(20, INNER_NAME, "UPDATE_IN_PROGRESS"),
)


@pytest.fixture
def site(tmp_path: Any) -> Iterator[tuple[Site, Stubber]]:
    world = make_world(tmp_path)
    cloud = world.account().cloud
    with stubbed("cloudformation") as (session, stub):
        stacks: AwsStacks = stacks_of(session, world.clock)
        yield (
            Site(
                app=world.app,
                environment=world.staging,
                cloud=replace(cloud, stacks=stacks),
                ledger=world.services().ledgers.ledger(cloud),
                services=world.services(),
                secrets=Secrets(lambda: ()),
            ),
            stub,
        )


def looked(
    site: tuple[Site, Stubber], *nested_events: dict[str, Any], drifted: tuple[dict[str, Any], ...] = ()
) -> DriftReport:
    """Look for drift where the nested stack has these events, newest first, and what AWS detects in it."""
    _, stub = site
    stack(stub, OUTER, asked=NAME)
    detection(stub, NAME)
    resources(stub, NAME, Child=("AWS::CloudFormation::Stack", "NOT_CHECKED"), Queue=("AWS::SQS::Queue", "IN_SYNC"))
    stack(stub, INNER, asked=INNER)
    detection(stub, INNER, *drifted)
    events(stub, OUTER, ENDED, CHILD, BEGAN)
    events(stub, INNER, *nested_events)
    events(stub, INNER, *nested_events)
    resources(stub, INNER, Topic=("AWS::SNS::Topic", "MODIFIED" if drifted else "IN_SYNC"))
    stack(stub, OUTER, asked=NAME)
    return observe_drift(site[0], ())


def found(report: DriftReport) -> list[tuple[str, str]]:
    return [(f.data["stack"], f.data["logical_id"]) for f in report.findings]


def test_a_nested_stack_is_asked_for_by_its_id_and_nothing_of_it_is_drift(site: tuple[Site, Stubber]) -> None:
    report = looked(site, *WITHIN)
    assert (found(report), report.checked, report.unchecked, report.problems) == ([], 2, (), ())


def test_what_was_changed_by_hand_in_a_nested_stack_is_drift_of_it(site: tuple[Site, Stubber]) -> None:
    modified = {
        "StackId": INNER,
        "LogicalResourceId": "Topic",
        "ResourceType": "AWS::SNS::Topic",
        "StackResourceDriftStatus": "MODIFIED",
        "Timestamp": START,
        "PropertyDifferences": [
            {
                "PropertyPath": "/DisplayName",
                "ExpectedValue": "plain",
                "ActualValue": "loud",
                "DifferenceType": "NOT_EQUAL",
            }
        ],
    }
    assert found(looked(site, *WITHIN, drifted=(modified,))) == [("app/Child", "Topic")]


def test_a_nested_stack_that_was_updated_after_its_parent_ended_is_drift(site: tuple[Site, Stubber]) -> None:
    report = looked(site, *PAST, *WITHIN)
    assert found(report) == [("app/Child", "stack-itself")]
    assert "which changed Topic" in report.findings[0].message
