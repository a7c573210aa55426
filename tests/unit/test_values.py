"""A value behaves as the frozen dataclass that it is written like."""

import copy
import pickle
from collections.abc import Mapping
from dataclasses import FrozenInstanceError, asdict, dataclass, field, fields, is_dataclass, replace
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealift.model.values import value


@value
class Made:
    """One of each kind of field."""

    code: ClassVar[str] = "made"
    name: str
    size: int = 1
    more: Mapping[str, int] = field(default_factory=dict)
    hidden: str = field(default="", compare=False, repr=False)

    @property
    def twice(self) -> int:
        """Return twice the size."""
        return 2 * self.size


@dataclass(frozen=True, slots=True, kw_only=True)
class Usual:
    """The same, as the standard library makes it."""

    code: ClassVar[str] = "made"
    name: str
    size: int = 1
    more: Mapping[str, int] = field(default_factory=dict)
    hidden: str = field(default="", compare=False, repr=False)


@value
class Empty:
    """Without a field."""


@value
class Alone:
    """With one field."""

    size: int


_GIVEN = st.fixed_dictionaries(
    {"name": st.sampled_from(["a", "b"])},
    optional={"size": st.integers(0, 2), "more": st.just({}), "hidden": st.sampled_from(["x", "y"])},
)


@given(_GIVEN, _GIVEN)
def test_it_is_shown_compared_and_changed_as_a_dataclass_is(one: dict[str, object], other: dict[str, object]) -> None:
    made, usual = Made(**one), Usual(**one)  # type: ignore[arg-type]
    made_too, usual_too = Made(**other), Usual(**other)  # type: ignore[arg-type]
    assert repr(made) == repr(usual).replace("Usual", "Made")
    assert (made == made_too) == (usual == usual_too)
    assert asdict(made) == asdict(usual)
    assert asdict(replace(made, size=7)) == asdict(replace(usual, size=7))
    assert pickle.loads(pickle.dumps(made)) == copy.deepcopy(made) == copy.copy(made) == made
    assert [one.name for one in fields(made)] == [one.name for one in fields(usual)]


def test_equal_values_have_one_hash_and_another_class_is_never_equal() -> None:
    assert len({Alone(size=1), Alone(size=1), Alone(size=2), Empty(), Empty()}) == 3
    assert Alone(size=1) != 1
    assert Made(name="a") != Usual(name="a")


def test_nothing_of_it_can_be_changed() -> None:
    made = Made(name="a")
    with pytest.raises(FrozenInstanceError):
        made.name = "b"  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        made.other = 1  # type: ignore[attr-defined]
    with pytest.raises(FrozenInstanceError):
        del made.name
    assert not hasattr(made, "__dict__")


def test_fields_are_given_by_name_and_those_without_a_default_have_to_be() -> None:
    with pytest.raises(TypeError):
        Made("a")  # type: ignore[misc]
    with pytest.raises(TypeError, match="name"):
        Made()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="nmae"):
        Made(name="a", nmae="b")  # type: ignore[call-arg]


def test_a_default_that_is_made_is_made_for_each() -> None:
    assert Made(name="a").more is not Made(name="a").more
    assert (Made(name="a").twice, Made.code, is_dataclass(Made)) == (2, "made", True)
