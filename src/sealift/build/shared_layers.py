"""The shared layers of one build: which there may be, and what goes into each once that is known.

It depends on what is installed for every function, so it is known at once only when that was installed before.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from sealift.build.naming import naming
from sealift.errors import BuildError
from sealift.model.template import Asset

if TYPE_CHECKING:
    from sealift.build.dependencies.dependency_set import DependencySet
    from sealift.build.dependencies.resolutions import Wanted
    from sealift.build.planning import Planner
    from sealift.build.sharing import Member, Share

    Find = Callable[[Wanted], DependencySet | None]


class SharedLayers:
    """The layers among the assets of a build, each with the functions that may share it."""

    def __init__(self, assets: Sequence[Asset], planner: "Planner") -> None:
        by_key = {asset.key: asset for asset in assets}
        self._planner = planner
        self._functions = {a.key: [by_key[key] for key in a.members if key in by_key] for a in assets if a.members}
        self._shares: dict[str, Share] = {}
        self._open = set(self._functions)

    def decide(self, find: "Find", each: Callable[..., Iterable[object]] = map) -> None:
        """Decide what is not decided yet, and can be: `find` returns an installed set, or None. Raises BuildError."""
        for layer in sorted(self._open):
            members = self._members(self._functions[layer], find, each)
            if members is not None:
                from sealift.build.sharing import shares
                from sealift.delivery.sizes import MAX_UNZIPPED_BYTES

                self._shares.update(shares(layer, members, MAX_UNZIPPED_BYTES))
                self._open.discard(layer)

    def reopen(self, assets: Iterable[Asset]) -> None:
        """Decide again on those of these that are layers: a set that was only recorded may have to be installed."""
        self._open |= {asset.key for asset in assets if asset.key in self._functions}

    def is_open(self, asset: Asset) -> bool:
        """Return whether it is not known yet what the layer holds, or what of the function goes into one."""
        return any(asset.key == layer or asset in self._functions[layer] for layer in self._open)

    def is_empty(self, asset: Asset) -> bool:
        """Return whether it is a layer with nothing in it."""
        return bool(asset.members) and asset.key not in self._shares

    def share(self, asset: Asset) -> "Share | None":
        """Return what the layer holds, or what of the function's dependencies is in one."""
        return self._shares.get(asset.key)

    def _members(
        self, functions: Sequence[Asset], find: "Find", each: Callable[..., Iterable[object]]
    ) -> "list[Member] | None":
        def member(function: Asset) -> "Member | bool":
            try:
                wanted = self._planner.wanted(function)
                found = find(wanted) if wanted else None
                return self._planner.member(function, found) if found else wanted is None
            except BuildError as error:
                raise naming(function, error) from error

        members = list(each(member, functions))
        if False in members:
            return None
        return [one for one in members if one is not True]  # type: ignore[misc]
