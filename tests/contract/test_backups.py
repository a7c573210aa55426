"""Backups of stores, asked for by name."""

import pytest

from sealift.errors import CloudError
from sealift.model.template import Json
from tests.contract.worlds import World, template

TABLE = "AWS::DynamoDB::Table"


def made(world: World) -> str:
    """Return the name of a table that was just made."""
    body: Json = {
        "Type": TABLE,
        "Properties": {
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "BillingMode": "PAY_PER_REQUEST",
        },
    }
    name = world.name()
    world.deploy(name, template(Items=body))
    (table,) = [r.physical_id for r in world.cloud.stacks.resources(name) if r.logical_id == "Items"]
    return str(table)


def test_a_table_is_backed_up_once_for_one_token(world: World) -> None:
    table = made(world)

    first = world.cloud.backups.begin(TABLE, table, token="sealift-1-Items")
    second = world.cloud.backups.begin(TABLE, table, token="sealift-1-Items")
    other = world.cloud.backups.begin(TABLE, table, token="sealift-2-Items")

    assert first is not None
    assert other is not None
    assert first == second
    assert other.id != first.id


def test_a_backup_is_complete_after_a_while(world: World) -> None:
    backup = world.cloud.backups.begin(TABLE, made(world), token="sealift-1-Items")
    assert backup is not None

    for _ in range(100):
        if world.cloud.backups.ready(backup):
            return
        world.clock.sleep(0.05)
    raise AssertionError("it never was complete")


def test_a_kind_without_backups_has_none(world: World) -> None:
    assert world.cloud.backups.begin("AWS::SQS::Queue", world.name(), token="sealift-1-Jobs") is None


def test_a_table_that_is_not_there_can_not_be_backed_up(world: World) -> None:
    with pytest.raises(CloudError):
        world.cloud.backups.begin(TABLE, world.name(), token="sealift-1-Items")
