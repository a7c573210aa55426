"""Reads a source folder: which files go into the package, with mode and SHA-256.

A file whose path, size, times and inode are those of the last build is not read again. What is odd is either refused
by name (links that leave the repository or go round in circles, names that are not UTF-8) or told as a warning.
"""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import FileIO
from pathlib import Path

from sealift.build.cache.keys import digest, file_sha256
from sealift.build.cache.stat_index import StatIndex
from sealift.build.zips.leaving_out import (
    LOCAL_ANYWHERE,
    LOCAL_OUTPUT,
    NODE_MODULES,
    SOURCE_ANYWHERE,
    SOURCE_ROOT,
    Patterns,
    patterns,
)
from sealift.errors import BuildError
from sealift.model.template import Packing

_AS_IT_IS = Packing()


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file of a source folder; `name` is its POSIX path in that folder."""

    name: str
    path: str
    executable: bool
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """A source folder as it was read. `digest` covers names, modes and contents."""

    root: Path
    files: tuple[SourceFile, ...]
    digest: str
    warnings: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    """Names of files, and of folders with a slash, that are there but do not go into the package."""

    def file(self, name: str) -> SourceFile | None:
        """Return the file of this name, or None."""
        return next((f for f in self.files if f.name == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """How a folder is read. `top` holds the names left out at its top; `boundary` is what links may not leave."""

    boundary: Path
    anywhere: tuple[str, ...] = SOURCE_ANYWHERE
    top: tuple[str, ...] = ()
    leave_out: tuple[str, ...] = ()
    """Patterns of names, or of paths, that are left out besides."""
    keep: tuple[str, ...] = ()
    """Patterns of names, or of paths, that are taken whatever else is said."""
    prunes_loops: bool = False
    """Whether a link back to a folder around it is left out: Node.js finds that folder above."""


def profile(
    method: str,
    boundary: Path,
    *,
    template: str | None = None,
    drops_modules: bool = False,
    packing: Packing = _AS_IT_IS,
) -> Profile:
    """Return how the source of a package is read.

    `template` is the name of the template when the folder holds it at its top. A tool of the author's gets to see all
    but what is never source.
    """
    anywhere = SOURCE_ANYWHERE + (NODE_MODULES if drops_modules and method in ("python", "node", "esbuild") else ())
    top: tuple[str, ...] = ()
    if method in ("makefile", "command", "esbuild"):
        return Profile(boundary=boundary, anywhere=anywhere)
    if template is not None:
        top = (*SOURCE_ROOT, template)
    return Profile(boundary=boundary, anywhere=anywhere, top=top, leave_out=packing.leave_out, keep=packing.keep)


def read_package(path: Path, boundary: Path, index: StatIndex | None = None) -> "Tree":
    """Return the files of a folder that is named by path as a dependency, or of one file."""
    if path.is_file():
        return read_file(path, index)
    top = tuple(name for name in LOCAL_OUTPUT if not (path / name / "__init__.py").is_file())
    return read_tree(path, Profile(boundary=boundary, top=top, anywhere=LOCAL_ANYWHERE), index)


def read_tree(root: Path, profile: Profile, index: StatIndex | None) -> Tree:
    """Return every file of the folder that goes into a package. Raises BuildError."""
    reader = _Reader(root=root, profile=profile, index=index)
    files = tuple(sorted(reader.walk(), key=lambda f: f.name))
    content = digest([(f.name, f.executable, f.sha256) for f in files])
    return Tree(
        root=root,
        files=files,
        digest=content,
        warnings=(*reader.warnings, *_case_clashes(files)),
        left_out=tuple(sorted(reader.left_out)),
    )


def read_file(path: Path, index: StatIndex | None) -> Tree:
    """Return a tree of one file."""
    info = path.stat()
    executable = bool(info.st_mode & stat.S_IXUSR)
    sha256 = index.sha256(str(path), info) if index else file_sha256(path)
    file = SourceFile(path.name, str(path), executable, info.st_size, sha256)
    return Tree(root=path.parent, files=(file,), digest=digest([(file.name, file.executable, file.sha256)]))


@dataclass(slots=True, kw_only=True)
class _Reader:
    root: Path
    profile: Profile
    index: StatIndex | None
    warnings: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    def walk(self) -> Iterator[SourceFile]:
        yield from self._folder(str(self.root), "", ())

    def _folder(self, folder: str, prefix: str, links: tuple[str, ...]) -> Iterator[SourceFile]:
        anywhere = patterns(*self.profile.anywhere)
        top = patterns(*self.profile.top) if not prefix else None
        try:
            entries = list(os.scandir(folder))
        except OSError as error:
            raise _unreadable(folder, error) from error
        if prefix and any(e.name == "pyvenv.cfg" for e in entries):
            self.left_out.append(prefix)
            return
        for entry in entries:
            if self._dropped(entry, prefix, anywhere, top):
                self.left_out.append(prefix + entry.name + ("/" if entry.is_dir(follow_symlinks=False) else ""))
            else:
                yield from self._entry(entry, prefix + entry.name, links)

    def _dropped(self, entry: os.DirEntry[str], prefix: str, anywhere: Patterns, top: Patterns | None) -> bool:
        name = entry.name
        listed = anywhere.match(name) or (top is not None and top.match(name))
        if not listed and not (self.profile.leave_out and _names(self.profile.leave_out, prefix + name)):
            return False
        return not (self.profile.keep and _names(self.profile.keep, prefix + name))

    def _entry(self, entry: os.DirEntry[str], name: str, links: tuple[str, ...]) -> Iterator[SourceFile]:
        try:
            name.encode()
        except UnicodeEncodeError as error:
            raise BuildError(
                f"The name {os.fsencode(name)!r} in {self.root} is not UTF-8, so no zip can hold it",
                code="source-name-encoding",
                hint="Rename the file, or keep it out of the function's folder.",
            ) from error
        try:
            if entry.is_symlink():
                yield from self._link(entry, name, links)
            elif entry.is_dir():
                yield from self._folder(entry.path, f"{name}/", links)
            elif entry.is_file():
                yield self._file(entry.path, name, entry.stat())
            else:
                self.warnings.append(f"{name} is neither a file nor a folder and was left out")
        except OSError as error:
            raise _unreadable(entry.path, error) from error

    def _file(self, path: str, name: str, info: os.stat_result) -> SourceFile:
        sha256 = self.index.sha256(path, info) if self.index else file_sha256(path)
        return SourceFile(name, path, bool(info.st_mode & stat.S_IXUSR), info.st_size, sha256)

    def _link(self, entry: os.DirEntry[str], name: str, links: tuple[str, ...]) -> Iterator[SourceFile]:
        """Follow a symbolic link as `sam build` does: the package gets what it points at."""
        try:
            target = os.path.realpath(entry.path, strict=True)
        except FileNotFoundError:
            self.warnings.append(f"{name} is a symbolic link to nothing and was left out")
            return
        except OSError as error:
            raise self._circle(name) from error
        if not Path(target).is_relative_to(self.profile.boundary):
            raise BuildError(
                f"The symbolic link {name} in {self.root} leaves the repository: it points at {target}",
                code="source-link-outside",
                hint="Copy what it points at into the repository, or make it a dependency.",
            )
        if not Path(target).is_dir():
            yield self._file(target, name, Path(target).stat())
            return
        parent = os.path.realpath(Path(entry.path).parent)
        if target in links or Path(parent).is_relative_to(target):
            if self.profile.prunes_loops:
                return
            raise self._circle(name)
        yield from self._folder(target, f"{name}/", (*links, target))

    def _circle(self, name: str) -> BuildError:
        return BuildError(
            f"The symbolic link {name} in {self.root} leads back to itself",
            code="source-link-loop",
            hint="Remove the link.",
        )


def _names(lines: tuple[str, ...], path: str) -> bool:
    """Return whether patterns name a path: those without a slash by its last part, the others as a whole."""
    return any(
        patterns(line.rstrip("/")).match(path if "/" in line.rstrip("/") else path.rpartition("/")[2]) for line in lines
    )


def _unreadable(path: str, error: OSError) -> BuildError:
    return BuildError(
        f"{path} cannot be read: {error.strerror or error}",
        code="source-unreadable",
        hint="Check that it still exists and that you may read it.",
        retryable=isinstance(error, FileNotFoundError),
    )


def _case_clashes(files: tuple[SourceFile, ...]) -> Iterator[str]:
    seen: dict[str, str] = {}
    for file in files:
        other = seen.setdefault(file.name.casefold(), file.name)
        if other != file.name:
            yield f"{other} and {file.name} differ only by case: a checkout on macOS or Windows loses one of them"


def body(file: SourceFile) -> bytes:
    """Return the content of a file as it was when the tree was read. Raises BuildError when it has changed."""
    from hashlib import sha256

    try:
        with FileIO(file.path) as opened:
            data = opened.readall()
    except OSError as error:
        raise _unreadable(file.path, error) from error
    if sha256(data).hexdigest() != file.sha256:
        raise changed_while_read(file.path)
    return data


def changed_while_read(path: str) -> BuildError:
    """Return the error for a file that somebody writes to during the build."""
    return BuildError(
        f"{path} changed while it was being read",
        code="source-changed",
        hint="Stop what writes to it (a watcher, a formatter, another build) and build again.",
        retryable=True,
    )
