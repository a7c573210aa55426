"""Fetches the requirements files that others include by address, by a program of the sandbox, as uv would."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from sealift.build.dependencies.uv import masked
from sealift.errors import BuildError

if TYPE_CHECKING:
    from sealift.ports import Process

_TIMEOUT_S = 60.0
_FETCH = """
import sys, urllib.error, urllib.request
try:
    with urllib.request.urlopen(sys.argv[1], timeout=30) as answer:
        sys.stdout.buffer.write(answer.read())
except (OSError, ValueError) as error:
    sys.exit(str(getattr(error, "reason", error)))
"""


def fetched(process: "Process", address: str) -> str:
    """Return the text of a file at an address. Raises BuildError."""
    done = process.run([sys.executable, "-I", "-S", "-c", _FETCH, address], cwd=Path("/"), timeout_s=_TIMEOUT_S)
    if done.returncode != 0 or done.timed_out:
        reason = masked(done.stderr.strip()) or "no answer in time"
        raise BuildError(
            f"{masked(address)}, which requirements include, cannot be read: {reason}",
            code="registry-unreachable",
            hint="Check the address and the connection, or keep the file in the repository.",
            retryable=True,
        )
    return done.stdout
