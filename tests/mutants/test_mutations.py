"""A mutant differs from its function in one place, and runs as that place says."""

from types import FunctionType

import pytest

from tests.mutants.mutations import HIT, Mutant, mutants, noticed

FILE = "sample.py"
SOURCE = '''
def f(values, limit=3):
    """Say which."""
    kept = [v for v in values if v]
    if len(kept) > limit and not values[0] == "no":
        raise ValueError(f"more than {limit}")
    return any(kept)


class Box:
    def inner(self) -> "int":
        def deep():
            return 1 + 2
        return deep()
'''


def made() -> dict[str, Mutant]:
    return {f"{m.was} -> {m.becomes}": m for m in mutants(SOURCE, "sample", FILE)}


def run(mutant: Mutant, *args: object) -> object:
    return FunctionType(mutant.code(), {"ValueError": ValueError}, argdefs=(3,))(*args)


@pytest.mark.parametrize(
    "change",
    [
        "v -> nothing",
        "v -> not v",
        "len(kept) > limit -> len(kept) >= limit",
        "len(kept) > limit and (not values[0] == 'no') -> len(kept) > limit",
        "not values[0] == 'no' -> values[0] == 'no'",
        "'no' -> 'nox'",
        "0 -> 1",
        "raise ValueError(f'more than {limit}') -> pass",
        "return any(kept) -> return None",
        "any(kept) -> all(kept)",
        "1 + 2 -> 1 - 2",
        "2 -> 3",
    ],
)
def test_a_rule_is_changed_in_each_place(change: str) -> None:
    assert change in made()


def test_texts_defaults_and_annotations_stay() -> None:
    assert not [change for change in made() if "Say which" in change or "int" in change or "3 -> 4" in change]


def test_a_mutant_does_what_its_change_says() -> None:
    found = made()
    assert run(found["raise ValueError(f'more than {limit}') -> pass"], [1, 2, 3, 4]) is True
    assert run(found["any(kept) -> all(kept)"], []) is True
    with pytest.raises(ValueError, match="more than 3"):
        run(found["len(kept) > limit -> len(kept) >= limit"], [1, 2, 3])


def test_an_inner_function_is_changed_within_its_outer_one() -> None:
    mutant = made()["1 + 2 -> 1 - 2"]
    assert mutant.function == "Box.inner"
    assert FunctionType(mutant.code(), {})(None) == -1


def test_every_statement_that_runs_is_noticed_by_the_place_that_its_mutants_have() -> None:
    hits: list[str] = []
    code = noticed(SOURCE, "sample", FILE)["f"]
    assert FunctionType(code, {HIT: hits.append, "any": any, "len": len})([1], 3) is True
    assert hits == ["sample.f:3", "sample.f:4", "sample.f:5", "sample.f:7"]
    places = {change: mutant.place for change, mutant in made().items()}
    assert places["v -> not v"] == "sample.f:4"
    assert places["raise ValueError(f'more than {limit}') -> pass"] == "sample.f:6"
    assert places["len(kept) > limit -> len(kept) >= limit"] == "sample.f:5"
    assert places["2 -> 3"] == "sample.Box.inner:13"
