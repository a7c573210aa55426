"""Writes lock files beside unlocked requirements, so that every machine builds the same from now on.

`requirements.lock` holds versions and hashes for every platform, and the digest of the requirements that it was made
from: a lock that no longer fits them is refused, never used or ignored in silence.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from sealift.build.cache.store import Cache
from sealift.build.dependencies.declared import LOCK_NAME, requirements
from sealift.build.dependencies.inputs import inputs
from sealift.build.dependencies.mirror import Mirror
from sealift.build.dependencies.requirement_files import Places
from sealift.build.dependencies.resolving import compiled
from sealift.build.dependencies.uv import Uv, masked
from sealift.build.target import PythonPlatform, python_target
from sealift.build.zips.tree import read_package
from sealift.errors import BuildError
from sealift.model.template import Asset

Fetch = Callable[[str], str]


def write_locks(
    root: Path, assets: Sequence[Asset], cache: Cache, uv: Uv, boundary: Path, fetch: Fetch
) -> tuple[Path, ...]:
    """Write or renew the lock of each folder with a requirements.txt, and return those written. Raises BuildError.

    One folder that serves several runtimes is locked for the oldest of them, which the newer ones can use too.
    """
    oldest: dict[Path, PythonPlatform] = {}
    for asset in assets:
        folder = (root / asset.source).resolve()
        if asset.runtime and asset.runtime.startswith("python") and (folder / "requirements.txt").is_file():
            target = python_target(asset.runtime, asset.architecture)
            oldest[folder] = min(oldest.get(folder, target), target, key=_version)
    written = [
        _write(Places(home=folder, bases=(root, boundary), fetch=fetch), target, cache, uv)
        for folder, target in sorted(oldest.items())
    ]
    return tuple(path for path in written if path is not None)


def _write(places: Places, target: PythonPlatform, cache: Cache, uv: Uv) -> Path | None:
    path = places.home / LOCK_NAME
    declared = requirements(places.home / "requirements.txt", places, locked=False)
    if declared is None or declared.hashed:
        return None
    read = partial(read_package, boundary=places.boundary)
    with cache.temporary() as scratch, cache.writing():
        mirror = Mirror(scratch, places.home, inputs(declared, places.boundary, read))
        text = compiled(declared, replace(target, platform=""), uv, mirror)
    if masked(text) != text:
        raise BuildError(
            f"{path} would hold a password of an address in requirements.txt",
            code="lock-secret",
            hint="Take the password out of the requirements and give it to uv by UV_INDEX or a netrc file.",
        )
    header = "# Written by `sealift lock` from requirements.txt; write it again after a change there."
    path.write_text(f"{header}\n# {declared.mark()}\n{text}", encoding="utf-8")
    return path


def _version(target: PythonPlatform) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", target.python))
