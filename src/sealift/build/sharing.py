"""Decides which dependencies of several functions go into one layer. Pure.

A function looks into its own package before it looks into a layer, so what is moved has to be whole: a distribution
whose folders another one, or the function's source, also fills stays where it is. What is not moved is in the
function's package as ever, so each function finds exactly its own versions.
https://docs.aws.amazon.com/lambda/latest/dg/python-package.html#python-package-searchpath
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sealift.analysis.locks import normalized
from sealift.build.dependencies.dependency_set import Packed


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A function that may share: the key of its asset, its source, and what it depends on."""

    key: str
    source_bytes: int
    tops: frozenset[str]
    packs: tuple[Packed, ...]
    lock: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What is in a layer, for the layer itself, or what of a function's dependencies is there."""

    layer: str
    """The key of the layer's asset."""
    packs: tuple[Packed, ...]
    layer_bytes: int
    lock: str = ""


def shares(layer: str, members: Sequence[Member], limit_bytes: int) -> dict[str, Share]:
    """Return the share of the layer and of each function that uses it, by key of the asset; empty when nothing is.

    A function that would exceed `limit_bytes` together with the layer keeps what it has.
    """
    left = tuple(sorted(members, key=lambda m: m.key))
    while True:
        moved = _movable(left)
        size = sum(pack.size_bytes for pack in moved)
        large = {m.key for m in left if _uses(m, moved) and _rest(m, moved) + size > limit_bytes}
        if not large:
            break
        left = tuple(m for m in left if m.key not in large)
    if not moved:
        return {}
    users = [m for m in left if _uses(m, moved)]
    found = {layer: Share(layer=layer, packs=moved, layer_bytes=size, lock=_lock(moved, users))}
    for member in users:
        own = tuple(pack for pack in moved if pack in member.packs)
        found[member.key] = Share(layer=layer, packs=own, layer_bytes=size)
    return found


def _movable(members: Sequence[Member]) -> tuple[Packed, ...]:
    """Return what at least two functions have alike and can be taken out of all of them, sorted by project."""
    users = Counter(pack for member in members for pack in member.packs)
    wanted = sorted((p for p, n in users.items() if n > 1), key=lambda p: (-users[p], -p.size_bytes, p.project, p.key))
    moved: list[Packed] = []
    for pack in wanted:
        if not any(_clash(pack, other, members) for other in moved):
            moved.append(pack)
    while True:
        torn = [pack for pack in moved if any(_torn(pack, moved, m) for m in members if pack in m.packs)]
        if not torn:
            return tuple(sorted(moved, key=lambda p: (p.project, p.key)))
        moved = [pack for pack in moved if pack not in torn]


def _clash(one: Packed, other: Packed, members: Iterable[Member]) -> bool:
    """Return whether two cannot be in one layer: two versions, or a folder that not every user has of both."""
    if one.project == other.project:
        return True
    return bool(set(one.tops) & set(other.tops)) and any((one in m.packs) != (other in m.packs) for m in members)


def _torn(pack: Packed, moved: Sequence[Packed], member: Member) -> bool:
    """Return whether the function would have a part of the distribution's folders in its own package."""
    stays = member.tops.union(*(other.tops for other in member.packs if other not in moved))
    return not stays.isdisjoint(pack.tops)


def _uses(member: Member, moved: Sequence[Packed]) -> bool:
    return any(pack in moved for pack in member.packs)


def _rest(member: Member, moved: Sequence[Packed]) -> int:
    return member.source_bytes + sum(pack.size_bytes for pack in member.packs if pack not in moved)


def _lock(moved: Sequence[Packed], users: Iterable[Member]) -> str:
    """Return the lines of the functions' locks about what was moved, for the bill of materials."""
    names = {normalized(pack.project) for pack in moved}
    found: dict[str, str] = {}
    for member in users:
        for line in member.lock.replace("\\\n", " ").splitlines():
            project = normalized(line.partition("==")[0].partition("[")[0].strip())
            if project in names:
                found.setdefault(project, line)
    return "".join(f"{found[name]}\n" for name in sorted(found))
