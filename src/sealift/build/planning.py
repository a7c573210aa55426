"""Plans an asset: what it is built from, and the key of the result. Starts a program only to resolve dependencies."""

import posixpath
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from os.path import relpath
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from sealift.analysis.locks import normalized, pins
from sealift.analysis.pythons import allows, version_of
from sealift.boundary import real_path_outside, repository
from sealift.build.beside import NOTHING, Beside, outside
from sealift.build.cache.keys import FORMAT, digest
from sealift.build.cache.stat_index import StatIndex
from sealift.build.dependencies.declared import Declared, declared
from sealift.build.dependencies.inputs import inputs
from sealift.build.dependencies.requirement_files import no_network
from sealift.build.dependencies.resolutions import Resolutions, Wanted
from sealift.build.javascript.npm_settings import settings_of_npm
from sealift.build.javascript.packages import DECLARATIONS, Packages, packages
from sealift.build.methods import Method, method_of, prefix_of
from sealift.build.reasons import Ingredients
from sealift.build.target import python_target
from sealift.build.zips.deflating import compressor
from sealift.build.zips.tree import Profile, Tree, profile, read_file, read_package, read_tree
from sealift.errors import BuildError
from sealift.model.template import Asset

if TYPE_CHECKING:
    from sealift.build.dependencies.dependency_set import DependencySet
    from sealift.build.sharing import Member, Share


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetPlan:
    """One asset, ready to be built. `key` covers everything that its bytes depend on."""

    asset: Asset
    method: Method
    source: Path
    project: Path
    """The folder of the template."""
    tree: Tree
    prefix: str
    wanted: Wanted | None
    packages: Packages | None = None
    """The own packages of a function that npm installs something for."""
    boundary: Path
    """The folder that a build may read: the repository."""
    beside: Tree
    """What the build reads beside the source, named from the boundary."""
    share: "Share | None"
    """What is in a shared layer: all of it for the layer, what it has there for a function that uses one."""
    key: str
    ingredients: Ingredients = field(repr=False)

    @property
    def name(self) -> str:
        """The resources that it is for."""
        return ", ".join(self.asset.logical_ids)


class Planner:
    """Plans the assets of one application; what several share is read once. Threads may share it."""

    def __init__(
        self,
        root: Path,
        index: StatIndex,
        resolutions: Resolutions,
        *,
        settings: str,
        tool: Callable[[str], str],
        variables: Mapping[str, str] = MappingProxyType({}),
        fetch: Callable[[str], str] = no_network,
    ) -> None:
        self._root = root
        self._boundary = repository(root)
        self._index = index
        self._resolutions = resolutions
        self._settings = settings
        self._tool = tool
        self._variables = variables
        self._fetch = fetch
        self._beside = Beside(root, self._boundary, self._read)
        self._trees: dict[tuple[Path, Profile | None], Tree] = {}
        self._wanted: dict[tuple[Path, str | None, str, str | None], Wanted | None] = {}

    def ready(self, asset: Asset) -> bool:
        """Return whether the plan can be made without starting a program."""
        wanted = self.wanted(asset)
        return wanted is None or self._resolutions.known(wanted) is not None

    def dependency_key(self, asset: Asset) -> str | None:
        """Return a digest of what decides the asset's dependencies, without resolving them; None without any."""
        source = self._source(asset)
        method = method_of(asset, source)
        wanted = self._dependencies_of(asset, method, source)
        if wanted is not None:
            return wanted.key()
        own = self._packages(method, source)
        if own is None:
            return None
        read = (*own.files, *(source / name for name in DECLARATIONS if (source / name).is_file()))
        return digest("node", asset.architecture, sorted(read_file(file, self._index).digest for file in read))

    def forget(self, asset: Asset) -> None:
        """Read the source of this asset again next time."""
        source = self._source(asset)
        self._trees = {at: tree for at, tree in self._trees.items() if at[0] != source and at[1]}
        self._wanted = {at: wanted for at, wanted in self._wanted.items() if at[0] != source}

    def plan(self, asset: Asset, share: "Share | None" = None) -> AssetPlan:
        """Return the plan. Raises BuildError."""
        if asset.members:
            return self._shared(asset, share)
        source = self._source(asset)
        method = method_of(asset, source)
        tree = self._tree(asset, method, source)
        wanted = self._dependencies_of(asset, method, source)
        prefix = prefix_of(asset, method)
        own = self._packages(method, source)
        beside = self._beside.of(asset, method, tree, own, self._project(asset))
        settings = self._settings_of(asset, method, own)
        if beside.files:
            settings["files beside the source"] = beside.digest[:12]
        moved = [pack.key for pack in share.packs] if share else []
        if share:
            settings["in the shared layer"] = " ".join(f"{pack.project}=={pack.version}" for pack in share.packs)
        key = digest(
            FORMAT, tree.digest, beside.digest, wanted and self._resolutions.set_key(wanted), prefix, settings, moved
        )
        return AssetPlan(
            asset=asset,
            method=method,
            source=source,
            project=self._project(asset),
            tree=tree,
            prefix=prefix,
            wanted=wanted,
            packages=own,
            boundary=self._boundary,
            beside=beside,
            share=share,
            key=key,
            ingredients=Ingredients(
                files={f.name: f.sha256 + ("+x" if f.executable else "") for f in tree.files},
                pins=self._pins(wanted),
                settings={**settings, **_beside(wanted, source)},
            ),
        )

    def wanted(self, asset: Asset) -> Wanted | None:
        """Return the dependencies of a Python function or layer; None without any."""
        source = self._source(asset)
        return self._dependencies_of(asset, method_of(asset, source), source)

    def tree(self, asset: Asset) -> Tree:
        """Return the source as it was read, without what is installed beside it. Raises BuildError."""
        source = self._source(asset)
        return self._tree(asset, method_of(asset, source), source)

    def member(self, asset: Asset, found: "DependencySet") -> "Member":
        """Return what a function could share of its dependencies."""
        from sealift.build.dependencies.dependency_set import top  # only an application that shares needs these
        from sealift.build.sharing import Member

        files = self.tree(asset).files
        return Member(
            key=asset.key,
            source_bytes=sum(file.size for file in files),
            tops=frozenset(top(file.name) for file in files),
            packs=found.packs,
            lock=found.lock,
        )

    def _shared(self, asset: Asset, share: "Share | None") -> AssetPlan:
        """Return the plan of a layer that holds what functions share."""
        assert share is not None
        pins = {pack.project: pack.version for pack in share.packs}
        settings = self._settings_of(asset, "shared", None)
        keys = [pack.key for pack in share.packs]
        return AssetPlan(
            asset=asset,
            method="shared",
            source=self._root,
            project=self._root,
            tree=Tree(root=self._root, files=(), digest=""),
            prefix="python/",
            wanted=None,
            boundary=self._boundary,
            beside=NOTHING,
            share=share,
            key=digest(FORMAT, "shared", keys, settings),
            ingredients=Ingredients(files={}, pins=pins, settings=settings),
        )

    def _source(self, asset: Asset) -> Path:
        source = Path(posixpath.normpath(posixpath.join(self._root.as_posix(), asset.source)))
        if not source.exists():
            raise BuildError(
                f"{', '.join(asset.logical_ids)}: there is no {asset.source}",
                code="source-missing",
                hint="Correct the path in the template; it is relative to the template's folder.",
                context={"logical_ids": list(asset.logical_ids), "source": asset.source},
            )
        real = real_path_outside(source, self._boundary)
        if real is not None:
            raise outside(f"{', '.join(asset.logical_ids)}: {asset.source}", real)
        return source

    def _packages(self, method: Method, source: Path) -> Packages | None:
        if method not in ("node", "esbuild"):
            return None
        return packages(source, self._boundary, development=method == "esbuild")

    def _tree(self, asset: Asset, method: Method, source: Path) -> Tree:
        return self._read(source, self._profile(asset, method, source))

    def _read(self, folder: Path, profile: Profile) -> Tree:
        if folder.is_file():
            return read_file(folder, self._index)
        found = self._trees.get((folder, profile))
        if found is None:
            found = self._trees[folder, profile] = read_tree(folder, profile, self._index)
        return found

    def _profile(self, asset: Asset, method: Method, source: Path) -> Profile:
        template = self._template(asset)
        drops_modules = method == "python" or (source / "package.json").is_file()
        return profile(
            method,
            self._boundary,
            template=template.name if template.parent == source else None,
            drops_modules=drops_modules,
            packing=asset.packing,
        )

    def _template(self, asset: Asset) -> Path:
        return self._root / (asset.location.file if asset.location else "template.yaml")

    def _project(self, asset: Asset) -> Path:
        return self._template(asset).parent

    def _dependencies_of(self, asset: Asset, method: Method, source: Path) -> Wanted | None:
        if method != "python":
            return None
        memo = (source, asset.runtime, asset.architecture, asset.build_method)
        if memo not in self._wanted:
            found = declared(
                source,
                uv_first=asset.build_method == "python-uv",
                bases=(self._project(asset), self._root, self._boundary),
                variables=self._variables,
                fetch=self._fetch,
            )
            self._wanted[memo] = None if found is None else self._want(asset, found)
        return self._wanted[memo]

    def _want(self, asset: Asset, found: Declared) -> Wanted:
        target = python_target(asset.runtime or "", asset.architecture)
        _refuse_python(asset, found)
        read = inputs(found, self._boundary, self._package)
        return Wanted(declared=found, target=target, inputs=read, settings=self._settings)

    def _package(self, path: Path) -> Tree:
        at = (path, None)
        if at not in self._trees:
            self._trees[at] = read_package(path, self._boundary, self._index)
        return self._trees[at]

    def _settings_of(self, asset: Asset, method: Method, packages: Packages | None) -> dict[str, str]:
        settings = {
            "method": method,
            "kind": asset.kind,
            "runtime": asset.runtime or "",
            "architecture": asset.architecture,
            "compressor": compressor(),
        }
        if method == "command":
            settings["command"] = str(asset.build_properties["command"])
        elif asset.build_properties:
            settings["build properties"] = digest(dict(asset.build_properties))[:12]
        if method == "makefile":
            settings["target"] = asset.logical_ids[0]
        if method == "esbuild":
            settings["handler"] = asset.handler or ""
            if packages is None or not packages.declares("esbuild"):
                settings["esbuild"] = self._tool("esbuild")
        if packages is not None and packages.needs_install(development=method == "esbuild"):
            settings |= {"npm": self._tool("npm"), "node": self._tool("node")}
            settings |= settings_of_npm(self._variables)
        return settings

    def _pins(self, wanted: Wanted | None) -> dict[str, str]:
        if wanted is None:
            return {}
        return {normalized(pin.project): pin.version for pin in pins(self._resolutions.lock(wanted).text)}


def _refuse_python(asset: Asset, found: Declared) -> None:
    """Refuse to install for a Python that a project says it is not for: its own tool would."""
    runtime = asset.declared_runtime or asset.runtime or ""
    version = version_of(runtime)
    if found.kind != "pipfile" and version is not None and not allows(found.requires_python, version):
        raise BuildError(
            f"{', '.join(asset.logical_ids)}: {found.path.name} is for Python {found.requires_python}, "
            f"and the Runtime is {runtime}",
            code="runtime-not-required",
            hint="Change the Runtime in the template, or which Pythons the project is for.",
        )


def _beside(wanted: Wanted | None, source: Path) -> dict[str, str]:
    """Return short digests of what dependencies are made from outside of the source, by path."""
    there = source.resolve()
    found = wanted.inputs if wanted else ()
    return {relpath(i.path, there): i.digest[:12] for i in found if not i.path.is_relative_to(there)}
