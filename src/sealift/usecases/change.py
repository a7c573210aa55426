"""What a change would do to each environment and what stops it, before anything is deployed. Writes nothing.

An environment that cannot be read, as where a pull request has no credentials for it, is said to be unknown.
"""

from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import cast

from sealift.errors import SealiftError
from sealift.isolation.model import MEANING, Finding
from sealift.model.app import App, Environment
from sealift.model.change import ChangeReport, Effect, Size, Stop
from sealift.model.release import BuiltRelease, Release
from sealift.usecases.build import build_release, load_templates
from sealift.usecases.contract import unmet
from sealift.usecases.gates.asking import ask
from sealift.usecases.gates.configuration import configuration
from sealift.usecases.gates.entering import Entering
from sealift.usecases.gates.isolation import isolation
from sealift.usecases.history import difference_of_built
from sealift.usecases.planned import changed_configuration
from sealift.usecases.proof.prove import Proof, prove_built
from sealift.usecases.run import commit_of
from sealift.usecases.services import Services
from sealift.usecases.site import open_site
from sealift.usecases.store import stored_release

PARALLEL = 8


def describe(
    app: App, services: Services, *, local: bool, head: str | None = None, asleep: Collection[str] = ()
) -> ChangeReport:
    """Build what is checked out, prove it, and compare it with what each environment runs.

    `head` is the commit that the pull request names. What stops the build stops the change, and is all that is said.
    Environments that are `asleep` on the embedded cloud are not started to be looked at.
    """
    try:
        origin = commit_of(app, services, local=local)
        templates = load_templates(app, services)
        built = build_release(app, services, templates=templates, origin=origin)
        proof = prove_built(app, built, services, templates=templates, local=local)
    except SealiftError as error:
        stop = Stop(where="", message=error.message, mend=error.hint)
        return ChangeReport(app=app.name, commit=head, local=local, stops=(stop,))
    with ThreadPoolExecutor(max_workers=PARALLEL) as pool:
        awake = [environment for environment in app.environments if environment.name not in asleep]
        looked = list(pool.map(lambda e: _effect(app, e, built, proof, services), awake))
    running = next((release for _, release in looked if release is not None), None)
    return ChangeReport(
        app=app.name,
        release=built.release.digest,
        commit=head or origin.commit,
        verdict=f"{proof.verdict.level}: {MEANING[proof.verdict.level]}",
        isolation=tuple(_found(finding) for finding in proof.verdict.findings),
        effects=(*(effect for effect, _ in looked), *(_asleep(e) for e in app.environments if e.name in asleep)),
        sizes=tuple(_sizes(built.release, running)),
        stops=tuple(_found(finding) for finding in proof.stopping),
        local=local,
    )


def _asleep(environment: Environment) -> Effect:
    return Effect(environment=environment.name, unknown="its embedded cloud does not run here")


def _effect(
    app: App, environment: Environment, built: BuiltRelease, proof: Proof, services: Services
) -> tuple[Effect, Release | None]:
    """Return what the change does to an environment, and the release that runs there."""
    try:
        return _known(app, environment, built, proof, services)
    except SealiftError as error:
        return Effect(environment=environment.name, unknown=error.message), None


def _known(
    app: App, environment: Environment, built: BuiltRelease, proof: Proof, services: Services
) -> tuple[Effect, Release | None]:
    site = open_site(app, environment, services)
    entering = Entering(
        site=site,
        release=built.release.digest,
        built=built.release,
        files=built.files,
        built_from=built.origin.commit,
        proved=proof,
    )
    current = entering.standing.current
    differs = difference_of_built(built, site)
    effect = Effect(
        environment=environment.name,
        runs=current.release if current is not None else None,
        functions=differs.functions,
        resources=differs.resources,
        stores=differs.stores,
        configuration=changed_configuration(current, entering, site) if current is not None else (),
    )
    gates = ask((isolation, configuration), entering)
    shut = [gate for gate in gates if gate.status != "open" and gate.gate != "isolation"]  # that one stops everywhere
    stops = [Stop(where=environment.name, message=gate.message, mend=gate.hint) for gate in shut]
    lacks = [name for gate in shut for name in cast("list[str]", gate.details.get("missing", []))]
    effect = replace(effect, missing=tuple(lacks))
    if not stops:
        missing = unmet(site, entering.plan.release.stacks, entering.plan.parameters, entering.blob)
        effect = replace(effect, missing=missing)
        stops += [_missing(environment, missing)] if missing else []
    running = stored_release(current.release, site.cloud) if current is not None else None
    return replace(effect, stops=tuple(stops)), running


def _missing(environment: Environment, missing: tuple[str, ...]) -> Stop:
    return Stop(
        where=environment.name,
        message=f"it lacks settings that the template names: {', '.join(missing)}",
        mend="Create them in Parameter Store or Secrets Manager of that account before the change comes there.",
    )


def _found(finding: Finding) -> Stop:
    place = finding.location
    where = f"{place.file}:{place.line}" if place is not None and place.line else place.file if place else ""
    return Stop(where=where, message=f"{finding.message} ({finding.id})", mend=finding.fix)


def _sizes(now: Release, before: Release | None) -> Iterator[Size]:
    """Yield the packages of functions and layers beside those of the same name that run."""
    known = {name: a.size_bytes for a in (before.artifacts if before else ()) for name in a.logical_ids}
    for artifact in now.artifacts:
        for name in artifact.logical_ids:
            yield Size(name=name, now=artifact.size_bytes, before=known.get(name))
