"""The one boundary for files: the repository. What lies outside of its real path enters no release."""

import os
from pathlib import Path


def repository(root: Path) -> Path:
    """Return the folder that nothing may leave: the repository around `root`, or without one the application."""
    resolved = root.resolve()
    return next((p for p in (resolved, *resolved.parents) if (p / ".git").exists()), resolved)


def real_path_outside(path: Path, boundary: Path) -> Path | None:
    """Return where a path really leads when that is outside the boundary; None when it is inside, there or not."""
    try:
        real = Path(os.path.realpath(path))
    except ValueError:  # a name with a NUL in it is not the name of any file
        return None
    return None if real.is_relative_to(boundary) else real
