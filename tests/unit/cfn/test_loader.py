"""YAML is read as PyYAML reads it, only faster."""

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from sealift.cfn.loader import with_loader

PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
VALUES = st.recursive(PLAIN, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8)
PIECES = st.sampled_from(
    ["a", "b: ", "- ", "\n", "  ", "{", "}", "[", "]", ",", ":", "&x ", "*x", "!t ", "'", '"', "#", "|\n"]
)


def loaded(text: str) -> object:
    return with_loader(lambda loader: yaml.load(text, loader))


def outcome(read: object, text: str) -> object:
    try:
        return repr(read(text))  # type: ignore[operator]
    except (yaml.YAMLError, ValueError) as error:
        return type(error), str(error)


@given(VALUES, st.sampled_from([None, False, True]))
def test_what_was_written_is_read_as_pyyaml_reads_it(value: object, style: bool | None) -> None:
    text = yaml.safe_dump(value, default_flow_style=style, allow_unicode=True)
    assert outcome(loaded, text) == outcome(yaml.safe_load, text)


@given(st.lists(PIECES).map("".join))
def test_whatever_is_written_is_read_or_refused_as_by_pyyaml(text: str) -> None:
    assert outcome(loaded, text) == outcome(yaml.safe_load, text)


@pytest.mark.parametrize("text", ["{key:}", "{a: b, key:}", "[{key:}]"])
def test_what_libyaml_alone_refuses_is_read(text: str) -> None:
    assert loaded(text) == yaml.safe_load(text)


@pytest.mark.parametrize("text", ["[" * 100_000, "{a: " * 100_000, "- " * 100_000 + "a"])
def test_nesting_without_end_is_an_error_and_neither_a_crash_nor_a_wait(text: str) -> None:
    with pytest.raises(RecursionError):
        loaded(text)


def test_json_is_read_as_json() -> None:
    text = json.dumps({"a": [1, {"b": None}], "c": "d"})
    assert loaded(text) == json.loads(text)
