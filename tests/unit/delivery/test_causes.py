from sealift.delivery.causes import first_cause
from sealift.model.stack import StackEvent
from tests.unit.delivery.ledgers import at


def event(logical_id: str, status: str, reason: str = "", kind: str = "AWS::DynamoDB::Table") -> StackEvent:
    return StackEvent(
        id=logical_id + status,
        at=at(0),
        stack_name="s",
        logical_id=logical_id,
        physical_id=None,
        type=kind,
        status=status,
        reason=reason,
    )


def test_the_first_real_failure_is_the_cause_not_the_cancellations_around_it():
    events = [
        event("Queue", "CREATE_FAILED", "Resource creation cancelled"),
        event("Table", "CREATE_FAILED", "Limit exceeded"),
        event("Function", "CREATE_FAILED", "Resource creation cancelled"),
        event("s", "ROLLBACK_IN_PROGRESS", "The following resource(s) failed to create: [Table]."),
    ]
    cause = first_cause(events)
    assert cause is not None
    assert (cause.logical_id, cause.reason) == ("Table", "Limit exceeded")


def test_a_resource_inside_a_nested_stack_is_preferred_to_the_stack_that_reports_it():
    events = [
        event("Inner", "CREATE_FAILED", "Embedded stack was not created", kind="AWS::CloudFormation::Stack"),
        event("Table", "CREATE_FAILED", "Limit exceeded"),
    ]
    cause = first_cause(events)
    assert cause is not None
    assert cause.logical_id == "Table"


def test_events_without_a_failure_have_no_cause():
    assert first_cause([event("Table", "CREATE_COMPLETE")]) is None
