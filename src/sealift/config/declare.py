"""Turns checked settings into the `App`, with defaults for what is not said."""

from collections.abc import Iterator, Mapping
from pathlib import Path as FilePath
from typing import Any, cast

from sealift.config.environments import ENVIRONMENT, PREVIEW_RULES, PREVIEWS
from sealift.config.keys import BUILD, PROBE, ROOT, STACK
from sealift.config.kinds import Settings
from sealift.model.app import PREVIEW, App, BuildOptions, Environment, PreviewRules, Probe, StackSpec
from sealift.model.template import Packing
from sealift.model.values import value

DEFAULT_SOAK_S = 600.0
ONLY_STACK = "app"


@value
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
    own = _part(settings, "app")
    name = str(own.get("name", around.name))
    return App(
        name=name,
        needs=cast("tuple[str, ...]", own.get("needs", ())),
        root=around.root,
        config_path=around.config_path,
        stacks=_stacks(settings, around.template),
        environments=tuple(_environments(settings, name, around.region)),
        probes=tuple(_probe(one) for one in cast("list[Settings]", settings.get("probes", []))),
        build=_build(_part(settings, "build")),
        previews=_previews(settings, name, around.region),
        preview_rules=PreviewRules(**PREVIEW_RULES.arguments(_part(settings, "previews"))),
        **ROOT.arguments(settings),
    )


def _part(settings: Settings, name: str) -> Settings:
    return cast("Settings", settings.get(name, {}))


def _stacks(settings: Settings, template: str | None) -> tuple[StackSpec, ...]:
    if "stacks" not in settings:
        chosen = _part(settings, "app").get("template") or template or ""
        return (StackSpec(name=ONLY_STACK, template=str(chosen)),)
    return tuple(StackSpec(**STACK.arguments(one)) for one in cast("list[Settings]", settings["stacks"]))


def _environments(settings: Settings, app: str, region: str) -> Iterator[Environment]:
    tables = cast("dict[str, Settings]", _part(settings, "environments")) or {"staging": {}, "production": {}}
    declared_sources = {name: cast("str | None", table.get("promotes_from")) for name, table in tables.items()}
    sources = {name: source or _usual_source(name, tables) for name, source in declared_sources.items()}
    roots = [name for name, source in sources.items() if source is None]
    for name, table in tables.items():
        is_root = sources[name] is None
        own = ENVIRONMENT.arguments(table)
        protected = bool(own.get("protected", not is_root or name == "production"))
        usual: dict[str, Any] = {
            "name": name,
            "region": region,
            "stack_name": f"{app}-{name}",
            "branch": "main" if is_root and (name == "staging" or len(roots) == 1) else None,
            "soak_s": DEFAULT_SOAK_S if name in sources.values() else 0.0,
            "approvals": 1 if table.get("approval") or table.get("approvers") else 0,
            "protected": protected,
            "drift": "show" if protected else "off",
        }
        decided = {"parameters": _shared(settings, table), "promotes_from": sources[name], **_by_stack(table)}
        yield Environment(**{**usual, **own, **decided})


def _shared(settings: Settings, table: Settings) -> Settings:
    """Return the parameters of an environment: those of all of them, and its own before them."""
    return _part(settings, "parameters") | _part(table, "parameters")


def _by_stack(table: Settings) -> dict[str, Any]:
    stacks = cast("dict[str, Settings]", _part(table, "stacks"))
    return {
        "stack_parameters": {stack: _part(inner, "parameters") for stack, inner in stacks.items()},
        "stack_names": {stack: inner["stack_name"] for stack, inner in stacks.items() if "stack_name" in inner},
    }


def _previews(settings: Settings, app: str, region: str) -> Environment | None:
    if "previews" not in settings:
        return None
    table = _part(settings, "previews")
    usual: dict[str, Any] = {"name": PREVIEW, "kind": "preview", "region": region, "stack_name": f"{app}-{PREVIEW}"}
    return Environment(**{**usual, **PREVIEWS.arguments(table), "parameters": _shared(settings, table)})


def _probe(settings: Settings) -> Probe:
    own = PROBE.arguments(settings)
    return Probe(**{"name": f"{own.get('method', 'GET')} {own['url']}", **own})


def _build(settings: Settings) -> BuildOptions:
    packing: dict[str, Any] = {key: settings[key] for key in ("inputs", "leave_out", "keep") if key in settings}
    return BuildOptions(**BUILD.arguments(settings), packing=Packing(**packing))


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
