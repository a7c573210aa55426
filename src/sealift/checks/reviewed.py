"""The configuration of linters that counts: that of the protected branch, where the work tree has another one.

It decides what stops a change, so a change may not decide it. Where both are the same, a linter finds its configuration
by itself; otherwise it is given the reviewed one, and finds nothing else.
"""

import posixpath
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from sealift.analysis.baseline import NAME as BASELINE

CFNLINT = (".cfnlintrc", ".cfnlintrc.yaml", ".cfnlintrc.yml")
RUFF = (".ruff.toml", "ruff.toml", "pyproject.toml")
"""In the order in which ruff looks for them."""
_LINTERS = (*CFNLINT, *RUFF)
NAMES = (*_LINTERS, BASELINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """The configuration that a linter is given; `file` is empty where the protected branch has none."""

    file: Path
    place: Path
    """The folder that the file was read for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """What to give to each linter; None where it finds the reviewed configuration by itself."""

    cfnlint: Given | None = None
    ruff: Given | None = None
    baseline: str | None = None
    """The text of the baseline; empty where there is none, and None where the work tree's counts."""


def extended(files: Mapping[str, str]) -> frozenset[str]:
    """Return the paths of the files of the repository that a configuration of ruff extends, from its top."""
    found = set()
    for path, body in files.items():
        said = _table(body, path)
        other = said.get("extend") if isinstance(said, dict) else None
        if isinstance(other, str) and not other.startswith(("/", "~", "$")):
            found.add(posixpath.normpath(posixpath.join(posixpath.dirname(path), other)))
    return frozenset(one for one in found if not one.startswith(".."))


@contextmanager
def reviewed(top: Path, prefix: str, here: Mapping[str, str], there: Mapping[str, str]) -> Iterator[Reviewed]:
    """Yield what the linters of the folder `prefix` are given.

    `here` are the files of NAMES in the work tree, `there` those of the protected branch, by their paths from `top`.
    """
    with TemporaryDirectory(prefix="sealift-lint-") as folder:
        scratch = Path(folder)
        yield Reviewed(
            cfnlint=_given(
                scratch / "cfn-lint", top, prefix, _own(prefix, CFNLINT, here), _own(prefix, CFNLINT, there)
            ),
            ruff=_given(scratch / "ruff", top, prefix, _of_ruff(here), _of_ruff(there)),
            baseline=there.get(prefix + BASELINE, ""),
        )


def _given(scratch: Path, top: Path, prefix: str, here: Mapping[str, str], there: Mapping[str, str]) -> Given | None:
    """Return the configuration nearest to the application, written down with all others, so that it may extend them."""
    if _meaning(here) == _meaning(there):
        return None
    for path, body in there.items():
        (scratch / path).parent.mkdir(parents=True, exist_ok=True)
        (scratch / path).write_text(body)
    folder = prefix.rstrip("/")
    while True:
        for name in _LINTERS:
            path = posixpath.join(folder, name)
            if path in there:
                return Given(file=scratch / path, place=top / folder)
        if not folder:
            break
        folder = posixpath.dirname(folder)
    scratch.mkdir(parents=True, exist_ok=True)
    (scratch / "none").touch()
    return Given(file=scratch / "none", place=top / prefix)


def _own(prefix: str, names: tuple[str, ...], files: Mapping[str, str]) -> dict[str, str]:
    return {path: body for path, body in files.items() if path in {prefix + name for name in names}}


def _of_ruff(files: Mapping[str, str]) -> dict[str, str]:
    """Return the files that configure ruff; most pyproject.toml do not."""
    others = extended(files)
    return {
        path: body
        for path, body in files.items()
        if path in others
        or (posixpath.basename(path) in RUFF and (not path.endswith("pyproject.toml") or "[tool.ruff" in body))
    }


def _meaning(files: Mapping[str, str]) -> dict[str, object]:
    """Return what the files say: of pyproject.toml, whose rest changes often, the part about ruff."""
    return {path: _table(body, path) if path.endswith("pyproject.toml") else body for path, body in files.items()}


def _table(body: str, path: str) -> object:
    """Return what a file says to ruff; its text when that is not TOML."""
    try:
        document = tomllib.loads(body)
        return document.get("tool", {}).get("ruff") if path.endswith("pyproject.toml") else document
    except (ValueError, AttributeError, RecursionError):
        return body
