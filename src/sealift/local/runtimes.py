"""Which interpreter runs a function here, and what that means: told before the deployment, not at the first call.

declared Python installed                             that one
not installed, or too old for this machine's boto3    the nearest newer one, with a note
… and the package holds compiled modules              an error: they load on their own version only
"""

import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sealift.local.interpreters import Interpreter, Places, declared_version, find, nearest

OLDEST_WITH_BOTO3 = (3, 10)
"""The oldest Python that loads the boto3 that Sealift depends on."""
_SERVED = ("python", "nodejs", "provided")
_MACHINES = {"x86_64": "x86_64", "aarch64": "arm64", "arm64": "arm64", "AMD64": "x86_64"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A function and the files it is made of, its layers included."""

    logical_id: str
    runtime: str | None
    architecture: str
    zips: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeReport:
    """What people have to know. A function with an error would not run here."""

    notes: tuple[str, ...]
    errors: tuple[str, ...]


def report(packages: Iterable[Package], where: Places, *, machine: str) -> RuntimeReport:
    """Say which functions run otherwise than on Lambda, and which cannot run here.

    `machine` is what platform.machine() says.
    """
    notes: list[str] = []
    errors: list[str] = []
    for package in packages:
        names = [name for path in package.zips for name in _names_in(path)]
        error = _error(package, names, where, machine)
        if error:
            errors.append(error)
        else:
            notes += _notes(package, names, where)
    return RuntimeReport(notes=tuple(notes), errors=tuple(errors))


def chosen(version: tuple[int, int], names: Sequence[str], where: Places) -> Interpreter:
    """Return the interpreter for a function that declares this version and consists of files of these names."""
    exact = find(version, where)
    if exact and (version >= OLDEST_WITH_BOTO3 or _brings_boto3(names) or _compiled(names)):
        return exact
    return nearest(max(version, OLDEST_WITH_BOTO3), where)


def _error(package: Package, names: Sequence[str], where: Places, machine: str) -> str | None:
    runtime, version = package.runtime or "", declared_version(package.runtime)
    if not runtime.startswith(_SERVED):
        return f"{package.logical_id}: the embedded cloud does not run {runtime or 'functions without a runtime'}"
    if version is None:
        return None
    compiled = _compiled(names)
    if compiled and _MACHINES.get(machine, machine) != package.architecture:
        return (
            f"{package.logical_id} is built for {package.architecture} and holds compiled modules ({compiled[0]}); "
            f"this machine is {_MACHINES.get(machine, machine)}. Set Architectures to match for local work"
        )
    interpreter = chosen(version, names, where)
    bound = [name for name in compiled if not _loads_on(name, interpreter.version)]
    if bound:
        return (
            f"{package.logical_id} needs {runtime}, which is not installed here: its compiled modules ({bound[0]}) "
            f"load on that version only. Install it: uv python install {version[0]}.{version[1]}"
        )
    return None


def _notes(package: Package, names: Sequence[str], where: Places) -> Iterator[str]:
    version = declared_version(package.runtime)
    if version is None:
        return
    interpreter = chosen(version, names, where)
    if interpreter.version != version:
        why = (
            "cannot load the boto3 of this machine"
            if find(version, where)
            else "is not installed here (uv python install puts it there)"
        )
        yield f"{package.logical_id} runs on Python {interpreter.name}: {package.runtime} {why}"


def _names_in(path: Path) -> list[str]:
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.namelist()
    except (OSError, zipfile.BadZipFile):
        return []


def _brings_boto3(names: Sequence[str]) -> bool:
    return any(name.endswith("boto3/__init__.py") for name in names)


def _compiled(names: Sequence[str]) -> list[str]:
    """Return the extension modules among files; plain shared libraries load on every version and are left out."""
    return [name for name in names if name.endswith(".so") and (".cpython-" in name or ".abi3." in name)]


def _loads_on(name: str, version: tuple[int, int]) -> bool:
    match = re.search(r"\.cpython-(\d)(\d+)", name)
    return match is None or (int(match[1]), int(match[2])) == version
