"""Going back is to a deployment: its release, with the configuration that it had."""

from dataclasses import replace

import pytest

from sealift.delivery.history import Deployed
from sealift.errors import IntegrityError, Refused
from sealift.model.event import Noted
from sealift.model.records import Delivery, Verified
from sealift.ports import HttpAnswer
from sealift.usecases.configuration import configuration_key
from sealift.usecases.release import Outcome
from sealift.usecases.resume import resume
from sealift.usecases.rollback import rollback
from sealift.usecases.status import status
from sealift.usecases.store import upload_release
from sealift.usecases.writing import Operation, writing
from tests.component.usecases.world import URL, Body, World, function
from tests.fakes.http import Request, answer

STACK = "shop-production"
MODE: Body = {"Mode": {"Type": "String"}, "Token": {"Type": "String", "NoEcho": True, "Default": ""}}


def using(*names: str) -> Body:
    """Return resources with a function that gets these parameters."""
    hello = function()
    hello["Properties"]["Environment"] = {"Variables": {name: {"Ref": name} for name in names}}  # type: ignore[index,call-overload]
    return {"Hello": hello}


class Killed(BaseException):
    """The process ends here and now."""


def declare(world: World, **parameters: str) -> None:
    """Declare the parameters of production."""
    world.change("production", parameters=parameters)


def delivered(world: World, mode: str = "good", code: str = "print('one')") -> str:
    """Have a release in production with this mode; what has the mode `bad` answers with errors."""

    def serve(request: Request) -> HttpAnswer:
        return answer(500 if parameters(world).get("Mode") == "bad" else 200)

    world.write(using("Mode", "Token"), Parameters=MODE)
    world.change("staging", parameters={"Mode": "staged"})
    declare(world, Mode=mode)
    world.http.serve(f"{URL}/{STACK}", serve)
    outcome = world.deliver(code)
    assert outcome.status == "succeeded"
    return outcome.release


def parameters(world: World) -> dict[str, str]:
    state = world.account("production").stacks.peek(STACK)
    return {k: v for k, v in state.parameters.items() if k in {"Mode", "Token", "New", "Old"}} if state else {}


def current(world: World) -> Deployed:
    deployed = world.standing("production").current
    assert deployed is not None
    return deployed


def back(world: World, to: str | None = None) -> Outcome:
    return rollback(world.app, world.production, world.services(), to=to)


def executed(world: World) -> int:
    return len(world.account("production").stacks.executions)


def going_back(world: World) -> Noted:
    return [n for n in world.events.of(Noted) if n.name == "going-back"][-1]


def test_a_bad_parameter_of_the_same_release_goes_back_to_the_one_before(world: World):
    delivered(world, code="print('zero')")
    release = delivered(world)
    config = current(world).config
    declare(world, Mode="bad")
    outcome = world.promote()
    assert (outcome.status, outcome.restored, parameters(world)["Mode"]) == ("failed", release, "good")
    assert (current(world).release, current(world).config) == (release, config)
    assert "did well in production with another configuration: put that back" in outcome.hint


def test_it_is_said_when_a_configuration_goes_back(world: World):
    delivered(world)
    at = current(world).at
    declare(world, Mode="bad")
    outcome = world.promote()
    said = f"with its configuration of {at:%Y-%m-%d %H:%M:%S} UTC"
    assert (said in going_back(world).message, said in outcome.message) == (True, True)
    assert "Secrets (NoEcho parameters) and settings are those of now" in going_back(world).hint


def test_nothing_is_said_of_a_configuration_that_stays(world: World):
    delivered(world)
    delivered(world, code="print('two')")
    back(world)
    assert "with its configuration" not in going_back(world).message


def test_by_hand_it_goes_to_the_configuration_before(world: World):
    release = delivered(world, "one")
    declare(world, Mode="two")
    world.promote()
    assert (back(world).release, parameters(world)["Mode"]) == (release, "one")


def test_going_back_again_goes_through_the_configurations_to_the_release_before(world: World):
    first = delivered(world, "zero", code="print('zero')")
    delivered(world, "one")
    for mode in ("two", "three"):
        declare(world, Mode=mode)
        world.promote()
    modes = [(back(world).release == first, parameters(world)["Mode"]) for _ in range(3)]
    assert modes == [(False, "two"), (False, "one"), (True, "zero")]


def test_another_release_comes_back_with_the_parameters_that_it_had(world: World):
    first = delivered(world, "one")
    delivered(world, "two", code="print('two')")
    assert (back(world).release, parameters(world)["Mode"]) == (first, "one")


def test_a_release_that_is_named_comes_with_its_newest_good_configuration(world: World):
    first = delivered(world, "one")
    declare(world, Mode="two")
    world.promote()
    delivered(world, "three", code="print('two')")
    assert (back(world, first[:12]).release, parameters(world)["Mode"]) == (first, "two")


def test_the_bad_configuration_of_a_named_release_is_passed_over(world: World):
    first = delivered(world, "one")
    delivered(world, "two", code="print('two')")
    back(world, first)
    with writing(world.site("production"), purpose="a test") as writer:
        operation = Operation(id="bad", kind="promotion", release=first, commit=None)
        writer.record(operation, "succeeded", Delivery(config="b" * 64, config_kept=True))
        writer.record(replace(operation, kind="verification"), "failed", Verified())
    back(world, first)
    assert parameters(world)["Mode"] == "one"


def test_tags_go_back_too(world: World):
    delivered(world)
    world.change("production", tags={"cost": "7"})
    world.promote()
    back(world)
    state = world.account("production").stacks.describe(STACK)
    assert state is not None
    assert "cost" not in state.tags


def test_after_the_configuration_is_mended_the_release_is_there_already(world: World):
    delivered(world)
    declare(world, Mode="bad")
    world.promote()
    declare(world, Mode="good")
    assert world.promote().message == "already there"


def test_another_configuration_of_the_release_may_come_after_a_bad_one(world: World):
    release = delivered(world)
    declare(world, Mode="bad")
    world.promote()
    declare(world, Mode="better")
    outcome = world.promote()
    assert (outcome.status, outcome.release, parameters(world)["Mode"]) == ("succeeded", release, "better")


def test_status_says_that_the_configuration_has_to_be_mended(world: World):
    delivered(world)
    declare(world, Mode="bad")
    world.promote()
    _, production = status(world.app, world.services())
    assert "failed here with another configuration" in production.next


def test_what_fails_while_it_is_watched_goes_back_with_its_configuration(world: World):
    release = delivered(world)
    world.change("production", watch_s=120.0)

    def serve(request: Request) -> HttpAnswer:
        watching = ("watch", "running") in world.recorded("production")
        return answer(500 if watching and parameters(world)["Mode"] == "bad" else 200)

    world.http.serve(f"{URL}/{STACK}", serve)
    declare(world, Mode="bad")
    outcome = world.promote()
    assert (outcome.restored, parameters(world)["Mode"]) == (release, "good")
    assert world.standing("production").rollback_due is None


def test_secrets_are_those_of_now_and_are_not_kept(world: World):
    delivered(world)
    declare(world, Mode="good", Token="hunter2-first")
    world.promote(force=True)
    delivered(world, code="print('two')")
    declare(world, Mode="bad", Token="hunter2-second")
    world.promote(force=True)
    assert parameters(world) == {"Mode": "good", "Token": "hunter2-second"}
    bucket = world.account("production").bucket
    assert not [key for key in bucket.everything() if b"hunter2" in (bucket.peek(key) or b"")]


def test_the_parameters_of_the_templates_count_alone(world: World):
    world.write(using("Old"), Parameters={"Old": {"Type": "String", "Default": "x"}})
    world.change("production", parameters={"Old": "then"})
    first = world.deliver("print('one')").release
    world.write(using("New"), Parameters={"New": {"Type": "String", "Default": "x"}})
    world.change("production", parameters={"New": "now"})
    world.deliver("print('two')")
    assert (back(world).release, parameters(world)) == (first, {"Old": "then"})


@pytest.mark.parametrize("how", ["changed", "lost"])
def test_a_configuration_that_is_not_what_it_was_is_refused(world: World, how: str):
    delivered(world)
    key, bucket = configuration_key(current(world).config), world.account("production").bucket
    declare(world, Mode="other")
    world.promote()
    if how == "lost":
        bucket.lose(key)
    else:
        bucket.corrupt(key, (bucket.peek(key) or b"").replace(b"good", b"evil"))
    before = executed(world)
    with pytest.raises(IntegrityError) as refused:
        back(world)
    assert (refused.value.code, executed(world)) == ("configuration-damaged", before)


def test_a_damaged_configuration_is_mended_when_it_is_deployed_again(world: World):
    delivered(world)
    key, bucket = configuration_key(current(world).config), world.account("production").bucket
    whole = bucket.peek(key)
    bucket.corrupt(key, b"damaged")
    world.promote(force=True)
    assert bucket.peek(key) == whole


def recorded_before_that_was_kept(world: World) -> str:
    """Have a deployment in production's ledger as it was recorded when no configuration was kept; newer ones follow."""
    world.write(using("Mode", "Token"), Parameters=MODE)
    world.code("print('old')")
    built, site = world.build(), world.site("production")
    with writing(site, purpose="long ago") as writer:
        upload_release(built, site)
        operation = Operation(id="old", kind="promotion", release=built.release.digest, commit=None)
        writer.record(operation, "running", Delivery(config="0" * 64))
        writer.record(operation, "succeeded", Delivery(config="0" * 64))
        writer.record(replace(operation, kind="verification"), "succeeded", Verified())
    return built.release.digest


def test_what_was_not_kept_comes_with_what_is_declared_now(world: World):
    old = recorded_before_that_was_kept(world)
    delivered(world, "now", code="print('new')")
    world.change("production", parameters={"Mode": "now", "New": "of no template"})
    assert (back(world).release, parameters(world)["Mode"]) == (old, "now")
    assert "Its parameters were not kept" in going_back(world).hint


def test_after_that_there_is_nothing_left_to_go_back_to(world: World):
    test_what_was_not_kept_comes_with_what_is_declared_now(world)
    with pytest.raises(Refused, match="no verified release before"):
        back(world)


def test_a_configuration_that_was_not_kept_is_no_other_one_of_the_same_release(world: World):
    recorded_before_that_was_kept(world)
    delivered(world, "bad2", code="print('old')")
    with pytest.raises(Refused, match="no verified release before"):
        back(world)


def kill(world: World, number: int, moment: str) -> bool:
    """Go back, killed before or after one of its calls; return whether it made so many."""
    tap, made = world.account("production").tap, 0

    def strike(_call: str, when: str) -> None:
        nonlocal made
        made += when == "before"
        if made >= number and when == moment:
            made = 10**6
            raise Killed
        if made >= 10**6:
            raise Killed

    tap.on_call = strike
    try:
        back(world)
    except Killed:
        return True
    finally:
        tap.on_call = None
    return made >= 10**6


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("number", range(2, 60, 3))
def test_a_rollback_that_was_killed_ends_with_the_same_release_and_configuration(
    world: World, number: int, moment: str
):
    release = delivered(world, "one")
    declare(world, Mode="two")
    world.promote()
    before = executed(world)
    kill(world, number, moment)
    world.clock.advance(3600)
    declare(world, Mode="three")
    began = ("rollback", "running") in world.recorded("production")
    outcome = resume(world.app, world.production, world.services()) if began else back(world)
    assert (outcome.status, outcome.release, parameters(world)["Mode"]) == ("succeeded", release, "one")
    assert executed(world) == before + 1


def test_repeating_a_rollback_that_was_killed_continues_it(world: World):
    delivered(world, "zero", code="print('zero')")
    release = delivered(world, "one")
    declare(world, Mode="two")
    world.promote()
    tap = world.account("production").tap

    def strike(call: str, moment: str) -> None:
        if (call, moment) == ("stacks.execute_change_set", "after"):
            tap.on_call = None
            raise Killed

    tap.on_call = strike
    with pytest.raises(Killed):
        back(world)
    world.clock.advance(3600)
    outcome = back(world)
    assert (outcome.release, parameters(world)["Mode"]) == (release, "one")


def test_a_kill_between_the_failed_watch_and_going_back_is_made_up_for(world: World):
    release = delivered(world)
    world.change("production", watch_s=120.0)
    tap = world.account("production").tap

    def serve(request: Request) -> HttpAnswer:
        watching = ("watch", "running") in world.recorded("production")
        return answer(500 if watching and parameters(world)["Mode"] == "bad" else 200)

    def strike(_call: str, _moment: str) -> None:
        tap.on_call = None
        if world.recorded("production")[-1] == ("watch", "failed"):
            raise Killed
        tap.on_call = strike

    world.http.serve(f"{URL}/{STACK}", serve)
    declare(world, Mode="bad")
    tap.on_call = strike
    with pytest.raises(Killed):
        world.promote()
    world.clock.advance(3600)
    outcome = resume(world.app, world.production, world.services())
    assert (outcome.status, outcome.restored, parameters(world)["Mode"]) == ("failed", release, "good")
    assert current(world).kind == "rollback"
