"""Several applications of one repository: each once, after what it needs, and none after one that failed."""

import threading
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealift.errors import ConfigError
from sealift.model.app import App
from sealift.usecases.each import Ended, by_name, call_each

NAMES = "abcdef"


def app(name: str, *needs: str) -> App:
    return App(name=name, needs=needs, root=Path("/at", name), config_path=None, stacks=(), environments=())


@st.composite
def repositories(draw: st.DrawFn) -> tuple[App, ...]:
    """Return applications of which each may need those that are named before it, in any order."""
    names = NAMES[: draw(st.integers(1, len(NAMES)))]
    apps = [
        app(n, *draw(st.lists(st.sampled_from(names[:i]), unique=True) if i else st.just([])))
        for i, n in enumerate(names)
    ]
    return tuple(draw(st.permutations(apps)))


def reached(name: str, apps: Mapping[str, App]) -> set[str]:
    return set(apps[name].needs).union(*(reached(need, apps) for need in apps[name].needs))


@given(repositories(), st.sets(st.sampled_from(NAMES)))
def test_each_is_called_once_after_its_needs_and_not_when_one_failed(apps: tuple[App, ...], failing: set[str]) -> None:
    ordered, log, lock = by_name(apps), list[tuple[str, str]](), threading.Lock()

    def call(one: App) -> Ended:
        with lock:
            log.append(("begins", one.name))
        with lock:
            log.append(("ends", one.name))
        return Ended(app=one, exit_code=int(one.name in failing))

    ended = {one.app.name: one for one in call_each(ordered, call, lambda _: None)}
    called = [name for kind, name in log if kind == "begins"]
    assert len(called) == len(set(called))
    for name in ordered:
        assert (name in called) is not bool(reached(name, ordered) & failing)
        assert ended[name].well is not bool({name, *reached(name, ordered)} & failing)
    for name in called:
        assert all(log.index(("ends", need)) < log.index(("begins", name)) for need in ordered[name].needs)


def test_those_that_need_nothing_of_each_other_run_at_the_same_time() -> None:
    both = threading.Barrier(2, timeout=10)

    def call(one: App) -> Ended:
        both.wait()
        return Ended(app=one, exit_code=0)

    ended = call_each(by_name((app("a"), app("b"))), call, lambda _: None)
    assert [one.exit_code for one in ended] == [0, 0]


def test_one_that_did_not_change_lets_what_needs_it_be_called() -> None:
    codes = {"a": None, "b": 0}
    ended = call_each(
        by_name((app("b", "a"), app("a"))), lambda one: Ended(app=one, exit_code=codes[one.name]), lambda _: None
    )
    assert [(one.app.name, one.exit_code) for one in ended] == [("a", None), ("b", 0)]


@pytest.mark.parametrize(
    ("apps", "code", "part"),
    [
        ((app("a"), app("a")), "app-twice", "called a"),
        ((app("a"), app("b", "aa")), "app-unknown", 'did you mean "a"'),
        ((app("a", "b"), app("b", "a")), "app-circle", "a → b → a"),
        ((app("a", "a"),), "app-circle", "a → a"),
    ],
)
def test_what_cannot_be_ordered_is_an_error(apps: tuple[App, ...], code: str, part: str) -> None:
    with pytest.raises(ConfigError) as raised:
        by_name(apps)
    assert raised.value.code == code
    assert part in raised.value.message or part == "a → b → a"
