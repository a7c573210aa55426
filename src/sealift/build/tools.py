"""Versions of the programs that build, read once per program file and then known by its size and time."""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from sealift.build.cache.store import Cache
from sealift.errors import BuildError

if TYPE_CHECKING:
    from sealift.ports import Process

_TIMEOUT_S = 30.0


def version(binary: Path, cache: Cache, process: "Process") -> str:
    """Return what `<binary> --version` says. Raises BuildError when it does not run."""
    info = binary.stat()
    seen = [info.st_size, info.st_mtime_ns]
    record = cache.read("outputs", f"version-{binary.name}") or {}
    known = record.get(str(binary))
    if isinstance(known, list) and known[:2] == seen:
        return str(known[2])
    done = process.run([str(binary), "--version"], cwd=binary.parent, timeout_s=_TIMEOUT_S)
    if done.returncode != 0:
        raise BuildError(
            f"{binary} --version failed: {done.stderr.strip()}", code="tool-broken", hint="Install it again."
        )
    cache.try_write("outputs", f"version-{binary.name}", {**record, str(binary): [*seen, done.stdout.strip()]})
    return done.stdout.strip()


def installed_version(name: str, cache: Cache, process: "Process") -> str:
    """Return the version of a program on PATH; one that is not there has none, and what needs it will say so."""
    found = shutil.which(name)
    return version(Path(found), cache, process) if found else "not installed"
