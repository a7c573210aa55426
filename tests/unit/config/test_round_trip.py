"""An application that is written down and read again is the same application."""
# ruff: noqa: DTZ001  (the zone of these times stands beside them)

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealift.config.load import Source, load_app
from sealift.config.toml import toml_key, toml_string
from sealift.delivery.durations import written
from sealift.model.app import (
    AcceptedFinding,
    App,
    Environment,
    Freeze,
    Hooks,
    Probe,
    StackSpec,
    SuiteSpec,
    Window,
)

_NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,10}", fullmatch=True)
_TEXTS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
_PARAMETERS = st.dictionaries(st.from_regex(r"[A-Za-z0-9]{1,8}", fullmatch=True), _TEXTS, max_size=3)
_LABELS = st.dictionaries(_TEXTS, _TEXTS, max_size=2)
_MILLIS = st.integers(0, 10**9).map(lambda n: n / 1000)
_WORDS = st.lists(_TEXTS, max_size=3).map(tuple)
_LINES = st.lists(_TEXTS.map(shlex.quote), max_size=3).map(tuple)
_SUITES = st.builds(
    SuiteSpec,
    enabled=st.sampled_from(["auto", "on", "off"]),
    command=_WORDS,
    path=st.none() | st.just("tests/here"),
    requirements=_WORDS,
    python=st.none() | st.just("3.12"),
    timeout_s=_MILLIS,
    variables=_LABELS,
)


_ZONES = st.sampled_from(["UTC", "Europe/Rome", "America/St_Johns"])
_MINUTES = st.times().map(lambda t: t.replace(second=0, microsecond=0))
_WINDOWS = st.builds(
    Window,
    days=st.sets(st.integers(0, 6), min_size=1).map(sorted).map(tuple),
    start=_MINUTES,
    end=_MINUTES,
    zone=_ZONES,
)
_FREEZES = st.builds(
    lambda start, minutes, zone, reason: Freeze(
        start=start, end=start + timedelta(minutes=minutes), zone=zone, reason=reason
    ),
    st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)).map(lambda t: t.replace(second=0, microsecond=0)),
    st.integers(1, 10**5),
    _ZONES,
    st.just("stock taking"),
)


@st.composite
def _apps(draw: st.DrawFn, root: Path) -> App:
    names = draw(st.lists(_NAMES, min_size=1, max_size=3, unique=True))
    stacks = draw(st.lists(_NAMES, min_size=1, max_size=3, unique=True))
    environments = tuple(
        Environment(
            name=name,
            region=draw(st.sampled_from(["eu-central-1", "us-gov-west-1"])),
            account=draw(st.none() | st.from_regex(r"[0-9]{12}", fullmatch=True)),
            stack_name=f"{draw(_NAMES)}-{index}",
            bucket=draw(st.none() | st.just(f"bucket-{index}")),
            parameters=draw(_PARAMETERS),
            stack_parameters={stack: draw(_PARAMETERS) for stack in stacks if draw(st.booleans())},
            tags=draw(_LABELS),
            branch="main" if index == 0 else None,
            promotes_from=names[index - 1] if index else None,
            soak_s=draw(_MILLIS),
            approvals=draw(st.integers(0, 3)),
            approvers=draw(st.just(()) | st.just(("ann", "bob@github", "cy"))),
            windows=draw(st.lists(_WINDOWS, max_size=2).map(tuple)),
            freezes=draw(st.lists(_FREEZES, max_size=2).map(tuple)),
            protected=draw(st.booleans()),
            drift=draw(st.sampled_from(["show", "refuse", "off"])),
            watch_s=draw(_MILLIS),
        )
        for index, name in enumerate(names)
    )
    probes = tuple(
        Probe(
            name=f"probe {index}",
            url="${Api}/x",
            method=draw(st.sampled_from(["GET", "POST"])),
            headers=draw(_LABELS),
            body=draw(st.none() | st.text(st.characters(codec="utf-8"), max_size=8)),
            status=draw(st.integers(100, 599)),
            contains=draw(st.none() | _TEXTS),
            max_latency_ms=draw(st.none() | st.integers(0, 10**6)),
            environments=tuple(draw(st.lists(st.sampled_from(names), max_size=2))),
        )
        for index in range(draw(st.integers(0, 2)))
    )
    return App(
        name=draw(_NAMES),
        root=root,
        config_path="sealift.toml",
        stacks=tuple(
            StackSpec(name=name, template="template.yaml", needs=tuple(stacks[:index]), parameters=draw(_PARAMETERS))
            for index, name in enumerate(stacks)
        ),
        environments=environments,
        lint=draw(st.sampled_from(["auto", "on", "off"])),
        unit_tests=draw(_SUITES),
        acceptance_tests=replace(draw(_SUITES), environments=tuple(names[:1])),
        probes=probes,
        hooks=Hooks(before_deploy=draw(_LINES), after_deploy=draw(_LINES), timeout_s=draw(_MILLIS)),
        verify_timeout_s=draw(_MILLIS),
        accepted=tuple(
            AcceptedFinding(
                id=draw(st.sampled_from(["IAM-01", "NAM-01"])),
                reason=f"reason {index}",
                expires=draw(st.dates()),
                source=draw(st.none() | st.sampled_from(names)),
                target=draw(st.none() | st.sampled_from([*names, "outside"])),
                logical_id=draw(st.none() | st.just("Table")),
            )
            for index in range(draw(st.integers(0, 2)))
        ),
    )


def _value(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case str():
            return toml_string(value)
        case tuple() | list():
            return "[" + ", ".join(map(_value, value)) + "]"
        case Mapping():
            return "{" + ", ".join(f"{toml_key(k)} = {_value(v)}" for k, v in value.items()) + "}"
        case _:
            return str(value)


def _table(header: str, **values: object) -> Iterator[str]:
    yield header
    # What is None or an empty command is not said: it has no other way to be written.
    for key, value in values.items():
        if value is not None and not (key == "command" and value == ()):
            yield f"{key} = {_value(value)}"


def _window(window: Window) -> dict[str, object]:
    days = tuple(("mon", "tue", "wed", "thu", "fri", "sat", "sun")[day] for day in window.days)
    return {"days": days, "from": f"{window.start:%H:%M}", "to": f"{window.end:%H:%M}", "zone": window.zone}


def _freeze(freeze: Freeze) -> dict[str, object]:
    start, end = (one.isoformat(timespec="minutes") for one in (freeze.start, freeze.end))
    return {"from": start, "to": end, "zone": freeze.zone, "reason": freeze.reason}


def _suite(suite: SuiteSpec) -> dict[str, object]:
    return {
        "enabled": suite.enabled,
        "command": suite.command,
        "path": suite.path,
        "requirements": suite.requirements,
        "python": suite.python,
        "timeout": written(suite.timeout_s),
        "variables": suite.variables,
    }


def _document(app: App) -> str:
    lines = [*_table("[app]", name=app.name), *_table("[lint]", enabled=app.lint)]
    for stack in app.stacks:
        lines += _table(
            "[[stacks]]", name=stack.name, template=stack.template, needs=stack.needs, parameters=stack.parameters
        )
    for one in app.environments:
        lines += _table(
            f"[environments.{one.name}]",
            region=one.region,
            account=one.account,
            stack_name=one.stack_name,
            bucket=one.bucket,
            parameters=one.parameters,
            tags=one.tags,
            branch=one.branch,
            promotes_from=one.promotes_from,
            soak=written(one.soak_s),
            approvals=one.approvals,
            approvers=one.approvers,
            windows=[_window(window) for window in one.windows],
            freezes=[_freeze(freeze) for freeze in one.freezes],
            protected=one.protected,
            drift=one.drift,
            watch=written(one.watch_s),
            stacks={stack: {"parameters": values} for stack, values in one.stack_parameters.items()},
        )
    for probe in app.probes:
        latency = None if probe.max_latency_ms is None else written(probe.max_latency_ms / 1000)
        lines += _table(
            "[[probes]]",
            name=probe.name,
            url=probe.url,
            method=probe.method,
            headers=probe.headers,
            body=probe.body,
            status=probe.status,
            contains=probe.contains,
            max_latency=latency,
            environments=probe.environments,
        )
    lines += _table("[tests.unit]", **_suite(app.unit_tests))
    acceptance = app.acceptance_tests
    lines += _table("[tests.acceptance]", **_suite(acceptance), environments=acceptance.environments)
    hooks = app.hooks
    lines += _table(
        "[hooks]",
        before_deploy=hooks.before_deploy,
        after_deploy=hooks.after_deploy,
        timeout=written(hooks.timeout_s),
    )
    lines += _table("[verify]", timeout=written(app.verify_timeout_s))
    for known in app.accepted:
        more = {
            "id": known.id,
            "reason": known.reason,
            "expires": known.expires,
            "from": known.source,
            "to": known.target,
        }
        lines += _table("[[isolation.accepted]]", **more, logical_id=known.logical_id)
    return "\n".join(lines)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("app")
    (folder / "template.yaml").write_text("{}")
    return folder


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_what_is_written_down_reads_back_the_same(root: Path, data: st.DataObject) -> None:
    app = data.draw(_apps(root))
    assert load_app(root, source=Source(file="sealift.toml", text=_document(app))) == app
