"""Which releases of an environment may expire: old ones, never the last ones. Pure."""

from datetime import datetime, timedelta

from sealift.delivery.history import Standing

LEAST = 2
"""The release that runs, and the one before it: what a failed update and a rollback go back to."""


def may_expire(standing: Standing, *, now: datetime, keep: int, older_than: timedelta) -> tuple[str, ...]:
    """Return the digests that may go, the oldest first.

    Kept are the last `keep` releases that did well, at least two, whatever was deployed within `older_than`, what runs,
    and what was deployed last, which a killed command may have to finish.
    """
    last_at: dict[str, datetime] = {}
    good: list[str] = []
    for deployed in standing.deployments:
        last_at[deployed.release] = max(deployed.at, last_at.get(deployed.release, deployed.at))
        if deployed.is_good:
            good = [one for one in good if one != deployed.release] + [deployed.release]
    named = (standing.current, standing.last)
    kept = {one.release for one in named if one is not None} | set(good[-max(keep, LEAST) :])
    old = [release for release, at in last_at.items() if release not in kept and at < now - older_than]
    return tuple(sorted(old, key=lambda release: (last_at[release], release)))
