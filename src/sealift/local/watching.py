"""Looks at the files of an application for changes: a walk of a source tree takes a few milliseconds."""

import os
from collections.abc import Iterator
from pathlib import Path

_LEFT_OUT = frozenset({"node_modules", "__pycache__", "venv", "dist", "htmlcov"})
"""Folders that hold what others made; those whose name begins with a dot are left out, too."""
Snapshot = dict[str, tuple[int, int]]


def snapshot(root: Path) -> Snapshot:
    """Return time and size of every file below a folder that a person may edit."""
    return {entry.path: (stat.st_mtime_ns, stat.st_size) for entry, stat in _files(str(root))}


def _files(folder: str) -> Iterator[tuple["os.DirEntry[str]", os.stat_result]]:
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return
    for entry in entries:
        if entry.name.startswith(".") or entry.name.endswith(("~", ".swp", ".pyc")) or entry.name in _LEFT_OUT:
            continue
        try:
            if entry.is_dir(follow_symlinks=False):
                yield from _files(entry.path)
            else:
                yield entry, entry.stat()
        except OSError:
            continue  # it went meanwhile
