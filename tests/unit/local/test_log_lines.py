"""The log of an invocation ends at its mark."""

import queue

from sealift.local.patches.logs import lines_until_mark
from sealift.local.patches.prelude import END_MARK, prelude


def _queue(*lines: str) -> "queue.Queue[str]":
    filled: queue.Queue[str] = queue.Queue()
    for line in lines:
        filled.put(line)
    return filled


def test_lines_of_the_next_invocation_stay_in_the_queue() -> None:
    lines = _queue("a", "b", END_MARK, "c")
    assert lines_until_mark(lines) == ["a", "b"]
    assert lines.get_nowait() == "c"


def test_text_without_a_line_end_before_the_mark_is_kept() -> None:
    assert lines_until_mark(_queue("a", f"no end{END_MARK}")) == ["a", "no end"]


def test_an_empty_line_is_kept() -> None:
    assert lines_until_mark(_queue("", "a", END_MARK)) == ["", "a"]


def test_the_prelude_is_a_program_for_old_pythons_too() -> None:
    compile(prelude("/x"), "prelude", "exec")
    assert "@" not in prelude("/x")
