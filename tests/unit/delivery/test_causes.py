from dataclasses import replace

import pytest

from sealift.delivery.causes import advice, first_cause, function_behind, made_from, nesting, real_causes
from sealift.model.stack import StackEvent
from sealift.model.template import Json
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


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("No export named shop-Table found", "declare that under [[stacks]]"),
        ("shop-items ALREADY EXISTS in stack x", "leave the name out"),
        ("User: x is not authorized to perform: y", "lack a permission"),
        ("Value 'x' failed to satisfy constraint", "does not take this value"),
        ("Something nobody has seen", ""),
    ],
)
def test_reasons_that_are_seen_often_have_an_advice(reason: str, said: str):
    assert (said in advice(reason)) if said else advice(reason) == ""


@pytest.mark.parametrize(
    ("token", "function"),
    [
        ({"Fn::GetAtt": ["Maker", "Arn"]}, "Maker"),
        ({"Fn::GetAtt": "Maker.Arn"}, "Maker"),
        ({"Ref": "Maker"}, "Maker"),
        ({"Ref": 1}, None),
        ({"Fn::GetAtt": []}, None),
        ({"Fn::GetAtt": [1]}, None),
        ({}, None),
        ("arn:aws:lambda:eu-west-1:1:function:maker", None),
        (None, None),
    ],
)
def test_the_function_behind_a_custom_resource_is_the_one_its_token_names(token: Json, function: str | None):
    assert function_behind({"Type": "Custom::Thing", "Properties": {"ServiceToken": token}}) == function


@pytest.mark.parametrize("resource", [None, [], {}, {"Properties": None}, {"Properties": {}}])
def test_what_is_no_custom_resource_has_no_function_behind_it(resource: Json):
    assert function_behind(resource) is None


def test_the_way_to_a_nested_resource_goes_through_every_stack_around_it():
    def stack(
        logical_id: str, inside: str, physical: str | None, kind: str = "AWS::CloudFormation::Stack"
    ) -> StackEvent:
        return replace(event(logical_id, "CREATE_FAILED", kind=kind), stack_name=inside, physical_id=physical)

    events = [
        stack("shop", "shop", "arn:aws:cloudformation:r:1:stack/shop/1"),
        stack("Outer", "shop", "arn:aws:cloudformation:r:1:stack/shop-Outer/1"),
        stack("Inner", "shop-Outer", "arn:aws:cloudformation:r:1:stack/shop-Outer-Inner/1"),
        stack("Early", "shop", None),
        stack("NoArn", "shop", "none"),
        stack("Table", "shop-Outer", "arn:aws:dynamodb:r:1:table/shop-Outer-Inner", kind="AWS::DynamoDB::Table"),
    ]
    assert nesting(stack("T", "shop-Outer-Inner", None), events) == ("Outer", "Inner")
    assert nesting(stack("T", "shop-Outer", None), events) == ("Outer",)
    assert nesting(stack("T", "shop", None), events) == nesting(stack("T", "elsewhere", None), events) == ()


def test_a_resource_that_sam_made_comes_from_the_longest_name_it_begins_with():
    assert made_from("HelloApiPermission", ["Hello", "HelloApi", "Other"]) == "HelloApi"
    assert made_from("HelloRole", ["Hell", "Hello", "HelloApi"]) == "Hello"
    assert made_from("Role", ["Hello"]) is None


@pytest.mark.parametrize("reason", ["Resource update cancelled", "Creation Cancelled by the user", ""])
def test_where_nothing_but_a_cascade_failed_its_first_event_is_the_cause(reason: str):
    stack = event("Inner", "UPDATE_FAILED", reason, kind="AWS::CloudFormation::Stack")
    assert real_causes([stack, event("Table", "CREATE_COMPLETE")]) == (stack,)


def test_a_stack_that_failed_by_itself_is_preferred_to_what_was_cancelled():
    stack = event("Inner", "UPDATE_FAILED", "Template is not valid", kind="AWS::CloudFormation::Stack")
    assert real_causes([event("Table", "CREATE_FAILED", "It was Cancelled"), stack]) == (stack,)


def test_a_stack_that_lists_what_failed_is_no_cause():
    cascade = event("s", "DELETE_FAILED", "The following resource(s) failed to delete: [Table].", kind="AWS::X::Y")
    cause = event("Table", "DELETE_FAILED", "It is protected")
    assert real_causes([cascade, cause]) == (cause,)
