"""A preview goes: without a clone, whatever state it is in, and nothing else with it."""

from dataclasses import replace

import pytest

from sealift.delivery.previews import CARD, place
from sealift.errors import CloudError, Refused, UserError
from sealift.model.app import StackSpec
from sealift.usecases.previews.down import down
from tests.component.previews.town import Town


def test_nothing_is_left_behind(town: Town):
    town.up("12")
    town.down("12")
    assert (town.status("pr-12"), town.objects("pr-12"), town.names()) == (None, [], [])


def test_another_one_stays_as_it_is(town: Town):
    town.up("1")
    town.up("12")
    before = town.objects("pr-12")
    town.down("1")
    assert (town.status("pr-12"), town.objects("pr-12")) == ("CREATE_COMPLETE", before)


def test_one_that_is_not_there_is_a_success_and_makes_nothing(town: Town):
    assert town.down("99").stacks == ()
    assert (town.account.bucket.exists, town.account.bucket.writes) == (False, [])


def test_no_clone_is_needed(town: Town):
    town.world.app = replace(
        town.world.app,
        stacks=(
            StackSpec(name="data", template="data.json"),
            StackSpec(name="api", template="template.json", needs=("data",)),
        ),
    )
    town.world.write({"Queue": {"Type": "AWS::SQS::Queue"}}, file="data.json")
    town.up("12")
    without = replace(town.world.app, stacks=(), environments=(), probes=(), config_path=None)
    assert down(without, "pr-12", town.world.services(), local=False).stacks == ("shop-pr-12-api", "shop-pr-12-data")
    assert (town.names(), town.objects("pr-12")) == ([], [])


def test_a_lost_card_keeps_nobody_from_it(town: Town):
    town.up("12")
    town.account.bucket.lose(place("pr-12") + CARD)
    town.down("12")
    assert (town.status("pr-12"), town.objects("pr-12")) == (None, [])


def test_a_damaged_card_keeps_nobody_from_it(town: Town):
    town.up("12")
    town.account.bucket.corrupt(place("pr-12") + CARD, b'{"stacks": 7}')
    town.down("12")
    assert (town.status("pr-12"), town.objects("pr-12")) == (None, [])


def test_what_was_created_half_way_goes_too(town: Town):
    town.account.stacks.fail("Items", "create", "no more tables")
    with pytest.raises(CloudError):
        town.up("12")
    town.down("12")
    assert (town.status("pr-12"), town.objects("pr-12")) == (None, [])


def test_a_stack_of_somebody_else_with_its_name_is_left_alone(town: Town):
    town.up("12")
    town.account.stacks.adopt("shop-pr-12", {"sealift:app": "other", "sealift:environment": "pr-12"})
    with pytest.raises(Refused) as refused:
        town.down("12")
    assert (refused.value.code, town.status("pr-12")) == ("stack-owner", "CREATE_COMPLETE")


def test_a_card_that_names_the_stack_of_an_environment_gets_it_not_destroyed(town: Town):
    town.up("12")
    town.account.stacks.adopt("shop-pr-12", {"sealift:app": "shop", "sealift:environment": "production"})
    with pytest.raises(Refused):
        town.down("12")
    assert town.account.stacks.deletions == []


def test_termination_protection_is_respected(town: Town):
    town.up("12")
    town.account.stacks.protect("shop-pr-12", enabled=True)
    with pytest.raises(Refused) as refused:
        town.down("12")
    assert refused.value.code == "termination-protection"


def test_a_preview_can_come_again(town: Town):
    town.up("12")
    town.down("12")
    assert (town.up("12").status, town.status("pr-12")) == ("succeeded", "CREATE_COMPLETE")


def test_a_declared_environment_is_no_preview(town: Town):
    with pytest.raises(UserError):
        down(town.world.app, "production", town.world.services(), local=False)
