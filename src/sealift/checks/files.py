"""Lists the files of an application, without what is installed or built."""

import hashlib
import json
import os
import stat
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from sealift.analysis.suites import NOT_TESTS

MAX_FILES = 50_000


def project_files(root: Path) -> tuple[str, ...]:
    """Return the files below `root` as sorted POSIX paths, without hidden folders, environments and build output."""
    found: list[str] = []
    for folder, below, names in os.walk(root):
        here = Path(folder)
        below[:] = sorted(
            name
            for name in below
            if name not in NOT_TESTS and not name.startswith(".") and not (here / name / "pyvenv.cfg").exists()
        )
        found += [(here / name).relative_to(root).as_posix() for name in names]
        if len(found) > MAX_FILES:
            break
    return tuple(sorted(found))


def declares_script(package: str, name: str) -> bool:
    """Return whether the text of a package.json has a script of this name that does something."""
    try:
        return "no test specified" not in json.loads(package)["scripts"][name]
    except (ValueError, KeyError, TypeError):
        return False


def only_end(name: str, files: Iterable[str]) -> str | None:
    """Return the only file that ends with this path: a program names files from the folder it was started in."""
    alike = [file for file in files if file.endswith(f"/{name}")]
    return alike[0] if len(alike) == 1 else None


def tree_key(root: Path, files: Iterable[str]) -> str:
    """Return a key that only the same files have, with the same content, that can or cannot be run."""
    digest = hashlib.sha256()
    for file in files:
        try:
            data, mode = (root / file).read_bytes(), (root / file).stat().st_mode & 0o100
        except OSError:
            data, mode = b"", -1
        digest.update(f"{file}\0{mode}\0{len(data)}\0".encode(errors="surrogateescape"))
        digest.update(data)
    return digest.hexdigest()


def states(root: Path, files: Iterable[str]) -> dict[str, tuple[int, int] | None]:
    """Return size and time of each file: another one says that it was written."""
    found: dict[str, tuple[int, int] | None] = {}
    for file in files:
        try:
            seen = (root / file).stat()
            found[file] = (seen.st_size, seen.st_mtime_ns)
        except OSError:
            found[file] = None
    return found


def texts(root: Path, files: Iterable[str], *, most_bytes: int = 1_000_000) -> tuple[str, ...]:
    """Return the texts of those files that can be read and are not huge."""
    found = []
    for file in files:
        path = root / file
        try:
            if path.stat().st_size <= most_bytes:
                found.append(path.read_text(encoding="utf-8", errors="replace"))
        except OSError:
            continue
    return tuple(found)


def text(path: Path) -> str:
    """Return the text of a file, empty when it is not there or cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


_MOST_REPORT_BYTES = 64_000_000


def report(path: Path) -> str:
    """Return what a program that is not ours left in a file; empty for a link, a pipe, a device or a huge file."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return ""
    with open(handle, encoding="utf-8", errors="replace") as file:  # noqa: PTH123
        seen = os.fstat(handle)
        plain = stat.S_ISREG(seen.st_mode) and seen.st_size <= _MOST_REPORT_BYTES
        return file.read() if plain else ""


SETTINGS = {
    "pytest.ini": "",
    ".pytest.ini": "",
    "pyproject.toml": "[tool.pytest",
    "setup.cfg": "[tool:pytest]",
    "tox.ini": "[pytest]",
}
"""Files of pytest's settings, and what has to be in them.
https://docs.pytest.org/en/stable/reference/customize.html#initialization-determining-rootdir-and-configfile"""


def folders_with_settings(root: Path, files: Iterable[str]) -> frozenset[str]:
    """Return the folders among `files` that have settings of pytest, as POSIX paths."""
    named = [PurePosixPath(file) for file in files if PurePosixPath(file).name in SETTINGS]
    return frozenset(str(file.parent) for file in named if SETTINGS[file.name] in text(root / file))
