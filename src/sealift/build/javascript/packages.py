"""The packages of the repository itself that a Node.js function consists of: its own, workspaces, and `file:` folders.

Says where npm has to be run and which files beside the function's folder decide the result. Installs nothing.
https://docs.npmjs.com/cli/using-npm/workspaces
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from sealift.boundary import real_path_outside
from sealift.errors import BuildError

LOCKS = ("package-lock.json", "npm-shrinkwrap.json")
DECLARATIONS = ("package.json", ".npmrc", *LOCKS)
"""What decides what npm installs."""
INSTALLED = ("dependencies", "optionalDependencies")
_TABLES = (*INSTALLED, "devDependencies", "peerDependencies", "scripts", "engines")
_RELATIVE = ("file:", "./", "../", "/", "~/")
_OTHERS_ONLY = ("workspace:", "link:", "portal:", "catalog:", "patch:")
"""Protocols of pnpm and Yarn, which npm does not know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A dependency of one own package (its folder) that another own folder, or an archive, is to satisfy."""

    user: Path
    name: str
    target: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Packages:
    """The own packages of a function. Paths are real ones, all inside the repository."""

    source: Path
    root: Path
    """The folder that holds the lock that counts: the workspace's, or the package's own."""
    members: tuple[Path, ...]
    """Every folder of the workspace."""
    own: tuple[Path, ...]
    """The packages that the function uses, its own first."""
    links: tuple[Link, ...]
    manifests: Mapping[Path, dict[str, Any]]

    @property
    def installs(self) -> tuple[Path, ...]:
        """The folders in which npm is run: it installs nothing for a linked folder outside its own root."""
        return tuple(f for f in self._installs() if self.root == f or self._declared(f))

    def _installs(self) -> tuple[Path, ...]:
        return (self.root, *(f for f in self.own if not f.is_relative_to(self.root)))

    def _declared(self, folder: Path) -> bool:
        return any(self.manifests[folder].get(section) for section in INSTALLED)

    @property
    def locked(self) -> tuple[Path, ...]:
        """Those folders that have a lock file of npm's."""
        return tuple(folder for folder in self.installs if lock_of(folder))

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folders of other own packages whose whole content counts."""
        linked = (link.target for link in self.links if link.target.is_dir())
        return tuple(dict.fromkeys(f for f in (*self.own, *linked) if not f.is_relative_to(self.source)))

    @property
    def files(self) -> tuple[Path, ...]:
        """Single files beside the function's folder that npm reads."""
        found = [folder / name for folder in (self.root, *self.members) for name in DECLARATIONS]
        found += [link.target for link in self.links if link.target.is_file()]
        return tuple(dict.fromkeys(f for f in found if f.is_file() and not f.is_relative_to(self.source)))

    def declares(self, name: str) -> bool:
        """Return whether an own package asks for this one, for development too."""
        sections = (*INSTALLED, "devDependencies")
        return any(name in (m.get(section) or {}) for m in self.manifests.values() for section in sections)

    def needs_install(self, *, development: bool) -> bool:
        """Return whether npm has anything to install."""
        sections = (*INSTALLED, *(["devDependencies"] if development else []))
        asked = (*self.own, self.root) if development else self.own
        return any(self.manifests[folder].get(section) for folder in asked for section in sections)


def lock_of(folder: Path) -> Path | None:
    """Return the lock file of npm in a folder, or None."""
    return next((folder / name for name in LOCKS if (folder / name).is_file()), None)


def packages(source: Path, boundary: Path, *, development: bool = False) -> Packages | None:
    """Return the own packages of a function; None when it declares none.

    Raises BuildError for what leaves the repository and for what npm does not know.
    """
    source = source.resolve()
    start = source
    if development and not (source / "package.json").is_file():
        above = (f for f in source.parents if f.is_relative_to(boundary) and (f / "package.json").is_file())
        start = next(above, source)  # where Node.js would look next
    if not (start / "package.json").is_file():
        return None
    root, members = _workspace(start, boundary)
    reading = _Reading(boundary=boundary, names=_names(members), development=development, manifests={})
    links = tuple(reading.links((start, *(members if root == start else ()))))
    return Packages(
        source=source, root=root, members=members, own=reading.own, links=links, manifests=reading.with_manifest(root)
    )


def manifest(folder: Path) -> dict[str, Any]:
    """Return package.json, or an empty one. Raises BuildError when it cannot be read."""
    path = folder / "package.json"
    try:
        parsed = json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (ValueError, RecursionError) as error:
        raise BuildError(f"{path}: {error}", code="package-json-invalid", hint="Correct the file.") from error
    found = parsed if isinstance(parsed, dict) else {}
    for section in _TABLES:
        if not isinstance(found.get(section) or {}, dict):
            raise BuildError(f"{path}: {section} has to be an object", code="package-json-invalid", hint="Correct it.")
    return found


def _workspace(source: Path, boundary: Path) -> tuple[Path, tuple[Path, ...]]:
    """Return the root of the workspace that a package is in, and all its folders; the package itself without one."""
    for folder in (source, *source.parents):
        if not folder.is_relative_to(boundary):
            break
        members = tuple(_members(folder, boundary))
        if members and (folder == source or source in members):
            return folder, members
    return source, ()


def _members(root: Path, boundary: Path) -> Iterator[Path]:
    declared = manifest(root).get("workspaces")
    listed = declared.get("packages") if isinstance(declared, dict) else declared
    lines = [line for line in listed if isinstance(line, str)] if isinstance(listed, list) else []
    refused = {folder for line in lines if line.startswith("!") for folder in matching(root, line[1:])}
    seen: set[Path] = set()
    for line in lines:
        for folder in matching(root, line) if not line.startswith("!") else ():
            if folder in refused or folder in seen or not (folder / "package.json").is_file():
                continue
            seen.add(folder)
            yield _inside(folder, boundary, f"The workspace {line} of {root / 'package.json'}")


def matching(root: Path, pattern: str) -> Iterator[Path]:
    """Yield the real folders that a pattern of a workspace names."""
    cleaned = pattern.removeprefix("./").strip("/")
    if not cleaned or PurePosixPath(pattern).is_absolute():
        return
    for found in sorted(root.glob(cleaned)):
        if "node_modules" not in found.parts and found.is_dir():
            yield found.resolve()


def _names(members: tuple[Path, ...]) -> dict[str, Path]:
    return {str(manifest(folder).get("name") or folder.name): folder for folder in members}


def _inside(path: Path, boundary: Path, what: str) -> Path:
    real = real_path_outside(path, boundary)
    if real is not None:
        raise BuildError(
            f"{what} leaves the repository: it is {real}",
            code="source-outside",
            hint="Only what is in the repository goes into a release: copy it there, or publish it as a package.",
        )
    return path.resolve()


@dataclass(slots=True, kw_only=True)
class _Reading:
    """Follows the dependencies of own packages to other own packages."""

    boundary: Path
    names: Mapping[str, Path]
    development: bool
    manifests: dict[Path, dict[str, Any]]

    @property
    def own(self) -> tuple[Path, ...]:
        return tuple(self.manifests)

    def with_manifest(self, folder: Path) -> dict[Path, dict[str, Any]]:
        return {folder: manifest(folder)} | self.manifests

    def links(self, start: tuple[Path, ...]) -> Iterator[Link]:
        waiting = list(start)
        while waiting:
            folder = waiting.pop(0)
            if folder in self.manifests:
                continue
            self.manifests[folder] = manifest(folder)
            sections = (*INSTALLED, *(["devDependencies"] if self.development and folder == start[0] else []))
            for section in sections:
                for name, wanted in _texts(self.manifests[folder].get(section)):
                    target = self._target(folder, name, wanted)
                    if target is None:
                        continue
                    yield Link(user=folder, name=name, target=target)
                    if target.is_dir():
                        waiting.append(target)

    def _target(self, folder: Path, name: str, wanted: str) -> Path | None:
        what = f"The dependency {name} of {folder / 'package.json'}"
        if wanted.startswith(_OTHERS_ONLY):
            raise BuildError(
                f"{what} is {wanted}, which npm does not know",
                code="dependency-protocol",
                hint="Use npm's workspaces or a file: path, or build with a command under [build.commands].",
            )
        if not wanted.startswith(_RELATIVE):
            return self.names.get(name) if not wanted.startswith("npm:") else None
        path = Path(wanted.removeprefix("file:")).expanduser()
        target = _inside(folder / path, self.boundary, f"{what} ({wanted})")
        if not target.exists():
            raise BuildError(f"{what} is {wanted}, which is not there", code="source-missing", hint="Correct the path.")
        return target


def _texts(section: object) -> list[tuple[str, str]]:
    return [(str(n), v) for n, v in section.items() if isinstance(v, str)] if isinstance(section, dict) else []
