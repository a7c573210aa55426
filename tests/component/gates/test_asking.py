"""How gates are asked: in order, none in vain, waited for on request, and shown as phases."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealift.delivery.gates import GateName, GateResult, refused_by
from sealift.delivery.override import Override
from sealift.errors import CloudError, Refused, SealiftError, UserError, Waiting
from sealift.model.event import Noted, PhaseFinished, PhaseStarted
from sealift.usecases.admission import ANY_TIME, Admission
from sealift.usecases.build import load_templates
from sealift.usecases.gates.asking import ENTRY, Gate, ask, closed, require
from sealift.usecases.gates.entering import Entering
from sealift.usecases.proof.prove import prove_built
from tests.component.usecases.world import World, make_world
from tests.fakes.clock import START
from tests.fakes.events import RecordingEvents

NAMES: tuple[GateName, ...] = ("window", "soak", "branch", "evidence", "newer")
RESULTS = st.builds(
    GateResult,
    gate=st.sampled_from(NAMES),
    status=st.sampled_from(["open", "waiting", "refused"]),
    message=st.sampled_from(["one", "two"]),
    events=st.sampled_from([(), (Noted(name="seen", message="something"),)]),
)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_world(tmp_path)


def entering(world: World) -> Entering:
    return Entering(site=world.site("production"), source=world.site("staging"), release="a" * 64)


def says(results: Sequence[GateResult], asked: list[GateName]) -> list[Gate]:
    """Return gates that give these results, and note in `asked` that they were asked."""

    def gate(result: GateResult) -> Gate:
        def said(_: Entering) -> GateResult:
            asked.append(result.gate)
            return result

        return said

    return [gate(result) for result in results]


@given(results=st.lists(RESULTS, max_size=5), overridden=st.frozensets(st.sampled_from(NAMES)), shown=st.booleans())
def test_a_release_passes_when_every_gate_is_open_or_overridden(
    results: list[GateResult], overridden: frozenset[str], shown: bool
):
    override = Override(gates=overridden, reason="the shop takes no money")
    passes = [result.status == "open" or override.covers(result) for result in results]
    until = passes.index(False) + 1 if False in passes else len(results)
    asked: list[GateName] = []
    with TemporaryDirectory() as folder:
        world = make_world(Path(folder))
        told: object
        try:
            told = require(says(results, asked), entering(world), Admission(override=override), shown=shown)
        except (Refused, Waiting) as error:
            told = error.message
    assert asked == [result.gate for result in results[:until]]
    assert world.events.of(Noted) == tuple(e for r in results[:until] for e in r.events if shown)
    if all(passes):
        assert told == tuple(result for result in results if result.status != "open")
    else:
        assert told == results[until - 1].message


class Opening:
    """A gate that is closed until a time, with a message that changes at noon."""

    def __init__(self, opens: datetime, noon: datetime) -> None:
        self.opens, self.noon = opens, noon
        self.standings: list[object] = []
        self.said: dict[str, None] = {}

    def __call__(self, entering: Entering) -> GateResult:
        now = entering.site.services.clock.now()
        self.standings.append(entering.standing)
        message = "later" if now < self.noon else "soon"
        if now >= self.opens:
            return GateResult(gate="soak", status="open", message=message)
        self.said.setdefault(message)
        return GateResult(gate="soak", status="waiting", message=message, until=self.opens, about="staging")


@given(opens_s=st.floats(0, 200), noon_s=st.floats(0, 200))
def test_a_gate_that_opens_by_itself_is_waited_for_with_a_look_every_half_minute(opens_s: float, noon_s: float):
    with TemporaryDirectory() as folder:
        world = make_world(Path(folder))
        gate = Opening(START + timedelta(seconds=opens_s), START + timedelta(seconds=noon_s))
        assert require([gate], entering(world), Admission(wait=True)) == ()
    assert 0 <= (world.clock.now() - gate.opens).total_seconds() <= 0.06 or opens_s == 0
    looks = len(gate.standings)
    assert opens_s / 30 < looks <= opens_s / 30 + 3
    assert len({id(seen) for seen in gate.standings}) == looks, "what the ledgers say was not read anew"
    told = [(note.name, note.message, note.environment) for note in world.events.of(Noted)]
    assert told == [("gate-waiting", message, "staging") for message in gate.said]
    assert world.clock.slept_s == pytest.approx((world.clock.now() - START).total_seconds())


@pytest.mark.parametrize(
    ("result", "admission"),
    [
        ({"until": START + timedelta(hours=1)}, ANY_TIME),
        ({}, Admission(wait=True)),
        ({"status": "refused", "until": START + timedelta(hours=1)}, Admission(wait=True)),
    ],
)
def test_what_does_not_open_by_itself_or_is_not_to_be_waited_for_is_not(
    world: World, result: dict[str, object], admission: Admission
):
    said = GateResult(gate="window", **{"status": "waiting", "message": "shut", **result})  # type: ignore[arg-type]
    with pytest.raises((Refused, Waiting)):
        require(says([said], []), entering(world), admission)
    assert world.clock.slept_s == 0


def test_an_overridden_gate_is_not_waited_for(world: World):
    shut = GateResult(gate="window", status="waiting", message="shut", until=START + timedelta(hours=1))
    admission = Admission(wait=True, override=Override(gates=frozenset({"window"}), reason="it cannot wait"))
    assert require(says([shut], []), entering(world), admission) == (shut,)
    assert world.clock.slept_s == 0


def test_a_gate_whose_time_is_over_and_that_is_still_closed_is_asked_again_soon(world: World):
    shut = GateResult(gate="window", status="waiting", message="shut", until=START - timedelta(hours=1))
    results = iter([shut, replace(shut, until=START), replace(shut, status="open")])
    require([lambda _: next(results)], entering(world), Admission(wait=True))
    assert world.clock.slept_s == pytest.approx(0.1)
    assert [(note.message, note.environment) for note in world.events.of(Noted)] == [("shut", "production")]


def test_a_closed_gate_is_an_error_that_says_what_the_gate_says(world: World):
    until = START + timedelta(hours=1)
    said = GateResult(
        gate="soak", status="waiting", message="It soaks", hint="Wait.", until=until, about="staging", details={"a": 1}
    )
    error = closed(said, entering(world))
    assert (type(error), error.message, error.code, error.hint) == (Waiting, "It soaks", "gate-soak", "Wait.")
    assert error.context == {"environment": "staging", "gate": "soak", "a": 1, "until": until.isoformat()}
    error = closed(GateResult(gate="data", status="refused", message="It is lost"), entering(world))
    assert (type(error), error.context) == (Refused, {"environment": "production", "gate": "data"})
    own = UserError("no", code="mine")
    assert closed(refused_by(own, "data"), entering(world)) is own


@pytest.mark.parametrize("error", [UserError("It is gone", code="gone"), CloudError("No answer", code="silent")])
def test_a_gate_that_cannot_be_read_is_closed_with_the_reason(world: World, error: SealiftError):
    def window(_: Entering) -> GateResult:
        raise error

    (said,) = ask([window], entering(world))
    assert (said.gate, said.status, said.message, said.error) == ("window", "refused", error.message, error)


def phases(world: World, comes: Entering, admission: Admission = ANY_TIME) -> list[tuple[str, ...]]:
    """Ask every gate; return the phases that are shown, each at its begin and at its end."""
    world.events = RecordingEvents()
    site, source = (replace(s, services=world.services()) if s else None for s in (comes.site, comes.source))
    assert site is not None
    with suppress(Refused, Waiting):
        require(ENTRY, replace(comes, site=site, source=source), admission)
    return [
        (e.phase, e.environment or "", *((e.status, e.detail) if isinstance(e, PhaseFinished) else ()))
        for e in world.events.events
        if isinstance(e, PhaseStarted | PhaseFinished)
    ]


def built(world: World) -> Entering:
    """Build what is in the folder, so that it may enter staging."""
    made, services = world.build(), world.services()
    proof = prove_built(world.app, made, services, templates=load_templates(world.app, services), local=False)
    digest = made.release.digest
    return Entering(site=world.site(), release=digest, built=made.release, files=made.files, proved=proof)


SHOWN = [("soak", "staging"), ("prove", ""), ("rebuild", "staging"), ("health", "staging")]


def test_what_takes_its_time_before_a_promotion_is_shown_as_a_phase(world: World):
    digest = world.deploy().release
    world.soak()
    comes = replace(entering(world), release=digest)
    seen = phases(world, comes)
    assert seen[::2] == SHOWN
    assert [one[:3] for one in seen[1::2]] == [(*one, "succeeded") for one in SHOWN]
    assert all(detail for *_, detail in seen[1::2])
    assert phases(world, replace(comes, built=comes.sealed))[::2] == [one for one in SHOWN if one[0] != "rebuild"]
    seen_before = world.events.events
    assert require(ENTRY, comes, ANY_TIME, shown=False) == ()
    assert world.events.events == seen_before


def test_a_phase_whose_gate_is_closed_ends_so_with_its_reason(world: World):
    digest = world.deploy().release
    comes = replace(entering(world), release=digest)
    name, place, status, detail = phases(world, comes)[-1]
    assert (name, place, status) == ("soak", "staging", "waiting")
    assert detail.startswith("The release soaks in staging until")
    name, place, status, detail = phases(world, replace(comes, rebuilding=False), Admission(wait=True))[-1]
    assert (name, place, status) == ("rebuild", "staging", "refused")
    assert "it was not built again" in detail


def test_a_deployment_has_phases_of_its_own(world: World):
    comes = built(world)
    assert phases(world, comes) == []
    assert require(ENTRY, comes, ANY_TIME) == ()
