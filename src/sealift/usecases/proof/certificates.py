"""Certificates of proofs in the environments' buckets: stored with a deployment, found again, and checked."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sealift.delivery.history import proved_before, standing
from sealift.errors import SealiftError, UserError, did_you_mean
from sealift.isolation.certificate import Difference, certificate, check, is_intact
from sealift.model.app import App
from sealift.model.ledger import Entry
from sealift.model.records import Delivery, Isolation
from sealift.ports import Cloud
from sealift.usecases.attest import Check
from sealift.usecases.proof.prove import Proof
from sealift.usecases.services import Services
from sealift.usecases.site import Site, open_site
from sealift.usecases.writing import Writer

FOLDER = "certificates/"
_SHORTEST = 7
"""As many characters of a hash as tell one from the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCertificate:
    """A certificate of a bucket. `release` is what it was made for, where the ledger says so."""

    sha256: str
    body: object
    site: Site
    release: str | None

    @property
    def name(self) -> str:
        """Return what people call it."""
        return f"{self.sha256[:12]} of {self.site.name}"

    @property
    def live(self) -> bool:
        """Return whether accounts were read for it."""
        return is_live(self.body)


def is_live(body: object) -> bool:
    """Return whether a certificate was made from live accounts too."""
    return isinstance(body, Mapping) and bool(body.get("live"))


def store_certificate(proof: Proof, writer: Writer) -> Isolation:
    """Store the certificate of a proof in the writer's environment and return what the ledger keeps of the proof.

    It is named by its own hash; one that is there already stays.
    """
    body = certificate(proof.verdict, proof.views, accepted=proof.accepted, today=proof.today)
    sha256, text, bucket = str(body["sha256"]), json.dumps(body, sort_keys=True).encode(), writer.cloud.bucket
    there = bucket.get(key_of(sha256))
    if there is None or there.body != text:
        writer.check_lease()
        bucket.put(key_of(sha256), text)
    return proof.record(certificate=sha256)


def key_of(sha256: str) -> str:
    """Return where a certificate is stored."""
    return f"{FOLDER}{sha256}.json"


def stored_certificate(app: App, services: Services, name: str) -> StoredCertificate:
    """Return the certificate of what runs in an environment, or the one whose hash begins with `name`."""
    environment = app.environment(name)
    if environment is not None:
        return _of_environment(open_site(app, environment, services))
    found = list(_of_hash(app, services, name)) if len(name) >= _SHORTEST else []
    if found:
        return found[0]
    names = [e.name for e in app.environments]
    raise UserError(
        f'"{name}" is not a file, an environment or the hash of a stored certificate{did_you_mean(name, names)}',
        code="certificate-unknown",
        hint="Name a file, an environment, or the `certificate` that `sealift history --json` shows.",
    )


def _of_environment(site: Site) -> StoredCertificate:
    entries = site.ledger.entries()
    current = standing(entries).current
    kept = proved_before(entries, current.release) if current else None
    if current is None or kept is None or kept.certificate is None:
        raise UserError(
            f"{site.name} has no certificate: nothing is deployed there, or it was before they were stored",
            code="certificate-unknown",
            hint=f"Deploy to {site.name}, or name a file that `sealift prove --certificate FILE` wrote.",
        )
    return _read(site, kept.certificate, current.release)


def _of_hash(app: App, services: Services, prefix: str) -> Iterator[StoredCertificate]:
    for environment in app.environments:
        try:
            site = open_site(app, environment, services)
            keys = site.cloud.bucket.keys(f"{FOLDER}{prefix}")
        except SealiftError:
            continue  # an environment that cannot be read holds nothing that could be checked
        for key in keys:
            sha256 = key.removeprefix(FOLDER).removesuffix(".json")
            yield _read(site, sha256, _release_of(site.ledger.entries(), sha256))


def _release_of(entries: Sequence[Entry], sha256: str) -> str | None:
    for entry in reversed(entries):
        kept = entry.record.details
        if isinstance(kept, Delivery) and kept.isolation and kept.isolation.certificate == sha256:
            return entry.record.release
    return None


def _read(site: Site, sha256: str, release: str | None) -> StoredCertificate:
    stored = site.cloud.bucket.get(key_of(sha256))
    if stored is None:
        raise UserError(
            f"The certificate {sha256[:12]} is not in the bucket of {site.name}",
            code="certificate-unknown",
            hint="The bucket is versioned: restore it, or deploy again.",
        )
    try:
        body: object = json.loads(stored.body)
    except (ValueError, RecursionError):
        body = None
    return StoredCertificate(sha256=sha256, body=body, site=site, release=release)


def isolation_check(entries: Sequence[Entry], release: str, cloud: Cloud) -> Check:
    """Return whether the certificate that the ledger names for a release is there and undamaged; nothing is proved."""
    kept = proved_before(entries, release)
    sha256 = kept.certificate if kept else None
    if kept is None or sha256 is None:
        return Check(name="isolation", status="absent", detail="it was deployed without a certificate")
    stored = cloud.bucket.get(key_of(sha256))
    if stored is None or not is_intact(stored.body, sha256):
        return Check(name="isolation", status="failed", detail=f"certificate {sha256[:12]} is not what was stored")
    detail = f"{kept.verdict} when it was deployed, certificate {sha256[:12]}"
    return Check(name="isolation", status="ok", detail=detail)


def certificate_differences(found: StoredCertificate, proof: Proof) -> list[Difference]:
    """Return the differences from a stored certificate, including another hash than the ledger records."""
    told = check(found.body, proof.views, today=proof.today)
    named = found.body.get("sha256") if isinstance(found.body, Mapping) else None
    if named != found.sha256:
        told.insert(0, Difference(subject="sha256", message="it is not the one that is stored under this name"))
    return told
