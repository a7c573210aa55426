"""The measures of DORA, against what its definitions say of written histories; unknown stays unknown."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealift.delivery.dora import PERIOD, Dora, dora
from sealift.delivery.history import deployments
from sealift.model.release import Commit
from tests.unit.delivery.ledgers import LedgerOf, at, story

HOUR = 3600.0


def committed(seconds: float) -> Commit:
    return Commit(sha="c" * 40, at=at(seconds), author="Ada", subject="Change")


def measured(ledger: LedgerOf, *, now: float = 7 * 24 * HOUR, **commits: list[Commit] | None) -> Dora:
    return dora(deployments(ledger.entries), commits, now=at(now))


def good(ledger: LedgerOf, operation: str, seconds: float) -> LedgerOf:
    return ledger.deployed(operation, operation, seconds=seconds).verified(operation, operation, seconds=seconds + 60)


def rolled_back(ledger: LedgerOf, operation: str, seconds: float) -> LedgerOf:
    ledger.add("rollback", "running", operation=operation, release="o1", seconds=seconds)
    ledger.add("rollback", "succeeded", operation=operation, release="o1", seconds=seconds + 1, changed=True)
    return ledger.verified(operation, "o1", seconds=seconds + 60)


def test_an_empty_ledger_has_unknown_measures_and_no_zeros():
    found = measured(LedgerOf())
    known = (found.per_week, found.lead_time_s, found.failure_rate, found.recovery_time_s, found.rework_rate)
    assert known == (None, None, None, None, None)


def test_good_deployments_fail_never_and_their_lead_time_is_the_median_of_their_commits():
    ledger = good(good(LedgerOf(), "o1", 2 * HOUR), "o2", 10 * HOUR)
    found = measured(ledger, o1=[committed(HOUR)], o2=[committed(9 * HOUR), committed(4 * HOUR)])
    assert (found.deployments, found.failure_rate, found.rework_rate) == (2, 0.0, 0.0)
    assert found.lead_time_s == HOUR + 60
    assert found.recovery_time_s is None


def test_a_deployment_that_is_rolled_back_failed_and_the_rollback_is_rework():
    ledger = good(LedgerOf(), "o1", 0)
    ledger.deployed("o2", "r2", seconds=1000).verified("o2", "r2", seconds=1010, status="failed")
    found = measured(rolled_back(ledger, "o3", 1100))
    assert (found.deployments, found.failed, found.failure_rate) == (2, 1, 0.5)
    assert found.recovery_time_s == 160
    assert (found.reworked, found.rework_rate) == (1, 1 / 3)


def test_a_verified_deployment_that_is_rolled_back_by_hand_failed_too():
    found = measured(rolled_back(good(good(LedgerOf(), "o1", 0), "o2", 1000), "o3", 5000))
    assert (found.failed, found.recovery_time_s) == (1, 4060)


def test_a_deployment_that_mends_a_failed_one_is_rework():
    ledger = good(LedgerOf(), "o1", 0)
    ledger.deployed("o2", "r2", seconds=1000).verified("o2", "r2", seconds=1010, status="failed")
    found = measured(good(ledger, "o3", 2000))
    assert (found.reworked, found.recovery_time_s) == (1, 1060)


def test_what_has_not_recovered_is_counted_and_has_no_time():
    ledger = good(LedgerOf(), "o1", 0)
    ledger.deployed("o2", "r2", seconds=1000).verified("o2", "r2", seconds=1010, status="failed")
    found = measured(ledger)
    assert (found.open_failures, found.recovery_time_s) == (1, None)


def test_commits_that_the_clone_does_not_have_are_unknown_and_not_nothing():
    found = measured(good(LedgerOf(), "o1", 0), o1=None)
    assert (found.lead_time_s, found.unknown_commits) == (None, 1)


def test_what_was_interrupted_or_changed_nothing_is_no_deployment():
    ledger = good(LedgerOf(), "o1", 0).add("deployment", "running", operation="o2", release="r2", seconds=500)
    ledger.deployed("o3", "o1", seconds=1000, changed=False).verified("o3", "o1", seconds=1010)
    assert measured(ledger).deployments == 1


def test_what_is_older_than_the_period_does_not_count():
    ledger = good(good(LedgerOf(), "o1", 0), "o2", PERIOD.total_seconds())
    found = measured(ledger, now=PERIOD.total_seconds() + 100)
    assert found.deployments == 1
    assert found.since == at(100)


@given(st.lists(st.sampled_from(["good", "bad", "rollback"]), max_size=12))
def test_rates_are_shares_and_what_failed_recovered_or_did_not(history: list[str]):
    ledger = LedgerOf()
    for number, what in enumerate(history):
        start = number * HOUR
        if what == "rollback":
            rolled_back(ledger, f"x{number}", start)
            continue
        status = "succeeded" if what == "good" else "failed"
        ledger.deployed(f"x{number}", f"r{number}", seconds=start)
        ledger.verified(f"x{number}", f"r{number}", seconds=start + 60, status=status)
    found = measured(ledger)
    assert found.deployments == sum(one != "rollback" for one in history)
    assert found.failed >= history.count("bad")
    assert found.reworked >= history.count("rollback")
    assert 0 <= found.open_failures <= found.failed <= found.deployments
    for rate in (found.failure_rate, found.rework_rate):
        assert rate is None or 0 <= rate <= 1
    assert found.until - found.since == PERIOD
    assert found.recovery_time_s is None or timedelta(0) < timedelta(seconds=found.recovery_time_s)


def test_the_weeks_add_up_to_the_whole_and_hold_what_began_in_them():
    ledger = good(LedgerOf(), "o1", 0)
    ledger.deployed("o2", "r2", seconds=8 * 24 * HOUR).verified("o2", "r2", seconds=8 * 24 * HOUR + 10, status="failed")
    ledger = rolled_back(ledger, "o3", 8 * 24 * HOUR + 600)
    found = measured(ledger, now=10 * 24 * HOUR, o1=[committed(0)], o2=[], o3=[])
    assert len(found.weeks) == 13
    assert [week.deployments for week in found.weeks[-2:]] == [1, 1]
    assert sum(week.deployments for week in found.weeks) == found.deployments
    assert sum(week.failed for week in found.weeks) == found.failed == found.weeks[-1].failed == 1
    assert found.weeks[-2].lead_time_s == found.lead_time_s
    assert found.weeks[-1].recovery_time_s == found.recovery_time_s
    assert {week.lead_time_s for week in found.weeks[:-2]} == {None}


@pytest.mark.parametrize(
    ("told", "deployed", "failed", "reworked", "open_failures", "recovery_s"),
    [
        ("r1 failed; r2 good", 2, 1, 1, 0, 12),
        ("r1 fell; r2 good", 2, 1, 1, 0, 12),
        ("r1 bad", 1, 1, 0, 1, None),
        ("r1 bad=", 1, 1, 0, 1, None),
        ("r1 failed; r2 bad; r3 good", 3, 2, 2, 0, 17),
        ("r1 failed; r2 good; r3 good", 3, 1, 1, 0, 12),
        ("r1 good; r2 failed", 2, 1, 0, 1, None),
        ("r1 aborted; r2 good", 1, 0, 0, 0, None),
        ("r1 running; <r2 running; <r1 aborted", 0, 0, 0, 0, None),
        ("r1 good=; <r1 good=", 0, 0, 1, 0, None),
        ("r1 good; r2 bad; <r1 good; r3 good", 3, 1, 1, 0, 12),
        ("r1 good; r2 bad; <r1 bad; r3 good", 3, 1, 1, 0, 22),
        ("r1 good; r2 done; r3 good", 3, 0, 0, 0, None),
    ],
)
def test_what_failed_what_is_rework_and_when_it_recovered(
    told: str, deployed: int, failed: int, reworked: int, open_failures: int, recovery_s: float | None
):
    found = measured(story(told))
    assert (found.deployments, found.failed, found.reworked) == (deployed, failed, reworked)
    assert (found.open_failures, found.recovery_time_s) == (open_failures, recovery_s)
    assert found.weeks[-1].failed == failed


WEEK = 7 * 24 * HOUR


@pytest.mark.parametrize(
    ("seconds", "now", "per_week"),
    [
        ([0, WEEK], 4 * WEEK, 0.5),
        ([0], HOUR, 1.0),
        ([0, 0.5 * WEEK], WEEK, 2.0),
        ([0, 1.5 * WEEK], 1.5 * WEEK, 2 / 1.5),
        ([0, 100 * 24 * HOUR], 120 * 24 * HOUR, 7 / 90),
    ],
)
def test_deployments_a_week_count_from_the_first_one_and_no_less_than_a_week(
    seconds: list[float], now: float, per_week: float
):
    ledger = LedgerOf()
    for number, begin in enumerate(seconds):
        good(ledger, f"o{number}", begin)
    assert measured(ledger, now=now).per_week == pytest.approx(per_week, rel=1e-12)


@pytest.mark.parametrize(("before_now_s", "week"), [(-5, -1), (0, -1), (WEEK, -1), (WEEK + 1, -2), (2 * WEEK, -2)])
def test_a_deployment_counts_in_the_week_in_which_it_began(before_now_s: float, week: int):
    found = measured(good(LedgerOf(), "o1", 10 * WEEK - before_now_s), now=10 * WEEK)
    assert [number for number, one in enumerate(found.weeks, -len(found.weeks)) if one.deployments] == [week]


def test_the_period_holds_its_first_second_and_no_lead_time_is_negative():
    ledger = good(LedgerOf(), "o1", 0)
    found = measured(ledger, now=PERIOD.total_seconds(), o1=[committed(100)])
    assert (found.deployments, found.lead_time_s) == (1, 0.0)


def test_what_did_badly_has_no_lead_time_and_no_commits_to_look_for():
    found = measured(story("r1 bad; r2 good"), o1=None, o2=[committed(0)])
    assert (found.unknown_commits, found.lead_time_s) == (0, 12)
    assert measured(story("r1 bad"), o1=[committed(0)]).lead_time_s is None
