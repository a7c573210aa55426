"""All that uv may read to resolve and install a declaration: projects, packages by path, workspaces, its settings.

uv gets a copy of these and of nothing else (`mirror`), and their digests are in the keys of what it makes: so a key
has everything that a result depends on, and a build that reads anything else of the repository fails.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from sealift.build.cache.keys import digest
from sealift.build.dependencies.projects import (
    Project,
    Workspace,
    of_poetry,
    project_in,
    references,
    registries,
    sources,
    workspace,
)
from sealift.errors import BuildError

if TYPE_CHECKING:
    from sealift.build.dependencies.declared import Declared
    from sealift.build.zips.tree import SourceFile, Tree

_ARCHIVES = (".whl", ".zip", ".gz", ".tgz", ".bz2", ".html")
_SCRIPTS = ("setup.py", "setup.cfg")


class Read(Protocol):
    """Reads a file, or a folder as a package that is named by its path."""

    def __call__(self, path: Path) -> "Tree":
        """Return the tree. Raises BuildError."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """A folder or file that uv may read. `digest` covers what counts of it."""

    path: Path
    digest: str
    base: Path
    """What the names of the files are relative to."""
    files: tuple["SourceFile", ...] = ()
    text: str | None = None
    """The content of a file of which only a part counts."""
    package: bool = False
    """Whether it is a folder that packages are built from."""


def inputs(declared: "Declared", boundary: Path, read: Read) -> tuple[Input, ...]:
    """Return what uv may read of the repository for this declaration. Raises BuildError."""
    closure = _Closure(boundary=boundary.resolve(), read=read)
    if declared.project is not None:
        closure.function(declared.project)
    if declared.kind == "uv":
        closure.file(declared.path)
    for local in declared.local:
        (closure.registry if local.packages else closure.package)(local.path)
    for folder in _upwards((declared.project or declared).folder.resolve(), closure.boundary):
        closure.settings(folder)
    return tuple(closure.found[key] for key in sorted(closure.found))


def _there(path: Path) -> Path | None:
    """Return what a path leads to; None where there is nothing, or can be nothing of that name."""
    try:
        place = path.resolve()
        return place if place.exists() else None
    except (OSError, ValueError):
        return None


def _upwards(folder: Path, boundary: Path) -> Iterator[Path]:
    yield folder
    if folder.is_relative_to(boundary):
        yield from (parent for parent in folder.parents if parent.is_relative_to(boundary))


@dataclass(slots=True, kw_only=True)
class _Closure:
    boundary: Path
    read: Read
    found: dict[tuple[str, str], Input] = field(default_factory=dict)

    def function(self, project: Project) -> None:
        """Add the function's own project: what it needs at run time is shipped, all else only looked at."""
        shared = self._workspace(project)
        shipped = None if project.dynamic else project.asked()
        self._metadata(project)
        for path in (*sources(project, shared, shipped), *references(project.text, project.folder)):
            self.package(path)
        for path in sources(project, shared, None):
            if (other := project_in(path)) is not None:
                self._metadata(other)

    def package(self, path: Path) -> None:
        """Add a package by path, and what it names by path itself."""
        place = _there(path)
        if place is None:
            raise BuildError(
                f"The dependencies name {path}, which is not there",
                code="requirements-missing",
                hint="Correct the path; it is relative to the folder of the file that names it.",
            )
        path = place
        self._refuse_outside(path)
        if not self._add("package", path):
            return
        project = project_in(path) if path.is_dir() else None
        for text, folder in self._texts(path, project):
            self._all(other for other in references(text, folder) if _there(other))
        if project is not None:
            self._all(sources(project, self._workspace(project), None))
            self._all(of_poetry(project))
            self.settings(path)

    def registry(self, path: Path) -> None:
        """Add a folder in which packages are looked for, when it is in the repository; others are registries."""
        place = _there(path)
        if place is not None and place.is_relative_to(self.boundary):
            self._add("registry", place)

    def file(self, path: Path) -> None:
        """Add a file as it is."""
        self._add("file", path.resolve())

    def settings(self, folder: Path) -> None:
        """Add the settings of uv in this folder, and the folders of packages that they name."""
        if (folder / "uv.toml").is_file():
            import tomllib

            self.file(folder / "uv.toml")
            try:
                listed = tomllib.loads((folder / "uv.toml").read_text(encoding="utf-8"))
            except ValueError:
                listed = {}  # uv says what is wrong with it
            self._registries(listed, folder)
        project = project_in(folder)
        if project is not None and project.uv:
            self._table(project)
            self._registries(project.uv, folder)

    def _registries(self, listed: "dict[str, object] | object", folder: Path) -> None:
        for path in registries(listed, folder) if isinstance(listed, dict) else ():
            self.registry(path)

    def _workspace(self, project: Project) -> Workspace | None:
        """Return the workspace of a project, all of whose members uv looks at."""
        shared = workspace(project, self.boundary)
        for member in shared.members if shared else ():
            self._metadata(member)
        return shared

    def _metadata(self, project: Project) -> None:
        """Add what a project says of itself; of one that finds it out by its build, the whole folder."""
        if project.dynamic:
            self._add("package", project.folder.resolve())
        else:
            self._table(project)

    def _table(self, project: Project) -> None:
        path = project.path.resolve()
        found = Input(path=path, base=path.parent, digest=digest(project.read_by_uv()), text=project.text)
        self.found.setdefault(("project", str(path)), found)

    def _texts(self, path: Path, project: Project | None) -> Iterator[tuple[str, Path]]:
        if project is not None:
            yield project.text, path
        for name in _SCRIPTS if path.is_dir() else ():
            if (path / name).is_file():
                yield (path / name).read_text(encoding="utf-8", errors="replace"), path

    def _all(self, paths: Iterable[Path]) -> None:
        for path in paths:
            self.package(path)

    def _add(self, how: str, path: Path) -> bool:
        """Add a tree, unless it is there already."""
        if (how, str(path)) in self.found:
            return False
        tree = self.read(path)
        files = tree.files
        if how == "registry" and path.is_dir():
            files = tuple(f for f in files if "/" not in f.name and f.name.endswith(_ARCHIVES))
        content = digest(how, [(f.name, f.executable, f.sha256) for f in files])
        package = how == "package" and path.is_dir()
        self.found[how, str(path)] = Input(path=path, base=tree.root, digest=content, files=files, package=package)
        return True

    def _refuse_outside(self, path: Path) -> None:
        if not path.is_relative_to(self.boundary):
            raise BuildError(
                f"The dependencies name {path}, which is outside of the repository {self.boundary}",
                code="source-outside",
                hint="Only what is in the repository goes into a release: move it there, or publish it to a registry.",
            )
