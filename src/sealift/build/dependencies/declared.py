"""Finds what says which dependencies a folder has."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Literal

from sealift.analysis.locks import of_its_format
from sealift.build.cache.keys import digest
from sealift.build.dependencies.projects import Project, Workspace, workspace
from sealift.build.dependencies.requirement_files import LocalPath, Places, Requirements, no_network, read_text
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

    requires_python: str = ""
    """Which Pythons it says that it is for."""
    indexes: tuple[str, ...] = ()
    """Arguments of uv for registries that only chosen packages come from."""

    @property
    def folder(self) -> Path:
        """The folder of the file, which the paths of its lock are relative to."""
        return self.path.parent

    @property
    def hashed(self) -> bool:
        """Whether the author has locked it with hashes."""
        return any("--hash=" in line for line in self.lines)

    @property
    def open(self) -> bool:
        """Whether it leaves versions open, so that it may be resolved otherwise another day."""
        return self.kind == "pyproject" or (self.kind == "requirements" and not self.hashed)

    def mark(self) -> str:
        """Return what a lock says that was made from this."""
        return f"sealift-lock: {digest(self.lines)}"

    def key(self) -> str:
        """Return a digest of all that was written, without passwords and without the content of local paths."""
        options = [masked(option) for option in (*self.options, *self.indexes)]
        return digest(self.kind, self.lines, options, self.text, self.variables)


def declared(
    folder: Path,
    *,
    uv_first: bool = False,
    bases: tuple[Path, ...] = (),
    variables: Mapping[str, str] = MappingProxyType({}),
    fetch: Callable[[str], str] = no_network,
) -> Declared | None:
    """Return what declares the dependencies of this folder, or None when it has none. Raises BuildError.

    `bases` are where a path of a requirements file may begin besides that file's folder; the last is the repository.
    """
    order = sorted(_FILES, key=lambda f: f[1] not in ("uv", "pyproject")) if uv_first else _FILES
    places = Places(home=folder, bases=bases, variables=variables, fetch=fetch)
    for name, kind in order:
        path = folder / name
        if kind == "uv":
            found = _locked_by_uv(path, places.boundary)
        else:
            found = _read(path, kind, places) if path.is_file() else None
        if found is not None:
            return found
    pipfile = folder / "Pipfile"
    if pipfile.is_file() and foreign_locks().has_packages(read_text(pipfile)):
        raise BuildError(
            f"{pipfile} has no Pipfile.lock beside it, which says what is installed",
            code="dependencies-incomplete",
            hint="Commit both files (pipenv lock), or write a requirements.txt.",
        )
    return None


def foreign_locks() -> ModuleType:
    """Return the readers of other tools' locks, which most builds do not need."""
    from sealift.analysis import foreign_locks as readers

    return readers


def _read(path: Path, kind: Kind, places: Places) -> Declared | None:
    if kind == "requirements":
        return requirements(path, places)
    with of_its_format(str(path)):
        return _of_another_tool(path, kind, read_text(path), places)


def _of_another_tool(path: Path, kind: Kind, text: str, places: Places) -> Declared | None:
    if kind == "pyproject":
        return _project(path, text, places)
    if kind == "poetry":
        from sealift.analysis.poetry import poetry_requirements

        project = Project.parse(_beside(path), read_text(_beside(path)))
        asked = poetry_requirements(project.text, str(project.path), locked=True)
        asked = _registries(project) + foreign_locks().at_locked_commits(asked, text, str(path))
        found = Declared(kind=kind, path=path, text=f"{text}\0{asked}", requires_python=project.requires_python)
        return _with_paths(found, asked, places)
    if kind == "pipfile":
        lock = foreign_locks().pipfile_lock(text, str(path))
        if path.with_name("Pipfile").is_file():
            foreign_locks().refuse_stale_pipfile(read_text(path.with_name("Pipfile")), lock, str(path))
        named = lock.get("_meta", {}).get("requires", {})
        python = str(named.get("python_full_version") or named.get("python_version") or "")
        asked = foreign_locks().from_pipfile_lock(text, str(path))
    else:
        asked, python = foreign_locks().from_pylock(text, str(path)), foreign_locks().python_of_pylock(text, str(path))
    return _with_paths(Declared(kind=kind, path=path, text=text, requires_python=python), asked, places)


def _project(path: Path, text: str, places: Places) -> Declared | None:
    from sealift.analysis.poetry import is_poetry, poetry_requirements

    found = Project.parse(path, text)
    if not found.has_dependencies:
        return None
    declared = Declared(kind="pyproject", path=path, requires_python=found.requires_python)
    if is_poetry(found.table):
        _refuse_placed(found)
        asked = poetry_requirements(text, str(path))
        return _with_paths(replace(declared, text=asked), _registries(found) + asked, places)
    return _with_paths(replace(declared, project=found, indexes=_indexes(found, None)), _registries(found), places)


def _registries(project: Project) -> str:
    """Return options for the registries that Poetry or PDM would ask."""
    from sealift.analysis import registries

    return "".join(f"{line}\n" for line in (*registries.of_poetry(project.table), *registries.of_pdm(project.table)))


def _indexes(project: Project, shared: Workspace | None) -> tuple[str, ...]:
    from sealift.analysis import registries

    return registries.of_uv(project.uv, *([shared.root.uv] if shared else []))


def _refuse_placed(project: Project) -> None:
    """Refuse to look for a package in any registry that is to come from one: without a lock any would do."""
    from sealift.analysis.registries import placed_by_poetry

    names = placed_by_poetry(project.table)
    if names:
        raise BuildError(
            f"{project.path} takes {', '.join(names)} from a registry of their own, and no poetry.lock beside it says "
            "which files these are",
            code="dependencies-incomplete",
            hint="Commit poetry.lock (poetry lock): then nothing of the same name can take their place.",
        )


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
    if not lock.is_file():
        return None
    indexes = _indexes(own, shared)
    return Declared(kind="uv", path=lock, project=own, requires_python=own.requires_python, indexes=indexes)


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
    if not any(not line.startswith("-c ") for line in read.lines):
        return None
    read.refuse_without_hash(path)
    return Declared(
        kind="requirements",
        path=path,
        lines=tuple(read.lines),
        options=tuple(read.options),
        local=tuple(dict.fromkeys(read.local)),
        variables=read.variables(),
    )
