"""Runs tests against mutants: a pytest plugin that forks a child for each one after all tests were collected.

The child gives a living function the mutant's code, and runs the tests that reach that statement until one fails. So a
mutant costs neither an import nor a collection. A test that fails without a mutant, too, is left out.
"""

import builtins
import contextlib
import gc
import json
import os
import resource
import shutil
import signal
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import _lru_cache_wrapper
from pathlib import Path
from types import FunctionType
from typing import Any, TextIO

import pytest

from tests.mutants.mutations import HIT, Mutant, mutants, noticed

_IMPOSSIBLE = 3
_KILLER = "killer"
_OUTCOMES = {0: "lived", _IMPOSSIBLE << 8: "impossible", int(signal.SIGALRM): "hung", int(signal.SIGXCPU): "hung"}
HANG_S = 1800
"""After so long a mutant is taken for one that hangs: long enough for a machine that does much else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A module whose functions are mutated."""

    module: str
    file: str
    text: str


@dataclass(eq=False)
class Mutating:
    """The plugin: which mutants are tried, and what became of each."""

    sources: Sequence[Source]
    chosen: Sequence[int]
    jobs: int
    enough_s: float
    """How long the tests of one mutant may take without it, in seconds of CPU: the first ones are run."""
    shown: TextIO
    """Gets a line for each mutant that lives, as soon as it is known."""
    outcomes: dict[int, str] = field(default_factory=dict)
    failed: bool = False
    folder: Path = field(init=False)
    config: pytest.Config = field(init=False)
    caches: "list[_lru_cache_wrapper[Any]]" = field(default_factory=list)

    def pytest_collection(self) -> None:
        from hypothesis import HealthCheck, Phase, settings  # pytest rewrites it first

        settings.register_profile(
            "mutants",
            parent=settings.get_profile("sealift"),
            database=None,
            derandomize=True,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        settings.load_profile("mutants")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.failed = self.failed or report.failed

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        with tempfile.TemporaryDirectory() as folder:
            self.folder, self.config = Path(folder), session.config
            self._try_all(session.items)
        return True

    def _try_all(self, items: Sequence[pytest.Item]) -> None:
        living = _living(self.sources)
        self.caches = [one for one in gc.get_objects() if isinstance(one, _lru_cache_wrapper)]
        reaching = self._reaching(items, living)
        every = [m for source in self.sources for m in mutants(source.text, source.module, source.file)]
        gc.freeze()  # a collection in a child would touch, and so copy, every page of the parent
        waiting, running = list(self.chosen), dict[int, int]()
        killers: dict[str, set[int]] = defaultdict(set)
        """The tests that noticed another mutant of the function: they are asked first."""
        while waiting or running:
            if len(running) == self.jobs or not waiting:
                pid, status = os.wait()
                number = running.pop(pid)
                killer = self.folder / str(pid) / _KILLER
                if killer.exists():
                    killers[every[number].function].add(int(killer.read_text()))
                shutil.rmtree(self.folder / str(pid), ignore_errors=True)
                self.outcomes[number] = _OUTCOMES.get(status, "killed")
                if status == 0:
                    print(
                        f"{len(self.outcomes)} of {len(self.chosen)}: {every[number].name}", file=self.shown, flush=True
                    )
                continue
            number = waiting.pop(0)
            mutant = every[number]
            functions = living.get(f"{mutant.module}.{mutant.function}", [])
            first = killers[mutant.function]
            tests = sorted(reaching.get(mutant.place, []), key=lambda test: test[1] not in first)
            tests = _nearest(tests, self.enough_s)
            if not functions or not tests:
                self.outcomes[number] = "reached by no test"
            else:
                running[self._started(items, mutant, functions, tests)] = number

    def _reaching(
        self, items: Sequence[pytest.Item], living: Mapping[str, Sequence[FunctionType]]
    ) -> dict[str, list[tuple[float, int]]]:
        """Return by statement the tests that run it, with the CPU they take, from a child that runs each test once.

        Those that notice a change for the least CPU are first: fast ones, and ones that run few statements.
        """
        notes = self.folder / "reached.json"
        pid = os.fork()
        if pid == 0:
            try:
                self._settle()
                notes.write_text(json.dumps(self._reached(items, living)))
            finally:
                os._exit(0)
        os.waitpid(pid, 0)
        found: dict[str, list[tuple[float, float, int]]] = defaultdict(list)
        for number, (took, hits) in enumerate(json.loads(notes.read_text())):
            for hit in hits:
                found[hit].append((took * len(hits), took, number))
        return {name: [(took, number) for _, took, number in sorted(tests)] for name, tests in found.items()}

    def _settle(self) -> None:
        """Make a child show nothing, and write its files where the parent removes them."""
        null = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(null, number)
        own = self.folder / str(os.getpid())
        own.mkdir(exist_ok=True)
        self.config._tmp_path_factory._basetemp = own  # type: ignore[attr-defined]

    def _reached(
        self, items: Sequence[pytest.Item], living: Mapping[str, Sequence[FunctionType]]
    ) -> list[tuple[float, list[str]]]:
        hits: set[str] = set()
        setattr(builtins, HIT, hits.add)
        for source in self.sources:
            for name, code in noticed(source.text, source.module, source.file).items():
                for function in living.get(f"{source.module}.{name}", ()):
                    function.__code__ = code
        rows = []
        for item in items:
            hits.clear()
            self.failed, began = False, _cpu_s()
            self._run(item)
            rows.append((_cpu_s() - began, [] if self.failed else sorted(hits)))
        return rows

    def _run(self, item: pytest.Item) -> None:
        """Run a test as the first one: what an earlier one left in a cache would be believed without a call."""
        for cached in self.caches:
            if str(getattr(cached, "__module__", "")).startswith("sealift."):
                cached.cache_clear()
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)

    def _started(
        self,
        items: Sequence[pytest.Item],
        mutant: Mutant,
        functions: Iterable[FunctionType],
        tests: Sequence[tuple[float, int]],
    ) -> int:
        pid = os.fork()
        if pid:
            return pid
        status = _IMPOSSIBLE
        try:
            self._settle()
            limit = int(10 + 10 * sum(took for took, _ in tests))
            resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))
            signal.alarm(HANG_S)
            self.failed = False
            code = mutant.code()
            if any(function.__code__.co_freevars != code.co_freevars for function in functions):
                raise ValueError("another set of free variables")
            for function in functions:
                function.__code__ = code
            status = 1
            for _, number in tests:
                self._run(items[number])
                if self.failed:
                    (self.folder / str(os.getpid()) / _KILLER).write_text(str(number))
                    break
            status = int(self.failed)
        finally:
            os._exit(status)


def _living(sources: Iterable[Source]) -> dict[str, list[FunctionType]]:
    """Return the functions of modules by name as they live in this process, whatever is wrapped around them."""
    modules = {source.file: source.module for source in sources}
    found: dict[str, list[FunctionType]] = defaultdict(list)
    for one in gc.get_objects():
        if isinstance(one, FunctionType) and one.__code__.co_filename in modules:
            found[f"{modules[one.__code__.co_filename]}.{one.__code__.co_qualname}"].append(one)
    return found


def _nearest(reached: Iterable[tuple[float, int]], enough_s: float) -> list[tuple[float, int]]:
    """Return the first tests, as many as may be run for one mutant."""
    found: list[tuple[float, int]] = []
    total = 0.0
    for took, number in reached:
        total += took
        if total > enough_s and found:
            break
        found.append((took, number))
    return found


def _cpu_s() -> float:
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def run(plugin: Any, tests: Sequence[str]) -> None:
    """Collect tests and run them against the plugin's mutants, but those that start an embedded cloud each."""
    with Path(os.devnull).open("w") as null, contextlib.redirect_stdout(null):
        pytest.main(["-p", "no:cacheprovider", "-p", "no:xdist", "-k", "not [embedded", *tests], plugins=[plugin])
