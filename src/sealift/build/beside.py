"""What a build reads beside its source: packages of the repository, TypeScript's settings, declared inputs.

All of it is in the key of the result, and in the copy that the author's tools work on.
"""

from collections.abc import Callable
from pathlib import Path

from sealift.boundary import real_path_outside
from sealift.build.cache.keys import digest
from sealift.build.javascript.packages import Packages
from sealift.build.javascript.tsconfig import is_tsconfig, tsconfigs
from sealift.build.methods import Method
from sealift.build.zips.leaving_out import NODE_MODULES, SOURCE_ANYWHERE
from sealift.build.zips.tree import Profile, SourceFile, Tree
from sealift.errors import BuildError
from sealift.model.template import Asset

NOTHING = Tree(root=Path(), files=(), digest="")
_OWN_TOOLS: tuple[Method, ...] = ("makefile", "command", "esbuild")
"""Built by what the author wrote, which may read what [build] inputs declares."""


class Beside:
    """Collects what builds of one application read beside their sources."""

    def __init__(self, root: Path, boundary: Path, read: Callable[[Path, Profile], Tree]) -> None:
        self._root = root
        self._boundary = boundary
        self._read = read

    def of(self, asset: Asset, method: Method, tree: Tree, packages: Packages | None, project: Path) -> Tree:
        """Return the files, named from the boundary. Raises BuildError for what is outside of it or not there."""
        found: dict[str, SourceFile] = {}
        for folder in packages.folders if packages else ():
            found |= self._folder(folder, SOURCE_ANYWHERE + NODE_MODULES)
        for file in packages.files if packages else ():
            found |= self._single(file)
        if method == "esbuild":
            own = tuple(Path(f.path) for f in tree.files if is_tsconfig(f.name))
            for file in tsconfigs(tree.root, own, self._boundary):
                found |= self._single(file)
        if method == "makefile" and _goes_up(tree):
            found |= self._folder(project.resolve(), SOURCE_ANYWHERE)
        for name in asset.packing.inputs if method in _OWN_TOOLS else ():
            found |= self._input(name)
        if not found:
            return NOTHING
        files = tuple(found[name] for name in sorted(found))
        content = digest([(f.name, f.executable, f.sha256) for f in files])
        return Tree(root=self._boundary, files=files, digest=content)

    def _input(self, name: str) -> dict[str, SourceFile]:
        path = self._root / name
        real = real_path_outside(path, self._boundary)
        if real is not None:
            raise outside(f"{name} under [build] inputs", real)
        path = path.resolve()
        if not path.exists():
            raise BuildError(
                f"{name} under [build] inputs is not there",
                code="source-missing",
                hint="Correct the path; it is relative to the folder of sealift.toml.",
            )
        return self._folder(path, SOURCE_ANYWHERE) if path.is_dir() else self._single(path)

    def _folder(self, folder: Path, anywhere: tuple[str, ...]) -> dict[str, SourceFile]:
        base = folder.relative_to(self._boundary).as_posix()
        prefix = "" if base == "." else f"{base}/"
        tree = self._read(folder, Profile(boundary=self._boundary, anywhere=anywhere))
        return {prefix + f.name: _renamed(f, prefix + f.name) for f in tree.files}

    def _single(self, file: Path) -> dict[str, SourceFile]:
        name = file.relative_to(self._boundary).as_posix()
        tree = self._read(file, Profile(boundary=self._boundary))
        return {name: _renamed(tree.files[0], name)}


def outside(what: str, path: Path) -> BuildError:
    """Return the error for something that would come into a release from outside the repository."""
    return BuildError(
        f"{what} leaves the repository: it is {path}",
        code="source-outside",
        hint="Only what is in the repository goes into a release: copy it there.",
    )


def _goes_up(tree: Tree) -> bool:
    makefile = tree.root / "Makefile"
    return makefile.is_file() and ".." in makefile.read_text(errors="replace")


def _renamed(file: SourceFile, name: str) -> SourceFile:
    return SourceFile(name, file.path, file.executable, file.size, file.sha256)
