"""The five measures of software delivery by DORA, from a ledger and the commits it names. Pure.

Definitions: https://dora.dev/guides/dora-metrics/. What is not known is None, and said as unknown.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from statistics import median

from sealift.delivery.history import Deployed
from sealift.model.release import Commit
from sealift.model.values import value

PERIOD = timedelta(days=90)
"""What is measured: so long before now."""
_DAYS_A_WEEK = 7


@value
class Week:
    """The measures of seven days. Times are medians, in seconds."""

    begin: datetime
    deployments: int
    failed: int
    lead_time_s: float | None
    recovery_time_s: float | None


@value
class Dora:
    """The measures of one environment. Times are medians, in seconds."""

    since: datetime
    until: datetime
    deployments: int
    failed: int
    reworked: int
    open_failures: int
    """Failed deployments after which nothing was verified so far."""
    unknown_commits: int
    """Deployments whose commits this clone does not have."""
    per_week: float | None
    lead_time_s: float | None
    failure_rate: float | None
    recovery_time_s: float | None
    rework_rate: float | None
    weeks: tuple[Week, ...] = ()
    """Oldest first; the last one ends now."""


def dora(deployed: Sequence[Deployed], commits: Mapping[str, Sequence[Commit] | None], *, now: datetime) -> Dora:
    """Return the measures of an environment's deployments, oldest first, over the last 90 days.

    `commits` are those that each operation brought, None where they are not known. What ended without an outcome, and
    what changed nothing, is not a deployment.
    """
    since = now - PERIOD
    ended = [one for one in deployed if _ended(one)]
    inside = [at for at, one in enumerate(ended) if one.at >= since]
    changes = [at for at in inside if ended[at].kind != "rollback"]
    failures = [at for at in changes if _failed(ended, at)]
    recoveries = {at: recovery_s(ended, at) for at in failures}
    leads = {at: _leads(ended[at], commits.get(ended[at].operation)) for at in changes}
    unknown = sum(commits.get(ended[at].operation) is None for at in changes if ended[at].is_good)
    rework = [at for at in inside if _is_rework(ended, at)]
    first = min((one.at for one in ended), default=now)
    count = max((now - max(since, first)).total_seconds() / (86_400 * _DAYS_A_WEEK), 1.0)
    return Dora(
        since=since,
        until=now,
        deployments=len(changes),
        failed=len(failures),
        reworked=len(rework),
        open_failures=sum(one is None for one in recoveries.values()),
        unknown_commits=unknown,
        per_week=len(changes) / count if ended else None,
        lead_time_s=_median(one for found in leads.values() for one in found),
        failure_rate=len(failures) / len(changes) if changes else None,
        recovery_time_s=_median(one for one in recoveries.values() if one is not None),
        rework_rate=len(rework) / len(inside) if inside else None,
        weeks=tuple(_weeks(ended, leads, recoveries, now=now)),
    )


def _weeks(
    ended: Sequence[Deployed],
    leads: Mapping[int, Sequence[float]],
    recoveries: Mapping[int, float | None],
    *,
    now: datetime,
) -> Iterator[Week]:
    week = timedelta(days=_DAYS_A_WEEK)
    for back in range(-(-PERIOD.days // _DAYS_A_WEEK), 0, -1):
        begin = now - back * week
        own = [at for at in leads if begin <= ended[at].at and (ended[at].at < begin + week or back == 1)]
        failed = [recoveries[at] for at in own if at in recoveries]
        yield Week(
            begin=begin,
            deployments=len(own),
            failed=len(failed),
            lead_time_s=_median(one for at in own for one in leads[at]),
            recovery_time_s=_median(one for one in failed if one is not None),
        )


def recovery_s(ended: Sequence[Deployed], at: int) -> float | None:
    """Return the seconds from the start of a failed deployment to the next verified one or rollback; None before it.

    DORA, failed deployment recovery time: "the time it takes to recover from a deployment that fails and requires
    immediate intervention".
    """
    for later in ended[at + 1 :]:
        if later.good_at is not None:
            return (later.good_at - ended[at].at).total_seconds()
    return None


def _leads(deployed: Deployed, commits: Sequence[Commit] | None) -> list[float]:
    """Return the lead time of each commit of the verified deployments.

    DORA, change lead time: "the amount of time it takes for a change to go from committed to version control to
    deployed in production".
    """
    good_at = deployed.good_at
    if good_at is None:
        return []
    return [max((good_at - one.at).total_seconds(), 0.0) for one in commits or ()]


def _ended(deployed: Deployed) -> bool:
    """Return whether a deployment is complete and either changed something or failed.

    DORA, deployment frequency: "the number of deployments over a given period".
    """
    if deployed.status == "failed" or deployed.is_bad:
        return True
    return deployed.status == "succeeded" and (deployed.changed or deployed.kind == "rollback")


def _failed(ended: Sequence[Deployed], at: int) -> bool:
    """Return whether a deployment failed, or was rolled back before another change came.

    DORA, change fail rate: "the ratio of deployments that require immediate intervention following a deployment,
    likely resulting in a rollback of the changes or a hotfix".
    """
    one = ended[at]
    following = ended[at + 1] if at + 1 < len(ended) else None
    return one.status == "failed" or one.is_bad or (following is not None and following.kind == "rollback")


def _is_rework(ended: Sequence[Deployed], at: int) -> bool:
    """Return whether a deployment is a rollback or follows a failed one.

    DORA, deployment rework rate: "the ratio of deployments that are unplanned but happen as a result of an incident in
    production".
    """
    if ended[at].kind == "rollback":
        return True
    return at > 0 and ended[at - 1].kind != "rollback" and _failed(ended, at - 1)


def _median(values: Iterable[float]) -> float | None:
    known = list(values)
    return median(known) if known else None
