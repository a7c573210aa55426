"""Functions under a debugger: debugpy for Python, the inspector of Node.js."""

import subprocess
from pathlib import Path

from sealift.errors import UserError
from sealift.local.endpoint import Endpoint
from sealift.local.layers import install
from sealift.local.loading import debug

PORTS = {"python": 5678, "nodejs": 9229}
"""Where editors look for debuggers unless they are told."""


def start_debugger(endpoint: Endpoint, name: str, cache: Path) -> str:
    """Start a function under a debugger, which waits before the code is loaded; return how to attach to it.

    debugpy is kept below `cache`. Raises UserError when the function cannot be debugged.
    """
    said = debug(endpoint, name)
    port = PORTS.get(said["family"])
    if port is None:
        raise UserError(f"{name} is not a function of Python or Node.js", code="no-debugger", hint="Debug another one.")
    packages = _debugpy(said["program"], cache) if said["family"] == "python" else None
    debug(endpoint, name, port=port, packages=packages)
    if packages is None:
        return f"127.0.0.1:{port} (inspector; chrome://inspect, or attach by Node.js)"
    return f"127.0.0.1:{port} (debugpy; attach, with /var/task as the remote root)"


def _debugpy(program: str, cache: Path) -> Path:
    """Return a zip with debugpy for this interpreter, which is fetched once."""
    ask = [program, "-c", "import sys; print(*sys.version_info[:2])"]
    major, minor = map(int, subprocess.run(ask, capture_output=True, text=True, check=True).stdout.split())
    file = cache / f"{major}.{minor}.zip"
    if not file.is_file():
        packed = install("debugpy", (major, minor))
        if packed is None:
            hint = "Look whether `uv pip install debugpy` works: the index may be out of reach."
            raise UserError(f"debugpy for Python {major}.{minor} cannot be had", code="no-debugger", hint=hint)
        cache.mkdir(parents=True, exist_ok=True)
        being_written = file.with_suffix(".new")
        being_written.write_bytes(packed)
        being_written.rename(file)
    return file
