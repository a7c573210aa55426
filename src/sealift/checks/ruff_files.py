"""What ruff reads: the same content has the same report. Must not run anything."""

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from sealift.checks.cache import content_key
from sealift.checks.files import MAX_FILES, text, tree_key
from sealift.checks.reviewed import RUFF
from sealift.checks.versions import installed_version

_SUFFIXES = (".py", ".pyi", ".pyw")
_SETTINGS = (*RUFF, ".gitignore", ".ignore")
_EXCLUDED = frozenset(
    {
        ".bzr", ".direnv", ".eggs", ".git", ".git-rewrite", ".hg", ".ipynb_checkpoints", ".mypy_cache", ".nox",
        ".pants.d", ".pyenv", ".pytest_cache", ".pytype", ".ruff_cache", ".svn", ".tox", ".venv", ".vscode",
        "__pypackages__", "_build", "buck-out", "build", "dist", "node_modules", "site-packages", "venv",
        ".aws-sam", ".sealift", "cdk.out",
    }
)  # fmt: skip
"""Folders that ruff leaves out (https://docs.astral.sh/ruff/settings/#exclude), and those that we have it leave out."""
_MORE = re.compile(r"^\s*(?:extend|exclude|include|extend-include|extension)\s*=", re.MULTILINE)
"""Settings by which ruff reads other files than these."""


def ruff_key(root: Path, paths: Iterable[str], asked: Iterable[str]) -> str | None:
    """Return a key of what ruff reads below these paths and of what it is `asked`; None where its settings name more.

    `paths` are relative to `root`. Where the folder is does not matter, so that a report may travel.
    """
    files = sorted({file for path in paths for file in _below(root, path)} | set(_above(root)))
    settings = "\n".join(text(root / file) for file in files if file.endswith(".toml"))
    if len(files) > MAX_FILES or _MORE.search(settings):
        return None
    return content_key(("ruff", str(installed_version("ruff")), *asked, tree_key(root, files)))


def _below(root: Path, path: str) -> Iterator[str]:
    """Yield folders, for what is imported from them is the application's own, Python's files and settings."""
    for folder, below, names in os.walk(root / path):
        below[:] = [name for name in below if name not in _EXCLUDED]
        here = os.path.relpath(folder, root)
        yield f"{here}/"
        yield from (f"{here}/{name}" for name in names if name.endswith(_SUFFIXES) or name in _SETTINGS)


def _above(root: Path) -> Iterator[str]:
    """Yield the settings above a folder, up to the top of the repository."""
    here = "."
    for folder in (root, *root.resolve().parents):
        yield from (f"{here}/{name}" for name in _SETTINGS)
        if (folder / ".git").exists():
            yield f"{here}/.git/info/exclude"
            return
        here = f"{here}/.."
