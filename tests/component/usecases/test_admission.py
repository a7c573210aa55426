"""Windows, freezes and overrides: when a release enters an environment, and who may let it in nevertheless."""

from datetime import datetime, timedelta

import pytest

from sealift.delivery.override import Override
from sealift.errors import Refused, UserError, Waiting
from sealift.model.app import Freeze
from sealift.model.event import Noted
from sealift.usecases.admission import Admission
from sealift.usecases.approve import approve
from sealift.usecases.build import load_templates
from sealift.usecases.proof.prove import prove_built
from sealift.usecases.release import Outcome
from sealift.usecases.rollback import rollback
from sealift.usecases.run import RunOptions, deploy_built, run
from sealift.usecases.writing import writing
from tests.component.usecases.world import SOAK_S, World
from tests.fakes.evidence import evidence

REASON = "the shop takes no money"
HOTFIX = Override(gates=frozenset({"window"}), reason=REASON)


def freeze(world: World, name: str = "production", *, begins_s: float = -60.0, lasts_s: float = 3600.0) -> None:
    """Declare a freeze that begins so many seconds from now."""
    now = world.clock.now().replace(tzinfo=None)
    start = now + timedelta(seconds=begins_s)
    held = Freeze(start=start, end=start + timedelta(seconds=lasts_s), zone="UTC", reason="the Christmas trade")
    world.change(name, freezes=(held,))


def soaked(world: World) -> str:
    digest = world.deploy().release
    world.soak()
    return digest


def deploy(world: World, admission: Admission) -> Outcome:
    services, built = world.services(), world.build()
    proof = prove_built(world.app, built, services, templates=load_templates(world.app, services), local=False)
    return deploy_built(
        world.app, world.staging, built, services, proof=proof, evidence=evidence(built), admission=admission
    )


def overrides(world: World, name: str = "production") -> list[dict[str, object]]:
    return [dict(e.data) for e in world.entries(name) if e.record.kind == "override"]


def test_a_freeze_keeps_a_promotion_out_with_its_reason_and_its_end(world: World):
    soaked(world)
    freeze(world)
    with pytest.raises(Waiting) as waiting:
        world.promote()
    assert (waiting.value.code, waiting.value.exit_code) == ("gate-window", 4)
    assert "the Christmas trade" in waiting.value.message
    assert waiting.value.context["until"] == datetime.fromisoformat(str(waiting.value.context["until"])).isoformat()
    assert world.writes("production") == []


def test_a_freeze_keeps_a_deployment_out(world: World):
    freeze(world, "staging")
    with pytest.raises(Waiting):
        world.deploy()
    assert world.writes("staging") == []


def test_a_journey_stops_before_an_environment_that_is_frozen(world: World):
    freeze(world, "staging")
    with pytest.raises(Waiting):
        run(world.app, world.services(), RunOptions(local=False))
    assert world.writes("staging") == []


def test_a_window_is_waited_for_on_request(world: World):
    soaked(world)
    freeze(world, lasts_s=7200.0)
    assert world.promote(wait=True).status == "succeeded"
    assert world.clock.slept_s >= 7000


def test_a_deployment_waits_on_request_too(world: World):
    freeze(world, "staging")
    assert deploy(world, Admission(wait=True)).status == "succeeded"


def test_a_freeze_that_began_while_the_lease_was_waited_for_keeps_it_out(world: World):
    soaked(world)
    freeze(world, begins_s=30.0)
    with (
        writing(world.site("production", actor="eve@other"), purpose="something long"),
        pytest.raises(Waiting) as waiting,
    ):
        world.promote()
    assert waiting.value.code == "gate-window"
    assert world.standing("production").last is None


def test_a_rollback_goes_through_a_freeze(world: World):
    first = world.deliver("print('one')").release
    world.deliver("print('two')")
    freeze(world)
    assert rollback(world.app, world.production, world.services(), to=None).release == first


def test_going_back_after_a_failure_goes_through_a_freeze(world: World):
    world.deliver("print('one')")
    world.code("print('two')")
    soaked(world)
    freeze(world)
    world.account("production").stacks.fail("Hello", "update")
    outcome = world.promote(override=HOTFIX)
    assert outcome.status == "failed"
    assert world.stack_status("production") == "UPDATE_ROLLBACK_COMPLETE"


def test_what_came_in_and_was_interrupted_is_brought_to_its_end(world: World):
    soaked(world)

    def kill(call: str, moment: str) -> None:
        if (call, moment) == ("stacks.execute_change_set", "after"):
            raise KeyboardInterrupt

    world.account("production").tap.on_call = kill
    with pytest.raises(KeyboardInterrupt):
        world.promote()
    world.account("production").tap.on_call = None
    freeze(world)
    assert world.promote().status == "succeeded"


def test_an_override_lets_it_in(world: World):
    soaked(world)
    freeze(world)
    assert world.promote(override=HOTFIX).status == "succeeded"


def test_an_override_is_recorded_before_anything_is_sent(world: World):
    digest = soaked(world)
    freeze(world)
    world.promote(override=HOTFIX)
    first = world.entries("production")[0]
    assert (first.record.kind, first.actor, first.record.release) == ("override", "ann@laptop", digest)
    (data,) = overrides(world)
    assert (data["overrides"], data["reason"]) == (["window"], REASON)
    assert "the Christmas trade" in str(data["said"])
    assert str(data["caller"]).startswith("arn:aws:")
    assert "gates-overridden" in world.notes()


def test_soak_and_window_are_overridden_together(world: World):
    world.deploy()
    freeze(world)
    both = Override(gates=frozenset({"window", "soak"}), reason=REASON)
    assert world.promote(override=both).status == "succeeded"
    assert overrides(world)[0]["overrides"] == ["soak", "window"]


def test_a_deployment_can_be_let_in_too(world: World):
    freeze(world, "staging")
    assert deploy(world, Admission(override=HOTFIX)).status == "succeeded"
    assert overrides(world, "staging")[0]["overrides"] == ["window"]


def test_what_is_open_is_not_overridden(world: World):
    soaked(world)
    world.promote(override=Override(gates=frozenset({"window", "soak"}), reason=REASON))
    assert overrides(world) == []


def test_an_override_for_what_is_there_already_is_not_recorded(world: World):
    soaked(world)
    freeze(world)
    world.promote(override=HOTFIX)
    assert world.promote(override=HOTFIX).message == "already there"
    assert len(overrides(world)) == 1


def test_an_override_lets_a_commit_of_the_branch_in(world: World):
    freeze(world, "staging")
    chosen = RunOptions(local=False, override=HOTFIX)
    assert run(world.app, world.services(), chosen).status == "succeeded"
    assert overrides(world, "staging")[0]["reason"] == REASON


def test_an_override_of_one_gate_opens_no_other(world: World):
    world.deploy()
    freeze(world)
    with pytest.raises(Waiting) as waiting:
        world.promote(override=HOTFIX)
    assert waiting.value.code == "gate-soak"


@pytest.mark.parametrize("gate", ["release", "verified", "approval", "isolation", "health", "nonsense"])
def test_what_says_not_this_can_not_be_overridden(world: World, gate: str):
    soaked(world)
    with pytest.raises(UserError) as refused:
        world.promote(override=Override(gates=frozenset({gate}), reason=REASON))
    assert refused.value.code == "override-invalid"


@pytest.mark.parametrize("reason", ["", "  ", "hotfix", " hot  fix "])
def test_an_override_needs_a_reason_of_some_length(world: World, reason: str):
    soaked(world)
    freeze(world)
    with pytest.raises(UserError) as refused:
        world.promote(override=Override(gates=frozenset({"window"}), reason=reason))
    assert refused.value.code == "override-invalid"
    assert world.writes("production") == []


def test_who_is_not_among_the_approvers_overrides_nothing(world: World):
    soaked(world)
    freeze(world)
    world.change("production", approvers=("bob",))
    with pytest.raises(Refused) as refused:
        world.promote(override=HOTFIX)
    assert refused.value.code == "not-an-approver"
    assert overrides(world) == []


def test_who_is_among_the_approvers_overrides(world: World):
    soaked(world)
    freeze(world)
    world.change("production", approvers=("ann", "bob"))
    assert world.promote(override=HOTFIX).status == "succeeded"
    assert "Overridden by ann@laptop: window" in "".join(note.message for note in world.events.of(Noted))


def test_who_is_among_the_approvers_approves(world: World):
    world.change("production", approvals=1, approvers=("bob",))
    digest = soaked(world)
    approve(world.app, world.production, world.services(actor="bob@desk"), release=digest, reason="seen")
    assert world.promote().status == "succeeded"


def test_an_unverified_release_is_not_let_in_by_an_override_of_its_soak(world: World):
    world.change("staging", soak_s=0.0)
    with pytest.raises(Refused) as refused:
        world.promote(override=Override(gates=frozenset({"soak"}), reason=REASON))
    assert refused.value.code == "gate-release"


def test_two_approvals_are_needed_when_two_are_declared(world: World):
    world.change("production", approvals=2)
    digest = soaked(world)
    for actor, opens in (("bob@desk", False), ("bob@other", False), ("cy@desk", True)):
        world.account("production").identity.arn = f"arn:aws:iam::222222222222:user/{actor.partition('@')[0]}"
        done = approve(world.app, world.production, world.services(actor=actor), release=digest, reason="seen")
        assert (done.gate.status == "open") is opens
    assert world.promote().status == "succeeded"


def test_an_approval_is_for_the_configuration_that_was_approved(world: World):
    world.change("production", approvals=1)
    digest = soaked(world)
    approve(world.app, world.production, world.services(actor="bob@desk"), release=digest, reason="seen")
    world.change("production", tags={"cost": "none of yours"})
    with pytest.raises(Waiting) as waiting:
        world.promote()
    assert "that was for another configuration" in waiting.value.message


def test_an_approval_keeps_the_caller_that_aws_knows(world: World):
    world.change("production", approvals=1)
    digest = soaked(world)
    done = approve(world.app, world.production, world.services(actor="bob@desk"), release=digest, reason="seen")
    assert done.entry.data["caller"] == world.account("production").identity.caller().arn


def test_who_is_not_among_the_approvers_can_not_approve(world: World):
    world.change("production", approvals=1, approvers=("bob",))
    digest = soaked(world)
    with pytest.raises(Refused) as refused:
        approve(world.app, world.production, world.services(actor="eve@desk"), release=digest, reason="me too")
    assert refused.value.code == "not-an-approver"
    assert world.entries("production") == ()


def test_the_soak_is_still_counted_in_full(world: World):
    world.deploy()
    world.clock.advance(SOAK_S - 10)
    with pytest.raises(Waiting):
        world.promote()
