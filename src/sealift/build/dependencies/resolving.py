"""Turns what a folder declares into one lock: a requirements file with versions and hashes, whatever tool wrote it.

The paths in a lock are relative to the folder of the declaration.
"""

import re
from collections.abc import Iterable
from pathlib import Path

from sealift.analysis import foreign_locks
from sealift.analysis.locks import Lock, of_its_format
from sealift.build.dependencies.declared import Declared
from sealift.build.dependencies.mirror import Mirror
from sealift.build.dependencies.uv import Uv
from sealift.build.target import PythonPlatform
from sealift.errors import BuildError

_REQUIREMENTS, _CONSTRAINTS = ".sealift-requirements.txt", ".sealift-constraints.txt"


def resolve(declared: Declared, target: PythonPlatform, uv: Uv, mirror: Mirror, *, given: str = "") -> Lock:
    """Return the lock of a declaration; `given` is one that it had before. Raises BuildError with uv's reason.

    The lock that is given counts, with its hashes, when the declaration can be resolved to it still.
    """
    try:
        found = _resolve(declared, target, uv, mirror, pins=_constraints(given))
        return Lock(text=given) if given and _names(given) == _names(found.text) else found
    except BuildError as error:
        error.message = mirror.told(error.message).replace(_REQUIREMENTS, declared.path.name)
        if "--locked" in error.message:
            error.message = f"{declared.path} is out of date: what it locks was changed after it was written"
        raise


def _resolve(declared: Declared, target: PythonPlatform, uv: Uv, mirror: Mirror, *, pins: str) -> Lock:
    match declared.kind:
        case "requirements" if declared.hashed:
            return Lock(text=_text(line for line in declared.lines if not line.startswith("-c ")), complete=False)
        case "pylock" | "pipfile":
            return Lock(text=_text(declared.lines))
        case "pyproject" if declared.project:
            (mirror.home / _CONSTRAINTS).write_text(pins)
            (mirror.home / _REQUIREMENTS).write_text(_text(declared.options))
            files = [mirror.at(declared.path), *([mirror.home / _REQUIREMENTS] if declared.options else [])]
            within = mirror.home / _CONSTRAINTS if pins else None
            return Lock(text=_compiled(files, target, uv, mirror, within))
        case "requirements" | "pyproject":
            return Lock(text=compiled(declared, target, uv, mirror, pins=pins))
        case "uv":
            return Lock(text=_exported(declared, uv, mirror))
        case "poetry":
            return _poetry(declared, target, uv, mirror)


def compiled(declared: Declared, target: PythonPlatform, uv: Uv, mirror: Mirror, *, pins: str = "") -> str:
    """Return a resolution of the lines of a declaration, within its constraints and these `pins`."""
    lines = [line for line in declared.lines if not line.startswith("-c ")]
    within = [line.removeprefix("-c ") for line in declared.lines if line.startswith("-c ")]
    (mirror.home / _REQUIREMENTS).write_text(_text([*declared.options, *map(_plain, lines)]))
    (mirror.home / _CONSTRAINTS).write_text(_text(within) + pins)
    constraints = mirror.home / _CONSTRAINTS if within or pins else None
    return _compiled([mirror.home / _REQUIREMENTS], target, uv, mirror, constraints)


def _compiled(
    files: list[Path], target: PythonPlatform, uv: Uv, mirror: Mirror, constraints: Path | None = None
) -> str:
    return mirror.outward(_bare(uv.compile(files, target, cwd=mirror.home, constraints=constraints)))


def _exported(declared: Declared, uv: Uv, mirror: Mirror) -> str:
    """Return what a uv.lock says, compared with what it locks. Raises BuildError when it is out of date."""
    assert declared.project is not None
    project = mirror.at(declared.project.folder)
    text = uv.export(project, check=True)
    if text is None:
        from sealift.build.dependencies.uv_locks import refuse_stale

        refuse_stale(mirror.at(declared.path), declared.path)
        text = uv.export(project, check=False) or ""
    return mirror.outward(_bare(text))


def _poetry(declared: Declared, target: PythonPlatform, uv: Uv, mirror: Mirror) -> Lock:
    text, name = declared.text.partition("\0")[0], str(declared.path)
    with of_its_format(name):
        pinned, hashes = foreign_locks.constraints(text, name), foreign_locks.poetry_hashes(text, name)
    try:
        resolved = compiled(declared, target, uv, mirror, pins=pinned)
    except BuildError as error:
        again = foreign_locks.lock_command(name)
        error.hint = f"{error.hint} When pyproject.toml changed after {declared.path.name}, lock again: {again}"
        raise
    return Lock(text=foreign_locks.only_locked(resolved, hashes, name))


def _names(lock: str) -> list[str]:
    """Return what a lock names, without hashes: versions, and places of what is in no registry."""
    joined = re.sub(r"\\\r?\n", " ", lock)
    return sorted(re.sub(r"\s+", " ", line.partition("--hash")[0]).strip() for line in joined.splitlines() if line)


def _constraints(lock: str) -> str:
    return _text(name for name in _names(lock) if "==" in name and " @ " not in name)


def _text(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _plain(line: str) -> str:
    return re.sub(r"^(?:-e|--editable)[ =]\s*", "", line)


def _bare(text: str) -> str:
    """Return a resolution without comments, registries (which may hold a password) and editable installs."""
    lines = [line for line in text.splitlines() if line.strip() and not re.match(r"\s*#|--?[a-z]", line)]
    edited = [_plain(line) for line in text.splitlines() if line.startswith(("-e ", "--e"))]
    return _text(line.rstrip() for line in [*lines, *edited])
