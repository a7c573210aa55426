"""Finds what says which dependencies a folder has."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from sealift.build.cache.keys import digest
from sealift.build.dependencies.projects import Project, workspace
from sealift.build.dependencies.requirement_files import REMOTE, LocalPath, Places, Requirements, read_text
from sealift.build.dependencies.uv import masked
from sealift.errors import BuildError

LOCK_NAME = "requirements.lock"
"""What `sealift lock` writes beside requirements.txt."""

Kind = Literal["requirements", "pylock", "uv", "poetry", "pipfile", "pyproject"]

_FILES: tuple[tuple[str, Kind], ...] = (
    ("requirements.txt", "requirements"),
    ("pylock.toml", "pylock"),
    ("uv.lock", "uv"),
    ("poetry.lock", "poetry"),
    ("pdm.lock", "poetry"),
    ("Pipfile.lock", "pipfile"),
    ("pyproject.toml", "pyproject"),
)
"""What `sam build` reads comes first: an application that moves here gets the dependencies it had."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """One declaration of dependencies. `lines` are those of a requirements file, its includes read in place."""

    kind: Kind
    path: Path
    lines: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    """Which registries to ask. They may hold a password, so they go into no record."""
    local: tuple[LocalPath, ...] = ()
    """Folders and files that it names by path."""
    text: str = ""
    """What was written, for what is not in `lines` and not among the inputs of uv."""
    project: Project | None = None
    """The project of the function, for what uv reads itself."""
    variables: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """Environment variables that it names, with their values."""

    @property
    def folder(self) -> Path:
        """The folder of the file, which the paths of its lock are relative to."""
        return self.path.parent

    @property
    def hashed(self) -> bool:
        """Whether the author has locked it with hashes."""
        return any("--hash=" in line for line in self.lines) and not any(s.startswith(REMOTE) for s in self.lines)

    @property
    def remote(self) -> tuple[str, ...]:
        """The addresses of files that it includes, without passwords: what they hold is in no key."""
        return tuple(masked(line.partition(" ")[2]) for line in self.lines if line.startswith(REMOTE))

    @property
    def open(self) -> bool:
        """Whether it leaves versions open, so that it may be resolved otherwise another day."""
        return self.kind == "pyproject" or (self.kind == "requirements" and not self.hashed)

    def mark(self) -> str:
        """Return what a lock says that was made from this."""
        return f"sealift-lock: {digest(self.lines)}"

    def key(self) -> str:
        """Return a digest of all that was written, without passwords and without the content of local paths."""
        options = [masked(option) for option in self.options]
        return digest(self.kind, self.lines, options, self.text, self.variables)


def declared(
    folder: Path,
    *,
    uv_first: bool = False,
    bases: tuple[Path, ...] = (),
    variables: Mapping[str, str] = MappingProxyType({}),
) -> Declared | None:
    """Return what declares the dependencies of this folder, or None when it has none. Raises BuildError.

    `bases` are where a path of a requirements file may begin besides that file's folder; the last is the repository.
    """
    order = sorted(_FILES, key=lambda f: f[1] not in ("uv", "pyproject")) if uv_first else _FILES
    places = Places(home=folder, bases=bases, variables=variables)
    for name, kind in order:
        path = folder / name
        if kind == "uv":
            found = _locked_by_uv(path, places.boundary)
        else:
            found = _read(path, kind, places) if path.is_file() else None
        if found is not None:
            return found
    return None


def _read(path: Path, kind: Kind, places: Places) -> Declared | None:
    if kind == "requirements":
        return requirements(path, places)
    text = read_text(path)
    if kind == "pyproject":
        return _project(path, text, places)
    if kind == "poetry":
        from sealift.build.dependencies.foreign_locks import at_locked_commits
        from sealift.build.dependencies.poetry import poetry_requirements

        project = read_text(_beside(path))
        asked = poetry_requirements(project, str(path.with_name("pyproject.toml")), locked=True)
        asked = at_locked_commits(asked, text, str(path))
        return _with_paths(Declared(kind=kind, path=path, text=f"{text}\0{asked}"), asked, places)
    from sealift.build.dependencies.foreign_locks import from_pipfile_lock, from_pylock

    converted = from_pylock if kind == "pylock" else from_pipfile_lock
    return _with_paths(Declared(kind=kind, path=path, text=text), converted(text, str(path)), places)


def _project(path: Path, text: str, places: Places) -> Declared | None:
    from sealift.build.dependencies.poetry import is_poetry, poetry_requirements

    found = Project.parse(path, text)
    if not found.has_dependencies:
        return None
    if is_poetry(found.table):
        asked = poetry_requirements(text, str(path))
        return _with_paths(Declared(kind="pyproject", path=path, text=asked), asked, places)
    return Declared(kind="pyproject", path=path, project=found)


def _with_paths(found: Declared, asked: str, places: Places) -> Declared:
    """Return the declaration with the requirements of another format, their paths as uv takes them."""
    variables = {**places.variables, "PROJECT_ROOT": str(found.folder)}  # as PDM and uv write a path
    read = Requirements(places=replace(places, variables=variables))
    read.text(asked, found.folder)
    return replace(found, lines=tuple(read.lines), options=tuple(read.options), local=tuple(dict.fromkeys(read.local)))


def _locked_by_uv(path: Path, boundary: Path) -> Declared | None:
    """Return what the uv.lock of this project, or of the workspace that it is a member of, locks."""
    project = path.with_name("pyproject.toml")
    if not project.is_file():
        if path.is_file():
            _beside(path)
        return None
    own = Project.parse(project, read_text(project))
    if "project" not in own.table and not path.is_file():
        return None
    shared = workspace(own, boundary)
    lock = (shared.root.folder if shared else own.folder) / "uv.lock"
    return Declared(kind="uv", path=lock, project=own) if lock.is_file() else None


def _beside(lock: Path) -> Path:
    project = lock.with_name("pyproject.toml")
    if not project.is_file():
        raise BuildError(
            f"{lock} has no pyproject.toml beside it", code="dependencies-incomplete", hint="Commit both files."
        )
    return project


def requirements(path: Path, places: Places | None = None, *, locked: bool = True) -> Declared | None:
    """Read a requirements file and all it includes; None when it names no dependency.

    With `locked`, a lock beside it is read in its place. Raises BuildError when the lock does not fit it.
    """
    places = places or Places(home=path.parent)
    found = _requirements(path, places)
    lock = path.with_name(LOCK_NAME)
    if found is None or not locked or not lock.is_file():
        return found
    if found.mark() not in read_text(lock):
        raise BuildError(
            f"{lock} was not made from the {path.name} beside it as it is now",
            code="lock-stale",
            hint="Lock again: sealift lock",
        )
    fitting = _requirements(lock, places)
    return None if fitting is None else replace(fitting, options=found.options)


def _requirements(path: Path, places: Places) -> Declared | None:
    read = Requirements(places=places)
    read.file(path)
    if not any(not line.startswith(("-c ", "--constraint ")) for line in read.lines):
        return None
    return Declared(
        kind="requirements",
        path=path,
        lines=tuple(read.lines),
        options=tuple(read.options),
        local=tuple(dict.fromkeys(read.local)),
        variables=read.variables(),
    )
