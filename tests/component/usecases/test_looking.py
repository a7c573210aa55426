"""Status, history, difference and the check of ledgers: they show what was recorded, and write nothing."""

from datetime import time

import pytest

from sealift.delivery.override import Override
from sealift.errors import CloudError, UserError
from sealift.model.app import Window
from sealift.usecases.approve import approve
from sealift.usecases.history import difference, history, verify_ledgers
from sealift.usecases.record import changelog, measure, numbers
from sealift.usecases.status import Lane, status
from tests.component.usecases.world import World, function, table


def lanes(world: World) -> dict[str, Lane]:
    return {lane.environment.name: lane for lane in status(world.app, world.services())}


def two_commits(world: World) -> None:
    """Have the first commit in production and a second in staging."""
    world.deliver("print('one')")
    world.scm.commit("d" * 40, "Say two")
    world.code("print('two')")
    world.deploy()


def test_before_anything_happened_every_lane_is_pending(world: World):
    assert {name: lane.status for name, lane in lanes(world).items()} == {"staging": "pending", "production": "pending"}


def test_looking_writes_nothing(world: World):
    lanes(world)
    history(world.app, world.services(), environments=world.app.environments)
    verify_ledgers(world.app, world.services())
    assert all(world.account(name).bucket.writes == [] for name in ("staging", "production"))


def test_a_lane_shows_release_commit_and_outputs(world: World):
    release = world.deploy().release
    lane = lanes(world)["staging"]
    assert lane.current is not None
    assert (lane.current.release, lane.current.commit, lane.outputs["Name"]) == (release, "c" * 40, "shop-staging")


def test_a_lane_shows_until_when_it_soaks(world: World):
    world.deploy()
    lane = lanes(world)["staging"]
    assert lane.soak_until is not None
    assert lane.soak_until > world.clock.now()


def test_production_is_told_to_wait_for_the_soak(world: World):
    world.deploy()
    assert "after its soak" in lanes(world)["production"].next


def test_after_the_soak_the_next_command_is_named(world: World):
    world.deploy()
    world.soak()
    assert lanes(world)["production"].next.startswith("sealift promote production")


def test_production_that_has_it_is_up_to_date(world: World):
    world.deliver("print('one')")
    assert lanes(world)["production"].next == "up to date"


def test_production_with_another_configuration_than_declared_is_not_up_to_date(world: World):
    world.deliver("print('one')")
    world.change("production", tags={"team": "shop"})
    assert lanes(world)["production"].next == "sealift promote production  (changed configuration)"


def test_a_failed_deployment_shows_as_failed_with_what_still_runs(world: World):
    first = world.deploy().release
    world.code("print('two')")
    world.account().stacks.fail("Hello", "update")
    with pytest.raises(CloudError):
        world.deploy()
    lane = lanes(world)["staging"]
    assert lane.current is not None
    assert (lane.status, lane.current.release) == ("failed", first)


def test_a_deployment_that_aws_broke_off_is_to_be_resumed(world: World):
    world.account().tap.throttle("stacks.create_change_set", 1)
    with pytest.raises(CloudError):
        world.deploy()
    staging, _ = status(world.app, world.services())
    assert (staging.status, staging.next) == ("errored", "sealift resume staging")


def test_an_environment_that_can_not_be_opened_does_not_hide_the_others(world: World):
    world.deploy()
    world.clouds.closed.add("production")
    seen = lanes(world)
    assert (seen["staging"].status, seen["production"].status) == ("succeeded", "errored")
    assert "credentials" in seen["production"].error


def test_history_is_in_the_order_of_time(world: World):
    two_commits(world)
    entries = history(world.app, world.services(), environments=world.app.environments)
    assert [e.at for e in entries] == sorted(e.at for e in entries)
    assert {e.environment for e in entries} == {"staging", "production"}


def test_history_says_who_did_it(world: World):
    world.deploy()
    (actor,) = {e.actor for e in history(world.app, world.services(), environments=[world.staging])}
    assert actor == "ann@laptop"


def test_an_untouched_ledger_verifies(world: World):
    two_commits(world)
    checked = verify_ledgers(world.app, world.services())
    assert {name: faults for name, (_, faults) in checked.items()} == {"staging": (), "production": ()}


def test_a_changed_entry_is_found_in_its_place(world: World):
    world.deploy()
    bucket = world.account().bucket
    body = bucket.peek("ledger/00000002.json")
    assert body is not None
    bucket.corrupt("ledger/00000002.json", body.replace(b"running", b"skipped"))
    _, faults = verify_ledgers(world.app, world.services())["staging"]
    assert 2 in {fault.seq for fault in faults}


def test_the_difference_names_the_commits_that_production_lacks(world: World):
    two_commits(world)
    found = difference(world.app, world.services(), source=world.staging, target=world.production)
    assert found.commits == (f"{'d' * 40} Say two",)


def test_the_difference_names_functions_with_other_code(world: World):
    two_commits(world)
    found = difference(world.app, world.services(), source=world.staging, target=world.production)
    assert (found.functions, found.resources) == (("~ app/Hello",), ())


def test_the_difference_names_resources_that_came_and_went(world: World):
    world.deliver("print('one')")
    world.write({"Hello": function(), "Items": table(), "Orders": table()})
    world.deploy()
    found = difference(world.app, world.services(), source=world.staging, target=world.production)
    assert found.resources == ("+ app/Orders",)


def test_against_an_empty_production_everything_is_new(world: World):
    world.deploy()
    found = difference(world.app, world.services(), source=world.staging, target=world.production)
    assert (found.target, found.functions) == (None, ("+ app/Hello",))


def test_a_source_without_a_release_has_no_difference(world: World):
    with pytest.raises(UserError) as refused:
        difference(world.app, world.services(), source=world.staging, target=world.production)
    assert refused.value.code == "no-release"


def test_what_a_window_and_approvals_say_is_shown(world: World):
    world.change("production", approvals=1, windows=(Window(days=(0,), start=time(9), end=time(9, 1), zone="UTC"),))
    digest = world.deploy().release
    world.soak()
    lane = lanes(world)["production"]
    closed = [(gate.gate, gate.status) for gate in lane.gates if gate.status != "open"]
    assert closed == [("approval", "waiting"), ("window", "waiting")]
    assert lane.next.endswith(f"sealift approve production --release {digest[:12]}")
    approve(world.app, world.production, world.services(actor="bob@desk"), release=digest, reason="seen")
    assert lanes(world)["production"].next == f"{digest[:12]} may come when the window opens"


def test_an_approval_that_is_missing_is_next(world: World):
    world.change("production", approvals=1)
    digest = world.deploy().release
    world.soak()
    assert lanes(world)["production"].next.endswith(f"sealift approve production --release {digest[:12]}")
    approve(world.app, world.production, world.services(actor="bob@desk"), release=digest, reason="seen")
    assert {gate.status for gate in lanes(world)["production"].gates} == {"open"}
    assert lanes(world)["production"].next.startswith("sealift promote production")


def test_what_was_overridden_for_the_running_release_is_shown(world: World):
    world.deploy()
    world.promote(override=Override(gates=frozenset({"soak"}), reason="the shop takes no money"))
    override = lanes(world)["production"].override
    assert override is not None
    assert (override.actor, override.data["overrides"]) == ("ann@laptop", ["soak"])


def test_the_changelog_names_the_commits_that_each_deployment_brought(world: World):
    two_commits(world)
    staging, production = world.app.environments
    found = changelog(world.app, staging, world.services())
    assert [[one.subject for one in change.commits or ()] for change in found] == [["Say two"], ["Begin"]]
    assert len(changelog(world.app, production, world.services())) == 1


def test_a_commit_that_the_clone_does_not_have_is_unknown_and_not_empty(world: World):
    two_commits(world)
    world.scm.commits = [("e" * 40, "Another history")]
    found = changelog(world.app, world.app.environments[0], world.services())
    assert [change.commits for change in found] == [None, None]
    assert measure(world.app, world.app.environments[0], world.services()).unknown_commits == 2


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("Merged in feature (pull request #12)", ("12",)),
        ("Merge pull request #7 from acme/feature", ("7",)),
        ("Give a discount (#31)", ("31",)),
        ("Merge branch 'x' into 'main'\n\nX\n\nSee merge request acme/shop!5", ("5",)),
        ("Mend #3 and (#4) in passing", ()),
    ],
)
def test_pull_requests_are_those_that_the_merge_names(message: str, expected: tuple[str, ...]):
    assert numbers(message) == expected
