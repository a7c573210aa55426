"""Compiled modules that a function's processor, or its Python, cannot load."""

import re
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from sealift.errors import BuildError

_MACHINES = {"x86_64": 62, "arm64": 183}
"""`e_machine` of ELF: https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html"""
_CALLED = {number: name for name, number in _MACHINES.items()}
_VERSION = re.compile(r"\.cpython-3(\d+)[a-z]*-")
_SHOWN = 3


def misfits(package: Path, runtime: str, architecture: str) -> Iterator[str]:
    """Yield a sentence for the compiled modules that do not fit."""
    wanted, minor = _MACHINES.get(architecture), _minor(runtime)
    machine, version = [], []
    fitting = set[str]()
    with zipfile.ZipFile(package) as archive:
        for info in archive.infolist():
            base = info.filename.rpartition("/")[2]
            if not (base.endswith((".so", ".node")) or ".so." in base) or _of_another(info.filename, minor):
                continue
            with archive.open(info) as file:
                head = file.read(20)
            number = int.from_bytes(head[18:20], "little") if head[:4] == b"\x7fELF" else None
            if wanted and number is not None and number != wanted:
                machine.append((info.filename, _CALLED.get(number, f"machine {number}")))
            tag = _VERSION.search(base)
            if minor is not None and tag and int(tag[1]) != minor:
                version.append((info.filename, f"Python 3.{tag[1]}"))
            else:
                fitting.add(_stem(info.filename))
    version = [one for one in version if _stem(one[0]) not in fitting]
    for what, found in ((architecture, machine), (runtime, version)):
        if found:
            names = ", ".join(f"{name} (for {made_for})" for name, made_for in found[:_SHOWN])
            more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
            yield f"compiled modules do not fit {what}: {names}{more}"


def _of_another(name: str, minor: int | None) -> bool:
    """Return whether a file is where a layer has modules for another Python: `python/lib/python3.9/site-packages/`."""
    match = re.match(r"python/lib/python3\.(\d+)/", name)
    return match is not None and int(match[1]) != minor


def _stem(name: str) -> str:
    """Return the path of a module without what says which Python it is for."""
    folder, slash, base = name.rpartition("/")
    return f"{folder}{slash}{base.partition('.')[0]}"


_FORMATS = {
    b"MZ": "a program for Windows",
    **dict.fromkeys((b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"\xca\xfe\xba\xbe"), "a program for macOS"),
}


def of_elsewhere(head: bytes, architecture: str) -> str | None:
    """Return what a program is by its first bytes where Lambda cannot start it; None where it may."""
    if head[:4] == b"\x7fELF":
        number = int.from_bytes(head[18:20], "little")
        wanted = _MACHINES.get(architecture)
        return f"built for {_CALLED.get(number, f'machine {number}')}" if wanted and number != wanted else None
    if head.startswith(b"#!") and head.partition(b"\n")[0].endswith(b"\r"):
        return "a script whose lines end as on Windows, so that its interpreter is not found"
    return next((what for start, what in _FORMATS.items() if head.startswith(start)), None)


def refuse_for_several(name: str, package: Path, architectures: Sequence[str]) -> None:
    """Raise BuildError for a layer for several processors with modules that are compiled for one of them."""
    found = next((file for file, _ in compiled(package)), None)
    if found is not None:
        raise BuildError(
            f"{name} is a layer for {' and '.join(architectures)}, but {found} in it is compiled for one of them",
            code="layer-architectures",
            hint="Make a layer for each (BuildArchitecture under Metadata, one CompatibleArchitectures), and let each "
            "function use that of its own.",
        )


def compiled(package: Path) -> Iterator[tuple[str, int]]:
    """Yield name and machine of each compiled module."""
    with zipfile.ZipFile(package) as archive:
        for info in archive.infolist():
            base = info.filename.rpartition("/")[2]
            if base.endswith((".so", ".node")) or ".so." in base:
                with archive.open(info) as file:
                    head = file.read(20)
                if head[:4] == b"\x7fELF":
                    yield info.filename, int.from_bytes(head[18:20], "little")


def _minor(runtime: str) -> int | None:
    match = re.fullmatch(r"python3\.(\d+)", runtime)
    return int(match[1]) if match else None
