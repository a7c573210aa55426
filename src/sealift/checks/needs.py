"""Collects what has to be installed to run an application's tests."""

import posixpath
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from sealift.analysis.pythons import Version
from sealift.analysis.requirements import (
    INCLUDE,
    LOCAL_PATH,
    comes_with,
    held_back,
    is_function_requirements,
    is_test_requirements,
    lock_constraints,
    locked_requirements,
    needed_by_imports,
    needed_by_options,
    poetry_requirements,
    pyproject_arguments,
    tox_requirements,
    undeclared,
)
from sealift.analysis.suites import is_test_file
from sealift.checks.files import text, texts
from sealift.errors import ConfigError
from sealift.model.app import SuiteSpec

_SETTINGS = ("pyproject.toml", "pytest.ini", ".pytest.ini", "setup.cfg", "tox.ini")
_MAX_SOURCES = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What to install. `groups` are arguments of `uv pip install`, one group for each file that says something."""

    groups: tuple[tuple[str, ...], ...]
    lines: tuple[str, ...]
    """Requirements that no file says in a form uv reads."""
    constraints: tuple[str, ...]
    guessed: tuple[str, ...]
    """Packages that no file declares but that sources or pytest's settings use."""
    inputs: tuple[str, ...]
    """Every file that was read for this."""
    changing: bool
    """Whether a local folder is installed, whose content may change while no file of `inputs` does."""


def collect_needs(root: Path, files: Sequence[str], spec: SuiteSpec, python: Version) -> Needs:
    """Return what the tests need on this Python. Raises ConfigError when a declared file is not there."""
    for file in spec.requirements:
        if not (root / file).is_file():
            raise ConfigError(
                f"there is no file {file}, which [tests] requirements names",
                code="requirements-not-found",
                hint="correct the path",
            )
    tests = list(spec.requirements) or [one for one in files if is_test_requirements(one)]
    plain = [one for one in files if is_function_requirements(one)]
    listed = list(dict.fromkeys((*plain, *tests)))
    projects = [one for one in files if PurePosixPath(one).name == "pyproject.toml"]
    locks = [
        one for one in files if PurePosixPath(one).name in ("Pipfile.lock", "poetry.lock", "uv.lock", "pylock.toml")
    ]
    tox_lines, tox_files = tox_requirements(text(root / "tox.ini"))
    listed += [one for one in tox_files if one not in listed and (root / one).is_file()]
    groups = [("-r", one) for one in listed] + [
        arguments for one in projects if (arguments := pyproject_arguments(text(root / one), one))
    ]
    lines = [line for one in projects for line in poetry_requirements(text(root / one))]
    lines += [line for one in locks for line in locked_requirements(text(root / one), PurePosixPath(one).name)]
    lines += tox_lines
    constraints = [line for one in locks for line in lock_constraints(text(root / one), PurePosixPath(one).name)]
    inputs = with_included(root, (*listed, *projects, *locks))
    said = "\n".join((*texts(root, inputs), *lines))
    sources = _sources(root, files)
    constraints += held_back(sources, said)
    measured = ("pytest-cov",) if spec.coverage is not None else ()
    guessed = undeclared((*measured, *_used(root, sources, projects), *comes_with(python)), said)
    return Needs(
        groups=tuple(groups),
        lines=tuple(dict.fromkeys(lines)),
        constraints=tuple(dict.fromkeys(constraints)),
        guessed=guessed,
        inputs=inputs,
        changing=bool(LOCAL_PATH.search("\n".join(texts(root, [one for one in inputs if one.endswith(".txt")])))),
    )


def _sources(root: Path, files: Iterable[str]) -> tuple[str, ...]:
    sources = [one for one in files if one.endswith(".py")]
    # Tests first: in a huge repository they say the most about what is needed.
    sources.sort(key=lambda one: (not is_test_file(one), one))
    return texts(root, sources[:_MAX_SOURCES])


def _used(root: Path, sources: Iterable[str], projects: Iterable[str]) -> tuple[str, ...]:
    settings = "\n".join(texts(root, {*_SETTINGS, *projects}))
    return tuple(dict.fromkeys((*needed_by_imports(sources), *needed_by_options(settings))))


def with_included(root: Path, files: Iterable[str]) -> tuple[str, ...]:
    """Return these files and those they include with -r or -c, each once."""
    found: dict[str, None] = {}
    waiting = list(files)
    while waiting:
        file = waiting.pop(0)
        if file in found or not (root / file).is_file():
            continue
        found[file] = None
        if file.endswith(".txt"):
            folder = posixpath.dirname(file)
            waiting += [posixpath.normpath(posixpath.join(folder, one)) for one in INCLUDE.findall(text(root / file))]
    return tuple(found)
