"""Configuration as a contract: what templates and code need, and what each environment has of it.

`lacking` is asked by the gate before an environment and by `sealift config check`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from sealift.cfn.evaluation import Bindings, parameter_values, resolved
from sealift.cfn.intrinsics import walk
from sealift.cfn.substitution import replaced
from sealift.cfn.values import mapping_at, scalar_text
from sealift.delivery.parameters import given_parameters, stored_settings
from sealift.errors import CloudError, ConfigError, Refused
from sealift.model.app import App, Environment
from sealift.model.finding import Finding
from sealift.model.reads import FunctionReads, Read
from sealift.model.release import UNBUILT, SealedStack
from sealift.model.template import Json, Location, Template
from sealift.ports import Settings
from sealift.usecases.fitness import fitted_parameters, misfit
from sealift.usecases.services import Services
from sealift.usecases.site import Site, open_site
from sealift.usecases.writing import check_account

_MADE = {"AWS::SSM::Parameter": "ssm", "AWS::SecretsManager::Secret": "secretsmanager"}
_TEMPLATE = "the template"
UNREADABLE = ("access-denied", "kms-key-unusable")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lacking:
    """The settings that an environment lacks."""

    missing: tuple[str, ...]
    """Those that are not there, or blank."""
    unread: bool
    """Whether values could not be read, so that a blank one was not looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """A setting that a template or code names."""

    reference: str
    by: str
    location: Location | None
    required: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """The settings that the application needs, and which of them the environment has."""

    environment: str
    status: Literal["succeeded", "failed", "not looked at"]
    reason: str = ""
    """Why it was not looked at."""
    findings: tuple[Finding, ...] = ()
    needs: int = 0
    notes: tuple[str, ...] = field(default=())


def lacking(settings: Settings, references: Sequence[str], *, values: bool = False) -> Lacking:
    """Return which of these settings are missing; with `values` also which are blank. Raises CloudError.

    Whoever deploys has no right to read values.
    """
    missing = settings.missing(references)
    blank: list[str] = []
    unread = False
    for reference in references:
        if values and reference not in missing and not unread:
            try:
                held = settings.held(reference)
            except CloudError as error:
                if error.code not in UNREADABLE:
                    raise
                unread = True
            else:
                blank += [reference] if held is not None and not held.value.strip() else []
    return Lacking(missing=(*missing, *blank), unread=unread)


def settings_missing(site: Site, missing: Sequence[str]) -> ConfigError:
    """Return the error of an environment without these settings."""
    return ConfigError(
        f"{site.name} lacks settings that the template names: {', '.join(missing)}",
        code="settings-missing",
        hint="Give the embedded cloud stand-ins for them, under [local.settings] in sealift.toml."
        if site.cloud.local
        else f"Create them in Parameter Store or Secrets Manager; `sealift config check {site.name}` says how.",
        context={"environment": site.name, "missing": list(missing)},
    )


def contracts(
    app: App, services: Services, templates: Mapping[str, Template], environments: Sequence[Environment]
) -> tuple[Contract, ...]:
    """Return for each environment the settings that templates and code need and that it lacks."""
    code = {name: services.analyzer.reads(app, template) for name, template in templates.items()}
    return tuple(_contract(app, services, templates, code, environment) for environment in environments)


def _contract(
    app: App,
    services: Services,
    templates: Mapping[str, Template],
    code: Mapping[str, Sequence[FunctionReads]],
    environment: Environment,
) -> Contract:
    findings, known, undecided = _known(app, templates, code, environment)
    wanted = list(known)
    failed = any(finding.stops for finding in findings)
    contract = Contract(
        environment=environment.name,
        status="failed" if failed else "succeeded",
        findings=tuple(findings),
        needs=len(wanted),
        notes=tuple(f"{by} reads a setting whose name is not static" for by in undecided),
    )
    if not wanted:
        return contract
    try:
        site = open_site(app, environment, services)
        check_account(site)
        found = lacking(site.cloud.settings, wanted, values=True)
    except (CloudError, Refused) as error:
        return replace(contract, status="failed" if failed else "not looked at", reason=error.message)
    absent = [_absent(site, known[reference]) for reference in found.missing]
    failed = failed or any(finding.stops for finding in absent)
    notes = (*contract.notes, "values could not be read: blank ones were not looked for") if found.unread else None
    return replace(
        contract,
        status="failed" if failed else "succeeded",
        findings=(*findings, *absent),
        notes=notes or contract.notes,
    )


def _known(
    app: App,
    templates: Mapping[str, Template],
    code: Mapping[str, Sequence[FunctionReads]],
    environment: Environment,
) -> tuple[list[Finding], dict[str, Need], tuple[str, ...]]:
    """Return what does not fit, the needs by their reference, and who reads what cannot be decided.

    What the templates make themselves is not among the needs.
    """
    stacks = [_stack(name, template) for name, template in templates.items()]
    values, problems = fitted_parameters(app, environment, stacks)
    findings = [misfit(app, environment, stacks, problem) for problem in problems]
    needs = [
        need
        for stack in stacks
        for need in _needs(app, environment, stack, templates[stack.name], values[stack.name], code[stack.name])
    ]
    made = {one for stack in stacks for one in _made(templates[stack.name], values[stack.name])}
    known = {n.reference: n for n in sorted(needs, key=lambda one: one.required) if n.reference}
    undecided = tuple(dict.fromkeys(n.by for n in needs if not n.reference))
    return findings, {ref: need for ref, need in known.items() if _plain(ref) not in made}, undecided


def code_settings(app: App, services: Services, templates: Mapping[str, Template]) -> dict[str, tuple[str, ...]]:
    """Return for each environment the settings that it has to have because code reads them; templates name no such."""
    code = {name: services.analyzer.reads(app, template) for name, template in templates.items()}
    found: dict[str, tuple[str, ...]] = {}
    for environment in app.environments:
        _, known, _ = _known(app, templates, code, environment)
        alone = tuple(sorted(ref for ref, need in known.items() if need.required and need.by != _TEMPLATE))
        if alone:
            found[environment.name] = alone
    return found


def _stack(name: str, template: Template) -> SealedStack:
    return SealedStack(
        name=name, template_sha256=UNBUILT, needs=(), parameters=template.parameters, settings=template.settings
    )


def _needs(
    app: App,
    environment: Environment,
    stack: SealedStack,
    template: Template,
    values: Mapping[str, str],
    code: Sequence[FunctionReads],
) -> Iterator[Need]:
    """Yield what a stack needs in an environment; one without a reference is not static."""
    from sealift.analysis.variables import declared_variables  # reads code; `status` does not

    spec = next((one for one in app.stacks if one.name == stack.name), None)
    later = spec is not None and bool(spec.needs)
    for reference in stored_settings(stack.parameters, stack.settings, values):
        place = _place(template, reference, values)
        yield Need(reference=reference, by=_TEMPLATE, location=place, required=not later)
    given = {**values, **given_parameters(app, environment, stack)}
    bindings = Bindings(
        parameters=parameter_values(template.body, given),
        mappings=mapping_at(template.body, "Mappings"),
        conditions=mapping_at(template.body, "Conditions"),
    )
    functions = {function.logical_id: function for function in template.functions}
    for one in code:
        declared = declared_variables(template, functions[one.logical_id]) or {}
        variables = {name: resolved(value, bindings) for name, value in declared.items()}
        for read in one.reads:
            if read.kind == "setting":
                yield from _need(read, one.logical_id, variables)


def _need(read: Read, logical_id: str, variables: Mapping[str, Json]) -> Iterator[Need]:
    """Yield what code needs, variables in its name replaced; what a resource of the stack names is not looked for."""
    place = Location(file=read.file, line=read.line)
    by = f"{logical_id} ({place})"
    if not read.name:
        yield Need(reference="", by=by, location=place, required=read.required)
        return

    def value(name: str) -> str | None:
        found = variables.get(name)
        return scalar_text(found) if isinstance(found, str | int | float) else None

    reference = replaced(read.name, value)
    if "${" not in reference and "{{resolve:" not in reference:
        yield Need(reference=reference, by=by, location=place, required=read.required)
    elif not any(isinstance(variables.get(name), dict) for name in re.findall(r"\$\{(\w+)\}", reference)):
        yield Need(reference="", by=by, location=place, required=read.required)


def _made(template: Template, values: Mapping[str, str]) -> Iterator[str]:
    """Yield the settings that a template makes itself, as `ssm:NAME` or `secretsmanager:ID`."""
    bindings = Bindings(parameters=parameter_values(template.body, values))
    for resource in mapping_at(template.body, "Resources").values():
        service = _MADE.get(scalar_text(mapping_at(resource).get("Type")))
        name = resolved(mapping_at(resource, "Properties").get("Name"), bindings)
        if service and isinstance(name, str):
            yield f"{service}:{name}"


def _plain(reference: str) -> str:
    return reference.replace("ssm-secure:", "ssm:", 1)


def _place(template: Template, reference: str, values: Mapping[str, str]) -> Location:
    """Return where a template names a setting: the default of a parameter, or the first value that resolves it."""
    name = reference.partition(":")[2]
    for parameter in template.parameters:
        if name in {parameter.default, values.get(parameter.name)} and parameter.location is not None:
            return parameter.location
    for path, value in walk(template.body):
        if isinstance(value, str) and f"{{{{resolve:{reference}" in replaced(value, values.get):
            return Location(file=template.file, line=template.line(path))
    return Location(file=template.file)


def _absent(site: Site, need: Need) -> Finding:
    service, _, name = need.reference.partition(":")
    own = f"/{site.app.name}/{site.name}/"
    flags = " --secret" * (service == "secretsmanager") + " --local" * site.cloud.local
    store = "Secrets Manager" if service == "secretsmanager" else "Parameter Store"
    return Finding(
        tool="sealift",
        id="setting-missing",
        severity="high" if need.required else "medium",
        message=f"{site.name} has no {name} in {store}, or a blank one; {need.by} reads it",
        location=need.location,
        fix=f"sealift config set {site.name} {name.removeprefix(own)}{flags}"
        if name.startswith(own)
        else f"Create {name} in {store} of {site.name}'s account {site.cloud.account}.",
        stops=need.required,
        data={"environment": site.name, "setting": need.reference},
    )
