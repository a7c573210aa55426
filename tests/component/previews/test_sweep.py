"""The sweep destroys what nobody needs, and nothing that it does not know."""

import os
import time
from dataclasses import replace

from sealift.delivery.previews import CARD, place
from tests.component.previews.town import Town

DAY_S = 86_400.0


def ended(town: Town, **options: bool) -> dict[str, str]:
    return {one.name: one.ended for one in town.sweep(**options).previews}


def test_closed_pull_requests_lose_their_preview(town: Town):
    town.up("1")
    town.up("12")
    town.host.close("1")
    assert (ended(town), town.names()) == ({"pr-1": "destroyed", "pr-12": "kept"}, ["pr-12"])


def test_one_that_nobody_pushes_to_expires(town: Town):
    town.up("1")
    town.world.clock.advance(6 * DAY_S)
    town.up("12")
    town.world.clock.advance(1 * DAY_S)
    assert ended(town) == {"pr-1": "destroyed", "pr-12": "kept"}


def test_when_the_code_host_cannot_be_asked_only_the_age_counts(town: Town):
    town.up("1")
    town.host.close("1")
    town.host.broken = True
    assert ended(town) == {"pr-1": "kept"}
    assert "pull-requests-unknown" in town.world.notes()


def test_a_pull_request_of_another_repository_is_not_taken_for_a_closed_one(town: Town):
    town.up("1")
    town.host.known.clear()
    town.host.repository = "team/other"
    assert ended(town) == {"pr-1": "kept"}


def test_a_dry_run_destroys_nothing(town: Town):
    town.up("1")
    town.host.close("1")
    assert ended(town, dry_run=True) == {"pr-1": "would be destroyed"}
    assert town.status("pr-1") == "CREATE_COMPLETE"


def test_remains_without_a_stack_are_removed(town: Town):
    town.up("1")
    town.account.stacks.delete_stack("shop-pr-1", token="console")
    town.world.clock.advance(60)
    town.account.bucket.lose(place("pr-1") + CARD)
    assert (ended(town), town.objects("pr-1")) == ({"pr-1": "destroyed"}, [])


def test_one_without_a_card_goes_by_the_age_of_its_stack(town: Town):
    town.up("1")
    for key in town.objects("pr-1"):
        town.account.bucket.lose(key)
    assert ended(town) == {"pr-1": "kept"}
    town.world.clock.advance(8 * DAY_S)
    assert ended(town) == {"pr-1": "destroyed"}


def test_what_is_no_preview_is_listed_and_left_alone(town: Town):
    town.up("1")
    town.account.stacks.adopt("shop-pr-1", {"sealift:app": "shop", "sealift:environment": "experiment"})
    town.account.bucket.corrupt("previews/somebody/notes.txt", b"mine")
    for key in town.objects("pr-1"):
        town.account.bucket.lose(key)
    town.world.clock.advance(99 * DAY_S)
    found = town.sweep()
    assert found.previews == ()
    assert any("somebody" in name for name in found.unknown)
    assert any("experiment" in name for name in found.unknown)
    assert town.account.bucket.peek("previews/somebody/notes.txt") == b"mine"
    assert town.account.stacks.describe("shop-pr-1") is not None


def test_stacks_of_environments_in_the_same_account_are_neither(town: Town):
    town.up("1")
    town.account.stacks.adopt("shop-pr-1", {"sealift:app": "shop", "sealift:environment": "staging"})
    for key in town.objects("pr-1"):
        town.account.bucket.lose(key)
    found = town.sweep()
    assert (found.previews, found.unknown) == ((), ())


def test_one_that_is_being_deployed_is_left_for_the_next_time(town: Town):
    town.up("1")
    town.host.close("1")
    from sealift.delivery.previews import preview_environment
    from sealift.usecases.site import open_site
    from sealift.usecases.writing import writing

    environment = preview_environment(town.previews, "pr-1")
    site = open_site(town.world.app, environment, town.world.services(actor="eve@other"))
    with writing(site, purpose="a deployment"):
        assert ended(town) == {"pr-1": "busy"}
    assert ended(town) == {"pr-1": "destroyed"}


def test_one_that_cannot_be_destroyed_keeps_nobody_else(town: Town):
    town.up("1")
    town.up("2")
    town.account.stacks.protect("shop-pr-1", enabled=True)
    town.host.close("1")
    town.host.close("2")
    assert ended(town) == {"pr-1": "failed", "pr-2": "destroyed"}


MANY = 200 if os.environ.get("SEALIFT_NIGHTLY") else 40


def test_many_are_swept(town: Town):
    town.rule(cap=1000)
    town.world.app = replace(town.world.app, probes=())
    for number in range(1, MANY + 1):
        town.up(str(number))
        town.host.close(str(number))
    began = time.monotonic()
    found = town.sweep()
    took_s = time.monotonic() - began
    print(f"{MANY} previews swept in {took_s:.1f} s")
    assert [one.ended for one in found.previews] == ["destroyed"] * MANY
    assert not [key for key in town.account.bucket.everything() if key.startswith("previews/")]
