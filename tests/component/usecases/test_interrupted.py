"""Ctrl-C and kills: what was recorded, that the lease is given back, and that the next command goes on."""

import pytest

from sealift.errors import CloudError
from sealift.usecases.destroy import destroy
from tests.component.usecases.world import World
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


def test_an_interrupted_teardown_is_recorded_and_can_be_repeated(world: World):
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
            raise CloudError("AWS could not be asked to write", code="unreachable", retryable=True)
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
