"""What of this machine changes what uv resolves: its environment variables, and its settings of user and system.

User names and passwords are left out: a token that was renewed changes no result.
https://docs.astral.sh/uv/reference/environment/ and https://docs.astral.sh/uv/concepts/configuration-files/.
"""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from sealift.build.cache.keys import digest
from sealift.build.dependencies.uv import masked

_BESIDE = re.compile(
    r"UV_(?:CACHE_DIR|HTTP_TIMEOUT|HTTP_RETRIES|NO_PROGRESS|PYTHON_INSTALL_DIR|TOOL_DIR|TOOL_BIN_DIR|OFFLINE|LINK_MODE"
    r"|CONCURRENT_\w+|SYSTEM_CERTS|NATIVE_TLS|KEYRING_PROVIDER|PUBLISH_\w+|INDEX_\w+_(?:USERNAME|PASSWORD))$"
)
"""How uv gets at packages, and not which."""
_FILES = ("UV_CONFIG_FILE", "UV_CONSTRAINT", "UV_OVERRIDE", "UV_EXCLUDE", "UV_BUILD_CONSTRAINT", "UV_ENV_FILE")
"""Variables that name files, several with spaces between them."""


def settings_of_uv(environment: Mapping[str, str], home: Path) -> dict[str, str]:
    """Return the settings of this machine by name, files by a digest of their content."""
    found = {k: masked(v) for k, v in environment.items() if k.startswith("UV_") and not _BESIDE.match(k)}
    files = {path: _content(path) for path in _files(environment, home)}
    return {**found, **{str(path): content for path, content in files.items() if content}}


def _files(environment: Mapping[str, str], home: Path) -> Iterator[Path]:
    for name in _FILES:
        yield from (Path(word) for word in environment.get(name, "").split())
    yield Path(environment.get("XDG_CONFIG_HOME") or home / ".config") / "uv" / "uv.toml"
    for folder in (environment.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(os.pathsep):
        yield Path(folder) / "uv" / "uv.toml"
    yield Path("/etc/uv/uv.toml")


def _content(path: Path) -> str:
    try:
        return digest(masked(path.read_text(encoding="utf-8", errors="replace")))
    except OSError:
        return ""
