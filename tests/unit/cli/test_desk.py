"""The screen of `sealift dev`: it fits every terminal, and says of each thing what matters, once."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealift.cli.desk import Desk, failure, log_text
from sealift.cli.text import Text

_EVENTS: list[dict[str, Any]] = [
    {"kind": "request", "method": "GET", "path": "/orders/" + "x" * 200, "status": 200, "ms": 3.0},
    {"kind": "line", "function": "f-1", "text": "word " * 60},
    {"kind": "line", "function": "f-1", "text": "x" * 500},
    {"kind": "call", "function": "f-1", "ms": 3.0, "init_ms": 90.0, "error": None},
    {
        "kind": "call",
        "function": "f-1",
        "ms": 3.0,
        "init_ms": None,
        "error": {"errorType": "E", "stackTrace": ["a\nb"]},
    },
    {"kind": "load", "name": "f-2", "error": {"errorType": "E", "errorMessage": "no"}, "trace": ["  File\n"]},
]


def _desk(events: list[dict[str, Any]]) -> Desk:
    desk = Desk(title="app")
    desk.stands({"f-1": "PlaceOrder", "f-2": "Other"}, {"Url": "http://127.0.0.1/" + "y" * 90})
    for event in events:
        desk.happened({"at": 0.0, **event})
    return desk


def _plain(desk: Desk, columns: int = 100, rows: int = 40) -> str:
    return "\n".join(line.plain for line in desk.lines(columns, rows))


@given(st.lists(st.sampled_from(_EVENTS)), st.integers(40, 200), st.integers(16, 60), st.integers(0, 99))
def test_every_line_is_one_row_of_the_screen(events: list[dict[str, Any]], columns: int, rows: int, up: int) -> None:
    desk = _desk(events)
    desk.scrolled = up
    lines = desk.lines(columns, rows)
    assert len(lines) == rows
    assert all(len(line.plain) <= columns and "\n" not in line.plain for line in lines)


def test_a_request_has_method_path_status_and_time() -> None:
    desk = _desk([{"kind": "request", "method": "POST", "path": "/orders?a=1", "status": 502, "ms": 12.4}])
    assert "POST    502   12 ms  /orders?a=1" in _plain(desk)


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("[INFO]\t2026-01-01T00:00:00.000Z\t1-2\tplaced\nit", "INFO placed\nit"),
        ("2026-01-01T00:00:00.000Z\t1-2\tWARN\tcareful", "WARN careful"),
        ("plain words\n", "plain words"),
        ("[ERROR] at the start of what is printed", "[ERROR] at the start of what is printed"),
    ],
)
def test_a_line_of_the_log_has_no_time_and_id_of_its_own(message: str, shown: str) -> None:
    assert log_text(message).plain == shown


@pytest.mark.parametrize(
    "told",
    [
        "[ERROR] KeyError: 'body'\nTraceback (most recent call last):\n  File \"/var/task/app.py\", line 3, in handler",
        '2026-01-01T00:00:00.000Z\t1-2\tERROR\tInvoke Error \t{"errorType":"KeyError"}',
    ],
)
def test_a_failure_is_told_once_with_its_trace(told: str) -> None:
    error = {"errorType": "KeyError", "errorMessage": "'body'", "stackTrace": ['  File "/var/task/app.py", line 3\n']}
    desk = _desk([{"kind": "line", "function": "f-1", "text": told}])
    desk.happened({"at": 0.0, "kind": "call", "function": "f-1", "ms": 1.0, "init_ms": None, "error": error})
    assert _plain(desk).count("KeyError") == 1
    assert 'File "app.py", line 3' in _plain(desk)


def test_the_general_advice_of_the_runtime_on_a_failure_is_left_out() -> None:
    advice = (
        "[WARNING]\t2026-01-01T00:00:00.000Z\t\tLAMBDA_WARNING: Unhandled exception. The most likely cause is an issue"
    )
    own = "[WARNING]\t2026-01-01T00:00:00.000Z\t1-2\tstock is low"
    shown = _plain(_desk([{"kind": "line", "function": "f-1", "text": text} for text in (advice, own)]))
    assert "LAMBDA_WARNING" not in shown
    assert "stock is low" in shown


def test_what_a_function_logs_as_an_error_is_shown() -> None:
    desk = _desk([{"kind": "line", "function": "f-1", "text": "[ERROR]\t2026-01-01T00:00:00.000Z\t1\tno stock"}])
    assert "ERROR no stock" in _plain(desk)


def test_the_trace_of_node_does_not_repeat_the_message() -> None:
    error = {
        "errorType": "TypeError",
        "errorMessage": "x",
        "trace": ["TypeError: x", "    at handler (/var/task/a.js:1:2)"],
    }
    assert failure(error).plain == "✗ TypeError: x\n    at handler (a.js:1:2)"


def test_a_function_that_cannot_be_loaded_is_in_the_first_line() -> None:
    assert _desk([_EVENTS[-1]]).lines(80, 20)[0].plain.endswith("✗ Other cannot be loaded")


@given(st.lists(st.tuples(st.text(max_size=9), st.sampled_from(["", "red"])), max_size=4), st.integers(1, 20))
def test_what_is_cut_fits_and_lines_lose_nothing(pieces: list[tuple[str, str]], width: int) -> None:
    text = Text.assemble(*pieces)
    assert len(text.cut(width).plain) <= width
    assert "\n".join(line.plain for line in text.lines()) == text.plain


def test_a_long_entry_is_shortened_and_a_failure_is_whole() -> None:
    desk = _desk([{"kind": "line", "function": "f-1", "text": "\n".join(f"row {n};" for n in range(30))}])
    assert "row 29;" not in _plain(desk, rows=60)
    assert "more lines" in _plain(desk, rows=60)
    error = {"errorType": "E", "errorMessage": "no", "stackTrace": [f"row {n};" for n in range(30)]}
    desk.happened({"at": 0.0, "kind": "call", "function": "f-1", "ms": 1.0, "init_ms": None, "error": error})
    assert "row 29;" in _plain(desk, rows=80)
