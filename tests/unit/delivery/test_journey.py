from dataclasses import replace
from pathlib import Path

import pytest

from sealift.delivery.journey import first_branch, journey
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


@pytest.mark.parametrize(("name", "branch"), [("staging", "main"), ("archive", "main"), ("lab", "next")])
def test_an_environment_is_reached_from_the_branch_of_the_first_one_on_its_way(name: str, branch: str):
    there = APP.environment(name)
    assert there is not None
    assert first_branch(APP, there) == branch


def test_a_way_that_goes_in_a_circle_or_comes_from_nowhere_has_an_end():
    circle = environment("one", promotes_from="two"), environment("two", promotes_from="one")
    assert first_branch(replace(APP, environments=circle), circle[0]) is None
    assert first_branch(APP, environment("x", promotes_from="gone", branch="main")) is None


@pytest.mark.parametrize(
    ("merged_to", "goes_to", "branch"),
    [(["main"], ["staging"], "main"), (["next", "x"], ["lab"], "next"), (["main", "next"], [], None), ([], [], None)],
)
def test_a_commit_without_a_branch_is_on_the_only_one_that_deploys_and_has_it(merged_to, goes_to, branch):
    way = journey(APP, branch=None, pull_request=None, merged_to=merged_to)
    assert (names(way.deploys), way.branch) == (goes_to, branch)
    assert names(journey(APP, branch=None, pull_request=None).deploys) == []


def test_two_environments_of_one_branch_are_both_meant():
    app = replace(APP, environments=(*APP.environments, environment("second", branch="main")))
    assert names(journey(app, branch=None, pull_request=None, merged_to=["main"]).deploys) == ["staging", "second"]


@pytest.mark.parametrize(("merged_to", "unmerged"), [(["other"], True), (["main"], False), (None, False)])
def test_a_commit_that_its_branch_does_not_have_counts_as_a_pull_request(merged_to, *, unmerged: bool):
    way = journey(APP, branch="main", pull_request=None, merged_to=merged_to)
    assert (way.unmerged, names(way.deploys)) == (unmerged, [] if unmerged else ["staging"])
    assert way.hint.startswith("Merge and push it") is unmerged


@pytest.mark.parametrize(("branch", "hinted"), [("master", True), ("feature/x", False)])
def test_the_other_name_of_the_main_branch_has_a_hint(branch: str, *, hinted: bool):
    assert ('branch = "master"' in journey(APP, branch=branch, pull_request=None).hint) is hinted


def test_where_no_branch_deploys_none_is_named():
    app = replace(APP, environments=(environment("one"),))
    assert "(branches that do: none)" in journey(app, branch="main", pull_request=None).reason
