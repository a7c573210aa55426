"""Every function is loaded once after a deployment, where that can be done without an event."""

from dataclasses import replace

import pytest

from sealift.errors import CloudError
from sealift.model.loading import Loading
from sealift.usecases.masking import Secrets, masked_cloud
from tests.component.usecases.world import World


class _All(dict[str, Loading]):
    """One answer for every function."""

    def get(self, name: str, default: object = None) -> Loading:  # type: ignore[override]
        return replace(self[""], name=name)


def _begin(world: World, error_type: str, message: str = "no") -> None:
    """Let the start of every function end like this."""
    world.account().functions.loadings = _All({"": Loading(name="", error_type=error_type, message=message)})


def test_a_function_that_is_broken_for_certain_fails_the_deployment(world: World):
    _begin(world, "Runtime.ImportModuleError", "No module named 'x'")
    with pytest.raises(CloudError) as refused:
        world.deploy()
    assert refused.value.code == "function-not-loaded"
    assert "No module named 'x'" in refused.value.message
    assert ("deployment", "failed") in world.recorded()


def test_what_cannot_be_decided_is_a_warning(world: World):
    _begin(world, "EndpointConnectionError")
    assert world.deploy().status == "succeeded"
    assert "not-loaded" in world.notes()


def test_functions_that_were_loaded_are_counted_in_the_ledger(world: World):
    _begin(world, "")
    world.deploy()
    assert [e.data.get("loaded") for e in world.entries() if "code_sha256" in e.data] == [1]


def test_a_secret_in_the_error_of_a_function_is_masked(world: World):
    functions = world.account().functions
    functions.loadings = {"f": Loading(name="f", message="no user hunter2-long", trace=("hunter2-long",))}
    cloud = masked_cloud(world.clouds.open(world.app.environments[0]), Secrets(lambda: ["hunter2-long"]))
    assert "hunter2" not in str(cloud.functions.load(["f"]))
