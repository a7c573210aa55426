"""Versions of the programs that build, read once per program file and then known by its size and time."""

import json
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
    declared = _declared(binary)
    if declared:
        return declared
    done = process.run([str(binary), "--version"], cwd=binary.parent, timeout_s=_TIMEOUT_S)
    if done.returncode != 0:
        raise BuildError(
            f"{binary} --version failed: {done.stderr.strip()}", code="tool-broken", hint="Install it again."
        )
    cache.try_write("outputs", f"version-{binary.name}", {**record, str(binary): [*seen, done.stdout.strip()]})
    return done.stdout.strip()


def _declared(binary: Path) -> str:
    """Return the version of npm from the package it is a file of: npm itself takes a quarter of a second to say it.

    Empty where it stands elsewhere, as behind a version manager that chooses one by the folder.
    """
    package = binary.resolve().parent.parent / "package.json"
    if binary.name != "npm" or package.parent.name != "npm":
        return ""
    try:
        declared = json.loads(package.read_bytes())
        return str(declared["version"]) if declared["name"] == "npm" else ""
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def installed_version(name: str, cache: Cache, process: "Process") -> str:
    """Return the version of a program on PATH; one that is not there has none, and what needs it will say so."""
    found = shutil.which(name)
    return version(Path(found), cache, process) if found else "not installed"
