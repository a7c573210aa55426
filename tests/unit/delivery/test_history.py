from sealift.delivery.history import open_waivers, standing, undoable
from tests.unit.delivery.ledgers import LedgerOf, at


def test_an_empty_ledger_says_that_nothing_was_deployed():
    now = standing([])
    assert (now.current, now.last, now.unfinished, now.soaking_since) == (None, None, None, None)


def test_the_soak_clock_starts_at_the_verification():
    ledger = LedgerOf().deployed("o1", "r1", seconds=10).verified("o1", "r1", seconds=20)
    assert standing(ledger.entries).soaking_since == at(20)


def test_an_unverified_release_does_not_soak():
    ledger = LedgerOf().deployed("o1", "r1", seconds=10).verified("o1", "r1", seconds=20, status="failed")
    now = standing(ledger.entries)
    assert now.current is not None
    assert now.current.verified == "failed"
    assert now.soaking_since is None


def test_deploying_the_same_again_with_nothing_changed_keeps_the_clock():
    ledger = LedgerOf().deployed("o1", "r1", seconds=10).verified("o1", "r1", seconds=20)
    ledger.deployed("o2", "r1", seconds=30, changed=False).verified("o2", "r1", seconds=40)
    assert standing(ledger.entries).soaking_since == at(20)


def test_a_changed_configuration_starts_the_clock_again():
    ledger = LedgerOf().deployed("o1", "r1", seconds=10).verified("o1", "r1", seconds=20)
    ledger.deployed("o2", "r1", seconds=30, changed=False, config="other").verified("o2", "r1", seconds=40)
    assert standing(ledger.entries).soaking_since == at(40)


def test_a_change_of_the_stack_under_the_same_release_starts_the_clock_again():
    ledger = LedgerOf().deployed("o1", "r1", seconds=10).verified("o1", "r1", seconds=20)
    ledger.deployed("o2", "r1", seconds=30, changed=True).verified("o2", "r1", seconds=40)
    assert standing(ledger.entries).soaking_since == at(40)


def test_a_release_that_comes_back_after_another_soaks_from_its_return():
    ledger = LedgerOf().deployed("o1", "r1", seconds=10).verified("o1", "r1", seconds=20)
    ledger.deployed("o2", "r2", seconds=30).verified("o2", "r2", seconds=40)
    ledger.deployed("o3", "r1", seconds=50, changed=False).verified("o3", "r1", seconds=60)
    assert standing(ledger.entries).soaking_since == at(60)


def test_a_failed_deployment_leaves_the_release_before_as_current_but_stops_its_clock():
    ledger = LedgerOf().deployed("o1", "r1", seconds=10).verified("o1", "r1", seconds=20)
    ledger.add("deployment", "running", operation="o2", release="r2")
    ledger.add("deployment", "failed", operation="o2", release="r2")
    now = standing(ledger.entries)
    assert now.current is not None
    assert now.last is not None
    assert (now.current.release, now.last.release, now.soaking_since) == ("r1", "r2", None)


def test_a_deployment_without_an_outcome_is_unfinished():
    ledger = LedgerOf().add("deployment", "running", operation="o1", release="r1")
    now = standing(ledger.entries)
    assert now.unfinished is not None
    assert now.unfinished.operation == "o1"


def test_the_release_to_go_back_to_is_the_newest_verified_other_one():
    ledger = LedgerOf().deployed("o1", "r1", seconds=1).verified("o1", "r1", seconds=3)
    ledger.deployed("o2", "r2", seconds=5).verified("o2", "r2", seconds=7, status="failed")
    ledger.deployed("o3", "r3", seconds=9)
    good = standing(ledger.entries).good_before("r3", "")
    assert good is not None
    assert good.release == "r1"


def with_two_configurations(*, config_kept: bool) -> LedgerOf:
    """Return a ledger with one release that did well and came again with another configuration."""
    ledger = LedgerOf()
    for operation, config in (("o1", "good"), ("o2", "bad")):
        ledger.add("promotion", "succeeded", operation=operation, config=config, config_kept=config_kept)
        ledger.verified(operation, "r1", seconds=5, status="succeeded" if config == "good" else "failed")
    return ledger


def test_another_configuration_of_the_same_release_is_gone_back_to():
    good = standing(with_two_configurations(config_kept=True).entries).good_before("r1", "bad")
    assert good is not None
    assert (good.operation, good.config) == ("o1", "good")


def test_another_configuration_of_the_same_release_is_not_when_its_values_are_not_kept():
    assert standing(with_two_configurations(config_kept=False).entries).good_before("r1", "bad") is None


def test_what_did_badly_when_it_came_again_is_not_gone_back_to():
    ledger = LedgerOf().deployed("o1", "r1", seconds=1).verified("o1", "r1", seconds=2)
    ledger.deployed("o2", "r2", seconds=3).verified("o2", "r2", seconds=4)
    ledger.deployed("o3", "r1", seconds=5).verified("o3", "r1", seconds=6, status="failed")
    assert standing(ledger.entries).good_before("r2", "c") is None


def test_what_was_gone_back_to_after_it_did_badly_is_gone_back_to_again():
    ledger = LedgerOf().deployed("o1", "r1", seconds=1).verified("o1", "r1", seconds=2)
    ledger.deployed("o2", "r1", seconds=3).verified("o2", "r1", seconds=4, status="failed")
    ledger.add("rollback", "succeeded", operation="o3", release="r1", config="c").verified("o3", "r1", seconds=6)
    ledger.deployed("o4", "r2", seconds=7)
    good = standing(ledger.entries).good_before("r2", "c")
    assert good is not None
    assert good.operation == "o3"


def test_a_waiver_is_used_up_by_the_deployment_that_needed_it():
    ledger = LedgerOf().add("waiver", "succeeded", operation="w", release="r2", waives="app/T:data-removed")
    assert open_waivers(ledger.entries, release="r2") == {"app/T:data-removed"}
    ledger.add("deployment", "running", operation="o", release="r2", step="execute", waivers=["app/T:data-removed"])
    assert open_waivers(ledger.entries, release="r2") == {"app/T:data-removed"}, "killed: not used up"
    ledger.add("deployment", "succeeded", operation="o", release="r2")
    assert open_waivers(ledger.entries, release="r2") == frozenset()


def test_a_waiver_holds_for_its_release_only():
    ledger = LedgerOf().add("waiver", "succeeded", operation="w", release="r2", waives="app/T:data-removed")
    assert open_waivers(ledger.entries, release="r3") == frozenset()


def test_going_back_may_remove_what_only_an_unverified_operation_added():
    ledger = LedgerOf().add("promotion", "running", operation="o1", release="r1", step="execute", added=["app/Old"])
    ledger.verified("o1", "r1", seconds=5)
    ledger.add("promotion", "running", operation="o2", release="r2", step="execute", added=["app/New"])
    ledger.verified("o2", "r2", seconds=9, status="failed")
    assert undoable(ledger.entries) == {"app/New:data-removed", "app/New:identity-removed"}


def test_an_interrupted_deployment_keeps_its_configuration_through_its_steps():
    ledger = LedgerOf().add("deployment", "running", operation="o1", config="c1")
    ledger.add("deployment", "running", operation="o1", step="execute")
    unfinished = standing(ledger.entries).unfinished
    assert unfinished is not None
    assert unfinished.config == "c1"
