"""What happens in one emulator, as it happens: requests, calls of functions, and each line that they print.

Whoever looks on gets one JSON object a line. Nothing is kept: what nobody looks at is not written down.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator

_MOST = 10_000
"""Of lines that one who looks on is behind; what comes then is left out."""


class Feed:
    """Tells all who look on. `tell` may be called in any thread."""

    def __init__(self) -> None:
        self._readers: dict[asyncio.Queue[bytes], asyncio.AbstractEventLoop] = {}

    @property
    def is_seen(self) -> bool:
        """Whether anybody looks on."""
        return bool(self._readers)

    def tell(self, kind: str, **what: object) -> None:
        """Tell of something that happened just now."""
        readers = list(self._readers.items())
        if not readers:
            return
        line = json.dumps({"kind": kind, "at": time.time(), **what}).encode() + b"\n"
        for queue, loop in readers:
            loop.call_soon_threadsafe(_put, queue, line)

    async def lines(self) -> AsyncIterator[bytes]:
        """Yield what happens from now on; at first an empty line, when nothing is missed any more."""
        queue: asyncio.Queue[bytes] = asyncio.Queue(_MOST)
        self._readers[queue] = asyncio.get_running_loop()
        try:
            yield b"\n"
            while True:
                yield await queue.get()
        finally:
            del self._readers[queue]


def _put(queue: asyncio.Queue[bytes], line: bytes) -> None:
    if not queue.full():
        queue.put_nowait(line)


FEED = Feed()
