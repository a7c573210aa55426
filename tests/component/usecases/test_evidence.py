"""The evidence gate: what was not analysed and tested is not promoted; and the page that shows all of it."""

from dataclasses import replace

import pytest

from sealift.cli.commands.evidence import evidence_sections
from sealift.delivery.evidence import evidence_key, read, written
from sealift.delivery.override import Override
from sealift.errors import Refused, UserError
from sealift.model.evidence import Evidence
from sealift.usecases.dossier import dossier
from sealift.usecases.evidence import store_evidence
from sealift.usecases.gates.asking import ENTRY, ask
from sealift.usecases.gates.entering import Entering
from tests.component.usecases.world import World


@pytest.fixture
def deployed(world: World) -> str:
    digest = world.deploy().release
    world.soak()
    return digest


def put(world: World, digest: str, body: bytes | None, *, name: str = "staging") -> None:
    bucket = world.account(name).bucket
    if body is None:
        bucket.lose(evidence_key(digest))
    else:
        bucket.put(evidence_key(digest), body)


def stored(world: World, digest: str, name: str = "staging") -> Evidence:
    kept = world.account(name).bucket.get(evidence_key(digest))
    assert kept is not None
    found = read(kept.body)
    assert found is not None
    return found


def refusal(world: World) -> Refused:
    with pytest.raises(Refused) as caught:
        world.promote()
    assert world.entries("production") == ()
    return caught.value


def test_what_was_analysed_and_tested_is_promoted_with_its_evidence(world: World, deployed: str):
    world.promote()
    assert stored(world, deployed, "production") == stored(world, deployed)


def test_a_release_without_evidence_is_not_promoted(world: World, deployed: str):
    put(world, deployed, None)
    error = refusal(world)
    assert error.code == "gate-evidence"
    assert "nobody recorded that it was analysed and tested" in error.message
    assert "sealift run" in error.hint


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"tests": "failed"}, "its unit tests failed"),
        ({"tests": "left out"}, "left out (--no-tests)"),
        ({"analysis": "errored"}, "its analysis errored"),
        ({"release": "b" * 64}, "its evidence is about release bbbbbbbbbbbb"),
    ],
)
def test_red_evidence_or_that_of_another_release_is_refused(
    world: World, deployed: str, changed: dict[str, str], said: str
):
    put(world, deployed, written(replace(stored(world, deployed), **changed)))  # type: ignore[arg-type]
    error = refusal(world)
    assert (error.code, said in error.message) == ("gate-evidence", True)


def test_unreadable_evidence_is_refused(world: World, deployed: str):
    put(world, deployed, b"{}")
    assert "unreadable" in refusal(world).message


def test_status_and_promote_say_the_same(world: World, deployed: str):
    put(world, deployed, None)
    entering = Entering(site=world.site("production"), source=world.site("staging"), release=deployed)
    (said,) = (one for one in ask(ENTRY, entering) if one.gate == "evidence")
    assert (said.status, said.message) == ("refused", refusal(world).message)


def test_somebody_may_answer_for_it(world: World, deployed: str):
    put(world, deployed, None)
    chosen = Override(gates=frozenset({"evidence"}), reason="hotfix: the shop takes no money")
    assert world.promote(override=chosen).release == deployed
    entry = next(e for e in world.entries("production") if e.record.kind == "override")
    assert entry.data["overrides"] == ["evidence"]


def test_good_evidence_is_not_replaced_by_worse_and_bad_is_by_better(world: World, deployed: str):
    bucket, good = world.account("staging").bucket, stored(world, deployed)
    bad = replace(good, tests="left out")
    store_evidence(bad, bucket)
    assert stored(world, deployed) == good
    put(world, deployed, written(bad))
    store_evidence(good, bucket)
    assert stored(world, deployed) == good
    put(world, deployed, b"junk")
    store_evidence(bad, bucket)
    assert stored(world, deployed) == bad


def sections(world: World, release: str | None = None) -> dict[str, list[tuple[str, str]]]:
    found = dossier(world.app, world.services(), release=release)
    return {one.title: [(label, text) for label, text, _ in one.rows] for one in evidence_sections(found)}


def test_the_page_has_what_an_auditor_asks(world: World, deployed: str):
    world.promote()
    shown = sections(world)
    assert ("digest", deployed) in shown["Release"]
    assert ("unit tests", "succeeded: 3 passed, 0 failed, 0 skipped") in shown["Analysis and tests"]
    checks = dict(shown["Proof, provenance and signature, as checked now"])
    assert checks["isolation"].startswith("ok")
    assert checks["provenance"].startswith("ok")
    assert checks["signature"] == "there is none"
    assert ("approvals", "there is none") in shown["What happened"]
    happened = [text for _, text in shown["What happened"]]
    order = [
        "staging: deployment succeeded",
        "staging: verification succeeded",
        "soaked",
        "production: promotion succeeded",
    ]
    places = [next(n for n, text in enumerate(happened) if text.startswith(said)) for said in order]
    assert places == sorted(places)


def test_what_is_not_known_is_named(world: World, deployed: str):
    put(world, deployed, None)
    world.scm.commits = []
    shown = sections(world, deployed[:12])
    assert ("analysis, tests", "nobody recorded that it was analysed and tested") in shown["Analysis and tests"]
    assert ("committed", "this clone does not have the commit") in shown["Release"]


def test_a_release_that_nobody_holds_is_said(world: World, deployed: str):
    with pytest.raises(UserError) as caught:
        dossier(world.app, world.services(), release="f" * 12)
    assert caught.value.code == "release-unknown"
