"""Buckets of the application, emptied for a teardown."""

import pytest

from tests.contract.worlds import World, template

FILES = {"Type": "AWS::S3::Bucket"}


@pytest.fixture
def bucket(world: World) -> str:
    """The bucket of a stack."""
    name = world.name()
    world.deploy(name, template(Files=FILES))
    (files,) = [r.physical_id for r in world.cloud.stacks.resources(name) if r.logical_id == "Files"]
    return str(files)


def test_a_bucket_is_emptied_to_the_last_object_and_each_is_counted(world: World, bucket: str) -> None:
    world.fill(bucket, [f"orders/{number}" for number in range(5)])

    assert sum(world.cloud.objects.empty(bucket)) == 5


def test_what_was_emptied_is_empty(world: World, bucket: str) -> None:
    world.fill(bucket, ["one"])
    list(world.cloud.objects.empty(bucket))

    assert sum(world.cloud.objects.empty(bucket)) == 0


def test_an_emptied_bucket_goes_with_its_stack(world: World, bucket: str) -> None:
    world.fill(bucket, ["one", "two"])
    list(world.cloud.objects.empty(bucket))

    world.cloud.stacks.delete_stack(world.names[-1], token="gone")

    assert world.settled(world.names[-1]) is None


def test_a_bucket_that_is_not_there_is_empty(world: World) -> None:
    assert list(world.cloud.objects.empty(world.name())) == []
