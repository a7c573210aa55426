import pytest

from sealift.delivery.gates import promotion_gates
from sealift.delivery.history import standing
from sealift.model.app import Environment
from sealift.model.ledger import Status
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
