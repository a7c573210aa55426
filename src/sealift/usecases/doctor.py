"""Look whether everything is there that a delivery needs, before one is tried. Reads only; environments together."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Thread

from sealift.bootstrap.advice import configuration
from sealift.delivery.identity import bootstrap_stack
from sealift.errors import CloudError, ConfigError, SealiftError
from sealift.model.app import App, Environment
from sealift.model.template import Json, Template
from sealift.ports import Clock, SourceControl
from sealift.usecases import bootstrap
from sealift.usecases.build import every_template, load_templates
from sealift.usecases.examined import DENIED, Examined, failed, tried
from sealift.usecases.fitness import misfits
from sealift.usecases.rights import examine_rights
from sealift.usecases.services import Services
from sealift.usecases.site import Site, open_site
from sealift.usecases.writing import check_account, require_gates

_VERSION_S = 20.0
_UNTRUSTED = (
    "The role of the environment trusts others ({}): use their credentials, or set SEALIFT_ASSUME_ROLE=no to work with "
    "your own."
)
MOST_SKEW_S = 10.0
LONGEST_S = 60.0
"""How long environments are looked at. AWS compares a bootstrap stack with what is there in some ten seconds."""


def examine(app: App, services: Services, *, local: bool, longest_s: float = LONGEST_S) -> Iterator[Examined]:
    """Yield what was found of configuration, repository, tools and each environment: account, bucket, ledger, roles."""
    yield tried("repository", lambda: _repository(app.root, services.scm))
    if not local:
        yield tried("gates", lambda: _gates(app))
    templates: dict[str, Template] = {}
    yield tried("templates", lambda: _templates(app, services, templates))
    for finding in misfits(app, templates) if templates else ():
        yield Examined(name="configuration", status="failed", said=finding.message, cure=finding.fix)
    yield from _tools(app, services, templates)
    every = app.environments if local else app.proved
    yield from _environments(every, partial(_environment, app, services, templates), services.clock, longest_s)


def examine_without(why: ConfigError, root: Path, scm: SourceControl) -> Iterator[Examined]:
    """Yield what can be seen of an application whose configuration cannot be read, and what cannot."""
    yield tried("repository", lambda: _repository(root, scm))
    yield failed(why, "configuration", "")
    for name in ("gates", "templates", "environments"):
        yield Examined(name=name, status="unknown", said="not checked: see configuration")


def _repository(root: Path, scm: SourceControl) -> Examined | str:
    origin = scm.origin(root)
    if origin is None or origin.commit is None:
        said = f"{root} is in no git repository" if origin is None else "the repository has no commit yet"
        return Examined(status="failed", said=said, cure="git init && git add -A && git commit")
    dirty = ", with changes that are in no commit" if origin.dirty else ""
    return f"{origin.branch or 'no branch'} at {origin.commit[:8]}{dirty}"


def _gates(app: App) -> str:
    require_gates(app)
    return f"read from {app.gates.reference}"


def _templates(app: App, services: Services, found: dict[str, Template]) -> str:
    found |= load_templates(app, services)
    functions = sum(len(one.functions) for one in every_template(found.values()))
    return f"{', '.join(one.file for one in found.values())}: {functions} functions"


def _tools(app: App, services: Services, templates: Mapping[str, Template]) -> Iterator[Examined]:
    """Yield the programs of others that the functions need; those of Python come with Sealift."""
    runtimes = {f.runtime or "" for one in every_template(templates.values()) for f in one.functions}
    for program in ("node", "npm") if any(runtime.startswith("nodejs") for runtime in runtimes) else ():
        try:
            done = services.process.run([program, "--version"], cwd=app.root, timeout_s=_VERSION_S)
            said = "" if done.returncode else done.stdout.strip()
        except SealiftError:
            said = ""
        cure = "" if said else "Install Node.js with npm: https://nodejs.org/"
        yield Examined(name=program, status="ok" if said else "failed", said=said or "it cannot be run", cure=cure)


def _environments(
    environments: Sequence[Environment],
    examined: Callable[[Environment], Iterator[Examined]],
    clock: Clock,
    longest_s: float,
) -> Iterator[Examined]:
    """Yield what is found of each environment, all looked at together, and say of which time did not suffice."""
    found: dict[str, list[Examined]] = {environment.label: [] for environment in environments}
    raised: list[BaseException] = []

    def look(environment: Environment) -> None:
        try:
            found[environment.label].extend(examined(environment))
        except BaseException as error:
            raised.append(error)

    # Nobody waits for a daemon: a call that hangs ends with the command.
    looking = {one.label: Thread(target=look, args=(one,), daemon=True) for one in environments}
    for thread in looking.values():
        thread.start()
    ends = clock.monotonic() + longest_s
    for name, thread in looking.items():
        thread.join(max(0.0, ends - clock.monotonic()))
        unfinished = thread.is_alive()
        yield from tuple(found[name])
        if unfinished:
            said = f"not everything was looked at within {longest_s:.0f} s: AWS does not answer"
            cure = "Check the network, the proxy, `region` and AWS_ENDPOINT_URL, then repeat the command."
            yield Examined(name="time", environment=name, status="failed", said=said, cure=cure)
    if raised:
        raise raised[0]


def _environment(
    app: App, services: Services, templates: Mapping[str, Template], environment: Environment
) -> Iterator[Examined]:
    name = environment.label
    named = partial(tried, environment=name)
    try:
        site = open_site(app, environment, services)
        check_account(site)
        caller = site.cloud.identity.caller()
    except SealiftError as error:
        found = failed(error, "account", name)
        refused = error.code == DENIED and environment.role is not None
        yield replace(found, cure=_UNTRUSTED.format(environment.trust or "its trust policy")) if refused else found
        yield Examined(name="rights", environment=name, status="unknown", said="not checked: see account")
        return
    local = site.cloud.local
    who = caller.arn.rpartition(":")[2]
    said = "the embedded cloud" if local else f"{site.cloud.account}, {site.cloud.region}, as {who}"
    yield Examined(name="account", environment=name, said=said)
    if not local:
        yield named("clock", partial(_clock, site))
    if environment.kind == "permanent":  # each preview has one of its own
        yield named("ledger", partial(_ledger, site))
    wanted: list[Mapping[str, Json]] = []
    if environment.trust is not None or not local:
        yield named("bootstrap", partial(_bootstrap, site, wanted))
    if templates:
        try:
            yield from examine_rights(site, templates, wanted[0] if wanted else None)
        except SealiftError as error:
            said = f"not checked: {error.message}"
            yield Examined(name="rights", environment=name, status="unknown", said=said, cure=error.hint)


def _clock(site: Site) -> Examined | str:
    """Compare our clock with AWS's: leases, soak and windows are counted by ours."""
    before = site.services.clock.now()
    there = site.cloud.identity.caller().at
    if there is None:
        return Examined(status="unknown", said="AWS did not say what time it is")
    middle = before + (site.services.clock.now() - before) / 2
    ahead_s = (middle - there).total_seconds()
    if abs(ahead_s) <= MOST_SKEW_S:
        return "as AWS's"
    said = f"{abs(ahead_s):.0f} s {'ahead of' if ahead_s > 0 else 'behind'} AWS's"
    cure = "Let it be set by the network: `timedatectl set-ntp true`."
    return Examined(status="failed", said=said, cure=cure)


def _ledger(site: Site) -> Examined | str:
    entries, faults = site.ledger.entries(), site.ledger.verify()
    if faults:
        said = f"entry {faults[0].seq}: {faults[0].reason}"
        return Examined(status="failed", said=said, cure="`sealift ledger verify` lists all of it.")
    current = site.standing().current
    runs = f", runs release {current.release[:12]}" if current else ""
    return f"{len(entries)} entries, its chain holds{runs}" if entries else "nothing was deployed yet"


def _bootstrap(site: Site, wanted: list[Mapping[str, Json]]) -> Examined | str:
    """Compare the bootstrap stack with what the application needs. The template it needs is put into `wanted`."""
    stack, command = bootstrap_stack(site.environment), f"sealift bootstrap {site.environment.label}"
    diff = f"`{command} --diff`"
    if site.environment.trust is None:
        cure = f"Declare `trust`, and `{command}` makes roles that may do just what is needed."
        return Examined(status="unknown", said="`trust` is not declared, so there are no roles of its own", cure=cure)
    try:
        found = bootstrap.compare(site.app, site.environment, site.services, drift=False)
        wanted.append(found.bootstrap.body)
        if found.live is None:
            cure = f"`{command}` makes it."
            return Examined(status="failed", said=f"there is no stack {stack} with its bucket and roles", cure=cure)
        if found.differs:
            cure = f"{diff} shows how; without --diff it mends that."
            return Examined(status="failed", said=f"stack {stack} is not as the application needs it", cure=cure)
        drifted = site.cloud.stacks.drift(stack)
    except CloudError as error:
        if error.code != DENIED:
            raise
        known = (
            f"stack {stack} is as the application needs it; changes by hand were" if wanted else f"stack {stack} was"
        )
        cure = f"{diff} says it, with credentials that may read roles and buckets."
        return Examined(status="unknown", said=f"{known} not looked for: {error.message}", cure=cure)
    if drifted:
        names = ", ".join(one.logical_id for one in drifted)
        cure = f"{diff} shows how; without --diff it undoes that."
        return Examined(status="failed", said=f"stack {stack} was changed by hand: {names}", cure=cure)
    state = site.cloud.stacks.describe(stack)
    lines = configuration(site.environment, account=site.cloud.account, outputs=state.outputs if state else {})
    if lines and not site.cloud.local:
        said = f"stack {stack} is as the application needs it, but sealift.toml does not name its roles"
        cure = f"Write under {site.environment.section}: {'; '.join(lines)}"
        return Examined(status="unknown", said=said, cure=cure)
    return f"stack {stack} is as the application needs it"
