"""Lets the Python of a test environment find what its own library has compiled, where the tests keep their bytecode.

With PYTHONPYCACHEPREFIX Python looks there alone, and would compile its library anew: most of what a first test loads.
"""

import os
from contextlib import suppress
from pathlib import Path

from sealift.checks.files import text

_LEFT_OUT = {
    "__pycache__",
    "dist-packages",
    "ensurepip",
    "idlelib",
    "lib2to3",
    "site-packages",
    "test",
    "tests",
    "tkinter",
    "turtledemo",
}


def link_library(venv: Path, bytecode: Path) -> None:
    """Link the compiled library of a virtual environment's Python into a folder of bytecode, unless it is there."""
    lines = (line.partition("=") for line in text(venv / "pyvenv.cfg").splitlines())
    home = next((value.strip() for key, _, value in lines if key.strip() == "home"), "")
    for packages in venv.glob("lib/python3*") if home else ():
        library = Path(home).parent / "lib" / packages.name
        if not Path(f"{bytecode}{library}").exists():
            with suppress(OSError):
                _link(library, bytecode)


def _link(library: Path, bytecode: Path) -> None:
    for folder, below, _ in os.walk(library):
        # What is compiled for `python -O` has one more part in its name.
        compiled = [name for name in _names(f"{folder}/__pycache__") if name.count(".") == 2]
        below[:] = [name for name in below if name not in _LEFT_OUT]
        there = f"{bytecode}{folder}"
        if compiled:
            Path(there).mkdir(parents=True, exist_ok=True)
        for name in compiled:
            with suppress(FileExistsError):
                os.symlink(f"{folder}/__pycache__/{name}", f"{there}/{name}")  # noqa: PTH211 (they are hundreds)


def _names(folder: str) -> list[str]:
    with suppress(OSError), os.scandir(folder) as listed:
        return [one.name for one in listed]
    return []
