"""Python runtimes: the emulator runs all of them in its own interpreter, where its packages are visible."""

from collections.abc import Callable

from sealift.local.interpreters import Places, declared_version, nearest

_HIDE_PACKAGES = """
import sys
sys.path[:] = [p for p in sys.path if not p.rstrip("/").endswith(("site-packages", "dist-packages"))]
"""
"""Put before the emulator's worker program: a function sees its own packages, its layers and what Lambda brings."""


def declared_runtimes(where: Places) -> None:
    """Run each Python function on the interpreter of its declared version, or the nearest there is."""
    from ministack.core import lambda_runtime

    unpatched: Callable[[str], tuple[str, str]] = lambda_runtime._detect_runtime_binary

    def detect(runtime: str) -> tuple[str, str]:
        binary, script = unpatched(runtime)
        version = declared_version(runtime)
        if version is None:
            return binary, script
        return str(nearest(version, where).path), _HIDE_PACKAGES + script

    lambda_runtime._detect_runtime_binary = detect
