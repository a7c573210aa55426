"""The few lines that run in a function's process before the emulator's worker program, on any Python from 3.8 on."""

END_MARK = "\x00end of invocation"
"""Written to the log after each invocation, so that nobody has to wait to know that its lines are all there."""

_TEXT = """
import os, sys

# A function sees its own packages, its layers and, last, what Lambda brings: nothing else of this machine.
sys.path[:] = [p for p in sys.path if not p.rstrip("/").endswith(("site-packages", "dist-packages"))]
sys.path += @RUNTIME@


class _MarkedOut:
    def __init__(self, out):
        self._out = out

    def write(self, text):
        if text.startswith(('{"status": "ok"', '{"status": "error"')):
            sys.stderr.flush()
            os.write(2, @MARK@)
        return self._out.write(text)

    def flush(self):
        self._out.flush()


sys.stdout = _MarkedOut(sys.stdout)
"""


def prelude(runtime_packages: str | None) -> str:
    """Return the program text. `runtime_packages` is the folder with boto3, for a Python that can load it."""
    packages = [runtime_packages] if runtime_packages else []
    return _TEXT.replace("@RUNTIME@", repr(packages)).replace("@MARK@", repr(f"{END_MARK}\n".encode()))
