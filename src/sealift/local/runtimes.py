"""Which interpreter runs a function here, and what that means: told before the deployment, not at the first call.

compiled modules in the package                       the Python they were built for, else an error
declared Python installed                             that one
not installed, or too old for this machine's boto3    the nearest newer one, with a note
"""

import io
import re
import sys
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sealift.local.interpreters import Interpreter, Places, declared_version, find, nearest

Zip = Path | bytes
"""Where one lies, or itself."""
OLDEST_WITH_BOTO3 = (3, 10)
"""The oldest Python that loads the boto3 that Sealift depends on."""
_TAG = re.compile(r"\.cpython-(\d)(\d+)[\w-]*\.so$")
_SERVED = ("python", "nodejs", "provided")
_ELF_MACHINES = {0x3E: "x86_64", 0xB7: "arm64"}
_MACHINES = {"x86_64": "x86_64", "AMD64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A function and the files it is made of, its layers included."""

    logical_id: str
    runtime: str | None
    architecture: str = "x86_64"
    package_type: str = "Zip"
    zips: tuple[Zip, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeReport:
    """What people have to know. A function with an error would not run here."""

    notes: tuple[str, ...]
    errors: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalRuntime:
    """What to build a package for so that it runs on this machine."""

    runtime: str
    architecture: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Files:
    names: tuple[str, ...]
    machine: str | None
    """The architecture of compiled modules, where a file says it."""

    @property
    def compiled(self) -> list[str]:
        """Extension modules. Plain shared libraries are not a sign of a Python version."""
        return [name for name in self.names if _TAG.search(name) or name.endswith(".abi3.so")]


def opened(packed: Zip) -> zipfile.ZipFile:
    """Open a zip to read it."""
    return zipfile.ZipFile(io.BytesIO(packed) if isinstance(packed, bytes) else packed)


def local_target(runtime: str, architecture: str, where: Places, *, machine: str) -> LocalRuntime:
    """Return what to build a package for, for local use only; the declared target when that runs here."""
    version = declared_version(runtime)
    here = _MACHINES.get(machine, architecture)
    if version is None:
        return LocalRuntime(runtime=runtime, architecture=architecture)
    return LocalRuntime(runtime=f"python{chosen(version, (), where).name}", architecture=here)


def report(packages: Iterable[Package], where: Places, *, machine: str) -> RuntimeReport:
    """Say which functions run otherwise than on Lambda, and which cannot run here.

    `machine` is what platform.machine() says.
    """
    elsewhere: dict[str, list[str]] = {}
    errors: list[str] = []
    for package in packages:
        files = _files_of(package)
        error = _not_served(package, where) or _not_loadable(package, files, where, machine)
        reason = "" if error else _reason(package, files, where)
        if error:
            errors.append(error)
        elif reason:
            elsewhere.setdefault(reason, []).append(package.logical_id)
    notes = [f"{_names(who)} on {reason}" for reason, who in elsewhere.items()]
    return RuntimeReport(notes=tuple(notes), errors=tuple(errors))


def _names(logical_ids: list[str]) -> str:
    """Return who runs: one by name, several by the first names."""
    if len(logical_ids) == 1:
        return f"{logical_ids[0]} runs"
    if len(logical_ids) <= 3:
        return f"{', '.join(logical_ids[:-1])} and {logical_ids[-1]} run"
    return f"{', '.join(logical_ids[:2])} and {len(logical_ids) - 2} more run"


def chosen(version: tuple[int, int], names: Sequence[str], where: Places) -> Interpreter:
    """Return the interpreter for a function that declares this version and consists of files of these names."""
    built_for = {(int(m[1]), int(m[2])) for m in map(_TAG.search, names) if m}
    interpreter = find(min(built_for), where) if len(built_for) == 1 else None
    if interpreter:
        return interpreter
    exact = find(version, where)
    return exact if exact and version >= OLDEST_WITH_BOTO3 else nearest(max(version, OLDEST_WITH_BOTO3), where)


def _not_served(package: Package, where: Places) -> str | None:
    runtime = package.runtime or ""
    if package.package_type == "Image":
        return f"{package.logical_id} is a container image, which the embedded cloud does not run"
    if not runtime.startswith(_SERVED):
        return f"{package.logical_id}: the embedded cloud does not run {runtime or 'functions without a runtime'}"
    if runtime.startswith("nodejs") and not where.has("node"):
        return f"{package.logical_id} needs {runtime}, and there is no node on PATH"
    return None


def _not_loadable(package: Package, files: _Files, where: Places, machine: str) -> str | None:
    version = declared_version(package.runtime)
    compiled = files.compiled
    if version is None or not compiled:
        return None
    if sys.platform != "linux":
        return f"{package.logical_id} holds modules compiled for Linux ({compiled[0]}), and this is {sys.platform}"
    here = _MACHINES.get(machine, machine)
    built_for = files.machine or package.architecture
    if built_for != here:
        return (
            f"{package.logical_id} holds modules compiled for {built_for} ({compiled[0]}), and this machine is {here}"
        )
    interpreter = chosen(version, files.names, where)
    for name in compiled:
        tag = _TAG.search(name)
        if tag and (int(tag[1]), int(tag[2])) != interpreter.version:
            wanted = f"{tag[1]}.{tag[2]}"
            return (
                f"{package.logical_id} holds modules compiled for Python {wanted} ({name}), which is not installed "
                f"here: uv python install {wanted}"
            )
    return None


def _reason(package: Package, files: _Files, where: Places) -> str:
    """Return which other Python a function runs on, and why; empty when it is the declared one."""
    version = declared_version(package.runtime)
    interpreter = chosen(version, files.names, where) if version else None
    if version is None or interpreter is None or interpreter.version == version:
        return ""
    why = "is older than the boto3 here can be loaded on" if find(version, where) else "is not installed here"
    return f"Python {interpreter.name}: {package.runtime} {why}"


def _files_of(package: Package) -> _Files:
    names: list[str] = []
    machine: str | None = None
    for packed in package.zips:
        try:
            with opened(packed) as archive:
                names += archive.namelist()
                machine = machine or _machine_in(archive)
        except (OSError, zipfile.BadZipFile):
            continue
    return _Files(names=tuple(names), machine=machine)


def _machine_in(archive: zipfile.ZipFile) -> str | None:
    """Return the architecture that the first compiled module in a zip was built for."""
    for name in archive.namelist():
        if _TAG.search(name) or name.endswith(".abi3.so"):
            with archive.open(name) as file:
                head = file.read(20)
            if head.startswith(b"\x7fELF"):
                return _ELF_MACHINES.get(int.from_bytes(head[18:20], "little"))
    return None
