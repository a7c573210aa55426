"""Which port an emulator answers on: the same one each time, as long as it is free."""

import socket
import zlib
from collections.abc import Iterator
from pathlib import Path

from sealift.local.endpoint import HOST

_ATTEMPTS = 5
_FIRST_PORT, _PORTS = 20000, 12000
"""Below the range that Linux and macOS take for outgoing connections, so that a port stays free while we are down."""


def free_ports(folder: Path, first: int | None) -> Iterator[int]:
    """Yield free ports: the one used before, then some that follow from the folder's path, then whatever is free."""
    seed = zlib.crc32(str(folder.resolve()).encode())
    wanted = [first] if first else []
    wanted += [_FIRST_PORT + (seed + 7 * step) % _PORTS for step in range(40)]
    yielded = 0
    for port in wanted:
        if yielded < _ATTEMPTS and is_free(port):
            yielded += 1
            yield port
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = int(probe.getsockname()[1])
    yield port


def is_free(port: int) -> bool:
    """Say whether nothing listens on a port of this machine."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
