"""After a deployment was verified, the environment is watched; when it fails then, it is rolled back."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from sealift.errors import CloudError, LeaseError, Waiting
from sealift.model.app import Health
from sealift.model.event import Noted
from sealift.ports import HttpAnswer
from sealift.usecases.promote import PromotionOptions, promote
from sealift.usecases.release import Outcome
from sealift.usecases.resume import resume
from sealift.usecases.rollback import rollback
from sealift.usecases.run import RunOptions, run
from sealift.usecases.status import status
from tests.component.usecases.world import URL, World, function
from tests.fakes.http import Request, answer

WATCH_S = 120.0
IN_PRODUCTION = f"{URL}/shop-production"


class Killed(BaseException):
    """The process ends here and now."""


def watched(world: World) -> str:
    """Have a good release in production and a second one soaked in staging; return the first one's digest."""
    world.change("production", watch_s=WATCH_S)
    first = world.deliver("print('one')").release
    world.code("print('two')")
    world.deploy()
    world.soak()
    return first


def at(world: World, seconds: float, then: Callable[[], None]) -> None:
    """Do something once, when production has been asked for this long since now."""
    due = world.clock.now() + timedelta(seconds=seconds)
    done: list[bool] = []

    def serve(request: Request) -> HttpAnswer:
        if not done and world.clock.now() >= due:
            done.append(True)
            then()
        return answer(200, "hello")

    world.http.serve(IN_PRODUCTION, serve)


def fail_from(world: World, seconds: float) -> None:
    """Answer with errors in production while the second release runs, from this many seconds on."""
    due = world.clock.now() + timedelta(seconds=seconds)
    first = code_in_production(world)

    def serve(request: Request) -> HttpAnswer:
        bad = world.clock.now() >= due and code_in_production(world) != first
        return answer(500) if bad else answer(200, "hello")

    world.http.serve(IN_PRODUCTION, serve)


def code_in_production(world: World) -> str:
    account = world.account("production")
    (physical,) = (r.physical_id for r in account.stacks.resources("shop-production") if r.logical_id == "Hello")
    return account.functions.state([str(physical)])[0].code_sha256


def watches(world: World) -> list[tuple[str, str]]:
    """Return release and status of every entry about a watch."""
    return [(e.record.release or "", e.record.status) for e in world.entries("production") if e.record.kind == "watch"]


def second_of(world: World) -> str:
    current = world.standing().current
    assert current is not None
    return current.release


def kill_after(world: World, kind: str, status: str) -> None:
    """Kill the process at its next call after this entry about the release that staging runs was written."""
    tap, release = world.account("production").tap, second_of(world)

    def look(_call: str, _moment: str) -> None:
        tap.on_call = None
        newest = world.entries("production")[-1].record
        if (newest.release, newest.kind, newest.status) == (release, kind, status):
            raise Killed
        tap.on_call = look

    tap.on_call = look


def killed_while_watching(world: World) -> None:
    """Promote, and kill the process a minute into the watch; another one may write after that."""

    def die() -> None:
        raise Killed

    at(world, 60, die)
    with pytest.raises(Killed):
        world.promote()
    world.clock.advance(90)  # until the lease of the dead is over


def test_a_release_that_does_well_is_watched_to_the_end(world: World):
    watched(world)
    began = world.clock.now()
    assert world.promote().status == "succeeded"
    assert world.clock.now() - began >= timedelta(seconds=WATCH_S)
    second = second_of(world)
    assert watches(world)[-2:] == [(second, "running"), (second, "succeeded")]
    assert world.entries("production")[-1].data["health"]["summary"] == "no requests, no alarm declared"


def test_an_environment_without_a_watch_is_not_watched(world: World):
    world.deliver("print('one')")
    assert watches(world) == []


def test_probes_that_fail_while_it_is_watched_bring_the_release_before_back(world: World):
    first = watched(world)
    before = code_in_production(world)
    fail_from(world, 60)
    outcome = world.promote()
    second = second_of(world)
    assert (outcome.status, outcome.release, outcome.restored) == ("failed", second, first)
    assert 'It failed while it was watched: probe "hello": answered 500' in outcome.message
    assert code_in_production(world) == before
    assert world.recorded("production")[-7:] == [
        ("promotion", "succeeded"),
        ("verification", "succeeded"),
        ("watch", "running"),
        ("watch", "failed"),
        ("rollback", "running"),
        ("rollback", "succeeded"),
        ("verification", "succeeded"),
    ]


def test_it_is_said_that_data_is_not_brought_back(world: World):
    watched(world)
    fail_from(world, 60)
    world.promote()
    (going_back,) = [n for n in world.events.of(Noted) if n.name == "going-back"]
    assert "Data that was written meanwhile is not rolled back" in going_back.hint


def test_an_alarm_that_rings_brings_the_release_before_back_with_its_evidence(world: World):
    world.write(
        {"Hello": function(), "Errors": {"Type": "AWS::CloudWatch::Alarm", "Properties": {"AlarmName": "errors"}}}
    )
    first = watched(world)
    metrics = world.account("production").metrics
    metrics.states["errors"] = "OK"
    at(world, 30, lambda: metrics.states.update(errors="ALARM"))
    assert world.promote().restored == first
    failed = next(e for e in world.entries("production") if (e.record.kind, e.record.status) == ("watch", "failed"))
    assert failed.data["health"]["reasons"] == ["alarm errors rings"]
    assert failed.data["health"]["alarms"] == {"errors": "ALARM"}


def test_requests_of_users_that_fail_bring_the_release_before_back(world: World):
    first = watched(world)
    account = world.account("production")
    (hello,) = (r.physical_id for r in account.stacks.resources("shop-production") if r.logical_id == "Hello")

    def users() -> None:
        account.metrics.put(str(hello), world.clock.now() + timedelta(minutes=1), requests=50, failures=20)

    at(world, 20, users)
    outcome = world.promote()
    assert (outcome.status, outcome.restored) == ("failed", first)
    assert "Hello: 40 % of requests failed" in outcome.message


def test_a_probe_that_fails_once_is_asked_again(world: World):
    watched(world)
    answers = [answer(200, "hello"), answer(200, "hello"), answer(500), answer(200, "hello")]
    world.http.serve(IN_PRODUCTION, *answers)
    assert world.promote().status == "succeeded"


def test_the_minimum_of_traffic_is_asked_of_the_soak_alone(world: World):
    watched(world)
    world.change("production", health=Health(min_requests=1000))
    assert world.promote().status == "succeeded"


def test_what_cannot_be_seen_is_no_reason_to_go_back_and_no_success(world: World):
    watched(world)
    world.account("production").metrics.error = CloudError("AWS refused to read metrics", code="access-denied")
    outcome = world.promote()
    assert (outcome.status, outcome.restored) == ("errored", None)
    assert "AWS refused to read metrics" in outcome.message
    assert watches(world)[-1] == (second_of(world), "errored")


def test_failing_probes_are_enough_where_health_is_switched_off(world: World):
    first = watched(world)
    world.change("production", health=Health(enabled=False))
    fail_from(world, 60)
    assert world.promote().restored == first


def test_the_first_release_has_nothing_to_go_back_to_and_stays(world: World):
    world.change("production", watch_s=WATCH_S)
    world.deploy()
    world.soak()
    due = world.clock.now() + timedelta(seconds=30)
    world.http.serve(IN_PRODUCTION, lambda _: answer(200 if world.clock.now() < due else 500))
    outcome = world.promote()
    assert (outcome.status, outcome.restored) == ("failed", None)
    assert "There is no verified release before it" in outcome.message


def test_after_a_first_release_that_failed_another_one_may_come(world: World):
    test_the_first_release_has_nothing_to_go_back_to_and_stays(world)
    world.http.serve(IN_PRODUCTION, answer(200, "hello"))
    assert world.deliver("print('mended')").status == "succeeded"
    assert watches(world)[-1][1] == "succeeded"


def test_a_release_that_failed_its_watch_is_not_gone_back_to(world: World):
    first = watched(world)
    fail_from(world, 60)
    world.promote()
    world.code("print('three')")
    world.deploy()
    world.soak()
    world.http.serve(IN_PRODUCTION, answer(200, "hello"))
    third = world.promote().release
    outcome = rollback(world.app, world.production, world.services(), to=None)
    assert third not in {first, outcome.release}
    assert outcome.release == first


def test_a_watch_that_was_killed_goes_on_until_its_time(world: World):
    watched(world)
    killed_while_watching(world)
    began = world.clock.now()
    outcome = world.promote()
    second = second_of(world)
    assert (outcome.status, outcome.release) == ("succeeded", second)
    assert world.clock.now() - began < timedelta(seconds=30)  # 120 s less the 150 s that passed: one look
    assert watches(world)[-2:] == [(second, "running"), (second, "succeeded")]
    assert "watch-resumed" in world.notes()


def test_a_watch_that_was_killed_still_finds_what_is_wrong(world: World):
    first = watched(world)
    killed_while_watching(world)
    world.http.serve(IN_PRODUCTION, lambda _: answer(200 if second_of(world) not in running(world) else 500))
    outcome = world.promote()
    assert (outcome.status, outcome.restored) == ("failed", first)


def running(world: World) -> str:
    current = world.standing("production").current
    last = world.standing("production").last
    return (current or last).release if last and last.status != "running" else ""  # type: ignore[union-attr]


def test_a_kill_before_the_watch_began_does_not_leave_it_out(world: World):
    watched(world)
    known = watches(world)
    kill_after(world, "verification", "succeeded")
    with pytest.raises(Killed):
        world.promote()
    assert watches(world) == known
    assert world.promote().status == "succeeded"
    assert watches(world)[-1] == (second_of(world), "succeeded")


def test_a_kill_between_the_failed_watch_and_the_rollback_is_made_up_for(world: World):
    first = watched(world)
    fail_from(world, 30)
    kill_after(world, "watch", "failed")
    with pytest.raises(Killed):
        world.promote()
    outcome = world.promote()
    assert (outcome.status, outcome.restored) == ("failed", first)
    assert [s for _, s in watches(world)].count("failed") == 1


def test_resume_watches_on(world: World):
    watched(world)
    killed_while_watching(world)
    assert resume(world.app, world.production, world.services()).status == "succeeded"
    assert watches(world)[-1] == (second_of(world), "succeeded")


def test_resume_makes_up_for_the_rollback_after_a_failed_watch(world: World):
    first = watched(world)
    fail_from(world, 30)
    kill_after(world, "watch", "failed")
    with pytest.raises(Killed):
        world.promote()
    outcome = resume(world.app, world.production, world.services())
    assert (outcome.status, outcome.restored) == ("failed", first)


def test_a_deployment_that_is_resumed_is_watched_then(world: World):
    world.change("staging", watch_s=WATCH_S)

    def die(called: str, moment: str) -> None:
        if (called, moment) == ("stacks.execute_change_set", "after"):
            world.account("staging").tap.on_call = None
            raise Killed

    world.account("staging").tap.on_call = die
    with pytest.raises(Killed):
        world.deploy()
    assert resume(world.app, world.staging, world.services()).status == "succeeded"
    assert (world.entries()[-1].record.kind, world.entries()[-1].record.status) == ("watch", "succeeded")


def test_another_release_that_comes_ends_a_watch_that_was_killed(world: World):
    watched(world)
    second = second_of(world)
    killed_while_watching(world)
    world.code("print('three')")
    world.deploy()
    world.soak()
    third = world.promote().release
    assert watches(world)[-4:] == [(second, "running"), (second, "aborted"), (third, "running"), (third, "succeeded")]


def test_a_rollback_ends_a_watch_that_was_killed(world: World):
    first = watched(world)
    killed_while_watching(world)
    world.http.serve(IN_PRODUCTION, answer(200, "hello"))
    assert rollback(world.app, world.production, world.services(), to=None).release == first
    assert watches(world)[-1] == (second_of(world), "aborted")


def test_ctrl_c_ends_the_watch_and_is_recorded(world: World):
    watched(world)

    def interrupt() -> None:
        raise KeyboardInterrupt

    at(world, 60, interrupt)
    with pytest.raises(KeyboardInterrupt):
        world.promote()
    assert watches(world)[-1] == (second_of(world), "aborted")
    assert world.is_free("production")


def test_what_ctrl_c_ended_is_taken_up_again(world: World):
    test_ctrl_c_ends_the_watch_and_is_recorded(world)
    assert world.promote().status == "succeeded"
    assert [s for _, s in watches(world)[-4:]] == ["running", "aborted", "running", "succeeded"]


def test_while_it_is_watched_others_may_write(world: World):
    watched(world)
    free: list[bool] = []
    at(world, 60, lambda: free.append(world.is_free("production")))
    assert world.promote().status == "succeeded"
    assert free == [True]
    assert [s for _, s in watches(world)[-2:]] == ["running", "succeeded"]


def meanwhile(world: World, then: Callable[[], None]) -> None:
    """Do something once, between two looks of a watch, a minute from now."""
    due = world.clock.now() + timedelta(seconds=60)
    tap = world.account("production").tap

    def look(_call: str, _moment: str) -> None:
        if world.clock.now() < due:
            return
        tap.on_call = None
        then()

    tap.on_call = look


def come(world: World) -> None:
    """Let somebody else bring a third release."""
    world.http.serve(IN_PRODUCTION, answer(200, "hello"))
    world.code("print('three')")
    world.deploy()
    world.soak()
    eve = world.services(actor="eve@other")
    assert promote(world.app, world.production, eve, PromotionOptions()).status == "succeeded"


def test_a_newer_release_ends_the_watch_of_the_one_before(world: World):
    watched(world)
    second = second_of(world)
    meanwhile(world, lambda: come(world))
    outcome = world.promote()
    assert (outcome.status, outcome.release) == ("succeeded", second)
    assert "eve@other ended it: release" in outcome.message
    third = second_of(world)
    assert watches(world)[-4:] == [(second, "running"), (second, "aborted"), (third, "running"), (third, "succeeded")]


def test_a_newer_release_is_not_taken_back_for_what_was_wrong_with_the_one_before(world: World):
    watched(world)

    def ring() -> None:
        come(world)
        world.http.serve(IN_PRODUCTION, answer(500))

    meanwhile(world, ring)
    world.promote()
    assert "going-back" not in world.notes()
    assert world.standing("production").current.release == second_of(world)  # type: ignore[union-attr]


def test_a_rollback_ends_the_watch(world: World):
    first = watched(world)
    second = second_of(world)
    eve = world.services(actor="eve@other")
    meanwhile(world, lambda: rollback(world.app, world.production, eve, to=None))  # type: ignore[arg-type, return-value]
    outcome = world.promote()
    assert (outcome.status, "a rollback was asked for" in outcome.message) == ("succeeded", True)
    assert watches(world)[-1] == (second, "aborted")
    assert world.standing("production").current.release == first  # type: ignore[union-attr]


def test_of_two_that_watch_one_takes_it_back_and_the_other_says_so(world: World):
    watched(world)
    others: list[Outcome] = []
    fail_from(world, 90)
    eve = world.services(actor="eve@other")
    meanwhile(world, lambda: others.append(resume(world.app, world.production, eve)))
    outcome = world.promote()
    assert (others[0].status, others[0].restored is not None) == ("failed", True)
    assert (outcome.status, "eve@other ended it" in outcome.message) == ("failed", True)
    assert [k for k, s in world.recorded("production") if s == "running"].count("rollback") == 1


def test_ctrl_c_while_somebody_else_writes_leaves_the_watch_open(world: World):
    watched(world)

    def interrupt() -> None:
        world.services(actor="eve@other").ledgers.leases(world.account("production").cloud).acquire(
            purpose="a waiver", ttl_s=60.0
        )
        raise KeyboardInterrupt

    at(world, 60, interrupt)
    with pytest.raises(KeyboardInterrupt):
        world.promote()
    assert watches(world)[-1][1] == "running"


def test_a_watch_that_can_not_be_concluded_for_another_writer_is_left_open(world: World):
    watched(world)

    def hold() -> None:
        world.services(actor="eve@other").ledgers.leases(world.account("production").cloud).acquire(
            purpose="a long deployment", ttl_s=36000.0
        )

    at(world, 60, hold)
    with pytest.raises(LeaseError):
        world.promote()
    assert watches(world)[-1][1] == "running"


def test_status_says_until_when_it_is_watched(world: World):
    watched(world)
    killed_while_watching(world)
    _, production = status(world.app, world.services())
    assert production.current is not None
    assert production.current.watch == "running"
    assert production.current.watch_until is not None


def test_status_does_not_offer_again_what_failed_there(world: World):
    watched(world)
    fail_from(world, 60)
    world.promote()
    _, production = status(world.app, world.services())
    assert "failed here" in production.next


def test_a_release_that_is_watched_where_it_soaks_waits(world: World):
    world.change("staging", watch_s=WATCH_S)

    def die() -> None:
        raise Killed

    due = world.clock.now() + timedelta(seconds=40)
    world.http.serve(f"{URL}/shop-staging", lambda _: die() if world.clock.now() > due else answer(200, "hello"))  # type: ignore[func-returns-value, return-value]
    with pytest.raises(Killed):
        world.deploy()
    world.soak()
    with pytest.raises(Waiting, match="staging is still watched"):
        world.promote()


def test_a_rehearsal_cuts_the_watch_and_says_so(world: World):
    watched(world)
    began = world.clock.now()
    result = run(world.app, world.services(), RunOptions(local=True, branch="main", tests=False))
    assert result.status == "succeeded"
    assert world.clock.now() - began < timedelta(seconds=60)
    assert "watch-shortened" in world.notes()


def test_what_is_watched_still_is_not_called_there_while_it_soaks(world: World):
    watched(world)
    killed_while_watching(world)
    world.change("staging", tags={"team": "shop"})
    world.deploy()
    with pytest.raises(Waiting):
        world.promote()
