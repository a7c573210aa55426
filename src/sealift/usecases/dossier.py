"""All that is known of a release, for whoever audits it: from the buckets and ledgers of all environments."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from sealift.delivery.bom import components
from sealift.delivery.evidence import read
from sealift.delivery.history import DEPLOYING, Deployed, authors, deployments, standing
from sealift.delivery.manifest import release_key
from sealift.errors import CloudError, IntegrityError, SealiftError, UserError
from sealift.model.app import App
from sealift.model.evidence import Evidence
from sealift.model.ledger import Entry
from sealift.model.release import Commit, Origin, Release
from sealift.usecases.attest import Check, attestation_checks, load_keys
from sealift.usecases.evidence import evidence_check
from sealift.usecases.proof.certificates import isolation_check
from sealift.usecases.services import Services
from sealift.usecases.site import Site, open_site
from sealift.usecases.store import full_digest, stored_origin, stored_release


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What one environment has to do with the release."""

    environment: str
    now: Deployed | None
    """What runs there now, whatever it is."""
    replaced: tuple[Deployed, ...] = ()
    """What replaced the release there, each time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """All that is known of one release. What could not be read is in `unread`, never left out in silence."""

    release: Release
    commit: str | None
    """The commit that the ledgers name first; that of the note beside the release where they name none."""
    noted: Origin
    """What the note beside the release says of its origin: no hash covers it."""
    written: Commit | None
    """What git says of the commit; None when this clone does not have it."""
    authors: tuple[str, ...]
    """Who wrote it, as the ledgers say."""
    reviewers: tuple[str, ...] | str
    """Accounts that approved its pull request; why they are not known otherwise."""
    evidence: Evidence | None
    checks: tuple[Check, ...]
    """Evidence, proof, provenance, signature and ledgers, as they were checked now."""
    components: tuple[str, ...] | None
    """Its dependencies, as `name version`; None without a readable bill of materials."""
    entries: tuple[Entry, ...]
    """What the ledgers say of it, in order of time."""
    soaked: Mapping[str, tuple[str, float | None]]
    """By promotion, where the release had soaked and for how many seconds; None where that is not known."""
    places: tuple[Place, ...]
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
    noted = _noted(digest, home, unread)
    bucket = home.cloud.bucket
    stored, bill = bucket.get(release_key(digest, "evidence")), bucket.get(release_key(digest, "bom"))
    entries = [e for site in sites for e in site.ledger.entries() if e.record.release == digest]
    entries.sort(key=lambda e: (e.at, e.environment, e.seq))
    named = [e.record.commit for e in entries if e.record.kind in DEPLOYING and e.record.commit]
    commit = noted.commit if noted.commit in named or not named else named[0]
    commits = services.scm.log(app.root, None, commit) if commit else None
    return Dossier(
        release=found,
        commit=commit,
        noted=noted,
        written=next(iter(commits or ()), None),
        authors=authors(entries, release=digest),
        reviewers=_reviewers(commit, home),
        evidence=read(stored.body) if stored is not None else None,
        checks=tuple(_checks(app, found, home, sites)),
        components=components(bill.body) if bill is not None else None,
        entries=tuple(entries),
        soaked=dict(_soaked(digest, sites)),
        places=tuple(_place(digest, site) for site in sites),
        unread=tuple(unread),
    )


def _noted(digest: str, home: Site, unread: list[str]) -> Origin:
    try:
        return stored_origin(digest, home.cloud)
    except IntegrityError as error:
        unread.append(error.message)
        return Origin(commit=None, branch=None, dirty=False)


def _reviewers(commit: str | None, home: Site) -> tuple[str, ...] | str:
    if commit is None:
        return "the commit is not known"
    if home.cloud.local:
        return "nobody is asked on the embedded cloud"
    try:
        found = home.services.accounts.reviewers(commit)
    except CloudError as error:
        return error.message
    return "no service that holds the code could be asked" if found is None else found


def _checks(app: App, release: Release, home: Site, sites: Sequence[Site]) -> Iterator[Check]:
    """Yield what is checked now, each with its result; what is not there, or cannot be checked, is said."""
    bucket, entries, keys = home.cloud.bucket, home.ledger.entries(), load_keys(app)
    yield evidence_check(entries, release.digest, bucket)
    yield isolation_check(entries, release.digest, home.cloud)
    yield from attestation_checks(release, bucket, keys)
    if keys.public is None:
        signed = bucket.get(release_key(release.digest, "provenance.dsse")) is not None
        detail = "there is one; without a public key it was not checked" if signed else "the release is not signed"
        yield Check(name="signature", status="absent", detail=detail)
    for site in sites:
        faults = site.ledger.verify()
        detail = "; ".join(f"entry {one.seq}: {one.reason}" for one in faults) or "the chain of its entries holds"
        yield Check(name=f"ledger of {site.name}", status="failed" if faults else "ok", detail=detail)


def _soaked(digest: str, sites: Sequence[Site]) -> Iterator[tuple[str, tuple[str, float | None]]]:
    """Yield for each promotion of the release how long it had soaked where it came from, when it was begun."""
    by_name = {site.name: site for site in sites}
    for site in sites:
        source = by_name.get(site.environment.promotes_from or "")
        if source is None:
            continue
        begun: dict[str, Entry] = {}
        for entry in site.ledger.entries():
            if entry.record.kind == "promotion" and entry.record.release == digest:
                begun.setdefault(entry.record.operation, entry)
        for operation, entry in begun.items():
            then = standing([e for e in source.ledger.entries() if e.at <= entry.at])
            since = then.soaking_since if then.current is not None and then.current.release == digest else None
            yield operation, (source.name, (entry.at - since).total_seconds() if since is not None else None)


def _place(digest: str, site: Site) -> Place:
    done = [one for one in deployments(site.ledger.entries()) if one.kind in DEPLOYING and one.status == "succeeded"]
    replaced = [new for old, new in pairwise(done) if old.release == digest != new.release]
    return Place(environment=site.name, now=site.standing().current, replaced=tuple(replaced))


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
