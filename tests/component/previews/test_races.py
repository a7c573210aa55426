"""Pull requests move while their previews do: pushed to by force, closed while one is created, killed half-way."""

from collections.abc import Callable

import pytest

from sealift.usecases.previews.up import Brought
from tests.component.previews.town import Town
from tests.fakes.scm import FakeSourceControl

OLD, NEW = "a" * 40, "b" * 40


def while_waiting(town: Town, then: Callable[[], object]) -> None:
    """Let something happen just before the lease is asked for."""

    def once(call: str, moment: str) -> None:
        if (call, moment) == ("bucket.ensure", "before"):
            town.account.tap.on_call = None
            then()

    town.account.tap.on_call = once


def killed(town: Town, call: str, moment: str, run: Callable[[], object]) -> None:
    """Run something that is killed at a call."""

    def kill(called: str, when: str) -> None:
        if (called, when) == (call, moment):
            town.account.tap.on_call = None
            raise KeyboardInterrupt

    town.account.tap.on_call = kill
    with pytest.raises(KeyboardInterrupt):
        run()


def push(town: Town, commit: str) -> Brought:
    """Bring a commit from a clone that knows no other one, as after a push by force."""
    town.world.scm = FakeSourceControl(commits=[(commit, "Change")], author="ann", head=commit)
    town.world.code(f"print('{commit[0]}')")
    town.world.clock.advance(1.0)
    return town.up("12", host=False, head=commit)


def runs(town: Town) -> str | None:
    (seen,) = town.survey().previews
    return seen.card.commit if seen.card is not None else None


def test_a_push_by_force_during_a_deployment_wins(town: Town):
    push(town, "0" * 40)
    while_waiting(town, lambda: push(town, NEW))
    outcome = push(town, OLD)
    assert (outcome.status, "superseded" in town.world.notes()) == ("skipped", True)


def test_one_that_is_closed_while_its_preview_waits_gets_none(town: Town):
    def close() -> None:
        town.host.close("12")
        town.down("12")

    town.ask("12")
    while_waiting(town, close)
    assert town.up("12").status == "skipped"
    assert (town.status("pr-12"), town.objects("pr-12")) == (None, [])


def test_a_creation_that_was_killed_is_waited_for_and_destroyed(town: Town):
    town.ask("12")
    killed(town, "stacks.execute_change_set", "after", lambda: town.up("12"))
    assert town.status("pr-12") == "CREATE_IN_PROGRESS"
    town.down("12")
    assert (town.status("pr-12"), town.objects("pr-12")) == (None, [])


def test_a_creation_that_was_killed_before_its_stack_leaves_nothing_after_a_sweep(town: Town):
    town.ask("12")
    killed(town, "stacks.create_change_set", "before", lambda: town.up("12"))
    town.host.close("12")
    assert [one.ended for one in town.sweep().previews] == ["destroyed"]
    assert (town.survey().previews, town.objects("pr-12")) == ((), [])


def test_one_killed_under_review_is_destroyed_too(town: Town):
    town.ask("12")
    killed(town, "stacks.create_change_set", "after", lambda: town.up("12"))
    town.down("12")
    assert (town.status("pr-12"), town.objects("pr-12")) == (None, [])


def test_a_destruction_that_was_killed_is_ended_by_the_sweep(town: Town):
    town.up("12")
    town.host.close("12")
    killed(town, "objects.empty", "before", lambda: town.down("12"))
    assert (town.status("pr-12"), bool(town.objects("pr-12"))) == (None, True)
    town.sweep()
    assert town.objects("pr-12") == []


def test_one_pushed_to_again_is_brought_by_its_newest_commit(town: Town):
    push(town, OLD)
    push(town, NEW)
    assert runs(town) == NEW
