"""All that is known of a release, for whoever audits it: from the buckets and ledgers of all environments."""

from collections.abc import Sequence
from dataclasses import dataclass

from sealift.delivery.bom import bom_key, components
from sealift.delivery.evidence import evidence_key, read
from sealift.errors import SealiftError, UserError
from sealift.model.app import App
from sealift.model.evidence import Evidence
from sealift.model.ledger import Entry
from sealift.model.release import Commit, Origin, Release
from sealift.usecases.attest import Check, attestation_checks, load_keys
from sealift.usecases.proof.certificates import isolation_check
from sealift.usecases.services import Services
from sealift.usecases.site import Site, open_site
from sealift.usecases.store import full_digest, stored_origin, stored_release


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """All that is known of one release. What could not be read is in `unread`, never left out in silence."""

    release: Release
    origin: Origin
    commit: Commit | None
    """None when this clone does not have it."""
    evidence: Evidence | None
    checks: tuple[Check, ...]
    """Proof, provenance and signature, as they were checked now."""
    components: tuple[str, ...]
    """Its dependencies, as `name version`."""
    entries: tuple[Entry, ...]
    """What the ledgers say of it, in order of time."""
    unread: tuple[str, ...] = ()


def dossier(app: App, services: Services, *, release: str | None) -> Dossier:
    """Return what is known of a release: a digest or its beginning; by default what the last environment runs.

    Raises UserError when no environment has it.
    """
    sites, unread = [], []
    for environment in app.environments:
        try:
            site = open_site(app, environment, services)
            site.ledger.entries()
        except SealiftError as error:
            unread.append(f"{environment.name}: {error.message}")
        else:
            sites.append(site)
    home, digest = _home(sites, release)
    found = stored_release(digest, home.cloud)
    origin = stored_origin(digest, home.cloud)
    stored, bill = home.cloud.bucket.get(evidence_key(digest)), home.cloud.bucket.get(bom_key(digest))
    entries = [e for site in sites for e in site.ledger.entries() if e.record.release == digest]
    proof = isolation_check(home.ledger.entries(), digest, home.cloud)
    commits = services.scm.log(app.root, None, origin.commit) if origin.commit else None
    return Dossier(
        release=found,
        origin=origin,
        commit=next(iter(commits or ()), None),
        evidence=read(stored.body) if stored is not None else None,
        checks=(proof, *attestation_checks(found, home.cloud.bucket, load_keys(app))),
        components=components(bill.body) if bill is not None else (),
        entries=tuple(sorted(entries, key=lambda e: (e.at, e.environment, e.seq))),
        unread=tuple(unread),
    )


def _home(sites: Sequence[Site], release: str | None) -> tuple[Site, str]:
    """Return the environment furthest along that holds the release, and the whole digest."""
    for site in reversed(sites):
        try:
            if release is not None:
                return site, full_digest(release, site.cloud)
        except UserError:
            continue
        current = site.standing().current
        if current is not None:
            return site, current.release
    wanted = f"release {release}" if release else "a release"
    raise UserError(
        f"No environment holds {wanted}", code="release-unknown", hint="`sealift history` lists the releases."
    )
