import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealift.config.locate import key_lines, line_of
from sealift.config.toml import toml_key, toml_string

DOCUMENT = '''\
# a comment with [brackets] and = signs
top = 1
[a]            # 3
b.c = "x # not a comment"
"d e" = """
many [x]
lines = 3
"""
f = [          # 9
  1,
  { g = 1,
    h = 2 },   # 12
]
[[list]]       # 14
one = 'x'
[[list]]
two = \'\'\'
a = 1\'\'\'
[list.inner]   # 19
z = { y = { x = 1 } }
[[list.more]]  # 21
w = 1979-05-27 07:32:00
["q.r"]
s = 1
'''


def test_every_key_has_the_line_it_stands_on() -> None:
    lines = key_lines(DOCUMENT)
    expected = {
        ("top",): 2,
        ("a",): 3,
        ("a", "b", "c"): 4,
        ("a", "d e"): 5,
        ("a", "f"): 9,
        ("a", "f", 0): 10,
        ("a", "f", 1, "g"): 11,
        ("a", "f", 1, "h"): 12,
        ("list",): 14,
        ("list", 0): 14,
        ("list", 0, "one"): 15,
        ("list", 1): 16,
        ("list", 1, "two"): 17,
        ("list", 1, "inner"): 19,
        ("list", 1, "inner", "z", "y", "x"): 20,
        ("list", 1, "more", 0): 21,
        ("list", 1, "more", 0, "w"): 22,
        ("q.r", "s"): 24,
    }
    assert {path: lines.get(path) for path in expected} == expected


def test_what_has_no_line_has_its_parents() -> None:
    lines = key_lines("\n[a]\nb = 1\n")
    assert line_of(lines, ("a", "missing", "deep")) == 2
    assert line_of(lines, ("other",)) == 0


def test_windows_line_ends_count_once() -> None:
    assert key_lines("a = 1\r\nb = 2\r\n")[("b",)] == 2


@pytest.mark.parametrize(
    "text", ["", "\n\n", "# only this", "a = 1", "[a]", "a = {}", "a = []", 'a = ""', "a = ''''x'''"]
)
def test_small_documents_are_read_to_their_end(text: str) -> None:
    if text.startswith("a = ''''"):
        assert tomllib.loads(text) == {"a": "'x"}
    assert set(key_lines(text)) <= {("a",)}


_KEYS = st.text(st.characters(codec="utf-8"), max_size=8)
_TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)
_SCALARS = st.one_of(st.booleans(), st.integers(-1000, 1000), _TEXTS)
_VALUES = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3), max_leaves=8
)


def _written(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case str():
            return toml_string(value)
        case list():
            return "[\n" + ",\n".join(map(_written, value)) + "\n]"
        case dict():
            return "{ " + ", ".join(f"{toml_key(k)} = {_written(v)}" for k, v in value.items()) + " }"
        case _:
            return str(value)


def _paths(value: object, at: tuple[str | int, ...] = ()) -> set[tuple[str | int, ...]]:
    found = {at} if at else set()
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        found |= _paths(inner, (*at, key))
    return found


@given(st.dictionaries(_KEYS, _VALUES, max_size=4))
def test_exactly_the_keys_that_tomllib_finds_have_a_line(document: dict[str, object]) -> None:
    text = "".join(f"{toml_key(key)} = {_written(value)}\n" for key, value in document.items())
    assert tomllib.loads(text) == document
    assert set(key_lines(text)) == _paths(document)
