"""Shows at the end of a run what its tests counted; lets no test fail for the time it takes, nor for who runs it."""

import gc
import os

import pytest
from hypothesis import HealthCheck, is_hypothesis_test, settings
from hypothesis.internal.conjecture import providers

from tests.counts import Note, noted, told

# In CI each law draws the same examples in every run; elsewhere it draws new ones. `make laws` draws this many times as
# many. Workers of pytest inherit the setting, but not CI, which is deleted below.
LAWS = os.environ.setdefault("SEALIFT_LAWS", "fixed" if "CI" in os.environ else "1")

# Speed is measured in benchmarks/. A busy machine, or the first run of a clone, takes longer than hypothesis allows.
settings.register_profile(
    "sealift",
    derandomize=LAWS == "fixed",
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("sealift")
if LAWS == "fixed":
    # Hypothesis also draws constants of the imported modules. Which modules those are depends on what a worker ran
    # before, and each change of a constant would change what every law draws.
    providers._get_local_constants = lambda: providers._local_constants

# Nothing of the half million objects of a collection is garbage: to look for it is a fifth of the time it takes.
gc.disable()

# A test that wants a CI system says so itself: the one that runs the tests is not the one they are about.
for name in [
    name for name in os.environ if name == "CI" or name.startswith(("CI_", "GITHUB_", "GITLAB_", "BITBUCKET_"))
]:
    del os.environ[name]


def pytest_collection_finish() -> None:
    """Look for garbage from here on, and not among what was collected."""
    gc.freeze()
    gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Multiply the number of examples of each law as `make laws` asks, its own number of them included."""
    if LAWS in ("fixed", "1"):
        return
    laws = {item.obj for item in items if isinstance(item, pytest.Function) and is_hypothesis_test(item.obj)}
    for law in laws:
        usual = law._hypothesis_internal_use_settings
        law._hypothesis_internal_use_settings = settings(usual, max_examples=usual.max_examples * int(LAWS))


@pytest.fixture
def count(request: pytest.FixtureRequest) -> Note:
    """Note counts under one name; those of all tests are added up and shown at the end of the run."""

    def note(what: str, **counts: int) -> None:
        request.node.user_properties.append(noted(what, counts))

    return note


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show a line for each kind of count that tests of this run noted, wherever they ran."""
    reports = [r for listed in terminalreporter.stats.values() for r in listed if isinstance(r, pytest.TestReport)]
    lines = told(each for r in reports if r.when == "call" for each in r.user_properties)
    if lines:
        terminalreporter.section("counted")
        for line in lines:
            terminalreporter.write_line(line)
