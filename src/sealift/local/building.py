"""Builds packages for the Python and the processor of this machine, where they differ from the declared ones.

Only what is deployed to the embedded cloud is built so: compiled modules would not load otherwise.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sealift.errors import BuildError
from sealift.local.interpreters import Places, declared_version, newer_than
from sealift.local.runtimes import local_target
from sealift.model.release import BuiltArtifact
from sealift.model.template import Asset
from sealift.ports import Builder


@dataclass(eq=False)
class LocalBuilder:
    """The Builder port over another builder, for releases that stay on this machine."""

    inner: Builder
    where: Places
    machine: str
    note: Callable[[str], None]

    def __post_init__(self) -> None:
        self.store = self.inner.store
        self.look = self.inner.look
        self.texts = self.inner.texts
        self._worked: dict[str, str | None] = {}

    def build(self, root: Path, assets: Sequence[Asset], *, force: bool = False) -> Mapping[str, BuiltArtifact]:
        """Build each asset for this machine, for a newer Python where there is no other way, or else as declared."""
        wanted = [self._for_here(asset) for asset in assets]
        if wanted == list(assets):
            return self.inner.build(root, assets, force=force)
        try:
            return self.inner.build(root, wanted, force=force)
        except BuildError:
            built: dict[str, BuiltArtifact] = {}
            for declared, here in zip(assets, wanted, strict=True):
                built |= self._one(root, declared, here, force=force)
            return built

    def _one(self, root: Path, declared: Asset, here: Asset, *, force: bool) -> Mapping[str, BuiltArtifact]:
        """Packages leave old versions of Python behind: then there is none to install for the nearest one."""
        refused: BuildError | None = None
        for asset in self._ways(declared, here):
            try:
                built = self.inner.build(root, [asset], force=force)
            except BuildError as error:
                refused = refused or error
                continue
            if refused is not None and asset == declared:  # a newer Python is told where the function is
                self.note(f"{declared.key} cannot be built for {_target(here)}, but for {_target(asset)}: {refused}")
            self._worked[str(declared.runtime)] = asset.runtime
            return built
        assert refused is not None
        raise refused

    def _ways(self, declared: Asset, here: Asset) -> Sequence[Asset]:
        """Return for what to build an asset, best first; once a Python was found to work, that first."""
        if here == declared:
            return (declared,)
        newer = (replace(here, runtime=f"python{one.name}") for one in newer_than(here.runtime, self.where))
        ways = (here, *newer, declared)
        worked = self._worked.get(str(declared.runtime))
        return sorted(ways, key=lambda way: way.runtime != worked)

    def _for_here(self, asset: Asset) -> Asset:
        if asset.kind not in ("function", "layer") or declared_version(asset.runtime) is None:
            return asset
        assert asset.runtime is not None
        target = local_target(asset.runtime, asset.architecture, self.where, machine=self.machine)
        here = replace(asset, runtime=target.runtime, architecture=target.architecture)
        return asset if here == asset else replace(here, declared_runtime=asset.runtime)


def _target(asset: Asset) -> str:
    return f"{asset.runtime} on {asset.architecture}"
