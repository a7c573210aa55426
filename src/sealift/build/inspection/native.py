"""Compiled modules that a function's processor, or its Python, cannot load."""

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

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


def _minor(runtime: str) -> int | None:
    match = re.fullmatch(r"python3\.(\d+)", runtime)
    return int(match[1]) if match else None
