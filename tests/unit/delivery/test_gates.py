from dataclasses import replace

import pytest

from sealift.delivery.chains import anchor_record, anchored_gate, newer_gate, newest_anchor
from sealift.delivery.gates import branch_gate, health_gate, promotion_gates, refused_by
from sealift.delivery.health import Judgement
from sealift.delivery.history import standing
from sealift.errors import Refused, UserError, Waiting
from sealift.model.app import Environment
from sealift.model.ledger import Status
from sealift.model.records import Anchor
from tests.unit.delivery.ledgers import LedgerOf, at, story

STAGING = Environment(name="staging", region="eu-west-1", stack_name="a-staging", branch="main", soak_s=60)


def gates(ledger: LedgerOf, *, release: str = "r1", seconds: float) -> dict[str, str]:
    results = promotion_gates(STAGING, standing(ledger.entries), release=release, now=at(seconds), soak_s=60)
    return {r.gate: r.status for r in results}


def test_a_verified_release_that_soaked_passes():
    ledger = LedgerOf().deployed("o1", "r1", seconds=0).verified("o1", "r1", seconds=10)
    assert gates(ledger, seconds=70) == {"verified": "open", "soak": "open"}


def test_a_release_that_still_soaks_waits_until_a_stated_time():
    ledger = LedgerOf().deployed("o1", "r1", seconds=0).verified("o1", "r1", seconds=10)
    results = promotion_gates(STAGING, standing(ledger.entries), release="r1", now=at(69), soak_s=60)
    assert [(r.gate, r.status, r.until) for r in results][1] == ("soak", "waiting", at(70))


@pytest.mark.parametrize("dated", [-7_200, 7_200])
def test_a_soak_counts_from_when_the_store_got_the_entry_where_a_clock_was_wrong(dated: int):
    ledger = LedgerOf().deployed("o1", "r1", seconds=dated).verified("o1", "r1", seconds=dated + 10)
    results = promotion_gates(STAGING, standing(ledger.entries), release="r1", now=at(69), soak_s=60, written_at=at(10))
    assert [(r.gate, r.status, r.until) for r in results][1] == ("soak", "waiting", at(70))


def test_a_release_that_staging_does_not_run_is_refused():
    ledger = LedgerOf().deployed("o1", "r1", seconds=0).verified("o1", "r1", seconds=10)
    assert gates(ledger, release="r2", seconds=99) == {"release": "refused"}


def test_a_release_whose_verification_failed_is_refused():
    ledger = LedgerOf().deployed("o1", "r1", seconds=0).verified("o1", "r1", seconds=10, status="failed")
    assert gates(ledger, seconds=99)["verified"] == "refused"


def test_a_failed_deployment_after_it_closes_the_gate():
    ledger = LedgerOf().deployed("o1", "r1", seconds=0).verified("o1", "r1", seconds=10)
    ledger.add("deployment", "failed", operation="o2", release="r2", seconds=20)
    assert gates(ledger, seconds=99)["verified"] == "refused"


@pytest.mark.parametrize("status", [None, "running", "failed", "errored", "aborted", "skipped"])
def test_only_a_verification_that_succeeded_opens_the_gate_and_starts_the_soak(status: Status | None):
    ledger = LedgerOf().deployed("o1", "r1", seconds=0)
    if status is not None:
        ledger.verified("o1", "r1", seconds=10, status=status)
    assert gates(ledger, seconds=99)["verified"] == "refused"
    assert standing(ledger.entries).soaking_since is None


def test_an_environment_without_a_release_has_none_to_promote():
    assert gates(LedgerOf(), seconds=0) == {"release": "refused"}


@pytest.mark.parametrize(("status", "gate"), [("failed", "refused"), ("running", "waiting"), ("succeeded", "open")])
def test_a_release_that_is_watched_or_failed_meanwhile_is_not_promoted(status: Status, gate: str):
    ledger = LedgerOf().add("deployment", "succeeded", operation="o1", watch_s=60.0, changed=True)
    ledger.verified("o1", "r1", seconds=10).add(
        "watch", "running", operation="o1", seconds=11, until="2026-01-01T00:01:00Z"
    )
    if status != "running":
        ledger.add("watch", status, operation="o1", seconds=60)
    assert gates(ledger, seconds=99)["verified"] == gate


@pytest.mark.parametrize(
    ("commit", "running", "behind", "status"),
    [
        ("a", None, None, "open"),
        ("a", "a", None, "open"),
        (None, None, None, "open"),
        ("a", "b", None, "refused"),
        (None, "b", (), "refused"),
        ("a", "b", ("c",), "refused"),
        ("a", "b", (), "open"),
    ],
)
def test_only_a_commit_that_is_known_to_be_no_older_comes_in(commit, running, behind, status):
    assert newer_gate(commit=commit, running=running, behind=behind, name="production").status == status


@pytest.mark.parametrize(
    ("seq", "hash_", "status"), [(1, "x", "open"), (1, "y", "refused"), (0, "x", "refused"), (2, "x", "refused")]
)
def test_a_ledger_leads_through_the_entry_that_was_seen_before(seq: int, hash_: str, status: str):
    ledger = LedgerOf().add("deployment", "running", operation="o1")
    assert anchored_gate(Anchor(environment="staging", seq=seq, hash=hash_), ledger.entries).status == status
    assert anchored_gate(None, ledger.entries).status == "open"


@pytest.mark.parametrize(
    ("commit", "beyond", "status", "told"),
    [
        ("c" * 40, (), "open", "commit cccccccc is on main"),
        ("c" * 40, ("d",), "refused", "runs commit cccccccc, which is not on main"),
        ("c" * 40, None, "refused", "commit cccccccc, and this clone cannot determine"),
        (None, (), "refused", "a commit that nobody recorded, and this clone cannot determine"),
        (None, None, "refused", "this clone cannot determine"),
    ],
)
def test_only_what_is_known_to_be_merged_is_promoted(commit, beyond, status, told):
    result = branch_gate(STAGING, "main", commit=commit, beyond=beyond)
    assert (result.gate, result.status) == ("branch", status)
    assert told in result.message


@pytest.mark.parametrize(
    ("verdict", "status", "told"),
    [
        ("healthy", "open", "no requests, no alarm declared"),
        ("off", "open", "health is switched off"),
        ("unhealthy", "refused", "The release is not healthy in staging: one; two"),
        ("waiting", "waiting", "Not enough was seen of the release in staging: one; two"),
        ("unknown", "refused", "How the release does in staging is not known: one; two"),
    ],
)
def test_only_a_healthy_release_goes_on(verdict, status, told):
    result = health_gate(STAGING, Judgement(verdict=verdict, start=at(0), end=at(1), reasons=("one", "two")))
    assert (result.gate, result.status, result.message) == ("health", status, told)


@pytest.mark.parametrize(("kind", "status"), [(Waiting, "waiting"), (Refused, "refused"), (UserError, "refused")])
def test_an_error_closes_a_gate_in_its_own_words(kind, status):
    error = kind("It is so", code="so", hint="Do this.")
    result = refused_by(error, "data", about="staging", details={"a": 1})
    assert (result.gate, result.status, result.message, result.hint) == ("data", status, "It is so", "Do this.")
    assert (result.about, result.details, result.error) == ("staging", {"a": 1}, error)
    assert refused_by(error, "data").details == {}


def test_stacks_that_are_not_as_the_ledger_says_close_the_gate_of_the_release():
    now = standing(story("r1 good").entries)
    (result,) = promotion_gates(STAGING, now, release="r1", now=at(99), soak_s=60, broken=("a is gone", "b is gone"))
    assert (result.gate, result.status) == ("release", "refused")
    assert result.message == "staging does not run what its ledger records: a is gone; b is gone"
    (none,) = promotion_gates(STAGING, standing([]), release="r1", now=at(99), soak_s=60, broken=("a is gone",))
    assert none.message == "Release r1 is not what staging runs: it has no release yet"


def test_a_soak_that_never_began_is_refused():
    results = promotion_gates(STAGING, standing(story("r1 bad").entries), release="r1", now=at(99), soak_s=0)
    assert [(r.gate, r.status) for r in results] == [("verified", "refused"), ("soak", "refused")]


@pytest.mark.parametrize(("off_s", "until"), [(300, 62), (-300, 62), (301, 363), (-301, -239)])
def test_a_clock_may_be_five_minutes_off(off_s: int, until: int):
    now = standing(story("r1 good").entries)
    results = promotion_gates(STAGING, now, release="r1", now=at(-400), soak_s=60, written_at=at(2 + off_s))
    assert results[1].until == at(until)


def test_the_watch_that_a_release_waits_for_says_its_end():
    ledger = story("r1 due").add("watch", "running", operation="o1", until="2026-01-01T00:01:00Z")
    assert promotion_gates(STAGING, standing(ledger.entries), release="r1", now=at(5), soak_s=0)[0].until == at(60)


def test_a_promotion_records_where_the_chain_of_its_source_ends():
    assert anchor_record("staging", []) is None
    entries = [replace(one, hash=f"h{one.seq}") for one in story("r1 good").entries]
    anchor = anchor_record("staging", entries)
    assert anchor == Anchor(environment="staging", seq=3, hash="h3")
    assert anchored_gate(anchor, entries).status == "open"
    assert anchored_gate(replace(anchor, hash="h2"), entries).status == "refused"


def test_the_anchor_that_counts_is_the_last_one_of_that_environment():
    ledger = story("r1 good")
    assert newest_anchor(ledger.entries, "staging") is None
    for environment, seq in (("staging", 1), ("staging", 2), ("lab", 3)):
        anchor = {"environment": environment, "seq": seq, "hash": "x"}
        ledger.add("promotion", "succeeded", operation=f"p{seq}", anchor=anchor)
    ledger.verified("p3", "r1", seconds=99)
    assert newest_anchor(ledger.entries, "staging") == Anchor(environment="staging", seq=2, hash="x")


def test_a_ledger_is_asked_for_no_entry_before_its_first_one():
    ledger = LedgerOf().add("deployment", "running", operation="o1")
    result = anchored_gate(Anchor(environment="staging", seq=0, hash="x"), ledger.entries)
    assert result.message.endswith("is gone: it ends at entry 1")
    other = anchored_gate(Anchor(environment="staging", seq=1, hash="y"), ledger.entries)
    assert other.message.endswith("is another one now")


def test_a_release_is_named_by_the_beginning_of_its_digest():
    release, other = "a" * 20, "b" * 20
    now = standing(story(f"{release} good").entries)
    (result,) = promotion_gates(STAGING, now, release=other, now=at(99), soak_s=60)
    assert result.message == f"Release {'b' * 12} is not what staging runs: it runs {'a' * 12}"
    assert result.hint == f"Promote what staging runs, or deploy {'b' * 12} there first."


@pytest.mark.parametrize(
    ("commit", "running", "behind", "told"),
    [
        ("a" * 40, "b" * 40, None, "whether commit aaaaaaaa is older than commit bbbbbbbb of production"),
        (None, "b" * 40, (), "whether a commit that nobody recorded is older than commit bbbbbbbb"),
        ("a" * 40, "b" * 40, ("c", "d"), "commit aaaaaaaa is older than commit bbbbbbbb, which production runs, by 2"),
        ("a" * 40, "b" * 40, (), "commit aaaaaaaa is not older than commit bbbbbbbb"),
        ("a" * 40, None, None, "nothing newer runs in production"),
    ],
)
def test_commits_are_named_by_their_beginnings(commit, running, behind, told: str):
    assert told in newer_gate(commit=commit, running=running, behind=behind, name="production").message
