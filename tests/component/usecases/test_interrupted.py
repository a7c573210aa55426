"""Ctrl-C and kills: what was recorded, that the lease is given back, and that the next command goes on."""

from dataclasses import dataclass, replace

import pytest

from sealift.errors import CloudError
from sealift.model.event import Event, PhaseFinished, PhaseStarted
from sealift.usecases.destroy import destroy
from sealift.usecases.run import RunOptions, run
from sealift.usecases.stacks.ownership import change_set_name
from tests.component.usecases.world import World
from tests.fakes.events import RecordingEvents
from tests.fakes.http import Request, answer


class Killed(BaseException):
    """The process ends here: nothing that comes after it is done."""


def strike(world: World, call: str, moment: str, error: BaseException, *, name: str = "staging") -> None:
    """Raise once at this call."""

    def once(called: str, when: str) -> None:
        if (called, when) == (call, moment):
            world.account(name).tap.on_call = None
            raise error

    world.account(name).tap.on_call = once


CALLS = ("stacks.create_change_set", "stacks.change_set", "stacks.execute_change_set", "stacks.events")


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("call", CALLS)
def test_an_interrupted_deployment_is_recorded_as_aborted(world: World, call: str, moment: str):
    strike(world, call, moment, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        world.deploy()
    assert world.recorded()[-1] == ("deployment", "aborted")


@pytest.mark.parametrize("call", [*CALLS, "bucket.upload", "bucket.keys", "stacks.resources"])
def test_an_interrupted_deployment_gives_the_lease_back(world: World, call: str):
    strike(world, call, "before", KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        world.deploy()
    assert world.is_free()


@pytest.mark.parametrize("error", [KeyboardInterrupt(), CloudError("throttled", code="throttled", retryable=True)])
def test_the_change_set_of_a_deployment_that_was_broken_off_is_cleaned_up(world: World, error: BaseException):
    world.deploy()
    world.code("print('two')")
    strike(world, "stacks.create_change_set", "after", error)
    with pytest.raises(type(error)):
        world.deploy()
    left = change_set_name(world.entries()[-1].record.operation)
    assert world.account().stacks.change_set("shop-staging", left) is not None
    world.code("print('one')")
    world.deploy(force=True)
    assert world.account().stacks.change_set("shop-staging", left) is None


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("call", CALLS)
def test_after_an_interruption_the_next_deployment_executes_nothing_twice(world: World, call: str, moment: str):
    strike(world, call, moment, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        world.deploy()
    assert world.deploy().status == "succeeded"
    assert len(world.account().stacks.executions) == 1


def test_an_interrupted_verification_is_recorded_as_aborted(world: World):
    def interrupt(_request: Request) -> None:
        raise KeyboardInterrupt

    world.http.serve("https://api.example.org", interrupt)  # type: ignore[arg-type]
    with pytest.raises(KeyboardInterrupt):
        world.deploy()
    assert world.recorded()[-1] == ("verification", "aborted")
    assert world.is_free()


def test_an_interrupted_deployment_is_not_what_staging_runs(world: World):
    first = world.deploy().release
    world.code("print('two')")
    strike(world, "stacks.events", "after", KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        world.deploy()
    standing = world.standing()
    assert standing.current is not None
    assert standing.last is not None
    assert (standing.current.release, standing.last.status) == (first, "aborted")


def test_a_killed_deployment_is_told_by_the_next_one(world: World):
    strike(world, "stacks.execute_change_set", "after", Killed())
    with pytest.raises(Killed):
        world.deploy()
    assert world.deploy().status == "succeeded"
    assert "unfinished-deployment" in world.notes()


def test_an_interrupted_promotion_leaves_production_to_be_continued(world: World):
    world.deploy()
    world.soak()
    strike(world, "stacks.execute_change_set", "after", KeyboardInterrupt(), name="production")
    with pytest.raises(KeyboardInterrupt):
        world.promote()
    assert world.is_free("production")
    assert world.promote().status == "succeeded"
    assert len(world.account("production").stacks.executions) == 1


def test_an_interrupted_destroy_is_recorded_and_can_be_repeated(world: World):
    world.deploy()
    strike(world, "stacks.delete_stack", "after", KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        destroy(world.app, world.staging, world.services(), confirmed_name="staging")
    assert world.recorded()[-1] == ("teardown", "aborted")
    destroy(world.app, world.staging, world.services(), confirmed_name="staging")
    assert world.stack_status() is None


def test_what_nobody_expected_is_recorded_as_errored(world: World):
    strike(world, "stacks.events", "after", OSError(28, "No space left on device"))
    with pytest.raises(OSError, match="No space"):
        world.deploy()
    assert world.recorded()[-1] == ("deployment", "errored")
    assert world.is_free()


def test_a_lease_that_can_not_be_given_back_changes_no_outcome(world: World):
    ended: list[bool] = []

    def cut(call: str, moment: str) -> None:
        written = world.account().bucket.writes
        if (call, moment) == ("bucket.put", "before") and len(ended) == 1:
            raise CloudError("The request to AWS to write failed", code="unreachable", retryable=True)
        if (
            (call, moment) == ("bucket.put", "after")
            and len(written) > 1
            and probes
            and written[-1].endswith("head.json")
        ):
            ended.append(True)

    probes: list[bool] = []
    world.http.serve("https://api.example.org", lambda _request: (probes.append(True), answer(200, "hello"))[1])
    world.account().tap.on_call = cut
    assert world.deploy().status == "succeeded"
    assert "lease-not-released" in world.notes()


@dataclass(slots=True)
class InterruptedAt:
    """A sink that lets Ctrl-C be pressed as a phase begins, once."""

    inner: RecordingEvents
    moment: tuple[str, str | None] | None

    def emit(self, event: Event) -> None:
        self.inner.emit(event)
        if isinstance(event, PhaseStarted) and (event.phase, event.environment) == self.moment:
            self.moment = None
            raise KeyboardInterrupt


PHASES = (
    *((phase, None) for phase in ("analyse", "test", "build", "prove")),
    *((phase, "staging") for phase in ("upload", "deploy", "verify", "soak", "health")),
    *((phase, "production") for phase in ("promote", "deploy", "verify", "watch")),
)


@pytest.mark.parametrize(("phase", "environment"), PHASES)
def test_ctrl_c_in_any_phase_loses_nothing_and_the_next_run_goes_on(world: World, phase: str, environment: str | None):
    world.change("production", watch_s=10.0)
    sink = InterruptedAt(world.events, (phase, environment))
    with pytest.raises(KeyboardInterrupt):
        run(world.app, replace(world.services(), events=sink), RunOptions(local=True))
    ended = [e.status for e in world.events.of(PhaseFinished) if (e.phase, e.environment) == (phase, environment)]
    assert (sink.moment, ended[-1]) == (None, "aborted")
    assert world.is_free("staging")
    assert world.is_free("production")
    assert run(world.app, world.services(), RunOptions(local=True)).status == "succeeded"
    assert [len(world.account(name).stacks.executions) for name in ("staging", "production")] == [1, 1]


def test_the_phases_that_are_interrupted_are_all_there_are(world: World):
    world.change("production", watch_s=10.0)
    run(world.app, world.services(), RunOptions(local=True))
    assert {(e.phase, e.environment) for e in world.events.of(PhaseStarted)} == set(PHASES)
