"""What happens when nobody reads our output any more, as in `sealift history | head -1`: it goes nowhere, quietly.

A deployment goes on to its end, and its exit code is its own.
"""

import os
import select
from contextlib import suppress
from typing import TextIO


def let_go(*streams: TextIO) -> bool:
    """Discard further output to streams that lost their reader; return whether any had."""
    gone = [stream for stream in streams if _lost_its_reader(stream)]
    for stream in gone:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
        with suppress(OSError):
            stream.flush()
    return bool(gone)


def _lost_its_reader(stream: TextIO) -> bool:
    poll = select.poll()
    try:
        poll.register(stream.fileno(), select.POLLOUT)
    except (OSError, ValueError):
        return False
    return any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0))
