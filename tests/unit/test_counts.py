"""What tests counted is shown at the end of a run."""

from tests.counts import noted, told


def test_counts_of_one_name_are_added_up() -> None:
    reports = [noted("decisions", {"made": 150_000, "wrong": 0}), noted("decisions", {"made": 50_000, "wrong": 1})]
    assert told(reports) == ["decisions: 200,000 made, 1 wrong"]


def test_each_name_has_a_line_and_other_properties_have_none() -> None:
    reports = [noted("kinds", {"planted": 2}), ("junit", "x"), noted("decisions", {"made_twice": 3})]
    assert told(reports) == ["decisions: 3 made twice", "kinds: 2 planted"]
