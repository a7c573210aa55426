"""What is stored beside a manifest and says what is in a release and where it comes from; and whether that holds.

Bill of materials, provenance and envelope belong together: the provenance names the bill by its hash, and the envelope
holds the provenance. None of them is part of the release's digest.
"""

from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from sealift import __version__
from sealift.delivery.bom import bill_of_materials, listed_dependencies
from sealift.delivery.gates import GateResult, refused_by
from sealift.delivery.manifest import Part, release_key
from sealift.delivery.provenance import PAYLOAD_TYPE, provenance, provenance_faults
from sealift.delivery.rebuilt import locks_of
from sealift.delivery.signing import enveloped, key_id, opened, public_of, signed, to_be_signed
from sealift.errors import CloudError, ConfigError, IntegrityError, PreconditionFailed, Refused
from sealift.model.app import App
from sealift.model.event import Event, Noted
from sealift.model.release import BuiltRelease, Release
from sealift.ports import Bucket
from sealift.usecases.site import Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The available keys, as PEM. `missing` is a declared private key that this machine lacks.

    `kms` names a private key in AWS KMS; there is a public one then.
    """

    private: bytes | None = field(default=None, repr=False)
    kms: str | None = None
    public: bytes | None = None
    missing: str | None = None


_GET_PUBLIC_KEY = (
    "aws kms get-public-key --key-id {} --query PublicKey --output text | base64 -d "
    "| openssl pkey -pubin -inform DER -out signing.pub.pem"
)
CheckStatus = Literal["ok", "failed", "absent"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check of a release."""

    name: str
    status: CheckStatus
    detail: str


def load_keys(app: App, *, public_key: Path | None = None) -> Keys:
    """Return the keys that sealift.toml names; `public_key` is taken in place of its public one. Raises ConfigError."""
    declared = app.signing
    secret = _path(app, declared.private_key)
    private = secret.read_bytes() if secret is not None and secret.is_file() else None
    missing = str(secret) if secret is not None and private is None else None
    if public_key is None and declared.public_pem is not None:
        return Keys(private=private, kms=declared.kms_key, public=declared.public_pem.encode(), missing=missing)
    path = public_key or _path(app, declared.public_key)
    if path is None:
        return Keys(private=private, public=public_of(private) if private else None, missing=missing)
    if not path.is_file():
        raise ConfigError(
            f"The public key {path} is not there",
            code="signing-key-missing",
            hint="Correct `public_key` under [signing] in sealift.toml, or --key.",
        )
    return Keys(private=private, kms=declared.kms_key, public=path.read_bytes(), missing=missing)


def _path(app: App, written: str | None) -> Path | None:
    return app.root / Path(written).expanduser() if written else None


def store_attestations(built: BuiltRelease, site: Site, keys: Keys) -> None:
    """Store bill of materials and provenance, signed when there is a key. Valid ones that exist are kept."""
    release, bucket = built.release, site.cloud.bucket
    if not _is_wanting(release, bucket, keys):
        return
    bom = bill_of_materials(release, built.artifacts, tool_version=__version__)
    statement = provenance(
        release,
        built.origin,
        bom=bom,
        dependencies=listed_dependencies(built.artifacts),
        tool_version=__version__,
    )
    envelope = _signed(statement, site, keys)
    _write(bucket, release_key(release.digest, "bom"), bom)
    _write(bucket, release_key(release.digest, "locks"), locks_of(built.artifacts))
    _write(bucket, release_key(release.digest, "provenance"), statement)
    if envelope is not None:
        _write(bucket, release_key(release.digest, "provenance.dsse"), envelope)


def _write(bucket: Bucket, key: str, body: bytes) -> None:
    """Write an object that is absent or differs, but never over a concurrent write."""
    stored = bucket.get(key)
    with suppress(PreconditionFailed):
        if stored is None:
            bucket.put(key, body, if_absent=True)
        elif stored.body != body:
            bucket.put(key, body, if_match=stored.etag)


def _is_wanting(release: Release, bucket: Bucket, keys: Keys) -> bool:
    if keys.private is None and keys.kms is None:
        return bucket.get(release_key(release.digest, "provenance")) is None
    own = Keys(public=public_of(keys.private) if keys.private else keys.public)
    return any(check.status != "ok" for check in attestation_checks(release, bucket, own))


def _signed(statement: bytes, site: Site, keys: Keys) -> bytes | None:
    """Return the signed statement, or None without a key; one in KMS may be absent on the embedded cloud."""
    if keys.private is not None:
        return signed(statement, PAYLOAD_TYPE, private_pem=keys.private)
    if keys.kms is None or keys.public is None:
        return None
    try:
        signature = site.cloud.signing_keys.sign(keys.kms, to_be_signed(statement, PAYLOAD_TYPE))
        return enveloped(statement, PAYLOAD_TYPE, signature, public_pem=keys.public)
    except CloudError as error:
        if not (site.cloud.local and error.code == "not-found"):
            raise
        message = f"The release is not signed: there is no key {keys.kms} here. On AWS this is an error"
        site.note("unsigned", message, level="warning")
        return None
    except IntegrityError as error:
        raise ConfigError(
            f"The KMS key {keys.kms} is not the one that `public_key` belongs to",
            code="signing-key",
            hint=f"Write its public key again: {_GET_PUBLIC_KEY.format(keys.kms)}",
        ) from error


def require_private_key(keys: Keys, site: Site) -> None:
    """Raise ConfigError when the declared private key is missing; on the embedded cloud only warn."""
    if keys.missing is None:
        return
    if not site.cloud.local:
        raise ConfigError(
            f"The signing key {keys.missing} is not there, so Sealift cannot sign the release",
            code="signing-key-missing",
            hint="Put it there, or correct `private_key` under [signing] in sealift.toml.",
        )
    message = f"The release is not signed: {keys.missing} is not there. On AWS this is an error"
    site.note("unsigned", message, level="warning")


def copy_attestations(release: Release, source: Bucket, target: Bucket) -> None:
    """Copy what is stored beside the manifest, all of it or nothing."""
    parts: tuple[Part, ...] = ("bom", "locks", "provenance", "provenance.dsse")
    keys = [release_key(release.digest, part) for part in parts]
    bodies = {key: stored.body for key in keys if (stored := source.get(key)) is not None}
    signed_there = target.get(release_key(release.digest, "provenance.dsse")) is not None
    if signed_there and release_key(release.digest, "provenance.dsse") not in bodies:
        return
    for key, body in bodies.items():
        _write(target, key, body)


def attestation_checks(release: Release, bucket: Bucket, keys: Keys) -> tuple[Check, ...]:
    """Check provenance and signature of a stored release; without a public key the signature is not looked at."""
    bom = bucket.get(release_key(release.digest, "bom"))
    statement = bucket.get(release_key(release.digest, "provenance"))
    if statement is None:
        about = Check(name="provenance", status="absent", detail="the release was stored without one")
    else:
        faults = provenance_faults(statement.body, release, bom=bom.body if bom else None)
        detail = "; ".join(faults) or f"{len(release.blobs) + 1} subjects and the bill of materials"
        about = Check(name="provenance", status="failed" if faults else "ok", detail=detail)
    if keys.public is None:
        return (about,)
    envelope = bucket.get(release_key(release.digest, "provenance.dsse"))
    return (about, _signature(envelope.body if envelope else None, statement.body if statement else None, keys.public))


def _signature(envelope: bytes | None, statement: bytes | None, public: bytes) -> Check:
    if envelope is None:
        return Check(name="signature", status="absent", detail="the release is not signed")
    try:
        payload = opened(envelope, PAYLOAD_TYPE, public_pem=public)
    except IntegrityError as error:
        return Check(name="signature", status="failed", detail=error.message)
    if payload != statement:
        return Check(name="signature", status="failed", detail="what was signed is not the stored provenance")
    return Check(name="signature", status="ok", detail=f"by key {key_id(public)[:12]}")


def attestation_gate(release: Release, site: Site, keys: Keys) -> GateResult:
    """Return whether provenance and signature hold; where a key is declared, the release has to be signed."""
    events: list[Event] = []
    for check in attestation_checks(release, site.cloud.bucket, keys):
        if check.status == "ok" or (check.name == "provenance" and check.status == "absent"):
            continue
        if check.status == "absent" and site.cloud.local:
            message = f"Release {release.short()} is not signed; on AWS, it would not be promoted"
            events.append(Noted(level="warning", name="unsigned", message=message, environment=site.name))
            continue
        refusal = Refused(
            f"Release {release.short()} in {site.name} is not promoted: {check.name}: {check.detail}",
            code=f"gate-{check.name}",
            hint=f"Look at it: `sealift release verify {site.name}`. Then deploy its commit again.",
            context={"environment": site.name, "release": release.digest, "check": check.name},
        )
        return refused_by(refusal, "attested", about=site.name)
    return GateResult(gate="attested", status="open", message="what is attested of it holds", events=tuple(events))
