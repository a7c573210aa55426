"""Many pushes at once: the newest commit wins, an older one says by whom it was superseded."""

from collections.abc import Callable

from sealift.usecases.release import Outcome
from sealift.usecases.run import RunOptions, RunResult, run
from tests.component.usecases.world import World
from tests.fakes.scm import FakeSourceControl

OLD, NEW = "a" * 40, "b" * 40


def clone(*commits: str, head: str | None = None) -> FakeSourceControl:
    """Return a repository that knows these commits, oldest first."""
    return FakeSourceControl(commits=[(c, f"Change {c[0]}") for c in commits], author="ann", head=head)


def push(world: World, commit: str, *, known: tuple[str, ...]) -> Outcome:
    """Deploy a commit from a clone that knows these."""
    world.scm = clone(*known, head=commit)
    world.code(f"print('{commit[0]}')")
    return world.deploy()


def follow(world: World, commit: str, *, known: tuple[str, ...], force: bool = False) -> RunResult:
    """Take a commit as far as its branch goes."""
    world.scm = clone(*known, head=commit)
    world.code(f"print('{commit[0]}')")
    return run(world.app, world.services(), RunOptions(local=False, branch="main", tests=False, force=force))


def while_waiting(world: World, then: Callable[[], object], name: str = "staging") -> None:
    """Let something happen just before the lease is asked for."""

    def once(call: str, moment: str) -> None:
        if (call, moment) == ("bucket.ensure", "before"):
            world.account(name).tap.on_call = None
            then()

    world.account(name).tap.on_call = once


def overtaken(world: World, *, known_to_old: tuple[str, ...], known_to_new: tuple[str, ...]) -> Outcome:
    """Deploy the old commit while the new one comes in between."""
    push(world, "0" * 40, known=("0" * 40,))
    while_waiting(world, lambda: push(world, NEW, known=known_to_new))
    return push(world, OLD, known=known_to_old)


def running(world: World, name: str = "staging") -> str | None:
    """Return the commit that an environment runs."""
    current = world.standing(name).current
    return current.commit if current else None


def test_an_older_commit_that_waited_gives_way_to_a_newer_one(world: World):
    outcome = overtaken(world, known_to_old=("0" * 40, OLD, NEW), known_to_new=("0" * 40, OLD, NEW))
    assert (outcome.status, running(world)) == ("skipped", NEW)
    assert "superseded" in world.notes()


def test_one_that_gave_way_says_so_in_its_record_and_by_whom(world: World):
    overtaken(world, known_to_old=("0" * 40, OLD, NEW), known_to_new=("0" * 40, OLD, NEW))
    last = world.entries()[-1]
    newer = world.standing().current
    assert newer is not None
    assert (last.record.kind, last.record.status, last.record.commit) == ("deployment", "skipped", OLD)
    superseded_by = last.data["superseded_by"]
    assert isinstance(superseded_by, dict)
    assert (superseded_by["commit"], superseded_by["operation"]) == (NEW, newer.operation)


def test_a_clone_that_does_not_know_the_newer_commit_finds_it_in_the_ledger(world: World):
    outcome = overtaken(world, known_to_old=("0" * 40, OLD), known_to_new=("0" * 40, OLD, NEW))
    assert (outcome.status, running(world)) == ("skipped", NEW)


def test_one_that_gave_way_writes_nothing_but_its_record(world: World):
    overtaken(world, known_to_old=("0" * 40, OLD, NEW), known_to_new=("0" * 40, OLD, NEW))
    assert len(world.account().stacks.executions) == 2
    before = world.standing()
    assert (before.last, before.unfinished) == (before.current, None)
    assert before.soaking_since is not None


def test_of_commits_that_no_clone_can_order_the_one_asked_for_later_wins(world: World):
    push(world, "0" * 40, known=("0" * 40,))

    def other() -> None:
        world.clock.advance(5)
        push(world, NEW, known=(NEW,))

    while_waiting(world, other)
    assert push(world, OLD, known=(OLD,)).status == "skipped"
    assert running(world) == NEW


def test_a_newer_commit_replaces_an_older_one_that_was_faster(world: World):
    while_waiting(world, lambda: push(world, OLD, known=(OLD,)))
    assert push(world, NEW, known=(OLD, NEW)).status == "succeeded"
    assert running(world) == NEW


def test_a_late_pipeline_of_an_older_commit_does_not_go_back(world: World):
    follow(world, NEW, known=(OLD, NEW))
    late = follow(world, OLD, known=(OLD, NEW))
    assert (late.status, running(world)) == ("skipped", NEW)
    assert "rollback staging" in late.hint


def test_a_forced_run_of_an_older_commit_goes_back(world: World):
    follow(world, NEW, known=(OLD, NEW))
    assert follow(world, OLD, known=(OLD, NEW), force=True).status == "succeeded"
    assert running(world) == OLD


def test_a_person_may_deploy_an_older_commit_by_name(world: World):
    push(world, NEW, known=(OLD, NEW))
    assert push(world, OLD, known=(OLD, NEW)).status == "succeeded"
    assert running(world) == OLD


def test_after_going_back_the_commit_that_runs_can_be_run_again(world: World):
    follow(world, OLD, known=(OLD,))
    follow(world, NEW, known=(OLD, NEW))
    from sealift.usecases.rollback import rollback

    rollback(world.app, world.staging, world.services(), to=None)
    assert follow(world, OLD, known=(OLD, NEW)).status == "succeeded"


def test_a_promotion_that_waited_gives_way_to_a_newer_one(world: World):
    push(world, OLD, known=(OLD,))
    world.soak()
    world.change("staging", soak_s=0.0)

    def other() -> None:
        push(world, NEW, known=(OLD, NEW))
        world.promote()

    while_waiting(world, other, "production")
    world.account("production")
    assert world.promote().status == "skipped"
    assert running(world, "production") == NEW


def test_of_three_the_oldest_gives_way_though_the_newest_came_over_one_in_between(world: World):
    middle = "d" * 40
    push(world, middle, known=(OLD, middle))

    def other() -> None:
        push(world, NEW, known=(OLD, middle, NEW))

    while_waiting(world, other)
    assert push(world, OLD, known=(OLD,)).status == "skipped"
    assert running(world) == NEW
