from pathlib import Path

import pytest

from sealift.delivery.journey import journey
from sealift.model.app import App, Environment, StackSpec


def environment(name: str, **more: object) -> Environment:
    return Environment(name=name, region="eu-west-1", stack_name=f"a-{name}", **more)


APP = App(
    name="a",
    root=Path(),
    config_path=None,
    stacks=(StackSpec(name="app", template="t.yaml"),),
    environments=(
        environment("staging", branch="main"),
        environment("production", promotes_from="staging"),
        environment("archive", promotes_from="production"),
        environment("lab", branch="next"),
    ),
)


def names(environments: tuple[Environment, ...]) -> list[str]:
    return [e.name for e in environments]


def test_main_goes_to_staging_and_may_be_promoted_down_the_line():
    way = journey(APP, branch="main", pull_request=None)
    assert (names(way.deploys), names(way.promotes)) == (["staging"], ["production", "archive"])


def test_another_branch_deploys_only_to_its_own_environment():
    way = journey(APP, branch="next", pull_request=None)
    assert (names(way.deploys), names(way.promotes)) == (["lab"], [])


def test_a_branch_without_an_environment_is_told_which_branches_have_one():
    way = journey(APP, branch="feature/x", pull_request=None)
    assert way.deploys == ()
    assert "branches that do: main, next" in way.reason


@pytest.mark.parametrize("branch", ["production", "staging", "archive", "Production", "production/main"])
def test_a_branch_that_is_called_like_an_environment_reaches_none(branch: str):
    way = journey(APP, branch=branch, pull_request=None, merged_to=(branch, "main"))
    assert (way.deploys, way.promotes) == ((), ())


def test_a_pull_request_never_reaches_a_permanent_environment_even_from_main():
    way = journey(APP, branch="main", pull_request="7")
    assert (way.deploys, way.promotes) == ((), ())


def test_a_circle_of_promotions_ends():
    app = App(
        name="a",
        root=Path(),
        config_path=None,
        stacks=APP.stacks,
        environments=(
            environment("one", branch="main", promotes_from="two"),
            environment("two", promotes_from="one"),
        ),
    )
    assert names(journey(app, branch="main", pull_request=None).promotes) == ["two"]
