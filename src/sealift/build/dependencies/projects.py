"""What a pyproject.toml says of the folders and files beside it: sources by path, workspaces, references by address.

https://docs.astral.sh/uv/concepts/projects/dependencies/ and https://docs.astral.sh/uv/concepts/projects/workspaces/.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from sealift.analysis.locks import normalized
from sealift.errors import BuildError

_Table = Mapping[str, Any]
_READ_BY_UV = ("project", "build-system", "dependency-groups")
_TYPES = {
    **dict.fromkeys(("project", "project.optional-dependencies", "dependency-groups", "build-system"), dict),
    **dict.fromkeys(("tool", "tool.uv", "tool.uv.workspace", "tool.poetry", "tool.poetry.dependencies"), dict),
    **dict.fromkeys(("project.dependencies", "project.dynamic"), list),
    **dict.fromkeys(("tool.uv.workspace.members", "tool.uv.workspace.exclude"), list),
}
"""What is read of a project. https://packaging.python.org/en/latest/specifications/pyproject-toml/"""
_REFERENCE = re.compile(r"@\s*(?P<address>file:[^\s\"';#]+|\{root(?P<up>(?::parent)*):uri\}(?P<below>[^\s\"';#]*))")
"""A requirement by address in any file of a project; hatch writes `{root:parent:uri}/b`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A pyproject.toml."""

    path: Path
    text: str
    table: _Table = field(hash=False, compare=False, repr=False)

    @staticmethod
    def parse(path: Path, text: str) -> "Project":
        """Return the project. Raises BuildError when the text is not TOML."""
        return _parsed(path, text)

    @property
    def folder(self) -> Path:
        """The folder of the project."""
        return self.path.parent

    @property
    def name(self) -> str:
        """Its name, normalized; empty without one."""
        return normalized(str(self.table.get("project", {}).get("name", "")))

    @property
    def dynamic(self) -> bool:
        """Whether what it depends on is found out by its build, which may read any of its files."""
        named = self.table.get("project", {}).get("dynamic", ())
        return not {"dependencies", "optional-dependencies"}.isdisjoint(map(str, named))

    @property
    def requires_python(self) -> str:
        """Which Pythons it is for, as written; empty where nothing is said."""
        poetry = self.table.get("tool", {}).get("poetry", {}).get("dependencies", {}).get("python", "")
        said = self.table.get("project", {}).get("requires-python") or poetry
        return said if isinstance(said, str) else ""

    @property
    def uv(self) -> _Table:
        """The settings of uv."""
        found = self.table.get("tool", {}).get("uv", {})
        return found if isinstance(found, Mapping) else {}

    @property
    def has_dependencies(self) -> bool:
        """Whether it declares any."""
        project = self.table.get("project", {})
        poetry = self.table.get("tool", {}).get("poetry", {})
        named = [name for name in poetry.get("dependencies", {}) if name.lower() != "python"]
        return bool(project.get("dependencies")) or "dependencies" in project.get("dynamic", ()) or bool(named)

    def asked(self) -> frozenset[str]:
        """Return the names that it needs at run time, with any extra."""
        project = self.table.get("project", {})
        lines = [*project.get("dependencies", ()), *_flat(project.get("optional-dependencies", {}).values())]
        return frozenset(_name(str(line)) for line in lines)

    def read_by_uv(self) -> dict[str, Any]:
        """Return what uv reads of it: all but the settings of other tools."""
        return {**{key: self.table[key] for key in _READ_BY_UV if key in self.table}, "uv": self.uv}


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """Projects that are locked together."""

    root: Project
    members: tuple[Project, ...]

    def member(self, name: str) -> Project | None:
        """Return the member of this normalized name."""
        return next((member for member in self.members if member.name == name), None)


def project_in(folder: Path) -> Project | None:
    """Return the project of a folder, or None when it has no pyproject.toml. Raises BuildError."""
    path = folder / "pyproject.toml"
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return None
    return _parsed(path, text)


@lru_cache(maxsize=1024)
def _parsed(path: Path, text: str) -> Project:
    import tomllib

    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise BuildError(f"{path}: {error}", code="pyproject-invalid", hint="Correct the file.") from error
    for place, kind in _TYPES.items():
        value: Any = table
        for key in place.split("."):
            value = value.get(key) if value is not None else None
        if value is not None and not isinstance(value, kind):
            what = "a table" if kind is dict else "a list"
            raise BuildError(f"{path}: {place} has to be {what}", code="pyproject-invalid", hint="Correct the file.")
    return Project(path=path, text=text, table=table)


def workspace(project: Project, boundary: Path) -> Workspace | None:
    """Return the workspace that a project is a member of or the root of: the nearest one within `boundary`."""
    folder = project.folder.resolve()
    for parent in (folder, *folder.parents):
        root = project_in(parent)
        listed = root.uv.get("workspace") if root else None
        if root and isinstance(listed, Mapping):
            members = tuple(_members(root, listed))
            if folder == parent or folder in [member.folder.resolve() for member in members]:
                return Workspace(root=root, members=(root, *(m for m in members if m.folder.resolve() != parent)))
            if folder not in _matching(parent, listed.get("exclude", ())):
                return None
        if parent == boundary.resolve():
            return None
    return None


def _members(root: Project, listed: _Table) -> Iterator[Project]:
    excluded = _matching(root.folder, listed.get("exclude", ()))
    for folder in sorted(_matching(root.folder, listed.get("members", ())) - excluded):
        found = project_in(folder)
        if found is not None:
            yield found


def _matching(root: Path, patterns: Iterable[object]) -> set[Path]:
    found: set[Path] = set()
    for pattern in patterns:
        relative = str(pattern).removeprefix("./").rstrip("/") or "."
        try:
            found |= {root.resolve()} if relative == "." else {path.resolve() for path in root.glob(relative)}
        except (OSError, ValueError, NotImplementedError) as error:
            message = f"{root / 'pyproject.toml'}: {relative!r} is not a pattern for the members of a workspace"
            raise BuildError(message, code="pyproject-invalid", hint="Correct the file.") from error
    return found


def sources(project: Project, shared: Workspace | None, wanted: frozenset[str] | None) -> Iterator[Path]:
    """Yield where uv takes packages from by path; `wanted` are the names that count, None for all."""
    inherited = _of_uv(shared.root) if shared and shared.root.folder != project.folder else {}
    own = _of_uv(project)
    for table, base in ((inherited, shared.root.folder if shared else project.folder), (own, project.folder)):
        for name, value in table.items():
            if (wanted is None or normalized(name) in wanted) and not (table is inherited and name in own):
                for source in value if isinstance(value, list) else [value]:
                    yield from _path(normalized(name), source, base, shared)


def _path(name: str, source: object, base: Path, shared: Workspace | None) -> Iterator[Path]:
    if not isinstance(source, Mapping):
        return
    if isinstance(source.get("path"), str):
        yield base / source["path"]
    member = shared.member(name) if shared and source.get("workspace") is True else None
    if member is not None:
        yield member.folder


def _of_uv(project: Project) -> _Table:
    found = project.uv.get("sources", {})
    return found if isinstance(found, Mapping) else {}


def of_poetry(project: Project) -> Iterator[Path]:
    """Yield where Poetry takes packages from by path."""
    for value in project.table.get("tool", {}).get("poetry", {}).get("dependencies", {}).values():
        for source in value if isinstance(value, list) else [value]:
            if isinstance(source, Mapping) and isinstance(source.get("path"), str):
                yield project.folder / source["path"]


def registries(settings: _Table, folder: Path) -> Iterator[Path]:
    """Yield the folders in which uv looks for packages, by `[tool.uv]` or uv.toml in this folder."""
    pip = settings.get("pip", {})
    for table in (settings, pip if isinstance(pip, Mapping) else {}):
        named = [*_listed(table.get("find-links")), *_listed(table.get("extra-index-url"))]
        named += _listed(table.get("index-url"))
        named += [index.get("url") for index in _listed(table.get("index")) if isinstance(index, Mapping)]
        for url in named:
            if isinstance(url, str) and (url.startswith("file:") or "://" not in url):
                yield folder / file_path(url)


def references(text: str, folder: Path) -> Iterator[Path]:
    """Yield what the text of a file in a project's folder names as `b @ file:…`."""
    for match in _REFERENCE.finditer(text):
        if match["up"] is None:
            yield folder / file_path(match["address"])
        else:
            up = "../" * match["up"].count(":parent")
            yield folder / (up + unquote(match["below"]).lstrip("/"))


def file_path(address: str) -> str:
    """Return the path of a `file:` address, relative or absolute, or what was given when it is none."""
    if not address.startswith("file:"):
        return address
    return re.sub(r"^file:(?://(?:localhost)?(?=/))?", "", unquote(address))


def _name(requirement: str) -> str:
    match = re.match(r"\s*([A-Za-z0-9][\w.\-]*)", requirement)
    return normalized(match[1]) if match else requirement


def _flat(lists: Iterable[object]) -> list[object]:
    return [line for listed in lists if isinstance(listed, list) for line in listed]


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
