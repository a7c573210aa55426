import pytest

from sealift.delivery.states import ADVICE, NEXT_STEP, deletion_step, in_progress, is_stuck, next_step


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


@pytest.mark.parametrize("status", [s for s in NEXT_STEP if not s.endswith("_IN_PROGRESS")])
def test_a_stack_at_rest_does_not_move(status):
    assert not in_progress(status)


def test_a_stack_is_stuck_where_no_update_can_follow():
    assert {s for s in NEXT_STEP if is_stuck(s)} == {
        "CREATE_FAILED",
        "ROLLBACK_FAILED",
        "ROLLBACK_COMPLETE",
        "DELETE_FAILED",
        "UPDATE_FAILED",
        "UPDATE_ROLLBACK_FAILED",
        "IMPORT_ROLLBACK_FAILED",
    }
    assert is_stuck("SOMETHING_NEW")
    assert not is_stuck("SOMETHING_NEW_IN_PROGRESS")


@pytest.mark.parametrize(
    ("status", "step"),
    [
        (None, "none"),
        ("DELETE_COMPLETE", "none"),
        ("UPDATE_IN_PROGRESS", "wait"),
        ("DELETE_IN_PROGRESS", "wait"),
        ("REVIEW_IN_PROGRESS", "delete"),
        ("CREATE_COMPLETE", "delete"),
        ("DELETE_FAILED", "delete"),
        ("SOMETHING_NEW", "refuse"),
    ],
)
def test_destroy_deletes_what_rests_and_waits_for_what_moves(status, step):
    assert deletion_step(status) == step
