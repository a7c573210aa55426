"""What a program writes to its outputs, in bounded memory. Must not start or end anything."""

import os
import selectors
from typing import IO

MOST_BYTES = 32_000_000
"""What is kept of each output: its beginning and its end. A program that prints for ever fills no memory."""


class Kept:
    """The beginning and the end of an output."""

    def __init__(self) -> None:
        self._head, self._tail, self._size = bytearray(), bytearray(), 0

    def add(self, data: bytes) -> None:
        """Keep more of it."""
        self._size += len(data)
        room = MOST_BYTES // 2 - len(self._head)
        if room > 0:
            self._head += data[:room]
            data = data[room:]
        self._tail += data
        if len(self._tail) > MOST_BYTES:
            del self._tail[: -MOST_BYTES // 2]

    @property
    def left_out(self) -> int:
        """How many bytes are not kept."""
        return max(0, self._size - len(self._head) - MOST_BYTES // 2)

    @property
    def text(self) -> str:
        """Return it as text, with a line where something is left out."""
        gap = f"\n… {self.left_out} bytes left out …\n".encode() if self.left_out else b""
        return (self._head + gap + self._tail[-MOST_BYTES // 2 :]).decode(errors="replace")


class Outputs:
    """Reads what a program writes, as it comes. The streams are closed at the end."""

    def __init__(self, *streams: IO[bytes] | None) -> None:
        self.kept = tuple(Kept() for _ in streams)
        self._selector = selectors.DefaultSelector()
        self._streams = [stream for stream in streams if stream is not None]
        for stream, kept in zip(self._streams, self.kept, strict=True):
            self._selector.register(stream, selectors.EVENT_READ, kept)

    def __enter__(self) -> "Outputs":
        return self

    def __exit__(self, *_: object) -> None:
        self._selector.close()
        for stream in self._streams:
            stream.close()

    def read(self, most_s: float) -> bool:
        """Read what there is, or wait a while for it; return whether there is no more, now or ever."""
        if not self._selector.get_map():
            return True
        for key, _ in self._selector.select(most_s):
            data = os.read(key.fd, 1 << 16)
            key.data.add(data)
            if not data:
                self._selector.unregister(key.fileobj)
        return False
