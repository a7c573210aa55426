"""Keeps the node_modules of an installation as one archive, and unpacks it elsewhere; runs nothing.

An archive is used only if its SHA-256 is the one in its record, so damage costs an installation and nothing else.
"""

import os
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from sealift.build.cache.keys import file_sha256
from sealift.build.cache.store import Cache
from sealift.errors import BuildError

MODULES = "node_modules"


def folders_of_modules(root: Path) -> Iterator[Path]:
    """Yield each node_modules below a folder that is not in another one."""
    for place, below, _ in os.walk(root):
        if MODULES in below:
            below.remove(MODULES)
            yield Path(place, MODULES)


def keep(cache: Cache, key: str, root: Path, folders: Iterable[Path], record: Mapping[str, object]) -> None:
    """Keep folders below `root`, with a record; a cache that cannot be written is left alone."""
    with suppress(BuildError), cache.temporary() as scratch, cache.writing():
        archive = scratch / "modules"
        with tarfile.open(archive, "w", format=tarfile.GNU_FORMAT) as tar:
            for folder in sorted(folders):
                tar.add(folder, folder.relative_to(root).as_posix(), filter=_unowned)
        sha256 = file_sha256(archive)
        cache.adopt(archive, "modules", key)
        cache.write("sets", key, {**record, "modules": sha256})


def unpacked(cache: Cache, key: str, root: Path) -> dict[str, object] | None:
    """Unpack what is kept into `root` and return its record; None when it is not there, or damaged."""
    record, archive = cache.read("sets", key), cache.path("modules", key)
    try:
        if record is None or file_sha256(archive) != record["modules"]:
            return None
    except (OSError, KeyError):
        return None
    cache.used("modules", key)
    with cache.writing(), tarfile.open(archive) as tar:
        # Links stay as npm made them: the archive is our own.
        tar.extraction_filter = lambda member, _: member
        tar.extractall(root)  # noqa: S202
    return record


def _unowned(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Return a member without its owner: whoever unpacks it owns it."""
    member.uid, member.gid, member.uname, member.gname = os.geteuid(), os.getegid(), "", ""
    return member
