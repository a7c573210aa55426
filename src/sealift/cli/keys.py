"""A terminal that a command has to itself: its whole screen, and each key as it is pressed."""

import os
import select
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

_ENTER, _LEAVE = "\x1b[?1049h\x1b[?25l\x1b[?7l", "\x1b[?7h\x1b[?25h\x1b[?1049l"
_NAMES = {"\x1b[A": "up", "\x1b[B": "down", "\x1b[5~": "page up", "\x1b[6~": "page down", "\x1b": "escape", "\r": "\n"}


@contextmanager
def whole_screen() -> Iterator[None]:
    """Take the screen for the body, and give it back as it was. Ctrl-C still interrupts."""
    import termios
    import tty

    before = termios.tcgetattr(sys.stdin)
    tty.setcbreak(sys.stdin)
    _write(_ENTER)
    try:
        yield
    finally:
        _write(_LEAVE)
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


def keys() -> Iterator[str]:
    """Yield the keys that were pressed since the last call: a letter, or the name of another key."""
    while select.select([sys.stdin], [], [], 0)[0]:
        pressed = os.read(sys.stdin.fileno(), 64).decode(errors="replace")
        if not pressed:
            return
        yield from [_NAMES[pressed]] if pressed in _NAMES else pressed


def draw(lines: Sequence[str]) -> None:
    """Show these lines on the whole screen."""
    _write("\x1b[?2026h\x1b[H" + "\r\n".join(f"\x1b[2K{line}" for line in lines) + "\x1b[J\x1b[?2026l")


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
