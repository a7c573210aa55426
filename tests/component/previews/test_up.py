"""The preview of a pull request comes, is updated, and stays apart from everything else."""

from dataclasses import replace

import pytest

from sealift.delivery.previews import CARD, decode_card, place, preview_environment
from sealift.errors import CloudError, UserError
from sealift.model.event import Noted
from sealift.usecases.reach import functions_of
from sealift.usecases.site import open_site
from sealift.usecases.status import Lane, status
from tests.component.previews.town import Town
from tests.component.usecases.world import function, table
from tests.fakes.process import completed


def test_a_pull_request_gets_an_environment_of_its_own(town: Town):
    brought = town.up()
    assert (brought.status, brought.name, town.status("pr-12")) == ("succeeded", "pr-12", "CREATE_COMPLETE")


def test_it_carries_our_tags(town: Town):
    town.up()
    state = town.account.stacks.describe("shop-pr-12")
    assert state is not None
    assert (state.tags["sealift:app"], state.tags["sealift:environment"]) == ("shop", "pr-12")


def test_nothing_is_written_to_the_accounts_of_environments(town: Town):
    town.up()
    assert [town.world.writes(name) for name in ("staging", "production")] == [[], []]


def test_it_is_verified(town: Town):
    town.up()
    ledger = [key for key in town.objects("pr-12") if "/ledger/0" in key]
    assert any(b'"verification"' in (town.account.bucket.peek(key) or b"") for key in ledger)


def test_a_push_updates_it(town: Town):
    town.up()
    town.world.code("def handler(event, context): return 2\n")
    assert (town.up().status, town.status("pr-12")) == ("succeeded", "UPDATE_COMPLETE")


def test_the_card_names_the_head_and_not_the_merge(town: Town):
    town.up(head="a" * 40)
    card = decode_card(town.account.bucket.peek(place("pr-12") + CARD) or b"")
    assert card is not None
    assert (card.commit, card.pull_request, card.branch) == ("a" * 40, "12", "feature-12")


def test_two_previews_share_a_bucket_and_nothing_else(town: Town):
    town.up("1")
    town.up("12")
    assert town.names() == ["pr-1", "pr-12"]
    assert not [key for key in town.objects("pr-1") if "pr-12" in key]


def test_two_pull_requests_from_one_branch_get_a_preview_each(town: Town):
    town.up("12", branch="feature")
    town.up("13", branch="feature")
    town.host.close("12")
    town.sweep()
    assert town.names() == ["pr-13"]


def test_a_branch_without_a_pull_request_gets_one_too(town: Town):
    brought = town.up(None, branch="production")
    assert (brought.status, town.names()) == ("succeeded", [brought.name])
    assert "production" not in brought.name


def test_what_a_fork_asks_for_is_not_brought(town: Town):
    brought = town.up(fork=True)
    assert (brought.status, town.account.bucket.writes) == ("skipped", [])
    assert "fork" in brought.message


def test_one_that_was_closed_meanwhile_is_not_brought(town: Town):
    town.ask("12")
    town.host.on_asking = lambda number: town.host.close(number) if len(town.host.asked) == 2 else None
    brought = town.up()
    assert (brought.status, town.status("pr-12"), town.objects("pr-12")) == ("skipped", None, [])


def test_an_older_commit_does_not_replace_what_was_pushed_by_force(town: Town):
    town.host.make("12", head="b" * 40)
    brought = town.up(head="a" * 40)
    assert (brought.status, town.status("pr-12")) == ("skipped", None)


def test_a_short_hash_of_the_head_is_the_same_commit(town: Town):
    town.host.make("12", head="a" * 12)
    assert town.up(head="a" * 40).status == "succeeded"


def test_when_the_code_host_cannot_be_asked_it_is_said_and_the_preview_comes(town: Town):
    town.host.broken = True
    assert town.up().status == "succeeded"
    assert "pull-request-unknown" in town.world.notes()


def test_one_too_many_is_refused_and_leaves_nothing(town: Town):
    town.rule(cap=1)
    town.up("1")
    brought = town.up("2")
    assert (brought.status, town.names(), town.objects("pr-2")) == ("refused", ["pr-1"], [])


def test_a_preview_that_is_there_is_updated_at_the_cap(town: Town):
    town.rule(cap=1)
    town.up("1")
    assert town.up("1", force=True).status == "succeeded"


def test_ready_means_no_draft(town: Town):
    town.rule(when="ready")
    town.host.make("1", draft=True)
    town.host.make("2", draft=False)
    town.host.make("3", draft=None)
    assert [town.up(number).status for number in ("1", "2", "3")] == ["skipped", "succeeded", "skipped"]


def test_a_label_can_ask_for_one(town: Town):
    town.rule(when="label")
    town.host.make("1", labels=("bug",))
    town.host.make("2", labels=("bug", "preview"))
    assert [town.up(number).status for number in ("1", "2")] == ["skipped", "succeeded"]


def test_a_new_preview_is_filled_with_data_and_only_a_new_one(town: Town):
    town.rule(seed=("fill --all",))
    town.world.process.install("fill", does=completed())
    town.up()
    assert [run.argv for run in town.world.process.runs] == [("fill", "--all")]
    town.world.code("def handler(event, context): return 2\n")
    town.up()
    assert len(town.world.process.runs) == 1


def test_a_creation_that_failed_half_way_is_brought_by_the_next_push(town: Town):
    town.account.stacks.fail("Items", "create", "no more tables")
    with pytest.raises(CloudError):
        town.up()
    assert town.status("pr-12") == "ROLLBACK_COMPLETE"
    town.account.stacks.mend("Items", "create")
    assert (town.up().status, town.status("pr-12")) == ("succeeded", "CREATE_COMPLETE")


def test_data_stores_that_a_preview_leaves_behind_are_named_when_it_comes(town: Town):
    town.world.write({"Hello": function(), "Kept": table(DeletionPolicy="Retain"), "Gone": table()})
    town.up()
    (note,) = [note for note in town.world.events.of(Noted) if note.name == "preview-leaves-stores"]
    assert note.message.endswith("stay: Kept")


def lane_of(town: Town, name: str = "pr-12") -> Lane:
    """Return what `sealift status` says of one preview."""
    app = replace(town.world.app, environments=(preview_environment(town.previews, name),))
    (lane,) = status(app, town.world.services())
    return lane


def test_status_of_a_preview_says_what_runs_and_names_no_command_that_is_not_for_previews(town: Town):
    assert (lane_of(town).current, lane_of(town).next) == (None, "")
    town.up()
    there = lane_of(town)
    assert there.current is not None
    assert (there.current.release, there.next) == (town.up().release, "")


def test_status_of_a_preview_that_failed_half_way_says_what_brings_it(town: Town):
    town.account.stacks.fail("Items", "create", "no more tables")
    with pytest.raises(CloudError):
        town.up()
    assert "sealift preview up" in lane_of(town).next


def test_where_no_preview_is_the_hint_is_how_one_comes(town: Town):
    site = open_site(town.world.app, preview_environment(town.previews, "pr-99"), town.world.services())
    with pytest.raises(UserError) as error:
        functions_of(site, None)
    assert error.value.hint == "`sealift preview up` creates it."
