"""See how a running release does: what CloudWatch counted of its functions and APIs, and its alarms. Reads only.

Probes can make up for traffic that did not come; they are sent as declared, counted, and told apart.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import cycle, islice

from sealift.delivery.health import Judgement, evidence, judge, summary
from sealift.delivery.history import Standing
from sealift.errors import CloudError
from sealift.model.event import HealthJudged, Progressed
from sealift.model.health import ALARMS, COUNTED, Observation, Traffic
from sealift.model.stack import StackResource
from sealift.ports import Cloud
from sealift.usecases.probes import PARALLEL_PROBES, ask_probe, probes_of
from sealift.usecases.site import Site
from sealift.usecases.surroundings import resources_of

SHORTEST_COMPARED = timedelta(hours=1)
LONGEST_COMPARED = timedelta(days=1)
"""Of the release before, as much of its end is looked at as of the new one, within these."""
PATIENCE_S = 3.0
"""How long a probe is repeated before its answer counts as wrong: one lost packet is not a failure."""


def judge_running(site: Site, standing: Standing) -> Judgement | None:
    """Judge what runs since its soak clock started; None when nothing soaks."""
    if standing.soaking_since is None:
        return None
    return judge(observe(site, standing, start=standing.soaking_since), site.environment.health)


def observe(
    site: Site, standing: Standing, *, start: datetime, before: tuple[Traffic, ...] | None = None
) -> Observation:
    """Return what was seen of the release that runs since `start`, and of the one before it.

    Who looks again gives what was seen of the one `before`: it changes no more, and each question costs.
    """
    end = site.services.clock.now()
    if not site.environment.health.enabled:
        return Observation(start=start, end=end)
    try:
        return _observed(site, standing, start=start, end=end, before=before)
    except CloudError as error:
        return Observation(start=start, end=end, unknown=error.message)


def judged(judgement: Judgement, site: Site) -> HealthJudged:
    """Return the event that shows a judgement with its evidence."""
    return HealthJudged(
        environment=site.name, verdict=judgement.verdict, summary=summary(judgement), evidence=evidence(judgement)
    )


def send_probes(site: Site, outputs: Mapping[str, str], *, count: int) -> tuple[int, tuple[str, ...]]:
    """Send declared probes in turn, `count` in all; return how many were answered well, and what was wrong."""
    probes = probes_of(site)
    if not probes or count <= 0:
        return 0, ()
    done, wrong = 0, dict[str, None]()
    with ThreadPoolExecutor(max_workers=PARALLEL_PROBES) as pool:
        asked = pool.map(
            lambda probe: ask_probe(site, probe, outputs, patience_s=PATIENCE_S),
            islice(cycle(probes), count),
        )
        for sent, answered in enumerate(asked, 1):
            done += answered.ok
            if not answered.ok:
                wrong[f'probe "{answered.name}": {answered.detail}'] = None
            site.emit(Progressed(phase="health", environment=site.name, done=sent, total=count, unit="probes"))
    return done, tuple(wrong)


def _observed(
    site: Site, standing: Standing, *, start: datetime, end: datetime, before: tuple[Traffic, ...] | None
) -> Observation:
    cloud = site.cloud
    resources = tuple(r for name in site.stack_names() for r in resources_of(cloud, name))
    counted = [r for r in resources if r.type in COUNTED]
    states, absent = _alarms(site.environment.health.alarms, resources, cloud)
    since = start if cloud.local else _next_minute(start)
    traffic = cloud.metrics.traffic(counted, start=since, end=end) if since < end else ()
    if before is None:
        span = _span_before(standing, length=end - start) if site.environment.health.compare else None
        before = cloud.metrics.traffic(counted, start=span[0], end=span[1]) if span else ()
    return Observation(start=start, end=end, traffic=traffic, before=before, alarms=states, absent_alarms=absent)


def _next_minute(moment: datetime) -> datetime:
    """Return the first minute that the release before has no part in: CloudWatch counts whole minutes."""
    whole = moment.replace(second=0, microsecond=0)
    return whole if whole == moment else whole + timedelta(minutes=1)


def _span_before(standing: Standing, *, length: timedelta) -> tuple[datetime, datetime] | None:
    reign = standing.reign_before()
    if reign is None:
        return None
    start, end = reign
    return max(start, end - min(max(length, SHORTEST_COMPARED), LONGEST_COMPARED)), end


def _alarms(
    declared: Sequence[str], resources: Sequence[StackResource], cloud: Cloud
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the state of each alarm by name, and the declared ones that are not there."""
    names = {r.logical_id: str(r.physical_id) for r in resources if r.type in ALARMS}
    wanted = [names.get(name, name) for name in declared] or list(names.values())
    states = cloud.metrics.alarms(wanted) if wanted else {}
    missing = tuple(name for name in declared if names.get(name, name) not in states)
    return {name: states[name] for name in wanted if name in states}, missing
