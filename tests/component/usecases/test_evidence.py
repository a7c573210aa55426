"""The evidence gate: what was not analysed and tested is not promoted; and the page that shows all of it."""

import json
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sealift.cli.commands.evidence import lines
from sealift.cli.evidence_rows import evidence_sections
from sealift.cli.visible import visible
from sealift.delivery.evidence import named_evidence, read, sha256_of, written
from sealift.delivery.manifest import release_key
from sealift.delivery.override import Override
from sealift.errors import Refused, UserError
from sealift.model.evidence import Evidence
from sealift.model.finding import SuiteResult
from sealift.model.records import Delivery
from sealift.model.release import Origin
from sealift.model.stored import canonical_json, plain
from sealift.model.template import Json
from sealift.reports.document import sections_page
from sealift.usecases.dossier import dossier
from sealift.usecases.evidence import store_evidence
from sealift.usecases.gates.asking import ENTRY, ask
from sealift.usecases.gates.entering import Entering
from sealift.usecases.gates.evidence import evidence
from sealift.usecases.rollback import rollback
from sealift.usecases.store import copy_release
from sealift.usecases.writing import Operation, writing
from tests.component.usecases.world import URL, World, function, table
from tests.fakes.http import answer

BYTE = st.integers(0, 255)


@pytest.fixture
def deployed(world: World) -> str:
    digest = world.deploy().release
    world.soak()
    return digest


def put(world: World, digest: str, body: bytes | None, *, name: str = "staging") -> None:
    bucket = world.account(name).bucket
    if body is None:
        bucket.lose(release_key(digest, "evidence"))
    else:
        bucket.put(release_key(digest, "evidence"), body)


def stored(world: World, digest: str, name: str = "staging") -> Evidence:
    kept = world.account(name).bucket.get(release_key(digest, "evidence"))
    assert kept is not None
    found = read(kept.body)
    assert found is not None
    return found


def evidence_of_world(world: World, digest: str) -> Evidence:
    """Return what World.deploy records."""
    return Evidence(release=digest, commit="c" * 40, analysis="succeeded", tests="succeeded", passed=3)


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
    named = sha256_of(written(good))
    assert store_evidence(bad, bucket, named=named) == named
    assert stored(world, deployed) == good
    put(world, deployed, written(bad))
    assert store_evidence(good, bucket, named=sha256_of(written(bad))) == named
    assert stored(world, deployed) == good
    put(world, deployed, b"junk")
    store_evidence(bad, bucket, named=sha256_of(b"junk"))
    assert stored(world, deployed) == bad


def test_what_nobody_recorded_is_replaced_even_by_worse(world: World, deployed: str):
    """Whoever writes to the bucket would have the next delivery vouch for it otherwise."""
    bucket, good = world.account("staging").bucket, stored(world, deployed)
    forged, worse = replace(good, passed=999), replace(good, tests="left out")
    put(world, deployed, written(forged))
    store_evidence(worse, bucket, named=sha256_of(written(good)))
    assert stored(world, deployed) == worse


def _json() -> st.SearchStrategy[Json]:
    simple = (
        st.none() | st.booleans() | st.integers(-5, 99) | st.sampled_from(["", "succeeded", "not tested", "a" * 64])
    )
    return simple | st.lists(simple, max_size=2) | st.dictionaries(st.sampled_from("ab"), simple, max_size=2)


@given(data=st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_other_bytes_than_the_recorded_ones_are_promoted(world: World, data: st.DataObject):
    """Whatever is changed in it, a field, a byte or its end, it is refused."""
    if world.standing().current is None:
        world.deploy()
        world.soak()
    current = world.standing().current
    assert current is not None
    bucket, key = world.account("staging").bucket, release_key(current.release, "evidence")
    good = written(evidence_of_world(world, current.release))
    fields = json.loads(good)
    name = st.sampled_from([*sorted(fields), "newer"])
    changed = data.draw(
        st.builds(lambda key, value: json.dumps({**fields, key: value}).encode(), name, _json())
        | st.builds(lambda key: canonical_json({k: v for k, v in fields.items() if k != key}), name)
        | st.integers(0, len(good) - 1).map(lambda at: good[:at])
        | st.builds(lambda at, to: good[:at] + bytes([to]) + good[at + 1 :], st.integers(0, len(good) - 1), BYTE)
        | st.builds(lambda key, value: canonical_json({**fields, key: value}), name, _json())
        | st.binary(max_size=4).map(lambda more: good + more)
    )
    bucket.put(key, changed)
    entering = Entering(site=world.site("production"), source=world.site("staging"), release=current.release)
    said = evidence(entering)
    assert (said.status == "open") == (changed == good), said.message
    bucket.put(key, good)


def test_a_release_whose_evidence_got_lost_is_delivered_again_without_another_soak(world: World, deployed: str):
    since = world.standing().soaking_since
    for body in (None, b"junk", written(replace(stored(world, deployed), passed=99))):
        put(world, deployed, body)
        world.deploy()
        assert world.standing().soaking_since == since
    assert world.promote().status == "succeeded"


def test_evidence_that_was_left_out_is_made_up_for(world: World):
    world.evidence = {"tests": "left out"}
    digest = world.deploy().release
    world.soak()
    assert "--no-tests" in refusal(world).message
    world.evidence = {}
    assert world.deploy().release == digest
    assert world.promote().status == "succeeded"


def test_the_same_release_from_a_later_commit_keeps_its_evidence_and_is_not_deployed_again(world: World, deployed: str):
    before = world.entries()
    world.evidence = {"passed": 4}
    world.scm.commit("e" * 40, "Say more in the documentation")
    assert world.deploy().message == "already there"
    assert world.entries() == before
    assert stored(world, deployed).passed == 3


def test_what_code_needs_now_is_not_hidden_by_earlier_evidence(world: World, deployed: str):
    world.evidence = {"settings": {"production": ("ssm:/shop/key",)}}
    world.deploy()
    assert stored(world, deployed).settings == {"production": ("ssm:/shop/key",)}


def test_a_promotion_with_an_override_does_not_vouch_for_evidence(world: World, deployed: str):
    put(world, deployed, written(replace(stored(world, deployed), passed=99)))
    world.promote(override=Override(gates=frozenset({"evidence"}), reason="hotfix: the shop takes no money"))
    assert named_evidence(world.entries("production"), deployed) is None
    shown = dict(sections(world)["Proof, provenance and signature, as checked now"])
    assert shown["evidence"] == "absent: the ledger does not name what is stored"


def test_what_was_checked_is_what_is_copied(world: World, deployed: str):
    """Between the gate and the copy, somebody replaces it."""
    entering = Entering(site=world.site("production"), source=world.site("staging"), release=deployed)
    good = entering.evidence
    put(world, deployed, b"junk")
    release = entering.sealed
    origin = Origin(commit=None, branch=None, dirty=False)
    copy_release(release, origin, source=world.site("staging"), target=world.site("production"), evidence=good)
    kept = world.account("production").bucket.get(release_key(deployed, "evidence"))
    assert kept is not None
    assert kept.body == good


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
    assert checks["signature"] == "absent: the release is not signed"
    assert checks["evidence"].startswith("ok: its SHA-256 is the one that the ledger names")
    assert (checks["ledger of staging"], checks["ledger of production"]) == ("ok: the chain of its entries holds",) * 2
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
    world.account("staging").bucket.lose(release_key(deployed, "bom"))
    world.scm.commits = []
    shown = sections(world, deployed[:12])
    assert ("analysis, tests", "nobody recorded that it was analysed and tested") in shown["Analysis and tests"]
    assert ("committed", "unknown: this clone does not have the commit") in shown["Release"]
    assert ("reviewers", "unknown: no service that holds the code could be asked") in shown["Release"]
    assert shown["Dependencies (unknown)"] == [("", "there is no readable bill of materials")]
    assert shown["Where it is now"][1] == ("production", "nothing runs there")


def test_a_release_that_nobody_holds_is_said(world: World, deployed: str):
    with pytest.raises(UserError) as caught:
        dossier(world.app, world.services(), release="f" * 12)
    assert caught.value.code == "release-unknown"


def happened(world: World, release: str) -> list[str]:
    return [text for _, text in sections(world, release)["What happened"]]


def test_a_release_that_was_replaced_or_rolled_back_is_not_shown_as_running(world: World, deployed: str):
    world.promote()
    second = world.deliver("print('two')").release
    rollback(world.app, world.production, world.services(), to=None)
    first, later = sections(world, deployed), sections(world, second)
    assert first["Where it is now"][1][1].startswith("it runs there since ")
    assert later["Where it is now"][1][1].startswith(f"release {deployed[:12]} runs there since ")
    assert "production: rollback to it succeeded, by ann@laptop" in happened(world, deployed)
    assert f"production: release {deployed[:12]} replaced it, by rollback, by ann@laptop" in happened(world, second)
    assert f"staging: release {second[:12]} replaced it, by deployment, by ann@laptop" in happened(world, deployed)


def test_the_soak_is_that_of_each_promotion_where_it_came_from(world: World, deployed: str):
    """A setting that was changed meanwhile started the clock again, and production's own verification is no soak."""
    world.promote()
    world.change("staging", parameters={"Later": "yes"})
    world.write({"Hello": function(), "Items": table()}, Parameters={"Later": {"Type": "String", "Default": "no"}})
    digest = world.deploy().release
    world.clock.advance(7200)
    world.promote()
    assert [text for text in happened(world, digest) if "soaked" in text] == [
        "soaked 2 h in staging when it was promoted"
    ]
    assert [text for text in happened(world, deployed) if "soaked" in text] == [
        "soaked 1 min in staging when it was promoted"
    ]


def test_what_was_begun_and_never_ended_is_said(world: World, deployed: str):
    with writing(world.site("production"), purpose="a promotion that is killed") as writer:
        operation = Operation(id="killed", kind="promotion", release=deployed, commit="c" * 40)
        writer.record(operation, "running", Delivery())
    assert "production: promotion begun, no outcome, by ann@laptop" in happened(world, deployed)


def test_a_failure_is_shown_with_its_reason(world: World, deployed: str):
    world.promote()
    world.http.serve(URL, answer(500, "broken"))
    world.code("print('two')")
    failed = world.deploy().release
    (line,) = (text for text in happened(world, failed) if "verification" in text)
    assert line.startswith("staging: verification failed (1 probe, ")
    assert "500" in line


def test_a_verification_that_looked_at_nothing_but_the_code_says_so(world: World):
    world.app = replace(world.app, probes=())
    world.tester.acceptance_result = SuiteResult(name="acceptance", status="not tested")
    world.code("print('unprobed')")
    (line,) = (text for text in happened(world, world.deploy().release) if "verification" in text)
    assert "(nothing is declared to check; the hashes of its code were compared)" in line


def test_results_that_nobody_recorded_are_not_shown_as_if_they_were(world: World, deployed: str):
    put(world, deployed, written(replace(stored(world, deployed), passed=99)))
    shown = sections(world)
    (beware,) = (text for label, text in shown["Analysis and tests"] if label == "beware")
    assert beware == "the ledger does not name these results: anybody may have written them"
    assert dict(shown["Proof, provenance and signature, as checked now"])["evidence"].startswith("failed: ")


def test_a_tool_that_did_not_run_is_not_called_passed(world: World):
    world.evidence = {"not_run": ("ruff could not run, so it found nothing: gone",)}
    world.deploy()
    assert ("not checked", "ruff could not run, so it found nothing: gone") in sections(world)["Analysis and tests"]


@pytest.mark.parametrize("clone", ["has it", "lacks it"])
def test_a_note_that_somebody_changed_makes_no_other_commit_or_author(world: World, deployed: str, clone: str):
    forged = Origin(commit="f" * 40, branch="main", dirty=False, subject="Trust me", author="mallory")
    world.account("staging").bucket.put(release_key(deployed, "origin"), canonical_json(plain(forged)))
    if clone == "lacks it":
        world.scm.commits = []
    said = dict(sections(world)["Release"])
    assert (said["built from commit"], said["author"]) == ("c" * 40, "ann")
    assert said["subject"] == ("Begin" if clone == "has it" else "unknown")
    assert said["beware"] == f"the note beside it names commit {'f' * 40}, which no ledger names"


def test_a_damaged_note_hides_nothing_else(world: World, deployed: str):
    world.account("staging").bucket.put(release_key(deployed, "origin"), b"junk")
    shown = sections(world)
    assert dict(shown["Release"])["built from commit"] == "c" * 40
    assert any(label == "not read" and "origin.json" in text for label, text in shown["What happened"])


HOSTILE = "<script>alert(1)</script>\x1b[2J\u202eevil\n  digest  forged"


@pytest.mark.parametrize("author", [HOSTILE, "x" * 1_000_000])
def test_names_of_others_are_inert_and_of_a_length_that_a_page_can_hold(world: World, author: str):
    world.scm.author = author
    world.evidence = {"not_run": (author,), "vulnerabilities": author}
    world.deploy()
    found = tuple(evidence_sections(dossier(world.app, world.services(), release=None)))
    text, page = [visible(line) for line in lines(found)], sections_page("t", found)
    assert not any(sign in page for sign in ("<script>", "\x1b", "\u202e"))
    assert not any(sign in line for line in text for sign in ("\x1b", "\u202e", "\n  digest"))
    assert max(map(len, text)) < 2_200
    assert len(page) < 50_000
