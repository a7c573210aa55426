"""One writer at a time: who has to wait, who gives up, and that nobody keeps what is not needed any more."""

import pytest

from sealift.errors import LeaseError
from sealift.ports import Leases
from sealift.usecases.destroy import destroy
from sealift.usecases.writing import writing
from tests.component.usecases.world import World, function


def held_by_another(world: World) -> Leases:
    """Let somebody else hold the lease of staging."""
    cloud = world.account().cloud
    cloud.bucket.ensure()
    leases = world.services(actor="bob@ci").ledgers.leases(cloud)
    leases.acquire(purpose="deployment of 123", ttl_s=60.0)
    return leases


def keep_alive(world: World) -> None:
    """Let the other holder renew for ever."""
    leases = held_by_another(world)
    lease = leases.current()
    assert lease is not None
    held = [lease]
    busy: list[bool] = []

    def renew(call: str, moment: str) -> None:
        if not busy and (call, moment) == ("bucket.get", "before"):
            busy.append(True)
            held[0] = leases.renew(held[0])
            busy.clear()

    world.account().tap.on_call = renew


def test_a_lease_that_is_given_back_in_time_is_waited_for(world: World):
    leases = held_by_another(world)
    lease = leases.current()
    assert lease is not None
    looks: list[bool] = []

    def give_back(call: str, moment: str) -> None:
        looks.append(True)
        if len(looks) == 20:
            world.account().tap.on_call = None
            leases.release(lease)

    world.account().tap.on_call = give_back
    assert world.deploy().status == "succeeded"
    assert "lease-waiting" in world.notes()


def test_a_holder_that_died_is_succeeded_after_its_time(world: World):
    held_by_another(world)
    assert world.deploy().status == "succeeded"
    assert world.clock.slept_s >= 60.0


def test_a_holder_that_lives_on_is_waited_for_and_then_named(world: World):
    keep_alive(world)
    with pytest.raises(LeaseError) as refused:
        world.deploy()
    assert (refused.value.code, refused.value.context["holder"]) == ("lease-held", "bob@ci")
    assert world.clock.slept_s > 1500


def test_without_the_lease_nothing_is_written(world: World):
    keep_alive(world)
    with pytest.raises(LeaseError):
        world.deploy()
    assert world.writes("staging") == []


def test_a_writer_that_lost_its_lease_executes_nothing(world: World):
    def take_over(call: str, moment: str) -> None:
        if (call, moment) == ("stacks.change_set", "after"):
            world.account().tap.on_call = None
            world.clock.advance(600)
            other = world.services(actor="bob@ci").ledgers.leases(world.account().cloud)
            other.acquire(purpose="another deployment", ttl_s=6000.0)

    world.account().tap.on_call = take_over
    with pytest.raises(LeaseError) as lost:
        world.deploy()
    assert lost.value.code == "lease-lost"
    assert world.account().stacks.executions == []


def test_a_deployment_longer_than_the_lease_keeps_it(world: World):
    queues = {f"Queue{i}": {"Type": "AWS::SQS::Queue"} for i in range(150)}
    world.write({"Hello": function(), **queues})
    assert world.deploy().status == "succeeded"
    assert world.clock.slept_s > 120


def test_a_writer_that_wakes_up_after_it_was_overtaken_executes_nothing(world: World):
    world.deploy()
    world.code("print('two')")

    def overtake(call: str, moment: str) -> None:
        if (call, moment) == ("stacks.execute_change_set", "before"):
            world.account().tap.on_call = None
            world.clock.advance(600)
            world.code("print('one')")
            assert world.deploy().status == "succeeded"

    world.account().tap.on_call = overtake
    with pytest.raises(LeaseError) as lost:
        world.deploy()
    assert lost.value.code == "lease-lost"
    assert len(world.account().stacks.executions) == 1


def test_destroy_that_wakes_up_after_it_was_overtaken_deletes_nothing(world: World):
    world.deploy()
    world.code("print('two')")
    tap = world.account().tap

    def pause(_call: str, _moment: str) -> None:
        tap.on_call = None
        newest = world.entries()[-1]
        if (newest.record.kind, newest.data.get("step")) != ("teardown", "delete"):
            tap.on_call = pause
            return
        world.clock.advance(90)
        world.deploy()

    tap.on_call = pause
    with pytest.raises(LeaseError) as lost:
        destroy(world.app, world.staging, world.services(actor="bob@ci"), confirmed_name="staging")
    assert lost.value.code == "lease-lost"
    assert world.stack_status() == "UPDATE_COMPLETE"


@pytest.mark.parametrize(("after_s", "renewed"), [(29.0, False), (31.0, True)])
def test_a_lease_is_renewed_from_half_its_life_on_not_at_its_end(world: World, after_s: float, renewed: bool):
    with writing(world.site(), purpose="a test") as writer:
        before = writer.hold.lease.expires_at
        world.clock.advance(after_s)
        writer.check_lease()
        assert (writer.hold.lease.expires_at > before) == renewed


def test_a_change_set_that_an_operation_without_an_end_left_is_deleted_before_anything_is_executed(world: World):
    def die(call: str, moment: str) -> None:
        if (call, moment) == ("stacks.execute_change_set", "before"):
            world.account().tap.on_call = None
            raise SystemExit

    world.deploy()
    world.code("print('two')")
    world.account().tap.on_call = die
    with pytest.raises(SystemExit):
        world.deploy()
    left = next(e.data["change_set"] for e in reversed(world.entries()) if "change_set" in e.data)
    world.clock.advance(3600)
    seen: list[object] = []

    def look(call: str, moment: str) -> None:
        if (call, moment) == ("stacks.create_change_set", "before"):
            world.account().tap.on_call = None
            seen.append(world.account().stacks.change_set("shop-staging", str(left)))

    world.account().tap.on_call = look
    world.deploy()
    assert seen == [None]
