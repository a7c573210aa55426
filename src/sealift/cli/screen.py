"""The one way to a stream that people read: finished lines, and on a terminal a living last line below them."""

import threading
from collections.abc import Callable
from itertools import cycle
from typing import TextIO

from sealift.cli.pipes import let_go
from sealift.cli.text import Text
from sealift.cli.wrapping import width_of

_FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_TICK_S = 0.08
_CLEAR = "\r\x1b[K"


def screen(stream: TextIO) -> "Screen":
    """Return the lines of a stream, as the process environment wants them."""
    from sealift.wiring.machine import terminal

    alive, colours = terminal(stream)
    return Screen(stream, alive=alive, colours=colours)


class Screen:
    """Lines on a stream. `alive` says that the stream is a terminal, which can take a line back."""

    def __init__(self, stream: TextIO, *, alive: bool, colours: bool) -> None:
        self._stream = stream
        self._alive = alive
        self._colours = colours
        self._lock = threading.RLock()
        self._ended = threading.Event()
        self._ticking: threading.Thread | None = None

    @property
    def width(self) -> int:
        """The columns of the terminal; 0 for a file or a pipe, where lines are as long as they need to be."""
        return width_of(self._stream)

    def line(self, text: Text | str = "", style: str = "") -> None:
        """Write a line that stays; a string has one style."""
        with self._lock:
            fitting = (Text(text, style) if isinstance(text, str) else text).wrapped(self.width)
            self._write((_CLEAR if self._ticking else "") + self._rendered(fitting) + "\n")

    def start(self, living: Callable[[], Text]) -> None:
        """Show what `living` returns as the last line, again and again, until `stop`. A short phase shows nothing."""
        self.stop()
        if self._alive:
            self._ended = threading.Event()
            self._ticking = threading.Thread(target=self._tick, args=(living, self._ended), daemon=True)
            self._ticking.start()

    def stop(self) -> None:
        """Take the living line back."""
        ticking, self._ticking = self._ticking, None
        if ticking is not None:
            self._ended.set()
            ticking.join()
            self._write(_CLEAR)

    def _tick(self, living: Callable[[], Text], ended: threading.Event) -> None:
        from shutil import get_terminal_size  # a build that finds all done ends before

        for frame in cycle(_FRAMES):
            if ended.wait(_TICK_S):
                return
            width = get_terminal_size().columns - 1
            text = Text(f"{frame} ", "cyan") + living()
            line = text.plain.replace("\n", " ")[:width]
            with self._lock:
                self._write(_CLEAR + self._rendered(text if line == text.plain else Text(line)))

    def _rendered(self, text: Text) -> str:
        """Return the text, what the stream's encoding lacks replaced."""
        encoding = self._stream.encoding or "utf-8"
        return (text.ansi() if self._colours else text.plain).encode(encoding, "replace").decode(encoding)

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except BrokenPipeError:
            let_go(self._stream)
