"""Finds the Python interpreters of this machine, so that functions run on the version they declare.

Looks on PATH, then where pyenv and uv keep theirs. Shims are passed over: they fail when no version is selected.
"""

import re
import shutil
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

_RUNTIME = re.compile(r"python(\d+)\.(\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where to look: folders of programs, and folders that hold one folder per installed version."""

    programs: tuple[Path, ...]
    versions: tuple[Path, ...]

    def has(self, program: str) -> bool:
        """Say whether a program of this name is there."""
        return any((folder / program).is_file() for folder in self.programs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpreter:
    """A Python of this machine."""

    version: tuple[int, int]
    path: Path

    @property
    def name(self) -> str:
        """Return the version as people write it."""
        return f"{self.version[0]}.{self.version[1]}"


def places(environment: Mapping[str, str], home: Path) -> Places:
    """Return where interpreters may be, by the process environment and the user's home."""
    programs = [Path(part) for part in environment.get("PATH", "").split(":") if part]
    data = Path(environment.get("XDG_DATA_HOME") or home / ".local" / "share")
    pyenv = Path(environment.get("PYENV_ROOT") or home / ".pyenv")
    uv = Path(environment.get("UV_PYTHON_INSTALL_DIR") or data / "uv" / "python")
    return Places(
        programs=tuple(p for p in programs if p.name != "shims"),
        versions=(pyenv / "versions", uv),
    )


def declared_version(runtime: str | None) -> tuple[int, int] | None:
    """Return the version of a Python runtime of Lambda, or None for other runtimes."""
    match = _RUNTIME.fullmatch(runtime or "")
    return (int(match[1]), int(match[2])) if match else None


def find(version: tuple[int, int], where: Places) -> Interpreter | None:
    """Return the interpreter of exactly this version, or None."""
    name = f"python{version[0]}.{version[1]}"
    candidates = [folder / name for folder in where.programs]
    for root in where.versions:
        candidates += [folder / "bin" / name for folder in _newest_first(root)]
    if version == sys.version_info[:2]:
        candidates.append(ours().path)
    for path in candidates:
        if path.is_file() and shutil.which(str(path)):
            return Interpreter(version=version, path=path.resolve())
    return None


def ours() -> Interpreter:
    """Return the interpreter that runs this program, without the packages of its virtual environment."""
    path = Path(getattr(sys, "_base_executable", None) or sys.executable)
    return Interpreter(version=(sys.version_info[0], sys.version_info[1]), path=path.resolve())


def nearest(version: tuple[int, int], where: Places) -> Interpreter:
    """Return the interpreter of this version, else of the nearest newer one, else of the nearest older one."""
    exact = find(version, where)
    if exact:
        return exact
    others = [find((3, minor), where) for minor in range(8, 20)]
    found = [other for other in others if other] or [ours()]
    newer = [other for other in found if other.version > version]
    return min(newer, key=lambda i: i.version) if newer else max(found, key=lambda i: i.version)


def newer_than(runtime: str | None, where: Places) -> Iterable[Interpreter]:
    """Yield the interpreters of this machine that are newer than a runtime of Lambda, the nearest first."""
    version = declared_version(runtime)
    if version is not None:
        yield from filter(None, (find((3, minor), where) for minor in range(version[1] + 1, 20)))


def _newest_first(root: Path) -> Iterable[Path]:
    """Yield folders of versions; what they are called differs (3.12.1, cpython-3.12.1-linux-x86_64-gnu)."""
    try:
        folders = [path for path in root.iterdir() if path.is_dir()]
    except OSError:
        return []

    def numbers(path: Path) -> list[int]:
        return [int(n) for n in re.findall(r"\d+", path.name)]

    return sorted(folders, key=numbers, reverse=True)
