"""Judge, for every environment and before anything is written, whether configuration and templates fit each other."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from sealift.cfn.values import mapping_at
from sealift.delivery.outputs import output_names, unknown_outputs
from sealift.delivery.parameters import NO_VALUE, given_parameters, resolve_parameters
from sealift.errors import ConfigError, did_you_mean
from sealift.model.app import App, Environment
from sealift.model.finding import Finding
from sealift.model.release import UNBUILT, SealedStack
from sealift.model.template import Location, ParameterSpec, Template

if TYPE_CHECKING:
    from sealift.usecases.stacks.inheriting import Inherited

_ADDED = ("Fn::ForEach::", "Fn::Transform")


def misfits(app: App, templates: Mapping[str, Template]) -> Iterator[Finding]:
    """Yield parameters that an environment lacks or misspells, and outputs that a probe names and no template has."""
    stacks = _unbuilt(templates)
    alike: dict[tuple[str, bool], list[tuple[str, Finding]]] = {}
    for environment in app.environments:
        _, problems = fitted_parameters(app, environment, stacks)
        for problem in problems:
            found = misfit(app, environment, stacks, problem)
            alike.setdefault((problem, found.stops), []).append((environment.name, found))
    for several in alike.values():
        (name, first), names = several[0], ", ".join(one for one, _ in several)
        message = f"{names}{first.message.removeprefix(name)}"
        if first.location is not None:
            message = message.replace(f"; it is declared in {first.location}", "", 1)
        fix = first.fix.replace(_table(name), " and ".join(_table(one) for one, _ in several), 1)
        yield replace(first, message=message, fix=fix, data={**first.data, "environment": names})
    yield from _of_probes(app, templates)


def _unbuilt(templates: Mapping[str, Template]) -> list[SealedStack]:
    return [
        SealedStack(name=name, template_sha256=UNBUILT, needs=(), parameters=template.parameters)
        for name, template in templates.items()
    ]


def misfit(app: App, environment: Environment, stacks: Sequence[SealedStack], problem: str) -> Finding:
    """Return the finding of a parameter that does not fit an environment.

    A secret without a value is advice where the stack's name is declared: one that was taken over keeps its own.
    """
    name = environment.name
    where = f"{_table(name)} in sealift.toml"
    secret = any(f'"{spec.name}"' in problem for stack in stacks for spec in stack.parameters if spec.no_echo)
    lacks = [p for stack in stacks for p in stack.parameters if f'"{p.name}"' in problem and NO_VALUE in problem]
    place = lacks[0].location if lacks else None
    if not secret or NO_VALUE not in problem:
        return _finding(app, name, "parameters", f"{name}: {problem}", f"Set it under {where}.", place)
    declared = environment.stack_name != f"{app.name}-{name}" or bool(environment.stack_names)
    told = f"{name}: {problem}{'; only a stack that was taken over keeps one' if declared else ''}"
    fix = (
        f"Keep it in Secrets Manager: under {where} write '{{{{resolve:secretsmanager:NAME}}}}', not the secret itself."
    )
    found = _finding(app, name, "parameters", told, fix, place)
    return replace(found, stops=False, severity="medium") if declared else found


def _table(environment: str) -> str:
    return f"[environments.{environment}.parameters]"


def with_supposed_values(app: App, templates: Mapping[str, Template]) -> tuple[App, Mapping[str, tuple[str, ...]]]:
    """Return the application with a value of each environment's own for parameters that have none, and their names.

    What is wrong besides can be seen so: a value that is not known could be anything, another environment's too.
    """
    lacking: dict[str, tuple[str, ...]] = {}

    def supposing(environment: Environment) -> Environment:
        supposed = {
            spec.name: _supposed(spec, environment.name)
            for stack in _unbuilt(templates)
            for spec in stack.parameters
            if spec.default is None and not spec.no_echo and spec.name not in given_parameters(app, environment, stack)
        }
        if supposed:
            lacking[environment.name] = tuple(supposed)
        return replace(environment, parameters={**supposed, **environment.parameters})

    previews = supposing(app.previews) if app.previews else None
    return replace(app, environments=tuple(map(supposing, app.environments)), previews=previews), lacking


def _supposed(spec: ParameterSpec, environment: str) -> str:
    """Return an allowed value, that of the environment where it is among them, or one that names the environment."""
    if spec.allowed_values:
        return environment if environment in spec.allowed_values else spec.allowed_values[0]
    return supposed_text(spec.name, environment)


def supposed_text(parameter: str, environment: str) -> str:
    """Return what stands for the value that an environment gives to a parameter."""
    return f"{parameter}-of-{environment}"


def require_probes(app: App, templates: Mapping[str, Template]) -> None:
    """Refuse probes of outputs that no template has. Raises ConfigError with all of them."""
    findings = tuple(_of_probes(app, templates))
    if findings:
        raise ConfigError("; ".join(f.message for f in findings), code="probe-output", hint=findings[0].fix)


def fitted_parameters(
    app: App, environment: Environment, stacks: Sequence[SealedStack], *, kept: "Inherited | None" = None
) -> tuple[dict[str, dict[str, str]], tuple[str, ...]]:
    """Return the value of every parameter by stack, and every problem with them; some are `kept` as the stack has them.

    Secrets that are kept have no value here.
    """
    problems: list[str] = []
    resolved: dict[str, dict[str, str]] = {}
    declared = {p.name for stack in stacks for p in stack.parameters}
    for name in sorted(set(environment.parameters) - declared):
        problems.append(f'parameter "{name}" is declared by no stack{did_you_mean(name, sorted(declared))}')
    for stack in stacks:
        given = given_parameters(app, environment, stack)
        secret = kept.secret.get(stack.name, ()) if kept else ()
        specs = [spec for spec in stack.parameters if spec.name not in secret]
        values, wrong = resolve_parameters(specs, {**(kept.values.get(stack.name, {}) if kept else {}), **given})
        resolved[stack.name] = values
        problems += [f"{stack.name}: {text}" if len(stacks) > 1 else text for text in wrong]
    return resolved, tuple(problems)


def _of_probes(app: App, templates: Mapping[str, Template]) -> Iterator[Finding]:
    outputs = [(name, tuple(mapping_at(template.body, "Outputs"))) for name, template in templates.items()]
    if any(key.startswith(_ADDED) for _, keys in outputs for key in keys):
        return  # which outputs a loop or a macro makes is not known here
    names = frozenset(output_names(outputs).values())
    for probe, key, near in unknown_outputs(app.probes, names):
        yield _finding(
            app,
            ", ".join(probe.environments),
            "probe-output",
            f'probe "{probe.name}" uses ${{{key}}}, which no template outputs{near}',
            f"The templates output: {', '.join(sorted(names)) or 'nothing'}.",
        )


def _finding(app: App, environment: str, rule: str, message: str, fix: str, place: Location | None = None) -> Finding:
    return Finding(
        tool="sealift",
        id=rule,
        severity="high",
        message=message,
        location=place or (Location(file=app.config_path, line=0) if app.config_path else None),
        fix=fix,
        stops=True,
        data={"environment": environment},
    )
