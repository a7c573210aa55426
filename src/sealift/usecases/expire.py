"""Delete old releases of an environment from its bucket, with the blobs that no other release there has."""

from dataclasses import dataclass
from datetime import timedelta

from sealift.delivery.expiry import may_expire
from sealift.delivery.manifest import blob_key
from sealift.usecases.site import Site
from sealift.usecases.store import stored_digests, stored_release
from sealift.usecases.writing import writing


@dataclass(frozen=True, slots=True, kw_only=True)
class Expired:
    """What went, or what would go: digests of releases, the oldest first, and of blobs."""

    releases: tuple[str, ...]
    blobs: tuple[str, ...]
    kept: int
    """How many releases stay."""


def expire(site: Site, *, keep: int, older_than: timedelta, dry_run: bool = False) -> Expired:
    """Delete the releases that may go, under the lease. Raises IntegrityError when a manifest cannot be read.

    Blobs go before their manifest: what a kill leaves over is found again by the next time.
    """
    if dry_run:
        return _due(site, keep=keep, older_than=older_than)
    with writing(site, purpose="expiry of old releases") as writer:
        due = _due(site, keep=keep, older_than=older_than)
        for prefix in (*map(blob_key, due.blobs), *(f"releases/{one}/" for one in due.releases)):
            for _ in site.cloud.objects.empty(site.cloud.bucket.name, prefix=prefix):
                writer.check_lease()
    return due


def _due(site: Site, *, keep: int, older_than: timedelta) -> Expired:
    bucket = site.cloud.bucket
    stored = stored_digests(bucket)
    may = may_expire(site.standing(), now=site.services.clock.now(), keep=keep, older_than=older_than)
    releases = tuple(one for one in may if one in stored)
    if not releases:
        return Expired(releases=(), blobs=(), kept=len(stored))
    needed = {blob for one in stored - set(releases) for blob in stored_release(one, site.cloud).blobs}
    gone = {blob for one in releases for blob in stored_release(one, site.cloud).blobs}
    return Expired(releases=releases, blobs=tuple(sorted(gone - needed)), kept=len(stored) - len(releases))
