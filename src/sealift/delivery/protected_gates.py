"""Gates from the protected branch, content from the work tree: a change cannot weaken the gate it has to pass. Pure.

What is not named here as content is a gate, so that a field added to the model is the protected branch's until somebody
decides otherwise. `docs/decisions` says why each side was chosen.
"""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace

from sealift.delivery.durations import written
from sealift.model.app import PREVIEWS, App, Environment, GatesRead, PreviewRules, Probe, SuiteSpec

_NOT_COMPARED = ("gates", "environments", "public_pem")
_KEYS = {
    "unit_tests": "tests.unit",
    "acceptance_tests": "tests.acceptance",
    "accepted": "isolation.accepted",
    "not_looked_at": "isolation.not_looked_at",
    "verify_timeout_s": "verify.timeout",
}
_SHOWN_LENGTH = 80


def counted(own: App, protected: App | None, *, read: GatesRead, rehearsal: bool = False) -> App:
    """Return the effective application, with its differences. `protected` is None when it has no configuration."""
    if protected is None:
        told = f"{read.reference} has no Sealift configuration, so the gates of {own.config_path} were never reviewed"
        missing = replace(read, problem=told, hint=f"Merge {own.config_path} to {read.reference} first.")
        return replace(own, gates=missing if own.config_path else read)
    app = effective(own, protected, rehearsal=rehearsal)
    left_out = tuple(e.name for e in own.environments if app.environment(e.name) is None)
    if own.previews is not None and protected.previews is None and not rehearsal:
        left_out += (own.previews.name,)
    return replace(app, gates=replace(read, differences=differences(own, app), left_out=left_out))


def effective(own: App, protected: App, *, rehearsal: bool = False) -> App:
    """Return the effective application: the gates of `protected`, the content of the work tree's `own`.

    On the embedded cloud, a `rehearsal`, nothing is at stake: what the work tree adds is kept there, and what it asks
    of the code that goes with it (parameters, probes) is tried before it is merged.
    """
    environments = [_environment(own.environment(e.name), e, rehearsal=rehearsal) for e in protected.environments]
    if rehearsal:
        environments += [e for e in own.environments if protected.environment(e.name) is None]
    return replace(
        protected,
        root=own.root,
        config_path=own.config_path,
        stacks=own.stacks,
        hooks=own.hooks,
        build=own.build,
        local_settings=own.local_settings,
        previews=_previews(own, protected, rehearsal=rehearsal),
        preview_rules=own.preview_rules if rehearsal else _rules(own, protected),
        environments=tuple(environments),
        unit_tests=_suite(own.unit_tests, protected.unit_tests),
        acceptance_tests=_suite(own.acceptance_tests, protected.acceptance_tests),
        probes=own.probes if rehearsal else _probes(own, protected),
        verify_timeout_s=own.verify_timeout_s if rehearsal else protected.verify_timeout_s,
    )


def differences(own: App, counted: App) -> tuple[str, ...]:
    """Return the differences of the work tree from the effective values: `production.soak 1h (work tree: 0s)`."""
    found = list(_differences("", own, counted))
    for environment in counted.environments:
        mine = own.environment(environment.name)
        if mine is not None:
            found += _differences(f"{environment.name}.", mine, environment)
        else:
            found.append(f"{environment.name} is declared (work tree: not)")
    return tuple(found)


def _environment(own: Environment | None, protected: Environment, *, rehearsal: bool) -> Environment:
    """Return the effective environment.

    Parameters go with the template that is built from the work tree. What is promoted into gets a release from
    elsewhere: its parameters are the reviewed ones.
    """
    if own is None or (protected.promotes_from is not None and not rehearsal):
        return protected
    names = own.stack_names if rehearsal else protected.stack_names
    content = replace(protected, parameters=own.parameters, stack_parameters=own.stack_parameters, tags=own.tags)
    return replace(content, stack_names=names)


def _previews(own: App, protected: App, *, rehearsal: bool) -> Environment | None:
    """Return the effective previews. Those that only the work tree declares make the proof stricter."""
    if protected.previews is None:
        return own.previews
    return _environment(own.previews, protected.previews, rehearsal=rehearsal)


def _rules(own: App, protected: App) -> PreviewRules:
    """Return the effective rules of previews: who gets one is a gate; seed data belongs to the code."""
    return replace(protected.preview_rules, seed=own.preview_rules.seed)


def _suite(own: SuiteSpec, protected: SuiteSpec) -> SuiteSpec:
    """Return the effective suite: whether and where it runs is a gate; how it runs belongs to the tests."""
    return replace(own, enabled=protected.enabled, environments=protected.environments, coverage=protected.coverage)


def _probes(own: App, protected: App) -> tuple[Probe, ...]:
    """Return the effective probes.

    Where releases pass on their way to a promotion, those of the protected branch are sent, and new ones besides.
    Elsewhere probes go with the code they ask.
    """
    if own.probes == protected.probes:
        return own.probes
    names = [*(e.name for e in protected.environments), *([PREVIEWS] if protected.previews else [])]
    way = {name for e in protected.environments if e.promotes_from for name in (e.name, e.promotes_from)}
    known = {probe.name for probe in protected.probes}
    sent: list[Probe] = []
    for probe in protected.probes:
        sent += _sent_to(probe, [n for n in names if n in way], names)
    for probe in own.probes:
        sent += _sent_to(probe, [n for n in names if n not in way or probe.name not in known], names)
    return tuple(sent)


def _sent_to(probe: Probe, wanted: list[str], every: list[str]) -> Iterator[Probe]:
    """Yield the probe for those of the `wanted` environments that it names, unless these are none."""
    chosen = [name for name in wanted if not probe.environments or name in probe.environments]
    if chosen:
        yield probe if chosen == every else replace(probe, environments=tuple(chosen))


def _differences(prefix: str, own: object, counted: object) -> Iterator[str]:
    for one in fields(counted):  # type: ignore[arg-type]
        mine, theirs = getattr(own, one.name), getattr(counted, one.name)
        if mine == theirs or one.name in _NOT_COMPARED:
            continue
        key = prefix + _KEYS.get(one.name, one.name.removesuffix("_s"))
        if is_dataclass(theirs) and type(mine) is type(theirs):
            yield from _differences(f"{key}.", mine, theirs)
            continue
        told = f"{_shown(one.name, theirs)} (work tree: {_shown(one.name, mine)})"
        simple = all(isinstance(value, str | int | float | None) for value in (mine, theirs))
        yield f"{key} {told}" if simple and len(told) <= _SHOWN_LENGTH else f"{key} differs"


def _shown(name: str, value: object) -> str:
    """Return a value of the configuration as it would be written."""
    if isinstance(value, bool):
        return str(value).lower()
    if name.endswith("_s") and isinstance(value, int | float):
        return written(value)
    return "none" if value is None else str(value)
