"""Where lines are broken that are too long for the terminal."""

import io

import pytest

from sealift.cli.screen import Screen
from sealift.cli.text import Text


def wrapped(text: str, width: int = 30) -> list[str]:
    return Text(text).wrapped(width).plain.split("\n")


def test_a_line_that_fits_stays_as_it_is() -> None:
    assert wrapped("  ! short enough, and  spaced") == ["  ! short enough, and  spaced"]


def test_a_long_line_is_broken_between_words_and_goes_on_behind_its_mark() -> None:
    assert wrapped("    ! a table would not survive a mistake  advice") == [
        "    ! a table would not",
        "      survive a mistake",
        "      advice",
    ]


@pytest.mark.parametrize(
    ("line", "second"),
    [
        ("  ✓ soak  5.0 s  verified in staging, and soaked", " " * 17 + "and soaked"),
        ("  next        a commit on the protected branch", " " * 14 + "branch"),
        ("  → say why it is meant, then promote once more", "    once more"),
    ],
)
def test_the_rest_stands_under_what_is_told(line: str, second: str) -> None:
    assert wrapped(line, 40)[1] == second


def test_a_word_wider_than_the_terminal_is_not_broken() -> None:
    address = "http://127.0.0.1:28556/_aws/execute-api/6b2b2ad8"
    assert wrapped(f"  url         {address}") == [f"  url         {address}"]
    assert wrapped(f"  - see this {address} now") == ["  - see this", f"    {address}", "    now"]


def test_each_of_several_lines_is_broken_on_its_own() -> None:
    assert wrapped("\n  · one two three four five six seven\nthe end") == [
        "",
        "  · one two three four five",
        "    six seven",
        "the end",
    ]


def test_styles_stay_with_their_words_across_a_break() -> None:
    text = Text.assemble("  ! the table is ", ("not kept by anybody", "red"), (" rule", "dim")).wrapped(30)
    assert text.plain == "  ! the table is not kept by\n    anybody rule"
    assert text.ansi().replace("\n    ", " ") == (
        "  ! the table is \x1b[31mnot kept by\x1b[0m\x1b[31m \x1b[0m\x1b[31manybody\x1b[0m\x1b[2m rule\x1b[0m"
    )


def test_a_break_may_span_two_styles() -> None:
    text = Text.assemble("  ! the table is not kept by it ", (" rule", "dim")).wrapped(30)
    assert text.plain == "  ! the table is not kept by\n    it  rule"
    text = Text.assemble("  ! the table is not kept by ", (" rule", "dim")).wrapped(30)
    assert text.plain == "  ! the table is not kept by\n    rule"


def test_what_goes_into_a_file_stays_whole() -> None:
    line = "  ! " + "word " * 60
    stream = io.StringIO()
    Screen(stream, alive=False, colours=False).line(line)
    assert stream.getvalue() == f"{line}\n"
