"""Files of settings: what each line means, and that no message repeats a value."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealift.analysis.dotenv import settings_in

KEYS = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True)
TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), max_size=20)


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=1", "1"),
        ("export A = 1 # why", "1"),
        ("A=a#b", "a#b"),
        ("A=", ""),
        ("A='x $y'", "x $y"),
        (r'A="two\nlines"  # why', "two\nlines"),
        (r'A="say \"so\""', 'say "so"'),
        ("\ufeffA=1\r\n", "1"),
        ("# why\n\nA=a=b\n", "a=b"),
        ('A="one\ntwo\nthree" # why\n', "one\ntwo\nthree"),
        ("A='one\r\ntwo'\r\n", "one\ntwo"),
        ("A=`x y`", "x y"),
        ("A=pa$$word", "pa$$word"),
        ("A='${B}'", "${B}"),
        ('A="\\${B}"', "${B}"),
        ("A=\u2028", ""),
    ],
)
def test_a_line_gives_its_key_the_value(line: str, value: str):
    assert settings_in(line) == ({"A": value}, ())


@pytest.mark.parametrize(
    "line",
    [
        "A=hunter2${B}",
        'A="hunter2$(cat x)"',
        "A='hunter2' x",
        "hunter2",
        "A='hunter2",
        'A="hunter2',
        "=hunter2",
        "A B=hunter2",
        "A=1\nA=hunter2",
    ],
)
def test_a_line_that_cannot_be_read_is_named_without_its_value(line: str):
    _, wrong = settings_in(line)
    assert len(wrong) == 1
    assert "line" in wrong[0]
    assert "hunter2" not in wrong[0]


@pytest.mark.parametrize(
    "text",
    [
        "{",
        '{"A": "1", "A": "hunter2"}',
        '{"A": NaN}',
        '{"A": hunter2}',
        '{"A": ["hunter2"]}',
        '{"A": null}',
        "{" * 100_000,
    ],
)
def test_json_that_is_no_object_of_texts_is_refused_without_its_value(text: str):
    _, wrong = settings_in(text)
    assert wrong
    assert "hunter2" not in " ".join(wrong)


@given(st.dictionaries(KEYS, TEXTS))
def test_an_object_of_json_is_read_as_it_was_written(values: dict[str, str]):
    assert settings_in(json.dumps(values)) == (values, ())


@given(st.dictionaries(KEYS, TEXTS))
def test_quoted_lines_are_read_as_they_were_written(values: dict[str, str]):
    def quoted(value: str) -> str:
        return '"' + re.sub(r'[\\"$]', r"\\\g<0>", value) + '"'

    assert settings_in("\n".join(f"{key}={quoted(value)}" for key, value in values.items())) == (values, ())


def test_numbers_of_json_stay_as_they_are_written():
    assert settings_in('{"A": 0.10, "B": 1e400, "C": true, "D": 007}'.replace("007", "7")) == (
        {"A": "0.10", "B": "1e400", "C": "true", "D": "7"},
        (),
    )


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("A: 1", "1"),
        ("A: 0080", "0080"),
        ("A: yes", "yes"),
        ("A: 'x: y'", "x: y"),
        ("A: |\n  one\n  two\n", "one\ntwo\n"),
        ("\ufeff# why\nA: 1.10\r\n", "1.10"),
        ("{A: 1.10}", "1.10"),
        ('{"A": true}', "true"),
    ],
)
def test_yaml_gives_its_keys_the_text_that_is_written(text: str, value: str):
    assert settings_in(text, yaml=True) == ({"A": value}, ())


@pytest.mark.parametrize(
    "text",
    [
        "- hunter2", "hunter2", "A: [hunter2]", "A: {b: hunter2}", "A:", "A: ~", "A: 1\nA: hunter2", "A: 'hunter2",
        "A: !!binary aHVudGVyMg==", "? [hunter2]\n: x", "[" * 5_000, "A: &a hunter2\n---\nB: x", "",
    ],
)  # fmt: skip
def test_yaml_that_is_no_mapping_of_texts_is_refused_without_its_value(text: str):
    _, wrong = settings_in(text, yaml=True)
    assert wrong
    assert "hunter2" not in " ".join(wrong)


@given(st.text())
def test_any_text_is_read_or_refused(text: str):
    settings, refused = settings_in(text)
    assert len(settings) + len(refused) <= len(text.splitlines())
    assert all(name.strip() for name in settings)
