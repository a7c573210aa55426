"""What does not go into a package. Each list is documented, is shown by `--explain`, and can be switched off.

`SOURCE_ANYWHERE` is about the author's own folder: what Sealift and git own, and what tools leave behind. Nothing else
is left out, as by `sam build`: a folder called tests or dist may be what the code reads. `DEPENDENCIES` is about
installed distributions.
"""

import re
from dataclasses import dataclass
from fnmatch import translate
from functools import lru_cache

SOURCE_ANYWHERE = (
    ".git", ".hg", ".svn", ".aws-sam", ".sealift", ".chalice", ".serverless", ".DS_Store", ".idea", ".vscode",
    "__pycache__", "*.pyc", "*.pyo", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis", ".tox", ".nox",
    ".coverage", ".pdm-python", ".gitignore", ".gitattributes", ".gitmodules", ".gitkeep", "*.egg-info",
)  # fmt: skip
"""Names left out wherever they are, and every folder that holds a `pyvenv.cfg`: a virtual environment."""

NODE_MODULES = ("node_modules",)
"""Left out of Python packages, and of Node.js packages that have a package.json: npm installs them anew."""

SOURCE_ROOT = ("sealift.toml", ".env", ".env.*")
"""Left out at the top of a folder that holds the template, together with the template itself: Sealift's own files, and
the settings of a developer's machine."""

LOCAL_ANYWHERE = tuple(name for name in SOURCE_ANYWHERE if name != ".gitignore")
"""Left out of a folder that requirements name by path. A build backend may read what git ignores."""

LOCAL_OUTPUT = ("build", "dist", "*.egg-info")
"""Left out at the top of a folder that requirements name by path, unless it is a package."""

OUTPUT = ("__pycache__", ".bin", ".package-lock.json", ".DS_Store")
"""Left out of what make, npm and esbuild produce: caches, and links that only serve a command line."""

SCRIPTS = "bin/*"
"""Where installers put commands; a package of that name stays, without them."""

DEPENDENCY_LEFTOVERS = (
    "*.dist-info/RECORD", "*.dist-info/INSTALLER", "*.dist-info/REQUESTED", "*.dist-info/direct_url.json",
    "*.dist-info/uv_cache.json", "*.dist-info/uv_build.json", "*.dist-info/WHEEL", "*/__pycache__/*", "__pycache__/*",
    SCRIPTS,
)  # fmt: skip
"""What an installer leaves, which differs from machine to machine. METADATA stays: importlib.metadata needs it."""

DEPENDENCY_TESTS = "*/tests/*"
"""Tests of dependencies; folders that their own distribution imports stay (see needed)."""

DEPENDENCY_STUBS = "*.pyi"
"""Type stubs of dependencies; those that are read at run time stay (see needed)."""

DEPENDENCY_UNUSED = (DEPENDENCY_STUBS, "*.pyx", "*.pxd", "*/py.typed", DEPENDENCY_TESTS, "share/man/*", "share/doc/*")
"""What no function needs at run time."""


@dataclass(frozen=True, slots=True)
class Patterns:
    """A list of patterns, ready to match."""

    exact: frozenset[str]
    globs: re.Pattern[str] | None

    def match(self, name: str) -> bool:
        """Return whether a POSIX name matches; `*` also matches slashes."""
        return name in self.exact or (self.globs is not None and self.globs.match(name) is not None)


@lru_cache(maxsize=32)
def patterns(*lines: str) -> Patterns:
    """Return these patterns, ready to match."""
    globs = [line for line in lines if any(c in line for c in "*?[")]
    joined = re.compile("|".join(translate(glob) for glob in globs)) if globs else None
    return Patterns(frozenset(lines) - set(globs), joined)


def dependency_patterns() -> tuple[str, ...]:
    """Return what is left out of installed distributions."""
    return DEPENDENCY_LEFTOVERS + DEPENDENCY_UNUSED
