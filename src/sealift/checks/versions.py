"""Which version of a package is installed here, without loading importlib.metadata, which takes longer than that."""

import sys
from functools import cache
from pathlib import Path


@cache
def installed_version(name: str) -> str | None:
    """Return the version of a package; None when it is not installed."""
    beginning = name.replace("-", "_").lower()
    for folder in map(Path, sys.path):
        try:
            found = next(folder.glob(f"{beginning}-*.dist-info"), None)
        except OSError:
            continue
        if found is not None:
            return found.name.removesuffix(".dist-info").partition("-")[2]
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(name)
    except PackageNotFoundError:
        return None
