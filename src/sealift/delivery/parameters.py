"""Judges the values given to a template's parameters, as CloudFormation would, before anything is sent.

Pure. Every problem is told at once; the value of a NoEcho parameter is never repeated.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from sealift.cfn.references import pinned, references, setting_of, version_parameter, version_suffix
from sealift.cfn.substitution import replaced
from sealift.errors import did_you_mean
from sealift.model.app import App, Environment
from sealift.model.release import UNBUILT, SealedStack
from sealift.model.setting import is_blank
from sealift.model.template import ParameterSpec, Template

ENVIRONMENT_PARAMETER = "SealiftEnvironment"
"""Given the environment's name when the template declares it and nobody sets it."""

NO_VALUE = "has no value and no default"

_SSM_VALUE = "AWS::SSM::Parameter::Value<"


def resolve_parameters(
    specs: Sequence[ParameterSpec], values: Mapping[str, str]
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the value of every parameter, given or default, and every problem there is.

    A parameter without a value is in the problems and not in the values.
    """
    resolved: dict[str, str] = {}
    problems: list[str] = []
    for spec in specs:
        value = values.get(spec.name, spec.default)
        if value is None:
            problems.append(f'parameter "{spec.name}" ({spec.type}) {NO_VALUE}{_declared_at(spec)}')
            continue
        if _is_blank(spec, value):
            what = f'parameter "{spec.name}" ({spec.type}) has a blank value, which counts as missing'
            problems.append(f'{what}{_declared_at(spec)}; one that may be empty has `Default: ""`')
            continue
        resolved[spec.name] = value
        problems += [f'parameter "{spec.name}" {text}{_why(spec)}' for text in _faults(spec, value)]
    known = [spec.name for spec in specs]
    problems += [
        f'parameter "{name}" is not declared by the template{did_you_mean(name, known)}'
        for name in sorted(set(values) - set(known))
    ]
    return resolved, tuple(problems)


def stored_settings(
    specs: Sequence[ParameterSpec], settings: Sequence[str], values: Mapping[str, str]
) -> tuple[str, ...]:
    """Return the `settings` of a template with these parameter values substituted, each once.

    The value of an SSM-typed parameter names an entry of Parameter Store; a given one takes the default's place. Any
    other value may hold references of its own.
    `${Parameter}` in a name becomes the parameter's value; a name whose parameter has none is left out.
    """
    stored = [spec for spec in specs if spec.type.startswith(_SSM_VALUE)]
    defaults = {f"ssm:{s.default}" for s in stored if s.default}
    named = [f"ssm:{value}" for s in stored if (value := values.get(s.name, s.default))]
    kept = [name for name in settings if name not in defaults]
    known = {s.name: value for s in specs if s not in stored and (value := values.get(s.name, s.default)) is not None}
    held = (f"{service}:{rest}" for value in known.values() for service, rest in references(value))
    made = [replaced(name, known.get) for name in (*kept, *named, *held)]
    return tuple(dict.fromkeys(name for name in made if "${" not in name))


def with_versions(
    specs: Sequence[ParameterSpec], values: Mapping[str, str], versions: Mapping[str, str]
) -> dict[str, str]:
    """Return the values whose references name the current versions, where the parameter may have such a value."""
    made = {**values}
    for spec in specs:
        value = values.get(spec.name)
        other = pinned(value, versions) if value is not None else None
        if other is not None and other != value and not any(_faults(spec, other)):
            made[spec.name] = other
    return made


def version_parameters(
    stack: SealedStack, values: Mapping[str, str], versions: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Yield the parameters by which references in the template get the current versions, of those that have one."""
    for head in stack.versioned:
        named = replaced(head, values.get)
        service, _, rest = named.partition(":")
        if version := versions.get(f"{service}:{setting_of(service, rest)}"):
            yield version_parameter(head), version_suffix(named, version)


def _is_blank(spec: ParameterSpec, value: str) -> bool:
    """Whether a required parameter has an empty value. An empty list is a value; an empty name of an entry is none."""
    if spec.type.startswith(_SSM_VALUE):
        return is_blank(value)
    allowed = spec.allowed_pattern is not None and _matches(spec.allowed_pattern, value)
    may_be = spec.default is not None or spec.min_length == 0 or allowed
    is_list = spec.type == "CommaDelimitedList" or spec.type.startswith("List<")
    return is_blank(value) and not (may_be or is_list or value in spec.allowed_values)


def _declared_at(spec: ParameterSpec) -> str:
    return f"; it is declared in {spec.location}" if spec.location else ""


def _why(spec: ParameterSpec) -> str:
    return f": {spec.constraint_description}" if spec.constraint_description else ""


def _faults(spec: ParameterSpec, value: str) -> Iterator[str]:
    if spec.type.startswith(_SSM_VALUE):
        return  # the value is the name of an entry; what the entry holds only CloudFormation reads and judges
    yield from _lengths(spec, value)
    for item in _items(spec, value):
        shown = "a secret value" if spec.no_echo else f'"{item}"'
        if spec.allowed_values and item not in spec.allowed_values:
            near = "" if spec.no_echo else did_you_mean(item, spec.allowed_values)
            yield f"is {shown}, not one of {', '.join(spec.allowed_values)}{near}"
        if spec.allowed_pattern is not None and not _matches(spec.allowed_pattern, item):
            yield f"is {shown}, which does not match {spec.allowed_pattern}"
        yield from _numbers(spec, item, shown)


def _items(spec: ParameterSpec, value: str) -> list[str]:
    """Return the values that constraints apply to: the entries of a list, else the value itself.

    CloudFormation trims the entries of a CommaDelimitedList, and takes an empty text for no entries.
    """
    if spec.type == "CommaDelimitedList" or spec.type.startswith("List<"):
        return [item.strip() for item in value.split(",")] if value else []
    return [value]


def _lengths(spec: ParameterSpec, value: str) -> Iterator[str]:
    if spec.type != "String":
        return
    if spec.min_length is not None and len(value) < spec.min_length:
        yield f"has {len(value)} characters, fewer than the {spec.min_length} it needs"
    if spec.max_length is not None and len(value) > spec.max_length:
        yield f"has {len(value)} characters, more than the {spec.max_length} it may have"


def _numbers(spec: ParameterSpec, item: str, shown: str) -> Iterator[str]:
    if spec.type not in ("Number", "List<Number>"):
        return
    try:
        number = float(item)
    except ValueError:
        yield f"is {shown}, not a number"
        return
    if spec.min_value is not None and number < spec.min_value:
        yield f"is {shown}, less than {spec.min_value:g}"
    if spec.max_value is not None and number > spec.max_value:
        yield f"is {shown}, more than {spec.max_value:g}"


def _matches(pattern: str, item: str) -> bool:
    """Say whether the whole item matches. A pattern in Java's own syntax is left to CloudFormation."""
    try:
        return re.fullmatch(pattern, item) is not None
    except re.error:
        return True


def given_parameters(app: App, environment: Environment, stack: SealedStack) -> dict[str, str]:
    """Return the values for a stack: the app's, the environment's, the environment's for this stack, then ours."""
    spec = next((s for s in app.stacks if s.name == stack.name), None)
    declared = {p.name for p in stack.parameters}
    shared = {k: v for k, v in environment.parameters.items() if k in declared}
    given = {
        **(spec.parameters if spec else {}),
        **shared,
        **environment.stack_parameters.get(stack.name, {}),
    }
    if ENVIRONMENT_PARAMETER in declared:
        given.setdefault(ENVIRONMENT_PARAMETER, environment.name)
    return given


def values_by_environment(app: App, name: str, template: Template) -> dict[str, dict[str, str]]:
    """Return what each environment gives to the parameters of a stack's template, and its region."""
    stack = SealedStack(name=name, template_sha256=UNBUILT, needs=(), parameters=template.parameters)
    return {one.name: {**given_parameters(app, one, stack), "AWS::Region": one.region} for one in app.environments}


def secret_values(stack: SealedStack, values: Mapping[str, str]) -> Iterator[str]:
    """Yield the values of the stack's NoEcho parameters."""
    for spec in stack.parameters:
        value = values.get(spec.name, spec.default)
        if spec.no_echo and value is not None:
            yield value
            yield from value.split(",")  # of a list CloudFormation may quote one item
