"""Move releases: from this machine into a bucket, from one environment's bucket into another's, and back to read."""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from sealift.delivery.evidence import named_evidence
from sealift.delivery.manifest import blob_key, parse_manifest, release_key
from sealift.errors import IntegrityError, PreconditionFailed, UserError
from sealift.model.event import Progressed
from sealift.model.evidence import Evidence
from sealift.model.release import BuiltRelease, Origin, Release
from sealift.model.stored import canonical_json, plain, read
from sealift.ports import Bucket, Cloud
from sealift.usecases.attest import Keys, copy_attestations, store_attestations
from sealift.usecases.evidence import store_evidence
from sealift.usecases.services import phase
from sealift.usecases.site import Site

PARALLEL_TRANSFERS = 8
_LEAST_DIGITS = 4
_DIGEST_BEGINS = re.compile(rf"[0-9a-f]{{{_LEAST_DIGITS},64}}")


def upload_release(
    built: BuiltRelease, site: Site, *, keys: Keys | None = None, evidence: Evidence | None = None
) -> str | None:
    """Store a release in the environment's bucket: only blobs that it lacks, the manifest last.

    Returns the hash of the stored evidence, if any was given. The manifest is the sign that a release is complete, so a
    kill before it leaves nothing that looks like one.
    """
    release = built.release
    with phase(site.services, "upload", environment=site.cloud.environment) as outcome:
        missing = _missing(release, site.cloud.bucket)
        _check_local(missing, built.files)

        def send(sha256: str) -> None:
            site.cloud.bucket.upload(blob_key(sha256), built.files[sha256], sha256=sha256)

        _transfer(send, release.blobs, site)  # one that is there is checked, and replaced when damaged
        store_attestations(built, site, keys or Keys())
        named = named_evidence(site.ledger.entries(), release.digest)
        recorded = store_evidence(evidence, site.cloud.bucket, named=named) if evidence is not None else None
        _finish(release, built.origin, site.cloud.bucket)
        outcome.detail = f"{len(missing)} of {len(release.blobs)} objects were missing"
    return recorded


def copy_release(
    release: Release, origin: Origin, *, source: Site, target: Site, evidence: bytes | None = None
) -> None:
    """Copy a release between buckets. Every blob is read from `source` and hashed before anything is written.

    `evidence` is what the gates read: it is written, whatever is in the source's bucket by now.
    """
    with (
        phase(target.services, "promote", environment=target.name) as outcome,
        TemporaryDirectory(prefix="sealift-copy-") as folder,
    ):
        files = {sha256: Path(folder) / sha256 for sha256 in release.blobs}

        def fetch(sha256: str) -> None:
            source.cloud.bucket.download(blob_key(sha256), files[sha256], sha256=sha256)

        def send(sha256: str) -> None:
            target.cloud.bucket.upload(blob_key(sha256), files[sha256], sha256=sha256)

        _transfer(fetch, release.blobs, source)
        target.cloud.bucket.ensure()
        missing = _missing(release, target.cloud.bucket)
        _transfer(send, release.blobs, target)  # one that is there is checked, and replaced when damaged
        copy_attestations(release, source.cloud.bucket, target.cloud.bucket)
        there = target.cloud.bucket.get(release_key(release.digest, "evidence"))
        if evidence is not None and (there is None or there.body != evidence):
            target.cloud.bucket.put(release_key(release.digest, "evidence"), evidence)
        _finish(release, origin, target.cloud.bucket)
        outcome.detail = f"{len(release.blobs)} objects checked, {len(missing)} copied"


def stored_digests(bucket: Bucket, prefix: str = "") -> set[str]:
    """Return the digests of the releases in a bucket that begin with `prefix`."""
    return {key.split("/")[1] for key in bucket.keys(f"releases/{prefix}") if key.endswith("/manifest.json")}


def stored_release(digest: str, cloud: Cloud) -> Release:
    """Return a release of the environment's bucket. Raises UserError when it is not there."""
    stored = cloud.bucket.get(release_key(digest, "manifest"))
    if stored is None:
        raise UserError(
            f"Release {digest[:12]} is not in the bucket of {cloud.environment}",
            code="release-unknown",
            hint="`sealift history` lists the releases that were deployed.",
            context={"environment": cloud.environment, "release": digest},
        )
    return parse_manifest(stored.body, digest=digest)


def stored_blob(sha256: str, cloud: Cloud) -> bytes:
    """Return a blob of the environment's bucket. Raises UserError when it is gone, IntegrityError when damaged."""
    stored = cloud.bucket.get(blob_key(sha256))
    if stored is None:
        raise UserError(
            f"Blob {sha256[:12]} is not in the bucket of {cloud.environment}",
            code="blob-missing",
            hint=f"Deploy the release to {cloud.environment} again.",
        )
    if hashlib.sha256(stored.body).hexdigest() != sha256:
        raise IntegrityError(
            f"Blob {sha256[:12]} is damaged in the bucket of {cloud.environment}",
            code="object-damaged",
            hint="The bucket is versioned: restore the previous version, or build and upload the release again.",
            context={"environment": cloud.environment, "expected": sha256},
        )
    return stored.body


def check_stored(release: Release, cloud: Cloud) -> None:
    """Raise IntegrityError when a blob of a release that is deployed again is not what its name says, code included."""
    with TemporaryDirectory(prefix="sealift-check-") as folder, ThreadPoolExecutor(PARALLEL_TRANSFERS) as pool:

        def check(sha256: str) -> None:
            cloud.bucket.download(blob_key(sha256), Path(folder) / sha256, sha256=sha256)

        tuple(pool.map(check, release.blobs))


def stored_origin(digest: str, cloud: Cloud) -> Origin:
    """Return where a stored release was first built from; all unknown when the note is not there."""
    stored = cloud.bucket.get(release_key(digest, "origin"))
    if stored is None:
        return Origin(commit=None, branch=None, dirty=False)
    try:
        return read(Origin, json.loads(stored.body))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise IntegrityError(
            f"{stored.key} in the bucket of {cloud.environment} is damaged",
            code="origin-damaged",
            hint="The bucket is versioned: restore the previous version.",
            context={"environment": cloud.environment, "key": stored.key},
        ) from error


def full_digest(prefix: str, cloud: Cloud) -> str:
    """Return the one stored release whose digest starts with `prefix`. Raises UserError for none or several.

    Nothing, as an empty variable of a CI job gives it, names no release, also where only one is stored.
    """
    if not _DIGEST_BEGINS.fullmatch(prefix):
        raise UserError(
            f'"{prefix[:80]}" is not the beginning of a digest: at least {_LEAST_DIGITS} digits of 0-9 and a-f',
            code="release-unknown",
            hint="`sealift history` lists the releases that were deployed.",
        )
    digests = stored_digests(cloud.bucket, prefix)
    if len(digests) == 1:
        return digests.pop()
    what = "no release" if not digests else f"{len(digests)} releases"
    raise UserError(
        f'{cloud.environment} has {what} whose digest starts with "{prefix}"',
        code="release-unknown",
        hint="`sealift history` lists the releases that were deployed.",
    )


def _missing(release: Release, bucket: Bucket) -> tuple[str, ...]:
    present = {key.removeprefix("blobs/") for key in bucket.keys("blobs/")}
    return tuple(sha256 for sha256 in release.blobs if sha256 not in present)


def local_blob(sha256: str, files: Mapping[str, Path]) -> bytes:
    """Return an artifact of this machine's cache. Raises IntegrityError when it is not what its name says."""
    _check_local([sha256], files)
    return files[sha256].read_bytes()


def _check_local(hashes: Iterable[str], files: Mapping[str, Path]) -> None:
    """Raise IntegrityError when a file of this machine's cache is not what its name says."""
    for sha256 in hashes:
        actual = _hash_of(files[sha256])
        if actual != sha256:
            what = f"damaged: its bytes hash to {actual[:12]}…" if actual else "not there any more"
            raise IntegrityError(
                f"The cached artifact {sha256[:12]} is {what}",
                code="artifact-damaged",
                hint="Build again with `sealift build --force`.",
                context={"expected": sha256, "actual": actual},
            )


def _hash_of(path: Path) -> str | None:
    """Return the SHA-256 of a file, or None when it is not there."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(1 << 20):
                digest.update(chunk)
    except FileNotFoundError:
        return None
    return digest.hexdigest()


def _transfer(move: Callable[[str], None], hashes: Iterable[str], site: Site) -> None:
    todo = tuple(hashes)
    with ThreadPoolExecutor(max_workers=PARALLEL_TRANSFERS) as pool:
        for done, _ in enumerate(pool.map(move, todo), 1):
            site.emit(
                Progressed(
                    phase="upload", environment=site.cloud.environment, done=done, total=len(todo), unit="objects"
                )
            )


def _finish(release: Release, origin: Origin, bucket: Bucket) -> None:
    """Write the origin note (the first one stays) and the manifest, also over one that is damaged."""
    with suppress(PreconditionFailed):
        bucket.put(release_key(release.digest, "origin"), canonical_json(plain(origin)), if_absent=True)
    key = release_key(release.digest, "manifest")
    try:
        bucket.put(key, release.manifest, if_absent=True)
    except PreconditionFailed:
        stored = bucket.get(key)
        if stored is None or stored.body != release.manifest:
            bucket.put(key, release.manifest)
