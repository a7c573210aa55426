"""What a promotion would do: what runs beside what comes, and every gate with the act that opens it. Writes nothing."""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from sealift.delivery.gates import GateResult
from sealift.delivery.history import Deployed
from sealift.errors import SealiftError
from sealift.model.app import App, Environment
from sealift.usecases.configuration import kept_configuration
from sealift.usecases.deploy import Plan
from sealift.usecases.gates.asking import ENTRY, WHO, ask, closed
from sealift.usecases.gates.entering import Entering
from sealift.usecases.history import Difference, difference
from sealift.usecases.promote import PromotionOptions, entering_by_promotion, runs_there
from sealift.usecases.services import Services
from sealift.usecases.site import Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """A release with its configuration: what runs, or what comes."""

    release: str
    commit: str | None
    config: str
    isolation: str
    """The verdict of the proof, L0 to L3; empty when it is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedPromotion:
    """A promotion before it is made."""

    environment: str
    source: str
    running: Side | None
    incoming: Side
    difference: Difference
    configuration: tuple[str, ...] | None
    """The parameters whose values change; None when the values that run were not kept."""
    gates: tuple[GateResult, ...]
    refusal: SealiftError | None
    """What the promotion would raise."""


def plan_promotion(
    app: App, environment: Environment, services: Services, options: PromotionOptions
) -> PlannedPromotion:
    """Return what a promotion into the environment would do. Raises ConfigError or Refused when nothing can come."""
    entering = entering_by_promotion(app, environment, services, options)
    source, site = entering.source, entering.site
    assert source is not None
    gates = ask(ENTRY, entering)
    names = {gate.__name__ for gate in (WHO if _is_there(entering) else ENTRY)}
    shut = next((result for result in gates if result.status != "open" and result.gate in names), None)
    current = entering.standing.current
    return PlannedPromotion(
        environment=site.name,
        source=source.name,
        running=_running(current) if current is not None else None,
        incoming=_incoming(entering),
        difference=difference(app, services, source=source.environment, target=environment),
        configuration=changed_configuration(current, entering, site),
        gates=gates,
        refusal=closed(shut, entering) if shut is not None else None,
    )


def _is_there(entering: Entering) -> bool:
    """Return whether nothing would enter, so that a promotion only asks who acts."""
    assert entering.source is not None
    with suppress(SealiftError):  # the configuration gate says why
        return runs_there(entering.site, entering.release, entering.source)
    return False


def _running(current: Deployed) -> Side:
    return Side(release=current.release, commit=current.commit, config=current.config, isolation=current.proof)


def _incoming(entering: Entering) -> Side:
    plan = _planned(entering)
    verdict = ""
    with suppress(SealiftError):  # the isolation gate says why
        verdict = str(entering.proof.verdict.level)
    config = plan.config if plan is not None else ""
    return Side(release=entering.release, commit=entering.commit, config=config, isolation=verdict)


def _planned(entering: Entering) -> Plan | None:
    """Return the plan; None when the configuration does not fit, which its gate says."""
    try:
        return entering.plan
    except SealiftError:
        return None


def changed_configuration(current: Deployed | None, entering: Entering, site: Site) -> tuple[str, ...] | None:
    """Return the names of what the configuration would change; no value is shown."""
    plan = _planned(entering)
    if plan is None or current is None or not current.kept:
        return None
    try:
        then = kept_configuration(current.config, site.cloud)
    except SealiftError:
        return None
    now = json.loads(plan.configuration)
    before, after = _flat(then.parameters, then.tags), _flat(now["parameters"], now["tags"])
    changed = sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
    return (*changed, *(["secrets (NoEcho)"] if current.secrets != plan.secrets else []))


def _flat(parameters: Mapping[str, Mapping[str, str]], tags: Mapping[str, str]) -> dict[str, str]:
    values = {f"{stack}/{name}": value for stack, given in parameters.items() for name, value in given.items()}
    return values | {f"tag {name}": value for name, value in tags.items()}
