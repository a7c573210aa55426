"""The text of Fn::Sub: what is a placeholder, what is a literal, and what a replacement leaves alone."""

from hypothesis import given
from hypothesis import strategies as st

from sealift.cfn.substitution import names, pieces, replaced, text_and_variables

_TEXT = st.text(alphabet="ab.:$!{} ", max_size=20)


@given(_TEXT)
def test_replacing_no_name_returns_the_text_as_it_was(text: str) -> None:
    assert replaced(text, lambda _: None) == text


@given(_TEXT)
def test_what_replaces_every_name_is_what_joins_every_piece(text: str) -> None:
    joined = "".join(literal + ("" if name is None else "<" + name + ">") for literal, name in pieces(text))
    assert joined == "".join(literal + (name or "") for literal, name in pieces(replaced(text, lambda n: f"<{n}>")))


@given(st.lists(st.sampled_from(["Name", "Table.Arn", "AWS::Region"]), max_size=4))
def test_every_name_is_found_in_order(wanted: list[str]) -> None:
    assert list(names("-".join(f"${{{name}}}" for name in wanted))) == wanted


def test_an_escaped_placeholder_is_a_literal() -> None:
    assert list(pieces("a ${!B} ${C}")) == [("a ${B}", None), (" ", "C"), ("", None)]
    assert list(names("${!B}")) == []


def test_the_innermost_braces_hold_the_name() -> None:
    assert list(names("${${A}}")) == ["A"]


def test_a_malformed_argument_has_no_text() -> None:
    assert text_and_variables(["a"]) == (None, {})
    assert text_and_variables(["${A}", {"A": 1}]) == ("${A}", {"A": 1})
