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
    with zipfile.ZipFile(package) as archive:
        for info in archive.infolist():
            base = info.filename.rpartition("/")[2]
            if not (base.endswith((".so", ".node")) or ".so." in base):
                continue
            with archive.open(info) as file:
                head = file.read(20)
            number = int.from_bytes(head[18:20], "little") if head[:4] == b"\x7fELF" else None
            if wanted and number is not None and number != wanted:
                machine.append((info.filename, _CALLED.get(number, f"machine {number}")))
            tag = _VERSION.search(base)
            if minor is not None and tag and int(tag[1]) != minor:
                version.append((info.filename, f"Python 3.{tag[1]}"))
    for what, found in ((architecture, machine), (runtime, version)):
        if found:
            names = ", ".join(f"{name} (for {made_for})" for name, made_for in found[:_SHOWN])
            more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
            yield f"compiled modules do not fit {what}: {names}{more}"


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
