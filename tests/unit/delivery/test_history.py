"""What a ledger says of an environment; `story` writes ledgers in a line."""

import pytest

from sealift.delivery.history import (
    Deployed,
    approvals,
    authors,
    deliveries,
    deployments,
    executions,
    open_deletions,
    open_destruction,
    open_waivers,
    overtaken,
    proved_before,
    standing,
    undoable,
    unsettled,
)
from sealift.model.ledger import Status
from tests.unit.delivery.ledgers import LedgerOf, at, story


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


def test_what_a_deployment_says_of_itself_holds_through_its_steps_and_its_end():
    said: dict[str, object] = {
        "author": "Ann <ann@example.org>",
        "config": "c1",
        "config_kept": True,
        "secrets": "s1",
        "inherited": {"app": ["Key"]},
        "isolation": {"verdict": "L2"},
        "watch_s": 9.0,
        "changed": True,
    }
    ledger = LedgerOf().add("promotion", "running", operation="o1", **said)
    ledger.add("promotion", "running", operation="o1", step="execute")
    (killed,) = deployments(ledger.entries)
    ledger.add("promotion", "succeeded", operation="o1", settings={"ssm:a": "1"})
    (ended,) = deployments(ledger.entries)
    for one in (killed, ended):
        assert (one.author, one.config, one.kept, one.secrets) == (said["author"], "c1", True, "s1")
        assert (one.inherited, one.proof, one.watch_s, one.changed) == ({"app": ("Key",)}, "L2", 9.0, True)
        assert (one.at, one.actor, one.kind) == (at(0), "me", "promotion")
    assert (killed.status, killed.settings, ended.status, ended.settings) == (
        "running",
        None,
        "succeeded",
        {"ssm:a": "1"},
    )


def test_a_deployment_that_says_little_has_nothing():
    (one,) = deployments(LedgerOf().add("deployment", "succeeded", operation="o1").entries)
    assert (one.author, one.config, one.kept, one.secrets, one.inherited) == ("", "", False, "", {})
    assert (one.proof, one.watch_s, one.changed, one.settings, one.verified_at) == ("", 0.0, False, None, None)


def operation(found: Deployed | None) -> str | None:
    return found.operation if found is not None else None


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("", None),
        *((f"r1 {what}", "o1") for what in ("running", "aborted", "errored", "done", "cut", "broken")),
        *((f"r1 {what}", None) for what in ("good", "bad", "failed", "skipped", "fell", "watched")),
        *((f"<r1 {what}", "o1") for what in ("failed", "bad", "fell", "running", "done")),
        ("<r1 good", None),
        ("r1 running; r2 good", None),
        ("r1 good; r2 running", "o2"),
    ],
)
def test_what_was_cut_off_or_a_rollback_that_did_not_succeed_has_to_be_finished(told: str, expected: str | None):
    assert operation(standing(story(told).entries).to_finish) == expected


@pytest.mark.parametrize("what", ["done", "failed", "aborted", "errored", "good"])
def test_only_what_has_no_outcome_is_unfinished(what: str):
    assert standing(story(f"r1 {what}").entries).unfinished is None


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("r1/a good; r2/a good", "o1"),
        ("r2/a good", None),
        ("r1/a bad; r2/a good", None),
        ("r1/a fell; r2/a good", None),
        ("r1/a good; r3/a good; r2/a good", "o2"),
        ("r1/a good; r2/a bad; r2/a good", "o1"),
        ("r2/a good; r2/a good", None),
        ("r2/b good; r2/a good", "o1"),
        ("r1/a good; r2/b good; r2/a good", "o2"),
        # what comes only after it is none to roll back to
        ("r1/a good; r2/a good; r3/a good", "o1"),
        ("r1/a good; r2/a good; r3/a good; r2/b good", "o1"),
        # a rollback to it is not its coming: what was rolled back from is not rolled forth to
        ("r1/a good; r2/a good; r3/a bad; <r2/a good", "o1"),
        ("r1/a good; r2/b good; r3/a good; <r2/a good", "o1"),
        ("r1/a good; r2/b good; <r3/c good; r2/b good; <r2/a good", "o3"),
        ("r3/a good; <r2/a good", "o1"),
        # nobody brought it with this configuration, nor rolled back to it: all that is there comes before it
        ("r1/a good; r2/b good; r3/a good", "o3"),
        ("r1/a good; <r2/b good; r2/b running", "o2"),
        ("r1/a good; r2/b good; r3/c good; <r2/x good", "o4"),
        # what did badly when it came again, in a deployment, not in a rollback
        ("r1/a good; r1/a bad; r2/a good", None),
        ("r1/a good; r1/b bad; r2/a good", "o1"),
        ("r1/a good; r1/a good; r2/a good", "o2"),
        ("r1/a good; <r1/a bad; r2/a good", "o1"),
        ("r1/a good; r3/a bad; r2/a good", "o1"),
    ],
)
def test_a_rollback_goes_to_the_newest_good_one_from_before_the_release_came(told: str, expected: str | None):
    assert operation(standing(story(told).entries).good_before("r2", "a")) == expected


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("r1/b good", True),
        ("r1/a good", False),
        ("r1/b bad", False),
        ("r2/b good", False),
        ("r1/b good; r1/a bad; r2/c bad", True),
    ],
)
def test_a_release_that_did_well_with_another_configuration_is_known(told: str, *, expected: bool):
    assert standing(story(told).entries).did_well_otherwise("r1", "a") is expected


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("", False),
        *((f"r1 {what}", True) for what in ("bad", "fell", "failed")),
        *((f"r1 {what}", False) for what in ("good", "aborted", "errored", "running", "done")),
        ("r1 bad; r1 good", False),
        ("r1 good; r1 bad", True),
        ("r1 bad; r1 running", True),
        ("r1 bad; <r1 good", True),
        ("r2 bad", False),
        ("r1 bad; r2 good", True),
    ],
)
def test_a_release_failed_when_its_last_deployment_that_ended_did(told: str, *, expected: bool):
    assert standing(story(told).entries).failed("r1") is expected


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("", None),
        ("r1 good", None),
        ("r1 good; r2 failed", None),
        ("r1 bad; r2 good", None),
        ("r1 good; r2 good", (2, 10)),
        ("r1 good; r2 bad", (2, 10)),
        ("r1 good; r2 good; r2 good", (2, 10)),
        ("r1 good; r2 bad; r3 good", (2, 10)),
        ("r1 good; r1 good; r2 good", (2, 20)),
        ("r1 good; r1 failed; r1 good; r2 good", (2, 30)),
        ("r1 good; r1 bad; r1 good; r2 good", (22, 30)),
        ("r0 good; r1 good; r2 good", (12, 20)),
        ("r1 good; r2 failed; r2 good", (2, 10)),
        # what ran here in between was not the release before
        ("r1 good; r2 good; r1 good; r2 good", (22, 30)),
    ],
)
def test_the_release_before_reigned_from_its_verification_to_the_next_deployment(
    told: str, expected: tuple[int, int] | None
):
    assert standing(story(told).entries).reign_before() == (tuple(map(at, expected)) if expected else None)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("", None),
        *((f"r1 {what}", "o1") for what in ("due", "watched", "half")),
        *((f"r1 {what}", None) for what in ("good", "saw", "fell", "due-bad", "running")),
        ("r1 watched; r2 failed", None),
        ("r1 watched; r2 due", "o2"),
    ],
)
def test_a_watch_is_open_while_its_release_is_the_last_one_and_runs(told: str, expected: str | None):
    assert operation(standing(story(told).entries).open_watch) == expected


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("", None),
        ("r1 good", None),
        ("r1 bad", None),
        ("r1 good; r2 fell", "o2"),
        *((f"r1 good; r2 fell; <r1 {what}", "o2") for what in ("running", "done", "errored")),
        *((f"r1 good; r2 fell; <r1 {what}", None) for what in ("failed", "aborted", "good", "bad", "cut")),
        ("r1 good; r2 fell; <r1 running; <r1 running", "o2"),
        ("r1 good; r2 fell; r3 running", None),
        ("r1 good; <r2 fell", "o2"),
        ("<r1 running", None),
    ],
)
def test_a_rollback_is_due_from_a_failed_watch_until_one_has_ended(told: str, expected: str | None):
    assert operation(standing(story(told).entries).rollback_due) == expected


@pytest.mark.parametrize(
    ("told", "newest", "verified", "good"),
    [
        ("", None, None, None),
        ("r2 good", None, None, None),
        ("r1 good; r1 done; r2 good", "o2", "o1", "o1"),
        ("r1 good; r1 fell", "o2", "o2", "o1"),
        ("r1 fell; r1 bad", "o2", "o1", "o1"),
        ("r1 good; r1 good", "o2", "o2", "o2"),
    ],
)
def test_the_newest_deployment_of_a_release_is_found_by_what_became_of_it(
    told: str, newest: str | None, verified: str | None, good: str | None
):
    now = standing(story(told).entries)
    assert (operation(now.newest("r1")), operation(now.verified("r1")), operation(now.good("r1"))) == (
        newest,
        verified,
        good,
    )


@pytest.mark.parametrize(
    ("told", "replaced"),
    [
        ("r1 good; r2 good", ["r1 by r2"]),
        ("r1 good; r2 good; r3 good", ["r1 by r2", "r2 by r3"]),
        ("r1 good; r1 good", []),
        ("r1 good; <r2 good", []),
        ("r1 bad; r2 good", []),
        ("r1 good; r2 bad; r3 good", []),
    ],
)
def test_what_is_replaced_before_the_end_of_its_soak_is_overtaken(told: str, replaced: list[str]):
    entries = story(told).entries
    assert [f"{one.release} by {one.by}" for one in overtaken(entries, soak_s=9)] == replaced
    assert overtaken(entries, soak_s=8) == ()
    for one in overtaken(entries, soak_s=9)[:1]:
        assert (one.operation, one.verified_at, one.at) == ("o1", at(2), at(10))


@pytest.mark.parametrize("last", ["good=", "good", "bad", "done"])
@pytest.mark.parametrize(
    "before", ["r1/a good", "r1/b good", "r2/a good", "r1/a bad", "r1/a good=", "r1/a good; r1/a bad="]
)
def test_the_soak_clock_goes_on_while_nothing_changes(before: str, last: str):
    since = standing(story(f"r1/a good; {before}; r1/a {last}").entries).soaking_since
    ends = 10 * (before.count(";") + 2) + 2
    if last in ("bad", "done"):
        assert since is None
    elif last == "good" or before not in ("r1/a good", "r1/a good="):
        assert since == at(ends)
    else:
        assert since == at(12 if before == "r1/a good" else 2)


@pytest.mark.parametrize(
    ("seconds", "status", "since"),
    [(50, "succeeded", 50), (50, "errored", 50), (50, "refused", 2), (1, "succeeded", 2)],
)
def test_another_configuration_in_the_account_starts_the_soak_clock_again(seconds: int, status: Status, since: int):
    ledger = story("r1 good").add("configuration", status, operation="k", seconds=seconds)
    assert standing(ledger.entries).soaking_since == at(since)
    assert standing(LedgerOf().add("configuration", status, operation="k").entries).soaking_since is None


@pytest.mark.parametrize(
    ("status", "step", "gone"),
    [("succeeded", None, True), ("running", "delete", True), ("running", None, False), ("failed", None, False)],
)
def test_what_was_destroyed_even_in_part_is_no_longer_there(status: Status, step: str | None, *, gone: bool):
    ledger = story("r1 good").add("teardown", status, operation="d", **({"step": step} if step else {}))
    assert standing(ledger.entries).deployments == (() if gone else deployments(ledger.entries))
    assert len(deployments(ledger.entries)) == 1


def test_only_a_destroy_destroys():
    ledger = story("r1 good").add("deployment", "running", operation="o1", step="delete")
    assert len(standing(ledger.entries).deployments) == 1


def test_what_is_taken_up_again_is_the_last_one():
    ledger = story("r1 running; r2 good").add("deployment", "running", operation="o1", release="r1")
    now = standing(ledger.entries)
    assert (operation(now.last), operation(now.current)) == ("o1", "o2")
    (again,) = deployments(story("r1 good").add("deployment", "running", operation="o1").entries)
    assert (again.verified, again.is_good, again.good_at) == ("succeeded", False, None)


def test_what_gave_way_was_never_deployed():
    assert operation(standing(story("r1 good; r2 skipped").entries).last) == "o1"


def test_entries_that_fit_no_deployment_change_none():
    ledger = story("r1 good").verified("x", "r1", seconds=5, status="failed")
    ledger.add("watch", "failed", operation="x").add("approval", "failed", operation="o1")
    ledger.add("deployment", "running", operation="y", release=None)
    assert standing(ledger.entries) == standing(story("r1 good").entries)


def test_a_watch_ends_when_its_entries_said_last():
    ledger = story("r1 due").add("watch", "running", operation="o1", until="2026-01-01T00:01:00Z")
    ledger.add("watch", "running", operation="o1", step="newer").add("watch", "aborted", operation="o1")
    (one,) = deployments(ledger.entries)
    assert (one.watch, one.watch_until) == ("aborted", at(60))
    ledger.add("watch", "running", operation="o1", until="2026-01-01T00:02:00Z")
    assert deployments(ledger.entries)[0].watch_until == at(120)


def test_a_waiver_that_was_refused_or_used_by_others_is_not_open_and_one_more_still_is():
    ledger = LedgerOf().add("waiver", "refused", operation="w", waives="app/T:data-removed")
    assert open_waivers(ledger.entries, release="r1") == frozenset()
    for _ in range(2):
        ledger.add("waiver", "succeeded", operation="w", waives="app/T:data-removed")
    ledger.add("deployment", "running", operation="o0", release="r2", step="execute")
    ledger.add("deployment", "running", operation="o1", step="execute")
    ledger.add("deployment", "running", operation="o1", step="execute", waivers=["app/T:data-removed", "app/U:x"])
    ledger.add("verification", "succeeded", operation="o1").add("waiver", "succeeded", operation="w", waives="b")
    assert open_waivers(ledger.entries, release="r1") == {"app/T:data-removed", "b"}
    ledger.add("deployment", "failed", operation="o1")
    assert open_waivers(ledger.entries, release="r1") == {"app/T:data-removed", "b"}
    ledger.add("deployment", "failed", operation="o2", step="execute", waivers=["app/T:data-removed"])
    assert open_waivers(ledger.entries, release="r1") == {"b"}


def test_what_a_deployment_without_a_verification_added_may_be_removed():
    ledger = LedgerOf().add("deployment", "succeeded", operation="o1", step="execute", added=["app/New"])
    assert undoable(ledger.entries) == {"app/New:data-removed", "app/New:identity-removed"}


def executed(*steps: tuple[str, Status]) -> LedgerOf:
    """Return a ledger of operations that execute a change set each, `cs-<operation>`, with their outcomes."""
    ledger = LedgerOf()
    for name, status in steps:
        ledger.add("deployment", "running", operation=name, step="execute", change_set=f"cs-{name}")
        if status != "running":
            ledger.add("deployment", status, operation=name)
    return ledger


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([], []),
        ([("o1", "running")], ["cs-o1"]),
        ([("o1", "aborted")], []),
        ([("o1", "running"), ("o2", "running")], ["cs-o1", "cs-o2"]),
        ([("o1", "running"), ("o2", "failed")], ["cs-o1"]),
        ([("o1", "running"), ("o2", "succeeded"), ("o3", "running")], ["cs-o3"]),
        ([("o1", "running"), ("mine", "running")], ["cs-o1"]),
        ([("o1", "succeeded"), ("o2", "running"), ("o3", "succeeded")], []),
    ],
)
def test_change_sets_of_operations_without_an_outcome_are_unsettled(
    steps: list[tuple[str, Status]], expected: list[str]
):
    entries = executed(*steps).entries
    assert unsettled(entries, but="mine") == tuple(("shop", name) for name in expected)
    assert [step.change_set for _, step in executions(entries)] == [f"cs-{name}" for name, _ in steps]


def test_only_a_deployment_that_succeeded_settles_what_came_before_it():
    ledger = executed(("o1", "running")).add("verification", "succeeded", operation="v")
    assert unsettled(ledger.entries, but="") == (("shop", "cs-o1"),)
    ledger.add("deployment", "succeeded", operation="o2", step="execute", change_set="cs-o2")
    assert unsettled(ledger.entries, but="") == ()


@pytest.mark.parametrize(
    ("kind", "status", "expected"),
    [
        ("teardown", "running", True),
        ("teardown", "failed", True),
        ("teardown", "succeeded", False),
        ("deployment", "failed", False),
    ],
)
def test_a_destroy_is_open_until_it_succeeded(kind, status: Status, *, expected: bool):
    ledger = story("r1 good").add(kind, status, operation="d")
    assert open_destruction(ledger.entries) is expected
    ledger.add("configuration", "succeeded", operation="k")
    assert open_destruction(ledger.entries) is expected
    ledger.add("deployment", "running", operation="o2")
    assert not open_destruction(ledger.entries)
    assert not open_destruction([])


def test_a_destroy_without_an_outcome_may_still_delete_its_stacks():
    ledger = LedgerOf().add("teardown", "running", operation="d", step="delete", stack="one")
    ledger.add("teardown", "running", operation="e", step="delete", stack="two").add(
        "teardown", "running", operation="d"
    )
    ledger.add("deployment", "succeeded", operation="d").add("deployment", "running", operation="f")
    assert open_deletions(ledger.entries) == {"one", "two"}
    ledger.add("teardown", "failed", operation="d")
    assert open_deletions(ledger.entries) == {"two"}


def test_what_the_deliveries_of_a_release_said_is_found_by_the_release():
    ledger = LedgerOf()
    for release, verdict, author in (("r2", "L3", "Eve"), ("r1", "L1", "Bob"), ("r1", "L2", "Ann"), ("r1", "", "Bob")):
        ledger.add(
            "deployment", "succeeded", operation="o", release=release, author=author, isolation={"verdict": verdict}
        )
    ledger.add("deployment", "succeeded", operation="o").add("deployment", "running", operation="o", step="execute")
    ledger.add("approval", "succeeded", operation="a").add("approval", "succeeded", operation="b", release="r2")
    assert [one.author for one in deliveries(ledger.entries, release="r1")] == ["Bob", "Ann", "Bob", None]
    assert authors(ledger.entries, release="r1") == ("Bob", "Ann")
    proof = proved_before(ledger.entries, "r1")
    assert proof is not None
    assert proof.verdict == "L2"
    assert proved_before(ledger.entries, "r3") is None
    assert [one.record.operation for one in approvals(ledger.entries, release="r1")] == ["a"]


def test_only_the_end_of_a_deployment_uses_its_waivers_up():
    ledger = LedgerOf().add("waiver", "succeeded", operation="w", waives="app/T:data-removed")
    ledger.add("deployment", "running", operation="o", step="execute", waivers=["app/T:data-removed"])
    ledger.add("verification", "failed", operation="o")
    assert open_waivers(ledger.entries, release="r1") == {"app/T:data-removed"}
