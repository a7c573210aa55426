"""Writes a file that is not there yet, whole or not at all."""

import os
from pathlib import Path

from sealift.errors import ConfigError


def write_new(path: Path, text: str) -> None:
    """Write a new file, and the folders above it.

    Raises FileExistsError; ConfigError when the file cannot be made; OSError when it cannot be filled (a full disk).
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    except FileExistsError:
        raise
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}", code="config-unwritable") from error
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError:
        path.unlink(missing_ok=True)  # half a file would stand in the way of the next try
        raise
