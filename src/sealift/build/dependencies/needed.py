"""Finds the `tests` folders and type stubs that a distribution uses at run time, so that they are not left out.

numpy.testing, which scipy imports, needs `numpy._core.tests`; astropy starts its own test runner when it is imported;
scikit-image reads its stubs to find out what to import when. What is imported is read from the source: `from .tests
import x`, `import a.b.tests.c`. An import that is made up at run time is not found; then the list of what is left out
has to be switched off.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

_IMPORT = re.compile(
    rb"^[ \t]*(?:from[ \t]+(?P<base>[.\w]+)[ \t]+import[ \t]+(?P<names>[^#\n]*)|import[ \t]+(?P<modules>[^#\n]+))",
    re.MULTILINE,
)


def needed_tests(site: Path, names: Iterable[str]) -> frozenset[str]:
    """Return the `tests` folders among `names` that are imported by what is not a test, with a slash at the end."""
    python = [name for name in names if name.endswith(".py")]
    folders = {folder for name in python if (folder := tests_folder(name))}
    if not folders:
        return frozenset()
    needed: set[str] = set()
    pending = [name for name in python if tests_folder(name) is None]
    while pending:
        found = {f for name in pending for f in _imported(site, name)} & folders - needed
        needed |= found
        pending = [name for name in python if tests_folder(name) in found and not is_test(name)]
    return frozenset(needed)


def needed_stubs(site: Path, names: Iterable[str]) -> frozenset[str]:
    """Return the stubs among `names` that the module beside them reads (lazy_loader.attach_stub)."""
    stubs = (name for name in names if name.endswith(".pyi") and (site / name[:-1]).is_file())
    return frozenset(name for name in stubs if b"attach_stub" in (site / name[:-1]).read_bytes())


def tests_folder(name: str) -> str | None:
    """Return the outermost `tests` folder, below a package, that a file is in."""
    at = name.find("/tests/")
    return name[: at + 7] if at > 0 else None


def is_test(name: str) -> bool:
    """Return whether a file is a test itself, by its name."""
    stem = PurePosixPath(name).name
    return stem.startswith("test_") or stem.endswith("_test.py") or stem == "conftest.py"


def _imported(site: Path, name: str) -> Iterator[str]:
    body = (site / name).read_bytes()
    if b"tests" not in body:
        return
    package = PurePosixPath(name).parent.parts
    for match in _IMPORT.finditer(body):
        for module in _modules(match, package):
            if "tests" in module[1:]:
                yield "/".join(module[: module.index("tests", 1) + 1]) + "/"


def _modules(match: re.Match[bytes], package: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield the path of every module that one statement names."""
    if match["modules"] is not None:
        for module in match["modules"].decode(errors="replace").split(","):
            yield tuple(module.split()[0].split(".")) if module.split() else ()
        return
    base = match["base"].decode(errors="replace")
    up = len(base) - len(base.lstrip("."))
    start = package[: len(package) - up + 1] if up else ()
    path = (*start, *(part for part in base.lstrip(".").split(".") if part))
    for named in re.split(r"[,()\s]+", match["names"].decode(errors="replace")):
        yield (*path, named)
