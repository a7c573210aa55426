"""Decides which files are unit tests, which are acceptance tests, and how they are grouped into runs."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

ACCEPTANCE = frozenset({"acceptance", "acceptance_tests", "acceptance-tests"})
"""Folders whose tests are run against a deployed environment."""
OTHERS = frozenset(
    {
        "integration", "integration_tests", "integration-tests", "integ", "e2e", "end_to_end", "end-to-end",
        "functional", "smoke", "load", "performance", "perf", "system", "contract", "live",
    }
)  # fmt: skip
"""Folders whose tests want something deployed, but that are not ours to run unless they are declared."""
NOT_TESTS = frozenset(
    {
        ".git", ".aws-sam", ".sealift", ".venv", "venv", "env", ".tox", ".nox", "node_modules", "build", "dist",
        "cdk.out", "__pycache__", "site-packages", ".serverless", ".mypy_cache", ".pytest_cache", ".ruff_cache",
    }
)  # fmt: skip
"""Folders that are never looked into."""
_TEST_FOLDERS = frozenset({"tests", "test", "unit", "unit_tests", "unit-tests", "unittests"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of pytest: the folder the tests belong to, and what to collect. POSIX paths relative to the root."""

    base: str
    paths: tuple[str, ...]
    folder: str = "."
    """Where it is run: the nearest folder with settings of pytest that is not within the tests."""


def is_test_file(path: str) -> bool:
    """Whether pytest would collect this file by its name."""
    name = PurePosixPath(path).name
    return name.endswith(".py") and (name.startswith("test_") or name.endswith("_test.py"))


def unit_runs(files: Iterable[str], configured: Collection[str] = ()) -> tuple[Run, ...]:
    """Return the runs of the unit tests among `files`; empty when there are none.

    `configured` are the folders that have settings of pytest.

    Where some are in a folder called `unit`, only such are unit tests. Each function that brings tests of its own gets
    a run of its own: modules of two functions often have the same name.
    """
    tests = [path for path in files if is_test_file(path) and not _kinds(path) & (ACCEPTANCE | OTHERS)]
    in_unit = [path for path in tests if any(part.startswith("unit") for part in PurePosixPath(path).parts[:-1])]
    groups: dict[tuple[str, str], list[str]] = {}
    for path in in_unit or tests:
        base = _base(path)
        groups.setdefault((base, _home(path, base, configured)), []).append(path)
    return tuple(
        Run(base=base, paths=_topmost(paths), folder=folder) for (base, folder), paths in sorted(groups.items())
    )


def acceptance_runs(files: Iterable[str], configured: Collection[str] = ()) -> tuple[Run, ...]:
    """Return the runs of the acceptance tests among `files`, one for each folder that they belong to."""
    homes: dict[str, list[str]] = {}
    for path in files:
        if is_test_file(path) and _kinds(path) & ACCEPTANCE:
            homes.setdefault(_home(path, _base(path), configured), []).append(path)
    return tuple(Run(base=home, paths=_topmost(tests), folder=home) for home, tests in sorted(homes.items()))


def declared_run(path: str, configured: Collection[str]) -> Run:
    """Return the run of the tests that a declared path, a folder or a file, holds."""
    inside = path if path.endswith(".py") else f"{path}/test_.py"
    return Run(base=".", paths=(path,), folder=_home(inside, _base(inside), configured))


def _home(path: str, base: str, configured: Collection[str]) -> str:
    """Return the nearest folder with settings of pytest; what stands before the tests, where these have their own."""
    nearest = next((str(above) for above in PurePosixPath(path).parents if str(above) in configured), ".")
    within = base == "." or nearest == base or nearest.startswith(f"{base}/")
    return base if within and nearest != "." else nearest


def undeclared(files: Iterable[str]) -> tuple[str, ...]:
    """Return folders with tests that look as if they wanted a deployed environment, and are run only when declared."""
    return tuple(sorted({_up_to(path, OTHERS) for path in files if is_test_file(path) and _kinds(path) & OTHERS}))


def _kinds(path: str) -> set[str]:
    """Return the folders of a test file, and for `test_integration.py` and the like the word in its name."""
    pure = PurePosixPath(path)
    words = set(pure.stem.removeprefix("test_").removesuffix("_test").split("_"))
    return {part.lower() for part in pure.parts[:-1]} | (words & {"integration", "e2e", "acceptance"})


def _base(path: str) -> str:
    """Return the folder that the tests belong to: what stands before `tests/`, or their own folder."""
    parts = PurePosixPath(path).parts[:-1]
    for index, part in enumerate(parts):
        if part.lower() in _TEST_FOLDERS:
            return "/".join(parts[:index]) or "."
    return "/".join(parts) or "."


def _up_to(path: str, names: frozenset[str]) -> str:
    parts = PurePosixPath(path).parts
    for index, part in enumerate(parts[:-1]):
        if part.lower() in names:
            return "/".join(parts[: index + 1])
    return path


def _topmost(paths: Iterable[str]) -> tuple[str, ...]:
    """Return the folders of these files, without those that lie in another one of them.

    A file in the application's own folder stands for itself: collecting that folder would collect everything.
    """
    folders: list[str] = []
    for path in sorted(paths, key=lambda one: (len(PurePosixPath(one).parts), one)):
        folder = PurePosixPath(path).parent.as_posix()
        wanted = path if folder == "." else folder
        if not any(wanted == other or wanted.startswith(other + "/") for other in folders):
            folders.append(wanted)
    return tuple(folders)


def ignored(run: Run, files: Iterable[str]) -> tuple[str, ...]:
    """Return the folders and files within a run's folders that must not be collected with it."""
    foreign = [path for path in files if is_test_file(path) and _kinds(path) & (ACCEPTANCE | OTHERS)]
    inside = [_up_to(path, ACCEPTANCE | OTHERS) for path in foreign]
    return tuple(sorted({path for path in inside if any(path.startswith(top + "/") for top in run.paths)}))
