"""The key under which a CI system keeps the cache between runs.

It names what the slow part of the cache depends on: declared dependencies, the machine, the format. Source is left out,
so that a commit that changes source alone finds the cache of the one before.

What nobody has merged writes under keys of its own: code of a pull request runs while its cache is filled, and what is
deployed must not be built from that.
"""

import platform
from collections.abc import Sequence

from sealift.build.cache.keys import FORMAT, digest


def ci_key_prefix(*, merged: bool = True) -> str:
    """Return what the keys of every set of dependencies begin with: an older cache is better than none."""
    trust = "merged" if merged else "unmerged"
    return f"sealift-build-{FORMAT}-{platform.system()}-{platform.machine()}-{trust}-".lower()


def ci_key(dependencies: Sequence[str | None], left_out: Sequence[str], *, merged: bool) -> str:
    """Return the key for these sets of dependencies, in any order."""
    return ci_key_prefix(merged=merged) + digest(sorted({d for d in dependencies if d}), list(left_out))[:16]
