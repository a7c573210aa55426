import io
import threading

from sealift.cli.screen import Screen
from sealift.cli.text import Text


def test_a_style_becomes_codes_that_end_where_it_ends() -> None:
    assert Text.assemble("a ", ("b", "bold green"), " c").ansi() == "a \x1b[1;32mb\x1b[0m c"
    assert (Text("a", "dim") + Text("b")).plain == "ab"


def test_without_colours_a_line_is_plain() -> None:
    stream = io.StringIO()
    Screen(stream, alive=False, colours=False).line(Text("done", style="green"))
    assert stream.getvalue() == "done\n"


def test_what_the_encoding_lacks_is_replaced() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    Screen(stream, alive=False, colours=False).line(Text("✓ ok"))
    assert raw.getvalue() == b"? ok\n"


def test_a_stream_that_is_no_terminal_gets_no_living_line() -> None:
    stream = io.StringIO()
    screen = Screen(stream, alive=False, colours=True)
    screen.start(lambda: Text("at work"))
    screen.stop()
    assert stream.getvalue() == ""


def test_the_living_line_is_taken_back_before_a_line_that_stays() -> None:
    stream, shown = io.StringIO(), threading.Event()
    screen = Screen(stream, alive=True, colours=False)

    def living() -> Text:
        shown.set()
        return Text("at work " + "x" * 500)

    screen.start(living)
    assert shown.wait(10)
    screen.line(Text("done"))
    screen.stop()
    written = stream.getvalue()
    assert "\r\x1b[Kdone\n" in written
    assert written.endswith("\r\x1b[K")
    assert max(len(part) for part in written.split("\r\x1b[K")) < 500
