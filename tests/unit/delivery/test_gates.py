import pytest

from sealift.delivery.chains import anchored_gate, newer_gate
from sealift.delivery.gates import promotion_gates
from sealift.delivery.history import standing
from sealift.model.app import Environment
from sealift.model.ledger import Status
from sealift.model.records import Anchor
from tests.unit.delivery.ledgers import LedgerOf, at

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
