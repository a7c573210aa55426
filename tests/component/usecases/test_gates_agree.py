"""`promote --plan` and `status` say what `promote` does, whatever ledgers, windows, approvals and alarms say."""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sealift.errors import Refused, SealiftError
from sealift.model.app import Freeze, GatesRead, Health
from sealift.usecases.approve import approve
from sealift.usecases.gates.asking import GLANCE
from sealift.usecases.planned import plan_promotion
from sealift.usecases.promote import PromotionOptions
from sealift.usecases.status import status
from sealift.usecases.waive import Waiver, waive
from tests.component.usecases.world import URL, World, function, make_world, table
from tests.fakes.http import answer

TIMES = ("soak", "freeze", "thaw", "approve", "ring", "quiet", "break", "promote")
CHANGES = ("code", "configure", "unverified", "drop", "rekey", "keep", "waive")
ACTS = st.lists(st.sampled_from((*TIMES, *CHANGES)), max_size=7)


def act(world: World, name: str) -> None:
    now = world.clock.now().replace(tzinfo=None)
    match name:
        case "soak":
            world.soak()
        case "approve" if world.production.approvals:
            digest = world.standing().last
            assert digest is not None
            services = world.services(actor="bob@desk")
            approve(world.app, world.production, services, release=digest.release, reason="seen")
        case "code":
            world.code(f"print('{now}')")
            world.deploy()
        case "configure":
            world.change("production", tags={"when": str(now)})
        case "freeze":
            held = Freeze(start=now - timedelta(60), end=now + timedelta(60), zone="UTC", reason="the Christmas trade")
            world.change("production", freezes=(held,))
        case "thaw":
            world.change("production", freezes=())
        case "ring" | "quiet":
            world.account().metrics.states["errors"] = "ALARM" if name == "ring" else "OK"
        case "unverified":
            world.http.serve(URL, answer(502))
            world.code(f"print('{now} bad')")
            world.deploy()
            world.http.serve(URL, answer(200, "hello"))
        case "drop" | "rekey" | "keep":
            items = {"drop": {}, "rekey": {"Items": table("order")}, "keep": {"Items": table(DeletionPolicy="Retain")}}
            world.write({"Hello": function(), **items[name]})
            release = world.build().release.digest
            for rule in ("data-removed", "data-replaced", "policy-weakened"):
                allowed = Waiver(key=f"app/Items:{rule}", release=release, reason="a rehearsal")
                waive(world.app, world.staging, world.services(), allowed)
            world.deploy()
        case "waive":
            for key in losses(world):
                allowed = Waiver(key=key, release=offered(world), reason="moved before")
                waive(world.app, world.production, world.services(), allowed)
        case "promote":
            promoted(world)
        case "break":
            world.app = replace(world.app, gates=GatesRead(problem="the branch cannot be read", hint="git fetch"))


def offered(world: World) -> str:
    current = world.standing().current
    assert current is not None
    return current.release


def losses(world: World) -> list[str]:
    """Return what the plan says would be lost."""
    planned = plan_promotion(world.app, world.production, world.services(), PromotionOptions())
    return [key for gate in planned.gates if gate.gate == "data" for key in gate.details.get("waivers", [])]  # type: ignore[attr-defined]


def said(error: SealiftError | None) -> tuple[str, str, int] | None:
    return (error.code, error.message, error.exit_code) if error is not None else None


def promoted(world: World) -> tuple[str, str, int] | None:
    """Push the button; return what refused it."""
    try:
        assert world.promote().status == "succeeded"
    except SealiftError as error:
        return said(error)
    return None


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(acts=ACTS, approvals=st.integers(0, 1))
def test_status_and_the_plan_agree_with_what_promote_does(acts: list[str], approvals: int):
    with TemporaryDirectory() as folder:
        world = make_world(Path(folder))
        world.change("production", approvals=approvals)
        world.change("staging", health=Health(alarms=("errors",)))
        world.account().metrics.states["errors"] = "OK"
        world.deploy()
        for name in acts:
            with suppress(Refused):
                act(world, name)
        planned = plan_promotion(world.app, world.production, world.services(), PromotionOptions())
        lane = next(lane for lane in status(world.app, world.services()) if lane.environment.name == "production")
        glanced = [gate for gate in lane.gates if gate.status != "open"]
        shut = [gate for gate in planned.gates if gate.status != "open"]
        if lane.enters:
            assert [gate.gate for gate in glanced] == [
                g.gate for g in shut if g.gate in {one.__name__ for one in GLANCE}
            ]
            assert lane.next.startswith("sealift promote production") == (not shut)
        before = len(world.entries("production"))
        assert said(planned.refusal) == promoted(world)
        if lane.next == "up to date":
            assert len(world.entries("production")) == before, "nothing was left to do"


def test_a_closed_gate_names_the_act_that_opens_it(world: World):
    world.change("production", approvals=1)
    digest = world.deploy().release
    planned = plan_promotion(world.app, world.production, world.services(), PromotionOptions())
    acts = {gate.gate: gate.hint for gate in planned.gates if gate.status == "waiting"}
    assert acts["approval"].endswith(f"sealift approve production --release {digest[:12]}")
    assert "--wait" in acts["soak"]


def test_the_plan_shows_what_runs_beside_what_comes(world: World):
    first = world.deliver("print('one')").release
    world.code("print('two')")
    world.change("production", tags={"owner": "shop"})
    second = world.deploy().release
    planned = plan_promotion(world.app, world.production, world.services(), PromotionOptions())
    assert planned.running is not None
    assert (planned.running.release, planned.incoming.release) == (first, second)
    assert planned.difference.functions == ("~ app/Hello",)
    assert planned.configuration == ("tag owner",)
    assert planned.incoming.isolation == planned.running.isolation != ""


def test_the_plan_writes_nothing(world: World):
    world.deploy()
    world.soak()
    plan_promotion(world.app, world.production, world.services(), PromotionOptions())
    assert world.writes() == []
    assert world.entries("production") == ()


def test_a_release_that_replaced_the_chosen_one_while_the_lease_was_waited_for_is_not_passed(world: World):
    world.deploy()
    world.soak()
    later = world.account("production").bucket

    def deploy_meanwhile(call: str, moment: str) -> None:
        if call == "bucket.put" and moment == "after":
            world.account("production").tap.on_call = None
            world.code("print('two')")
            world.deploy()

    world.account("production").tap.on_call = deploy_meanwhile
    with pytest.raises(Refused) as refused:
        world.promote()
    assert refused.value.code == "gate-release"
    assert later.writes.count("lease.json") > 0
    assert world.account("production").stacks.executions == []
