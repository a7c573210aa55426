"""Turns checked settings into the `App`, with defaults for what is not said."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path as FilePath
from typing import cast

from sealift.config.validate import Settings
from sealift.model.app import (
    PREVIEW,
    AcceptedFinding,
    App,
    BuildOptions,
    DriftMode,
    Environment,
    Freeze,
    Health,
    Hooks,
    Probe,
    SandboxOptions,
    Signing,
    StackSpec,
    SuiteSpec,
    Toggle,
    Window,
)
from sealift.model.template import Packing

DEFAULT_SOAK_S = 600.0
ONLY_STACK = "app"
UTC = "UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What is known without the configuration file."""

    root: FilePath
    config_path: str | None
    name: str
    region: str
    template: str | None
    """None when none was found; it may be declared."""


def declared(settings: Settings, around: Surroundings) -> App:
    """Return the application; `sealift.config.agree` says whether it makes sense."""
    name = str(_part(settings, "app").get("name", around.name))
    lint = _part(settings, "lint").get("enabled", "auto")
    tests = _part(settings, "tests")
    verify = _part(settings, "verify")
    signing = _part(settings, "signing")
    return App(
        name=name,
        root=around.root,
        config_path=around.config_path,
        stacks=_stacks(settings, around.template),
        environments=tuple(_environments(settings, name, around.region)),
        lint=cast("Toggle", lint),
        unit_tests=_suite(_part(tests, "unit")),
        acceptance_tests=_suite(_part(tests, "acceptance")),
        probes=tuple(_probe(one) for one in _parts(settings, "probes")),
        hooks=_hooks(_part(settings, "hooks")),
        build=_build(_part(settings, "build")),
        sandbox=_sandbox(_part(settings, "sandbox")),
        signing=Signing(
            private_key=_text(signing, "private_key"),
            kms_key=_text(signing, "kms_key"),
            public_key=_text(signing, "public_key"),
        ),
        verify_timeout_s=cast("float", verify.get("timeout", 60.0)),
        local_settings=_labels(_part(settings, "local"), "settings"),
        previews=_previews(settings, name, around.region),
        accepted=tuple(_accepted(one) for one in _parts(_part(settings, "isolation"), "accepted")),
    )


def _part(settings: Settings, name: str) -> Settings:
    return cast("Settings", settings.get(name, {}))


def _parts(settings: Settings, name: str) -> list[Settings]:
    return cast("list[Settings]", settings.get(name, []))


def _texts(settings: Settings, name: str) -> tuple[str, ...]:
    return cast("tuple[str, ...]", settings.get(name, ()))


def _labels(settings: Settings, name: str) -> dict[str, str]:
    return cast("dict[str, str]", dict(_part(settings, name)))


def _text(settings: Settings, name: str) -> str | None:
    return cast("str | None", settings.get(name))


def _stacks(settings: Settings, template: str | None) -> tuple[StackSpec, ...]:
    if "stacks" not in settings:
        chosen = _text(_part(settings, "app"), "template") or template or ""
        return (StackSpec(name=ONLY_STACK, template=chosen),)
    return tuple(
        StackSpec(
            name=_text(one, "name") or "",
            template=_text(one, "template") or "",
            needs=_texts(one, "needs"),
            parameters=_labels(one, "parameters"),
        )
        for one in _parts(settings, "stacks")
    )


def _environments(settings: Settings, app: str, region: str) -> Iterator[Environment]:
    tables = cast("dict[str, Settings]", _part(settings, "environments")) or {"staging": {}, "production": {}}
    sources = {name: _text(table, "promotes_from") or _usual_source(name, tables) for name, table in tables.items()}
    roots = [name for name, source in sources.items() if source is None]
    shared = _labels(settings, "parameters")
    for name, table in tables.items():
        is_root = sources[name] is None
        usual_branch = "main" if is_root and (name == "staging" or len(roots) == 1) else None
        protected = bool(table.get("protected", not is_root or name == "production"))
        usual_soak_s = DEFAULT_SOAK_S if name in sources.values() else 0.0
        yield Environment(
            name=name,
            region=_text(table, "region") or region,
            account=_text(table, "account"),
            stack_name=_text(table, "stack_name") or f"{app}-{name}",
            bucket=_text(table, "bucket"),
            parameters=shared | _labels(table, "parameters"),
            stack_parameters={
                stack: _labels(cast("Settings", inner), "parameters") for stack, inner in _part(table, "stacks").items()
            },
            stack_names={
                stack: given
                for stack, inner in _part(table, "stacks").items()
                if (given := _text(cast("Settings", inner), "stack_name"))
            },
            tags=_labels(table, "tags"),
            branch=_text(table, "branch") or usual_branch,
            promotes_from=sources[name],
            soak_s=cast("float", table.get("soak", usual_soak_s)),
            roles=_texts(table, "roles"),
            role=_text(table, "role"),
            cloudformation_role=_text(table, "cloudformation_role"),
            approvals=_approvals(table),
            approvers=_texts(table, "approvers"),
            windows=tuple(_window(one) for one in _parts(table, "windows")),
            freezes=tuple(_freeze(one) for one in _parts(table, "freezes") if {"from", "to"} <= one.keys()),
            protected=protected,
            drift=cast("DriftMode", table.get("drift", "show" if protected else "off")),
            watch_s=cast("float", table.get("watch", 0.0)),
            health=_health(_part(table, "health")),
        )


def _previews(settings: Settings, app: str, region: str) -> Environment | None:
    if "previews" not in settings:
        return None
    table = _part(settings, "previews")
    return Environment(
        name=PREVIEW,
        kind="preview",
        region=_text(table, "region") or region,
        account=_text(table, "account"),
        stack_name=f"{app}-{PREVIEW}",
        parameters=_labels(settings, "parameters") | _labels(table, "parameters"),
        tags=_labels(table, "tags"),
        role=_text(table, "role"),
        cloudformation_role=_text(table, "cloudformation_role"),
        roles=_texts(table, "roles"),
        untrusted=bool(table.get("untrusted", False)),
    )


def _health(settings: Settings) -> Health:
    latency_s = cast("float | None", settings.get("max_latency"))
    return Health(
        enabled=bool(settings.get("enabled", True)),
        alarms=_texts(settings, "alarms"),
        max_error_rate=cast("float", settings.get("max_error_rate", 0.01)),
        max_latency_ms=None if latency_s is None else round(latency_s * 1000),
        min_requests=cast("int", settings.get("min_requests", 0)),
        compare=bool(settings.get("compare", True)),
    )


def _approvals(table: Settings) -> int:
    usual = 1 if table.get("approval") or table.get("approvers") else 0
    return cast("int", table.get("approvals", usual))


def _window(settings: Settings) -> Window:
    return Window(
        days=cast("tuple[int, ...]", settings.get("days", tuple(range(7)))),
        start=cast("time", settings.get("from", time())),
        end=cast("time", settings.get("to", time())),
        zone=_text(settings, "zone") or UTC,
    )


def _freeze(settings: Settings) -> Freeze:
    return Freeze(
        start=cast("datetime", settings["from"]),
        end=cast("datetime", settings["to"]),
        zone=_text(settings, "zone") or UTC,
        reason=_text(settings, "reason") or "",
    )


def _usual_source(name: str, tables: Mapping[str, Settings]) -> str | None:
    """Return what production is promoted from when nothing is said: a way around staging must be asked for.

    An environment with a branch of its own is deployed from that branch, and promotes from none.
    """
    if name != "production" or "branch" in tables[name]:
        return None
    if "staging" in tables:
        return "staging"
    others = [other for other in tables if other != name]
    return others[0] if len(others) == 1 else None


def _suite(settings: Settings) -> SuiteSpec:
    return SuiteSpec(
        enabled=cast("Toggle", settings.get("enabled", "auto")),
        command=_texts(settings, "command"),
        path=_text(settings, "path"),
        requirements=_texts(settings, "requirements"),
        python=_text(settings, "python"),
        timeout_s=cast("float", settings.get("timeout", 600.0)),
        variables=_labels(settings, "variables"),
        environments=_texts(settings, "environments"),
    )


def _probe(settings: Settings) -> Probe:
    method, url = _text(settings, "method") or "GET", _text(settings, "url") or ""
    latency_s = cast("float | None", settings.get("max_latency"))
    return Probe(
        name=_text(settings, "name") or f"{method} {url}",
        url=url,
        method=method,
        headers=_labels(settings, "headers"),
        body=_text(settings, "body"),
        status=cast("int", settings.get("status", 200)),
        contains=_text(settings, "contains"),
        max_latency_ms=None if latency_s is None else round(latency_s * 1000),
        environments=_texts(settings, "environments"),
    )


def _sandbox(settings: Settings) -> SandboxOptions:
    return SandboxOptions(
        network=bool(settings.get("network", True)),
        variables=_texts(settings, "variables"),
        files=_texts(settings, "files"),
    )


def _build(settings: Settings) -> BuildOptions:
    return BuildOptions(
        shared_layer=bool(settings.get("shared_layer", False)),
        commands=_labels(settings, "commands"),
        packing=Packing(
            inputs=_texts(settings, "inputs"), leave_out=_texts(settings, "leave_out"), keep=_texts(settings, "keep")
        ),
    )


def _hooks(settings: Settings) -> Hooks:
    return Hooks(
        before_deploy=_texts(settings, "before_deploy"),
        after_deploy=_texts(settings, "after_deploy"),
        timeout_s=cast("float", settings.get("timeout", 900.0)),
    )


def _accepted(settings: Settings) -> AcceptedFinding:
    return AcceptedFinding(
        id=_text(settings, "id") or "",
        reason=_text(settings, "reason") or "",
        expires=cast("date", settings.get("expires", date.min)),
        source=_text(settings, "from"),
        target=_text(settings, "to"),
        logical_id=_text(settings, "logical_id"),
    )
