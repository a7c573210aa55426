"""Turns what a folder declares into one lock: a requirements file with versions and hashes, whatever tool wrote it."""

import re
from pathlib import Path

from sealift.build.dependencies import foreign_locks
from sealift.build.dependencies.declared import Declared
from sealift.build.dependencies.local_paths import copied, flattened
from sealift.build.dependencies.locks import Lock
from sealift.build.dependencies.poetry import is_poetry, poetry_requirements
from sealift.build.dependencies.uv import Uv
from sealift.build.target import Target
from sealift.errors import BuildError


def resolve(declared: Declared, target: Target, uv: Uv, boundary: Path, scratch: Path) -> Lock:
    """Return the lock of a declaration. Raises BuildError with uv's reason."""
    text = declared.text.split("\0")[0]
    match declared.kind:
        case "requirements" if declared.hashed:
            return Lock(text="".join(f"{line}\n" for line in declared.lines), complete=False)
        case "requirements" if declared.local:
            return _with_local_paths(declared, target, uv, boundary, scratch)
        case "pyproject" if is_poetry(text):
            source = scratch / "requirements.in"
            source.write_text(poetry_requirements(text, str(declared.path)))
            return Lock(text=_plain(uv.compile([source], target, cwd=declared.folder)))
        case "requirements" | "pyproject":
            return Lock(text=_plain(uv.compile([declared.path], target, cwd=declared.folder)))
        case "pylock":
            return Lock(text=foreign_locks.from_pylock(text, str(declared.path)))
        case "pipfile":
            return Lock(text=foreign_locks.from_pipfile_lock(text, str(declared.path)))
        case "uv":
            return Lock(text=_plain(uv.export(declared.folder)))
        case "poetry":
            return _poetry(declared, target, uv, scratch)


def _with_local_paths(declared: Declared, target: Target, uv: Uv, boundary: Path, scratch: Path) -> Lock:
    copies = copied(declared.local, boundary, scratch)
    requirements, constraints = flattened(declared, copies)
    (scratch / "requirements.in").write_text(requirements)
    (scratch / "constraints.txt").write_text(constraints)
    files = [scratch / "requirements.in"]
    resolved = uv.compile(files, target, cwd=declared.folder, constraints=scratch / "constraints.txt")
    return Lock(text=copies.outward(_plain(resolved)))


def universal(declared: Declared, target: Target, uv: Uv, boundary: Path, scratch: Path) -> str:
    """Return a resolution of requirements for every platform, from the target's Python on. Raises BuildError."""
    everywhere = Target(python=target.python, platform="")
    return _with_local_paths(declared, everywhere, uv, boundary, scratch).text


def _poetry(declared: Declared, target: Target, uv: Uv, scratch: Path) -> Lock:
    text, _, project = declared.text.partition("\0")
    name = str(declared.path)
    constraints = scratch / "constraints.txt"
    constraints.write_text(foreign_locks.poetry_constraints(text, name))
    source = scratch / "requirements.in"
    source.write_text(poetry_requirements(project, str(declared.folder / "pyproject.toml"), versions=False))
    try:
        resolved = uv.compile([source], target, cwd=declared.folder, constraints=constraints)
    except BuildError as error:
        error.hint = f"{error.hint} When pyproject.toml changed after poetry.lock, lock again: poetry lock"
        raise
    return Lock(text=foreign_locks.only_locked(_plain(resolved), foreign_locks.poetry_hashes(text, name), name))


def _plain(text: str) -> str:
    """Return a resolution without comments, registries (which may hold a password) and editable installs."""
    lines = [line for line in text.splitlines() if line.strip() and not re.match(r"\s*#|--?[a-z]", line)]
    edited = [
        re.sub(r"^(?:-e|--editable)\s+", "", line) for line in text.splitlines() if line.startswith(("-e ", "--e"))
    ]
    return "".join(f"{line.rstrip()}\n" for line in [*lines, *edited])
