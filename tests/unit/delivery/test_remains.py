"""What may be deleted of a first creation that failed: only what is known to hold nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealift.delivery.remains import described, held, is_stateless
from sealift.delivery.stateful import IDENTITIES, STORES
from sealift.model.stack import StackResource

STATUSES = ("CREATE_COMPLETE", "CREATE_FAILED", "UPDATE_COMPLETE", "DELETE_FAILED", "DELETE_SKIPPED", "IMPORT_COMPLETE")


def resource(kind: str, status: str = "CREATE_COMPLETE", physical_id: str | None = "there") -> StackResource:
    return StackResource(logical_id="Thing", physical_id=physical_id, type=kind, status=status)


@given(st.sampled_from(sorted({*STORES, *IDENTITIES})), st.sampled_from(STATUSES))
def test_a_store_that_exists_is_held_in_every_status(kind: str, status: str) -> None:
    assert held((resource(kind, status),)) != ()


@given(st.text(min_size=1), st.sampled_from(STATUSES))
def test_a_type_that_is_not_known_may_hold_data(kind: str, status: str) -> None:
    assert held((resource(f"Third::Party::{kind}", status), resource(f"Custom::{kind}", status))) != ()


@pytest.mark.parametrize("kind", ["AWS::Lambda::Function", "AWS::IAM::Role", "AWS::Lambda::Permission"])
def test_what_holds_nothing_is_not_held(kind: str) -> None:
    assert held((resource(kind), resource(kind, "CREATE_FAILED"))) == ()


@pytest.mark.parametrize("status", ["DELETE_SKIPPED", "DELETE_FAILED"])
def test_what_cloudformation_kept_is_held_whatever_it_is(status: str) -> None:
    assert held((resource("AWS::IAM::Role", status),)) != ()


@pytest.mark.parametrize(
    "gone",
    [resource("AWS::DynamoDB::Table", "DELETE_COMPLETE"), resource("AWS::DynamoDB::Table", "CREATE_FAILED", None)],
)
def test_what_does_not_exist_holds_nothing(gone: StackResource) -> None:
    assert held((gone,)) == ()


@pytest.mark.parametrize("kind", ["AWS::Lambda::Url", "AWS::ApiGatewayV2::Api", "AWS::ApiGateway::RestApi"])
def test_an_address_that_others_may_know_is_not_stateless(kind: str) -> None:
    assert not is_stateless(kind)


def test_a_resource_is_described_with_what_it_holds() -> None:
    assert described(resource("AWS::DynamoDB::Table")) == "Thing (AWS::DynamoDB::Table: items)"
    assert described(resource("AWS::Lambda::Function")) == "Thing (AWS::Lambda::Function)"
