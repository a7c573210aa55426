"""Configuration as a contract: what templates and code need, and what each environment has of it.

`lacking` is asked by the gate before an environment and by `sealift config check`.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Literal

from sealift.cfn.references import part_of, setting_of
from sealift.delivery.parameters import given_parameters, stored_settings
from sealift.errors import CloudError, ConfigError, Refused
from sealift.model.app import App, Environment
from sealift.model.finding import Finding
from sealift.model.ledger import Entry
from sealift.model.reads import FunctionReads
from sealift.model.records import SettingChange
from sealift.model.release import UNBUILT, SealedStack
from sealift.model.setting import UNREADABLE, Held, is_blank
from sealift.model.template import Template
from sealift.ports import Settings
from sealift.usecases.fitness import fitted_parameters, misfit
from sealift.usecases.needs import THE_TEMPLATE, Need, Needs, Scope, named_by, needs_of, plain
from sealift.usecases.services import Services

if TYPE_CHECKING:
    from sealift.usecases.site import Site

Reads = Callable[[str], Sequence[FunctionReads]]
"""Gives what the code of a template's functions reads, by the template's file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lacking:
    """The settings that an environment lacks."""

    missing: tuple[str, ...]
    """Those that are not there, or blank."""
    unread: tuple[str, ...]
    """Those whose value could not be read, so that whether it is blank is not known."""
    secure: tuple[str, ...]
    """Those that are a SecureString."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """The settings that the application needs, and which of them the environment has."""

    environment: str
    status: Literal["succeeded", "failed", "not looked at"]
    reason: str = ""
    """Why it was not looked at."""
    findings: tuple[Finding, ...] = ()
    needs: int = 0
    notes: tuple[str, ...] = ()
    closed: bool = False
    """Whether not to know is to fail: the environment is protected, and it could not be read."""


def lacking(settings: Settings, references: Sequence[str], *, values: bool = False) -> Lacking:
    """Return which of these settings are missing; with `values` also which are blank. Raises CloudError.

    Whoever deploys has no right to read values.
    """
    missing = settings.missing(references)
    blank: list[str] = []
    unread: list[str] = []
    secure: list[str] = []
    absent = frozenset(missing)
    there = {one: _whole(one) for one in references if one not in absent} if values else {}
    held = settings.held_each([*dict.fromkeys(there.values())])
    for reference, whole in there.items():
        one = held.get(whole)
        if isinstance(one, CloudError):
            unread.append(reference)
        else:
            secure += [reference] if one is not None and one.is_secure else []
            blank += [] if one is not None and _holds(one, reference) else [reference]
    return Lacking(missing=(*missing, *blank), unread=tuple(unread), secure=tuple(secure))


def _whole(reference: str) -> str:
    """Return a reference without version, JSON key and stage."""
    service, _, rest = reference.partition(":")
    return f"{service}:{setting_of(service, rest)}"


def _holds(held: Held, reference: str) -> bool:
    """Whether a value has what a reference names, and that is not blank."""
    part = held.value if held.is_binary else part_of(reference, held.value)
    return not held.is_blank and part is not None and not is_blank(part)


def unmet(
    site: "Site",
    stacks: Sequence[SealedStack],
    parameters: Mapping[str, Mapping[str, str]],
    blob: Callable[[str], bytes],
) -> tuple[str, ...]:
    """Return the settings that stacks name, with these parameters by stack, and that the environment lacks.

    What a template names only where the environment's conditions leave it out is no need: `blob` gives the templates.
    """
    found: dict[str, None] = {}
    for stack in stacks:
        values = parameters[stack.name]
        missing = site.cloud.settings.missing(stored_settings(stack.parameters, stack.settings, values))
        if missing:
            body = json.loads(blob(stack.template_sha256))
            specs = stack.parameters
            template = Template(file="", body=body, lines={}, parameters=specs, assets=(), functions=(), transforms=())
            named = named_by(template, values, site.environment)
            found |= dict.fromkeys(one for one in missing if named is None or plain(one) in named)
    return tuple(found)


def settings_missing(site: "Site", missing: Sequence[str]) -> ConfigError:
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
    reads = _reads(app, services, templates)
    return tuple(_contract(app, services, templates, environment, reads) for environment in environments)


def _contract(
    app: App, services: Services, templates: Mapping[str, Template], environment: Environment, reads: Reads
) -> Contract:
    findings, needs = _known(app, templates, environment, reads)
    wanted = list(needs.known)
    failed = any(finding.stops for finding in findings)
    contract = Contract(
        environment=environment.name,
        status="failed" if failed else "succeeded",
        findings=tuple(findings),
        needs=len(wanted),
        notes=needs.undecided,
    )
    if not wanted:
        return contract
    # Most checks look at no environment.
    from sealift.usecases.site import open_site
    from sealift.usecases.writing import check_account

    site: Site | None = None
    try:
        site = open_site(app, environment, services)
        check_account(site)
        found = lacking(site.cloud.settings, wanted, values=True)
    except (CloudError, Refused) as error:
        status: Literal["failed", "not looked at"] = "failed" if failed else "not looked at"
        reason = error.message
        if site is not None and error.code in UNREADABLE:
            reason += _by_ledger(site, wanted)
        return replace(contract, status=status, reason=reason, closed=environment.protected)
    absent = [_absent(site, needs.known[reference]) for reference in found.missing]
    plainly = [needs.known[one] for one in found.secure if one not in found.missing and one.startswith("ssm:")]
    absent += [_encrypted(site, need) for need in plainly if need.by == THE_TEMPLATE]
    failed = failed or any(finding.stops for finding in absent)
    contract = replace(contract, findings=(*findings, *absent))
    if failed:
        return replace(contract, status="failed")
    if found.unread:
        reason = f"whether these are blank is not known, their values cannot be read: {', '.join(found.unread)}"
        return replace(contract, status="not looked at", reason=reason, closed=environment.protected)
    return contract


def _reads(app: App, services: Services, templates: Mapping[str, Template]) -> Reads:
    """Return what gives the reads of a template's code, which are the same for every environment."""
    by_file = {template.file: template for template in _every(templates.values())}
    return cache(lambda file: services.analyzer.reads(app, by_file[file]))


def _known(
    app: App, templates: Mapping[str, Template], environment: Environment, reads: Reads
) -> tuple[list[Finding], Needs]:
    """Return what does not fit, and what the environment needs."""
    stacks = [_stack(name, template) for name, template in templates.items()]
    values, problems = fitted_parameters(app, environment, stacks)
    findings = [misfit(app, environment, stacks, problem) for problem in problems]
    specs = {spec.name: spec for spec in app.stacks}
    scopes = [
        Scope(
            template=templates[stack.name],
            values={**values[stack.name], **given_parameters(app, environment, stack)},
            environment=environment,
            stack_name=app.stack_name(environment, specs[stack.name]) if stack.name in specs else "",
            reads=lambda template: reads(template.file),
            required=not (stack.name in specs and specs[stack.name].needs),
        )
        for stack in stacks
    ]
    return findings, needs_of(scopes)


def _every(templates: Iterable[Template]) -> Iterator[Template]:
    for template in templates:
        yield template
        yield from _every(template.nested.values())


def settings_beyond(app: App, services: Services, templates: Mapping[str, Template]) -> dict[str, tuple[str, ...]]:
    """Return for each environment the settings that it has to have and that the sealed templates do not list.

    Code reads them, or a nested template, or a text that is joined.
    """
    found: dict[str, tuple[str, ...]] = {}
    reads = _reads(app, services, templates)
    for environment in app.environments:
        stacks = [_stack(name, template) for name, template in templates.items()]
        values, _ = fitted_parameters(app, environment, stacks)
        listed = {
            plain(one)
            for stack in stacks
            for one in stored_settings(stack.parameters, stack.settings, values[stack.name])
        }
        _, needs = _known(app, templates, environment, reads)
        beyond = tuple(sorted(ref for ref, need in needs.known.items() if need.required and plain(ref) not in listed))
        if beyond:
            found[environment.name] = beyond
    return found


def named_by_release(site: "Site", entries: Sequence[Entry]) -> frozenset[str] | None:
    """Return the settings of the release that runs here, as `ssm:NAME`; None when none does. Raises CloudError."""
    # Most checks look at no ledger.
    from sealift.delivery.evidence import read
    from sealift.delivery.history import standing
    from sealift.delivery.manifest import release_key

    current = standing(entries).current
    if current is None:
        return None
    stored = site.cloud.bucket.get(release_key(current.release, "evidence"))
    evidence = read(stored.body) if stored is not None else None
    of_code = evidence.settings.get(site.name, ()) if evidence is not None else ()
    return frozenset(map(plain, (*(current.settings or ()), *of_code)))


def _by_ledger(site: "Site", wanted: Sequence[str]) -> str:
    """Return which settings the ledger does not name: neither does the release that runs, nor did Sealift set them.

    That needs no right to look at settings. It is no proof: somebody may have made or deleted one without Sealift.
    """
    try:
        entries = site.ledger.entries()
        named = named_by_release(site, entries)
    except CloudError:
        return ""
    for entry in entries if named is not None else ():
        change = entry.record.details
        if named is not None and isinstance(change, SettingChange) and entry.record.status == "succeeded":
            service = "secretsmanager" if change.store == "secret" else "ssm"
            one = {f"{service}:/{site.app.name}/{site.name}/{change.name}"}
            named = named | one if change.change == "set" else named - one
    unnamed = [one for one in wanted if named is not None and plain(one) not in named]
    said = f"does not name {', '.join(unnamed)}" if unnamed else "names them all"
    return f". Its ledger {said}" if named is not None else ""


def _stack(name: str, template: Template) -> SealedStack:
    return SealedStack(
        name=name, template_sha256=UNBUILT, needs=(), parameters=template.parameters, settings=template.settings
    )


def _absent(site: "Site", need: Need) -> Finding:
    service, _, name = need.reference.partition(":")
    own = f"/{site.app.name}/{site.name}/"
    plain = " --plain" * (service == "ssm" and need.by == THE_TEMPLATE)
    flags = plain + " --secret" * (service == "secretsmanager") + " --local" * site.cloud.local
    store = "Secrets Manager" if service == "secretsmanager" else "Parameter Store"
    return Finding(
        tool="sealift",
        id="setting-missing",
        severity="high" if need.required else "medium",
        message=f"{site.name} has no {name} in {store}, or a blank one; {need.by} reads it"
        + ", and does not require it" * (not need.required and need.by != THE_TEMPLATE),
        location=need.location,
        fix=f"sealift config set {site.name} {name.removeprefix(own)}{flags}"
        if name.startswith(own)
        else f"Create {name} in {store} of {site.name}'s account {site.cloud.account}.",
        stops=need.required,
        data={"environment": site.name, "setting": need.reference},
    )


def _encrypted(site: "Site", need: Need) -> Finding:
    """Return the finding of a SecureString that a template reads as if it were plain.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references-ssm.html
    """
    name = need.reference.partition(":")[2]
    key = name.removeprefix(f"/{site.app.name}/{site.name}/")
    local = " --local" * site.cloud.local
    unset, plain = (
        f"`sealift config unset {site.name} {key}{local}`",
        f"`sealift config set {site.name} {key} --plain{local}`",
    )
    return Finding(
        tool="sealift",
        id="setting-encrypted",
        severity="high",
        message=f"{name} of {site.name} is a SecureString, and CloudFormation reads only plain ones there",
        location=need.location,
        fix=f"Run {unset} and {plain}; or name it with ssm-secure, keep it in Secrets Manager or let code read it.",
        stops=need.required,
        data={"environment": site.name, "setting": need.reference},
    )
