"""Read ledgers: what happened, whether the chain holds, and what one environment lacks of another. Writes nothing."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sealift.cfn.values import parsed, resources
from sealift.delivery.history import Deployed, Overtaken, overtaken
from sealift.delivery.manifest import blob_key
from sealift.delivery.stateful import STORES
from sealift.errors import UserError
from sealift.model.app import App, Environment
from sealift.model.ledger import ChainFault, Entry
from sealift.model.release import BuiltRelease, Release
from sealift.model.template import Json
from sealift.usecases.services import Services
from sealift.usecases.site import Site, open_site
from sealift.usecases.store import stored_release


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What `target` lacks of `source`."""

    source: Deployed | None
    target: Deployed | None
    commits: tuple[str, ...] | None
    """None when the repository does not know the commits."""
    functions: tuple[str, ...]
    resources: tuple[str, ...]
    stores: tuple[str, ...] = ()
    """Those of the resources that hold data."""


def history(app: App, services: Services, *, environments: Sequence[Environment]) -> tuple[Entry, ...]:
    """Return the entries of these environments' ledgers in order of time."""
    entries: list[Entry] = []
    for environment in environments:
        entries += open_site(app, environment, services).ledger.entries()
    return tuple(sorted(entries, key=lambda e: (e.at, e.environment, e.seq)))


def overtaken_operations(entries: Sequence[Entry], environments: Sequence[Environment]) -> dict[str, Overtaken]:
    """Return, by their operation, the releases that another one replaced before their soak was over."""
    return {
        one.operation: one
        for environment in environments
        for one in overtaken([e for e in entries if e.environment == environment.name], soak_s=environment.soak_s)
    }


def verify_ledgers(app: App, services: Services) -> dict[str, tuple[int, tuple[ChainFault, ...]]]:
    """Return the number of entries and the faults of every environment's ledger."""
    checked: dict[str, tuple[int, tuple[ChainFault, ...]]] = {}
    for environment in app.environments:
        site = open_site(app, environment, services)
        faults = site.ledger.verify()
        stored = [
            key for key in site.cloud.bucket.keys("ledger/") if key != "ledger/head.json"
        ]  # a damaged one counts too
        checked[environment.name] = (len(stored), faults)
    return checked


def difference(app: App, services: Services, *, source: Environment, target: Environment) -> Difference:
    """Return the commits, functions and template resources that `target` lacks of `source`."""
    ends = [_end(open_site(app, environment, services)) for environment in (source, target)]
    start, end = ends
    if start.deployed is None:
        raise UserError(f"{source.name} has no release yet", code="no-release", hint=f"Deploy to {source.name} first.")
    commits: tuple[str, ...] | None = None
    if start.deployed.commit and end.deployed and end.deployed.commit:
        commits = services.scm.commits_between(app.root, end.deployed.commit, start.deployed.commit)
    return replace(_compare(start, end), commits=commits)


def difference_of_built(built: BuiltRelease, site: Site) -> Difference:
    """Return what an environment lacks of a release that was just built, but for the commits."""

    def read(sha256: str) -> bytes:
        return built.files[sha256].read_bytes()

    return _compare(End(release=built.release, bodies=_bodies(built.release, read)), _end(site))


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """One side of a comparison; empty where nothing runs."""

    deployed: Deployed | None = None
    release: Release | None = None
    bodies: Mapping[str, dict[str, Json]] = field(default_factory=dict)
    """The resources of the templates, by `stack/LogicalId`."""


def _compare(source: End, target: End) -> Difference:
    resources = _changed_resources(source.bodies, target.bodies)
    both = (*source.bodies.items(), *target.bodies.items())
    holding = {name for name, body in both if body.get("Type") in STORES}
    return Difference(
        source=source.deployed,
        target=target.deployed,
        commits=None,
        functions=_changed_functions(source.release, target.release) if source.release else (),
        resources=resources,
        stores=tuple(line for line in resources if line[2:] in holding),
    )


def _end(site: Site) -> End:
    deployed = site.standing().current
    if deployed is None:
        return End()

    def read(sha256: str) -> bytes:
        stored = site.cloud.bucket.get(blob_key(sha256))
        return stored.body if stored is not None else b"{}"

    release = stored_release(deployed.release, site.cloud)
    return End(deployed=deployed, release=release, bodies=_bodies(release, read))


def _bodies(release: Release, read: Callable[[str], bytes]) -> dict[str, dict[str, Json]]:
    return {
        f"{stack.name}/{name}": body
        for stack in release.stacks
        for name, body in resources(parsed(read(stack.template_sha256)))
    }


def _changed_functions(source: Release, target: Release | None) -> tuple[str, ...]:
    old = {f"{s.name}/{name}": sha for s in target.stacks for name, sha in s.functions} if target else {}
    new = {f"{s.name}/{name}": sha for s in source.stacks for name, sha in s.functions}
    return _compared(old, new)


def _changed_resources(source: Mapping[str, dict[str, Json]], target: Mapping[str, dict[str, Json]]) -> tuple[str, ...]:
    """Compare resources without the hashes of their code, which `_changed_functions` shows."""
    return _compared(
        {name: _without_code(body) for name, body in target.items()},
        {name: _without_code(body) for name, body in source.items()},
    )


def _without_code(body: dict[str, Json]) -> str:
    properties = body.get("Properties")
    kept = (
        {k: v for k, v in properties.items() if k not in {"CodeUri", "Code", "ContentUri", "Content"}}
        if isinstance(properties, dict)
        else properties
    )
    return json.dumps({**body, "Properties": kept}, sort_keys=True)


def _compared(old: dict[str, str], new: dict[str, str]) -> tuple[str, ...]:
    lines = [f"+ {name}" for name in sorted(set(new) - set(old))]
    lines += [f"- {name}" for name in sorted(set(old) - set(new))]
    lines += [f"~ {name}" for name in sorted(set(old) & set(new)) if old[name] != new[name]]
    return tuple(lines)
