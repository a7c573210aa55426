"""Finds a Python on this machine that tests can run on."""

import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sealift.analysis.pythons import Version, by_nearness, declared_runtime, least_required, version_of
from sealift.checks.cache import TextCache, content_key
from sealift.checks.files import text
from sealift.model.app import App, SuiteSpec
from sealift.ports import Process

_PROBE = (
    "import sys; from importlib.machinery import PathFinder\n"
    "if PathFinder.find_spec('ensurepip'): print('%d.%d' % sys.version_info[:2])"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpreter:
    """A Python, and which version was wanted when that is another one."""

    path: str
    version: Version
    instead_of: Version | None = None


def wanted_version(app: App, spec: SuiteSpec, folders: Iterable[str] = ()) -> Version:
    """Return the version tests should run on: declared, pinned, the functions' runtime, required, or ours.

    `folders` are those that the tests are run in: what they pin and require counts where the root says nothing.
    """
    places = [app.root, *(app.root / folder for folder in folders)]
    if spec.python is not None and (declared := version_of(spec.python)):
        return declared
    for place in places:
        if pinned := version_of(text(place / ".python-version")):
            return pinned
    runtimes = [declared_runtime(one) for one in _templates([app.root / stack.template for stack in app.stacks])]
    if known := [one for one in runtimes if one and one >= (3, 0)]:
        return max(known)
    said = "".join(text(place / "pyproject.toml") for place in places)
    required = re.findall(r"requires-python\s*=\s*[\"']([^\"']+)", said)
    return max([ours(), *(lower for one in required if (lower := least_required(one)))])


def _templates(files: list[Path]) -> Iterator[str]:
    """Yield the texts of templates and of those that they nest by a path."""
    for file in files:
        found = text(file)
        yield found
        inner = (file.parent / name for name in re.findall(r"\b(?:Location|TemplateURL)\W{1,4}(\.?[\w./-]+)", found))
        files += [one for one in inner if one not in files and one.is_file()]


def ours() -> Version:
    """Return the version that runs us."""
    return (sys.version_info.major, sys.version_info.minor)


def find_interpreter(
    wanted: Version, process: Process, env: Mapping[str, str], cwd: Path, cache: TextCache
) -> Interpreter:
    """Return the wanted Python, or the nearest one that works; ours works at any rate.

    `cache` keeps which programs work.
    """
    found: dict[Version, list[str]] = {}
    for version, path in _candidates(env):
        found.setdefault(version, []).append(path)
    found.setdefault(ours(), []).insert(0, sys.executable)
    for version in by_nearness(wanted, found):
        for path in found[version]:
            if path == sys.executable or _works(path, version, process, env, cwd, cache):
                return Interpreter(path=path, version=version, instead_of=None if version == wanted else wanted)
    return Interpreter(path=sys.executable, version=ours(), instead_of=wanted)


def _works(path: str, version: Version, process: Process, env: Mapping[str, str], cwd: Path, cache: TextCache) -> bool:
    """Whether this really is that Python: a shim of pyenv may stand for a version that is not switched on."""
    key = _program_key(Path(path))
    said = cache.get(key) if key else None
    if said is None:
        done = process.run([path, "-I", "-S", "-c", _PROBE], cwd=cwd, env=env, timeout_s=20.0)
        said = done.stdout if done.returncode == 0 else ""
        if key and said:
            cache.put(key, said)
    return version_of(said) == version


def _program_key(path: Path) -> str | None:
    """Return a key of a compiled program's file; None for a script, which may run another one each time."""
    try:
        with path.open("rb") as file:
            script, seen = file.read(2) == b"#!", os.fstat(file.fileno())
    except OSError:
        return None
    return None if script else content_key((str(path.resolve()), str(seen.st_size), str(seen.st_mtime_ns)))


def _candidates(env: Mapping[str, str]) -> Iterator[tuple[Version, str]]:
    home = Path(env.get("HOME", "/nonexistent"))
    pyenv = Path(env.get("PYENV_ROOT") or home / ".pyenv") / "versions"
    managed = Path(env.get("UV_PYTHON_INSTALL_DIR") or home / ".local" / "share" / "uv" / "python")
    for folder in (*_sorted(pyenv, "3.*"), *_sorted(managed, "cpython-3.*")):
        version = version_of(folder.name)
        python = folder / "bin" / "python3"
        if version and python.exists():
            yield version, str(python)
    for place in env.get("PATH", "").split(":"):
        # Python's own name with its version; `python3` alone may be anything.
        for python in _sorted(Path(place), "python3.*") if place else ():
            version = version_of(python.name)
            if version and re.fullmatch(r"python3\.[0-9]+", python.name):
                yield version, str(python)


def _sorted(folder: Path, pattern: str) -> Iterable[Path]:
    """Return what matches, the newest patch release first; empty when the folder cannot be read."""
    try:
        return sorted(folder.glob(pattern), key=lambda path: _numbers(path.name), reverse=True)
    except OSError:
        return ()


def _numbers(name: str) -> list[int]:
    return [int(one) for one in re.findall(r"\d+", name)]
