"""Check a stored release from the bucket alone: manifest, blobs, provenance, signature. Writes nothing."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from sealift.delivery.manifest import blob_key
from sealift.errors import IntegrityError, SealiftError, UserError
from sealift.model.app import App, Environment
from sealift.model.release import Release
from sealift.ports import Cloud
from sealift.usecases.attest import Check, Keys, attestation_checks
from sealift.usecases.evidence import evidence_check
from sealift.usecases.proof.certificates import isolation_check
from sealift.usecases.services import Services
from sealift.usecases.site import Site, open_site
from sealift.usecases.store import PARALLEL_TRANSFERS, full_digest, stored_release

MAY_LACK = frozenset({"provenance", "isolation", "evidence"})
"""What a release from before there was such evidence has not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedRelease:
    """What was checked of a release. It holds when nothing failed, and nothing that was asked for is absent."""

    release: str
    checks: tuple[Check, ...]

    @property
    def holds(self) -> bool:
        """Whether every check succeeded; one from before there was such evidence may lack it."""
        return all(c.status == "ok" or (c.status == "absent" and c.name in MAY_LACK) for c in self.checks)


def verify_release(
    app: App, environment: Environment, services: Services, *, release: str | None, keys: Keys
) -> CheckedRelease:
    """Check the release (a digest or its beginning; default: the one that runs). Raises UserError when it is absent."""
    site = open_site(app, environment, services)
    cloud = site.cloud
    digest = full_digest(release, cloud) if release else _current(site)
    try:
        found = stored_release(digest, cloud)
    except IntegrityError as error:
        return CheckedRelease(release=digest, checks=(Check(name="manifest", status="failed", detail=error.message),))
    manifest = Check(name="manifest", status="ok", detail=f"its SHA-256 is the release's digest, {digest[:12]}")
    isolation = isolation_check(site.ledger.entries(), digest, cloud)
    tested = evidence_check(site.ledger.entries(), digest, cloud.bucket)
    attested = attestation_checks(found, cloud.bucket, keys)
    return CheckedRelease(release=digest, checks=(manifest, _blobs(found, cloud), tested, isolation, *attested))


def _current(site: Site) -> str:
    current = site.standing().current
    if current is None:
        raise UserError(
            f"Nothing is deployed in {site.name}",
            code="release-unknown",
            hint="Name a release with --release, or deploy one first.",
        )
    return current.release


def _blobs(release: Release, cloud: Cloud) -> Check:
    """Read and hash every blob."""
    with TemporaryDirectory(prefix="sealift-verify-") as folder:

        def fault(sha256: str) -> str:
            path = Path(folder) / sha256
            try:
                cloud.bucket.download(blob_key(sha256), path, sha256=sha256)
            except SealiftError as error:
                return error.message
            path.unlink()
            return ""

        with ThreadPoolExecutor(max_workers=PARALLEL_TRANSFERS) as pool:
            faults = [f for f in pool.map(fault, release.blobs) if f]
    if faults:
        return Check(name="blobs", status="failed", detail="; ".join(faults))
    return Check(name="blobs", status="ok", detail=f"{len(release.blobs)} read and hashed")
