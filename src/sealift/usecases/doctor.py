"""Look whether everything is there that a delivery needs, before one is tried. Reads only."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

from sealift.errors import SealiftError
from sealift.model.app import App, Environment
from sealift.model.template import Template
from sealift.usecases import bootstrap
from sealift.usecases.build import every_template, load_templates
from sealift.usecases.fitness import misfits
from sealift.usecases.services import Services
from sealift.usecases.site import Site, open_site
from sealift.usecases.writing import check_account, require_gates

_VERSION_S = 20.0
MOST_SKEW_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """One examined item. `unknown` marks an item that could not be examined; it is never reported as healthy."""

    name: str = ""
    environment: str = ""
    status: Literal["ok", "failed", "unknown"] = "ok"
    said: str
    cure: str = ""
    """The command or the change that mends it."""


def examine(app: App, services: Services, *, local: bool) -> Iterator[Examined]:
    """Yield what was found of configuration, repository, tools and each environment: account, bucket, ledger, roles."""
    yield _tried("repository", lambda: _repository(app, services))
    if not local:
        yield _tried("gates", lambda: _gates(app))
    templates: dict[str, Template] = {}
    yield _tried("templates", lambda: _templates(app, services, templates))
    for finding in misfits(app, templates) if templates else ():
        yield Examined(name="configuration", status="failed", said=finding.message, cure=finding.fix)
    yield from _tools(app, services, templates)
    for environment in app.environments:
        yield from _environment(app, environment, services)


def _tried(name: str, look: Callable[[], Examined | str], *, environment: str = "") -> Examined:
    """Return the result of an examination; an error that it raises becomes the problem and its fix."""
    try:
        found = look()
    except SealiftError as error:
        return _failed(error, name, environment)
    if isinstance(found, str):
        return Examined(name=name, environment=environment, said=found)
    return replace(found, name=name, environment=environment)


def _failed(error: SealiftError, name: str, environment: str) -> Examined:
    return Examined(name=name, environment=environment, status="failed", said=error.message, cure=error.hint)


def _repository(app: App, services: Services) -> Examined | str:
    origin = services.scm.origin(app.root)
    if origin is None or origin.commit is None:
        said = f"{app.root} is in no git repository" if origin is None else "the repository has no commit yet"
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


def _environment(app: App, environment: Environment, services: Services) -> Iterator[Examined]:
    named = partial(_tried, environment=environment.name)
    try:
        site = open_site(app, environment, services)
        check_account(site)
    except SealiftError as error:
        yield _failed(error, "account", environment.name)
        return
    local = site.cloud.local
    said = "the embedded cloud" if local else f"{site.cloud.account}, {site.cloud.region}"
    yield Examined(name="account", environment=environment.name, said=said)
    if not local:
        yield named("clock", partial(_clock, site))
    yield named("ledger", partial(_ledger, site))
    if environment.trust is not None or not local:
        yield named("bootstrap", partial(_bootstrap, site))


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


def _bootstrap(site: Site) -> Examined | str:
    if site.environment.trust is None:
        said = "no role is declared, so what the credentials may do was not looked at"
        cure = f"declare `trust`, and `sealift bootstrap {site.name}` makes roles that may just what is needed"
        return Examined(status="unknown", said=said, cure=cure)
    found = bootstrap.compare(site.app, site.environment, site.services)
    if found.live is None:
        cure = f"`sealift bootstrap {site.name}` makes it."
        return Examined(status="failed", said="there is no stack with its bucket and roles", cure=cure)
    stack = found.bootstrap.target.name
    if found.differs:
        cure = f"`sealift bootstrap {site.name} --diff` shows how; without --diff it mends that."
        return Examined(status="failed", said=f"stack {stack} is not as the application needs it", cure=cure)
    return f"stack {stack} is as the application needs it"
