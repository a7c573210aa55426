import pytest

from sealift.delivery.states import ADVICE, NEXT_STEP, in_progress, next_step


def stack_statuses() -> list[str]:
    """Every StackStatus value of the CloudFormation API's own model."""
    from botocore.loaders import Loader

    model = Loader().load_service_model("cloudformation", "service-2")
    return list(model["shapes"]["StackStatus"]["enum"])


def test_every_status_of_the_api_has_a_defined_step():
    assert sorted(NEXT_STEP) == sorted(stack_statuses())


@pytest.mark.parametrize("status", [s for s in NEXT_STEP if s.endswith("_IN_PROGRESS")])
def test_a_moving_stack_is_waited_for_and_one_under_review_is_created(status):
    assert next_step(status) == ("create" if status == "REVIEW_IN_PROGRESS" else "wait")
    assert in_progress(status) == (status != "REVIEW_IN_PROGRESS")


def test_a_status_that_is_not_known_is_refused():
    assert next_step("SOMETHING_NEW") == "refuse"


def test_no_stack_is_created():
    assert next_step(None) == "create"


@pytest.mark.parametrize("status", [s for s, step in NEXT_STEP.items() if step == "refuse"])
def test_every_refused_status_says_what_to_do(status):
    assert ADVICE[status].endswith(".")
