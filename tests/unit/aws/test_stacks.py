"""What CloudFormation answers, page by page, and what is made of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.stub import Stubber

from sealift.aws.bucket import AwsBucket
from sealift.aws.change_sets import creation_arguments
from sealift.aws.session import AwsSession
from sealift.aws.stacks import AwsStacks
from sealift.errors import CloudError
from sealift.model.stack import ChangeSetRequest
from tests.fakes.clock import START, FakeClock
from tests.unit.aws.stubs import stubbed

ARN = "arn:aws:cloudformation:eu-west-1:111122223333:stack/orders/1f"
INNER = "arn:aws:cloudformation:eu-west-1:111122223333:stack/orders-Inner-X/2f"
SET_ARN = "arn:aws:cloudformation:eu-west-1:111122223333:changeSet/one/3f"
GONE = "Stack with id orders does not exist"


def stacks_of(session: AwsSession, clock: FakeClock | None = None) -> AwsStacks:
    """Return the adapter over a session."""
    bucket = AwsBucket(session, name="artifacts", owner="111122223333", ours=True)
    return AwsStacks(session, bucket=bucket, pause=clock or FakeClock())


def event(number: int, logical_id: str, status: str, *, stack: str = ARN, **fields: Any) -> dict[str, Any]:
    """Return a raw event, `number` seconds after the start."""
    name = stack.split("/")[1]
    return {
        "StackId": stack,
        "StackName": name,
        "EventId": f"{name}-{number}",
        "Timestamp": START + timedelta(seconds=number),
        "LogicalResourceId": logical_id,
        "PhysicalResourceId": stack if logical_id == name else f"{logical_id}-physical",
        "ResourceType": "AWS::CloudFormation::Stack" if logical_id == name else "AWS::SSM::Parameter",
        "ResourceStatus": status,
        **fields,
    }


def page(stub: Stubber, *events: dict[str, Any], of: str = "orders", **tokens: str) -> None:
    """Record a page of events, newest first."""
    sent: dict[str, Any] = {"StackName": of}
    if "token" in tokens:
        sent["NextToken"] = tokens["token"]
    answer: dict[str, Any] = {"StackEvents": list(events)}
    if "following" in tokens:
        answer["NextToken"] = tokens["following"]
    stub.add_response("describe_stack_events", answer, sent)


def raw_stack(**fields: Any) -> dict[str, Any]:
    """Return a raw stack."""
    return {"StackName": "orders", "StackId": ARN, "CreationTime": START, "StackStatus": "CREATE_COMPLETE", **fields}


def raw_set(**fields: Any) -> dict[str, Any]:
    """Return a raw change set."""
    return {
        "ChangeSetName": "one",
        "ChangeSetId": SET_ARN,
        "StackName": "orders",
        "StackId": ARN,
        "Status": "CREATE_COMPLETE",
        "ExecutionStatus": "AVAILABLE",
        "Changes": [],
        **fields,
    }


def raw_change(logical_id: str, **fields: Any) -> dict[str, Any]:
    """Return a raw change."""
    change = {"Action": "Add", "LogicalResourceId": logical_id, "ResourceType": "AWS::SSM::Parameter", **fields}
    return {"Type": "Resource", "ResourceChange": change}


def test_a_stack_is_read_with_everything_it_says() -> None:
    updated = START + timedelta(hours=1)
    with stubbed("cloudformation") as (session, stub):
        raw = raw_stack(
            LastUpdatedTime=updated,
            StackStatusReason="because",
            ChangeSetId=SET_ARN,
            EnableTerminationProtection=True,
            Outputs=[{"OutputKey": "Url", "OutputValue": "https://x"}],
            Parameters=[{"ParameterKey": "Stage", "ParameterValue": "one"}, {"ParameterKey": "Ssm"}],
            Tags=[{"Key": "owner", "Value": "me"}],
        )
        stub.add_response("describe_stacks", {"Stacks": [raw]}, {"StackName": "orders"})

        state = stacks_of(session).describe("orders")

    assert state is not None
    assert (state.name, state.id, state.status, state.reason) == ("orders", ARN, "CREATE_COMPLETE", "because")
    assert (state.outputs, state.parameters) == ({"Url": "https://x"}, {"Stage": "one", "Ssm": ""})
    assert (state.tags, state.termination_protection) == ({"owner": "me"}, True)
    assert (state.updated_at, state.change_set) == (updated.astimezone(UTC), "one")


def test_a_deleted_stack_that_is_asked_for_by_its_arn_is_none() -> None:
    with stubbed("cloudformation") as (session, stub):
        stub.add_response("describe_stacks", {"Stacks": [raw_stack(StackStatus="DELETE_COMPLETE")]})

        assert stacks_of(session).describe(ARN) is None


def test_a_change_set_is_read_over_all_pages_and_into_nested_stacks() -> None:
    target = {
        "Attribute": "Properties",
        "Name": "TableName",
        "Path": "/Properties/TableName",
        "RequiresRecreation": "Always",
        "BeforeValue": "a",
        "AfterValue": "b",
    }
    modified = raw_change(
        "Orders",
        Action="Modify",
        ResourceType="AWS::DynamoDB::Table",
        PhysicalResourceId="orders-a",
        Replacement="True",
        PolicyAction="ReplaceAndDelete",
        Scope=["Properties"],
        Details=[{"Target": target, "Evaluation": "Static", "ChangeSource": "DirectModification"}],
    )
    inner_set = SET_ARN.replace("one", "nested")
    with stubbed("cloudformation") as (session, stub):
        asked = {"StackName": "orders", "ChangeSetName": "one", "IncludePropertyValues": True}
        stub.add_response("describe_change_set", raw_set(Changes=[modified], NextToken="2"), asked)
        nested = raw_change("Inner", Action="Modify", ChangeSetId=inner_set)
        stub.add_response("describe_change_set", raw_set(Changes=[nested]), {**asked, "NextToken": "2"})
        stub.add_response(
            "describe_change_set",
            raw_set(ChangeSetName="nested", StackName="inner", Changes=[raw_change("Deep")]),
            {"ChangeSetName": inner_set, "IncludePropertyValues": True},
        )
        stub.add_response("describe_stacks", {"Stacks": [raw_stack()]})

        found = stacks_of(session).change_set("orders", "one")

    assert found is not None
    orders, inner = found.changes
    assert (orders.replacement, orders.policy_action, orders.scope) == ("True", "ReplaceAndDelete", ("Properties",))
    (detail,) = orders.details
    assert (detail.name, detail.requires_recreation, detail.before, detail.after) == ("TableName", "Always", "a", "b")
    assert inner.nested is not None
    assert [c.logical_id for c in inner.nested.changes] == ["Deep"]
    assert (found.creates_stack, found.stack_id) == (False, ARN)
    assert "'a'" not in repr(found)


def test_an_empty_change_set_is_told_from_a_failed_one() -> None:
    nothing = "The submitted information didn't contain changes. Submit different information to create a change set."
    for reason, empty in ((nothing, True), ("Transform failed", False)):
        with stubbed("cloudformation") as (session, stub):
            stub.add_response("describe_change_set", raw_set(Status="FAILED", StatusReason=reason))
            stub.add_response("describe_stacks", {"Stacks": [raw_stack(StackStatus="REVIEW_IN_PROGRESS")]})

            found = stacks_of(session).change_set("orders", "one")

        assert found is not None
        assert (found.empty, found.creates_stack, found.reason) == (empty, True, reason)


def request(**parameters: str) -> ChangeSetRequest:
    """Return a request."""
    return ChangeSetRequest(
        name="one",
        stack_name="orders",
        template_key="blobs/abc",
        parameters=parameters,
        tags={"b": "2", "a": "1"},
        create=True,
        use_previous=("Kept",),
    )


@pytest.mark.parametrize("revert", [False, True])
def test_what_was_changed_by_hand_is_reverted_when_it_is_asked_for(*, revert: bool) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateChangeSet.html (not observed)."""
    asked = creation_arguments(replace(request(), revert_drift=revert), "https://b/k")
    assert asked.get("DeploymentMode") == ("REVERT_DRIFT" if revert else None)


def test_a_change_set_is_asked_for_with_its_name_as_the_token() -> None:
    with stubbed("cloudformation") as (session, stub):
        stub.add_response(
            "create_change_set",
            {},
            {
                "StackName": "orders",
                "ChangeSetName": "one",
                "ClientToken": "one",
                "ChangeSetType": "CREATE",
                "TemplateURL": "http://127.0.0.1:9/artifacts/blobs/abc",
                "Parameters": [
                    {"ParameterKey": "Stage", "ParameterValue": "x"},
                    {"ParameterKey": "Kept", "UsePreviousValue": True},
                ],
                "Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}],
                "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
                "IncludeNestedStacks": True,
            },
        )

        stacks_of(session).create_change_set(request(Stage="x"))


def test_a_change_set_of_that_name_is_a_success_and_a_stack_is_not() -> None:
    for there in (True, False):
        with stubbed("cloudformation") as (session, stub):
            stub.add_client_error("create_change_set", "AlreadyExistsException", "already exists")
            if there:
                stub.add_response("describe_change_set", raw_set())
                stacks_of(session).create_change_set(request())
            else:
                stub.add_client_error("describe_change_set", "ChangeSetNotFound", "does not exist")
                with pytest.raises(CloudError):
                    stacks_of(session).create_change_set(request())


def test_the_value_of_a_secret_parameter_is_in_no_error() -> None:
    with stubbed("cloudformation") as (session, stub):
        stub.add_client_error("create_change_set", "ValidationError", "Parameter Password: hunter2hunter2 is too short")

        with pytest.raises(CloudError) as caught:
            stacks_of(session).create_change_set(replace(request(Password="hunter2hunter2"), no_echo=("Password",)))

    assert "hunter2" not in caught.value.message
    assert "hunter2" not in repr(request(Password="hunter2hunter2"))


@pytest.mark.parametrize("status", ["EXECUTE_IN_PROGRESS", "EXECUTE_COMPLETE", "EXECUTE_FAILED"])
def test_a_change_set_that_was_executed_already_is_a_success(status: str) -> None:
    with stubbed("cloudformation") as (session, stub):
        stub.add_client_error("execute_change_set", "InvalidChangeSetStatus", "cannot be executed")
        stub.add_response("describe_change_set", raw_set(ExecutionStatus=status))

        stacks_of(session).execute_change_set("orders", "one", token="one")


def test_a_change_set_that_is_gone_was_executed_when_its_stack_says_so() -> None:
    for name, done in (("one", True), ("another", False)):
        with stubbed("cloudformation") as (session, stub):
            stub.add_client_error("execute_change_set", "ChangeSetNotFound", "ChangeSet [one] does not exist")
            stub.add_client_error("describe_change_set", "ChangeSetNotFound", "ChangeSet [one] does not exist")
            stack = raw_stack(ChangeSetId=SET_ARN.replace("one", name))
            stub.add_response("describe_stacks", {"Stacks": [stack]})
            if done:
                stacks_of(session).execute_change_set("orders", "one", token="one")
            else:
                with pytest.raises(CloudError):
                    stacks_of(session).execute_change_set("orders", "one", token="one")


def test_a_failed_change_set_can_not_be_executed() -> None:
    with stubbed("cloudformation") as (session, stub):
        stub.add_client_error("execute_change_set", "InvalidChangeSetStatus", "cannot be executed")
        stub.add_response("describe_change_set", raw_set(Status="FAILED", ExecutionStatus="UNAVAILABLE"))

        with pytest.raises(CloudError) as caught:
            stacks_of(session).execute_change_set("orders", "one", token="one")

    assert caught.value.code == "change-set-status"


@pytest.mark.parametrize(("execution", "stays"), [("EXECUTE_IN_PROGRESS", True), ("AVAILABLE", False)])
def test_a_change_set_that_is_being_executed_is_not_deleted(execution: str, stays: bool) -> None:
    with stubbed("cloudformation") as (session, stub):
        stub.add_client_error("delete_change_set", "InvalidChangeSetStatus", "cannot be deleted")
        stub.add_response("describe_change_set", raw_set(ExecutionStatus=execution))
        if stays:
            stacks_of(session).delete_change_set("orders", "one")
        else:
            with pytest.raises(CloudError):
                stacks_of(session).delete_change_set("orders", "one")


@pytest.mark.parametrize("status", ["UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE"])
def test_a_rollback_that_goes_on_already_is_a_success(status: str) -> None:
    with stubbed("cloudformation") as (session, stub):
        stub.add_client_error("continue_update_rollback", "ValidationError", "Stack is in another state")
        stub.add_response("describe_stacks", {"Stacks": [raw_stack(StackStatus=status)]})

        stacks_of(session).continue_rollback("orders", token="t")


@pytest.mark.parametrize(
    ("skip", "sent"), [((), {}), (("One", "inner-1.Two"), {"ResourcesToSkip": ["One", "inner-1.Two"]})]
)
def test_a_rollback_is_continued_without_what_is_to_be_skipped(skip: tuple[str, ...], sent: dict[str, Any]) -> None:
    with stubbed("cloudformation") as (session, stub):
        asked = {"StackName": "orders", "ClientRequestToken": "t", **sent}
        stub.add_response("continue_update_rollback", {}, asked)
        stacks_of(session).continue_rollback("orders", token="t", skip=skip)


def test_a_rollback_that_can_not_go_on_is_an_error() -> None:
    with stubbed("cloudformation") as (session, stub):
        stub.add_client_error("continue_update_rollback", "ValidationError", "Stack is in another state")
        stub.add_response("describe_stacks", {"Stacks": [raw_stack(StackStatus="UPDATE_COMPLETE")]})

        with pytest.raises(CloudError):
            stacks_of(session).continue_rollback("orders", token="t")


def test_following_events_reads_only_what_is_new() -> None:
    with stubbed("cloudformation") as (session, stub):
        stacks = stacks_of(session)
        page(stub, event(3, "orders", "UPDATE_IN_PROGRESS"), event(2, "orders", "CREATE_COMPLETE"), following="more")
        first = stacks.events("orders", after="orders-2")
        page(stub, event(4, "One", "UPDATE_COMPLETE"), event(3, "orders", "UPDATE_IN_PROGRESS"), following="more")
        second = stacks.events("orders", after="orders-3")

    assert [e.id for e in first] == ["orders-3"]
    assert [(e.id, e.at) for e in second] == [("orders-4", START + timedelta(seconds=4))]


def test_a_read_that_is_older_than_the_event_to_start_after_shows_nothing_newer() -> None:
    with stubbed("cloudformation") as (session, stub):
        stacks = stacks_of(session)
        page(stub, event(1, "orders", "CREATE_COMPLETE"))
        late = stacks.events("orders", after="orders-2")
        page(stub, event(3, "orders", "DELETE_IN_PROGRESS"), event(2, "orders", "DELETE_FAILED"), following="more")
        fresh = stacks.events("orders", after="orders-2")

    assert (late, [e.id for e in fresh]) == ((), ["orders-3"])


def test_all_events_are_read_over_all_pages_oldest_first() -> None:
    with stubbed("cloudformation") as (session, stub):
        page(stub, event(3, "orders", "CREATE_COMPLETE"), event(2, "One", "CREATE_COMPLETE"), following="2")
        page(stub, event(1, "orders", "CREATE_IN_PROGRESS"), token="2")

        events = stacks_of(session).events("orders")

    assert [e.id for e in events] == ["orders-1", "orders-2", "orders-3"]


def test_events_of_nested_stacks_are_merged_by_time_and_old_ones_left_out() -> None:
    inner = "orders-Inner-X"
    nested = {"ResourceType": "AWS::CloudFormation::Stack", "PhysicalResourceId": INNER}
    with stubbed("cloudformation") as (session, stub):
        page(
            stub,
            event(9, "orders", "UPDATE_COMPLETE"),
            event(5, "Inner", "UPDATE_IN_PROGRESS", **nested),
            event(4, "orders", "UPDATE_IN_PROGRESS"),
            event(3, "orders", "CREATE_COMPLETE"),
        )
        page(
            stub,
            event(7, "Deep", "UPDATE_COMPLETE", stack=INNER),
            event(6, inner, "UPDATE_IN_PROGRESS", stack=INNER),
            event(2, "Deep", "CREATE_COMPLETE", stack=INNER),
            of=INNER,
        )

        events = stacks_of(session).events("orders", after="orders-3")

    assert [e.logical_id for e in events] == ["orders", "Inner", inner, "Deep", "orders"]


def test_an_event_that_shows_late_is_not_missed() -> None:
    nested = {"ResourceType": "AWS::CloudFormation::Stack", "PhysicalResourceId": INNER}
    with stubbed("cloudformation") as (session, stub):
        stacks = stacks_of(session)
        page(stub, event(5, "Inner", "CREATE_IN_PROGRESS", **nested), event(1, "orders", "CREATE_IN_PROGRESS"))
        page(stub, of=INNER)
        first = stacks.events("orders", after="orders-1")
        page(stub, event(8, "orders", "CREATE_COMPLETE"), event(5, "Inner", "CREATE_IN_PROGRESS", **nested))
        page(stub, event(4, "Deep", "CREATE_COMPLETE", stack=INNER), of=INNER)
        second = stacks.events("orders", after=first[-1].id)

    assert [e.logical_id for e in second] == ["Deep", "orders"]


def test_events_of_a_stack_that_is_gone_are_read_by_its_arn() -> None:
    with stubbed("cloudformation") as (session, stub):
        stacks = stacks_of(session)
        page(stub, event(1, "orders", "CREATE_COMPLETE"))
        assert stacks.last_event("orders") == "orders-1"
        stub.add_client_error("describe_stack_events", "ValidationError", "Stack [orders] does not exist")
        page(stub, event(2, "orders", "DELETE_COMPLETE"), event(1, "orders", "CREATE_COMPLETE"), of=ARN)

        events = stacks.events("orders", after="orders-1")

    assert [e.status for e in events] == ["DELETE_COMPLETE"]


def test_a_stack_that_never_was_has_no_events() -> None:
    with stubbed("cloudformation") as (session, stub):
        for _ in range(2):
            stub.add_client_error("describe_stack_events", "ValidationError", "Stack [orders] does not exist")

        assert stacks_of(session).events("orders") == ()
        assert stacks_of(session).last_event("orders") is None


def test_drift_is_waited_for_and_read_with_its_values() -> None:
    clock = FakeClock()
    status = {"StackId": ARN, "StackDriftDetectionId": "d", "Timestamp": datetime(2026, 1, 1, tzinfo=UTC)}
    difference = {
        "PropertyPath": "/Environment/0",
        "ExpectedValue": '{"Name":"A"}',
        "ActualValue": "plain",
        "DifferenceType": "NOT_EQUAL",
    }
    drifted = {
        "StackId": ARN,
        "LogicalResourceId": "One",
        "ResourceType": "AWS::Lambda::Function",
        "StackResourceDriftStatus": "MODIFIED",
        "Timestamp": START,
        "PropertyDifferences": [difference],
    }
    with stubbed("cloudformation") as (session, stub):
        stub.add_response("detect_stack_drift", {"StackDriftDetectionId": "d"}, {"StackName": "orders"})
        for found in ("DETECTION_IN_PROGRESS", "DETECTION_IN_PROGRESS", "DETECTION_COMPLETE"):
            stub.add_response("describe_stack_drift_detection_status", {**status, "DetectionStatus": found})
        stub.add_response("describe_stack_resource_drifts", {"StackResourceDrifts": [], "NextToken": "2"})
        stub.add_response("describe_stack_resource_drifts", {"StackResourceDrifts": [drifted]})

        (drift,) = stacks_of(session, clock).drift("orders")

    assert drift.differences == (("/Environment/0", {"Name": "A"}, "plain"),)
    assert clock.slept_s > 0


def test_drift_that_can_not_be_detected_says_why() -> None:
    status = {"StackId": ARN, "StackDriftDetectionId": "d", "Timestamp": START, "DetectionStatus": "DETECTION_FAILED"}
    with stubbed("cloudformation") as (session, stub):
        stub.add_response("detect_stack_drift", {"StackDriftDetectionId": "d"})
        stub.add_response(
            "describe_stack_drift_detection_status", {**status, "DetectionStatusReason": "One is not supported"}
        )

        with pytest.raises(CloudError, match="One is not supported"):
            stacks_of(session).drift("orders")


def test_resources_are_read_over_all_pages() -> None:
    summary = {
        "ResourceType": "AWS::SSM::Parameter",
        "LastUpdatedTimestamp": START,
        "ResourceStatus": "CREATE_COMPLETE",
    }
    with stubbed("cloudformation") as (session, stub):
        one = {**summary, "LogicalResourceId": "One", "PhysicalResourceId": "one-1"}
        two = {**summary, "LogicalResourceId": "Two", "DriftInformation": {"StackResourceDriftStatus": "IN_SYNC"}}
        stub.add_response("list_stack_resources", {"StackResourceSummaries": [one], "NextToken": "2"})
        stub.add_response(
            "list_stack_resources", {"StackResourceSummaries": [two]}, {"StackName": "orders", "NextToken": "2"}
        )

        resources = stacks_of(session).resources("orders")

    assert [(r.logical_id, r.physical_id, r.drift) for r in resources] == [
        ("One", "one-1", "NOT_CHECKED"),
        ("Two", None, "IN_SYNC"),
    ]


def test_a_yaml_template_is_given_back_as_text() -> None:
    with stubbed("cloudformation") as (session, stub):
        stub.add_response(
            "get_template", {"TemplateBody": "Resources: {}\n"}, {"StackName": "orders", "TemplateStage": "Processed"}
        )

        assert stacks_of(session).template("orders") == "Resources: {}\n"


def test_the_template_of_a_stack_that_is_not_there_is_empty() -> None:
    with stubbed("cloudformation") as (session, stub):
        stub.add_client_error("get_template", "ValidationError", GONE)

        assert stacks_of(session).template("orders") == ""


def test_deleting_with_a_token_that_was_used_is_a_success() -> None:
    with stubbed("cloudformation") as (session, stub):
        page(stub, event(1, "orders", "CREATE_COMPLETE"))
        stub.add_client_error("delete_stack", "TokenAlreadyExistsException", "token")

        stacks_of(session).delete_stack("orders", token="t")


def test_the_value_of_an_open_parameter_is_shown_in_an_error() -> None:
    with stubbed("cloudformation") as (session, stub):
        stub.add_client_error("create_change_set", "ValidationError", "Unable to fetch parameters [/shop/tax] from SSM")

        with pytest.raises(CloudError) as caught:
            stacks_of(session).create_change_set(request(Tax="/shop/tax"))

    assert "/shop/tax" in caught.value.message


def test_what_aws_found_wrong_beforehand_is_read_from_a_change_set() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    event = {
        "EventId": "e",
        "Timestamp": at,
        "EventType": "VALIDATION_ERROR",
        "LogicalResourceId": "One",
        "ResourceType": "AWS::S3::Bucket",
        "ValidationFailureMode": "FAIL",
        "ValidationStatusReason": "already exists",
        "ValidationPath": "/Resources/One/Properties/BucketName",
    }
    warning = {**event, "EventId": "w", "ValidationFailureMode": "WARN"}
    progress = {"EventId": "p", "Timestamp": at, "EventType": "STACK_EVENT"}
    with stubbed("cloudformation") as (session, stub):
        wanted = {"StackName": "orders", "ChangeSetName": "one", "Filters": {"FailedEvents": True}}
        stub.add_response("describe_events", {"OperationEvents": [event, warning, progress]}, wanted)

        (found,) = stacks_of(session).validations("orders", change_set="one")

    assert (found.logical_id, found.type, found.reason) == ("One", "AWS::S3::Bucket", "BucketName: already exists")
