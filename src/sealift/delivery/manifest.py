"""The manifest of a release: the bytes whose SHA-256 is the release's digest.

Holds content only, so that the same content is the same release on any machine and at any time.
"""

import hashlib
import json
from collections.abc import Sequence
from typing import Literal

from sealift.errors import IntegrityError
from sealift.model.release import MANIFEST_FORMAT, Artifact, Release, SealedStack
from sealift.model.stored import canonical_json, of_type, plain, read

Part = Literal["manifest", "origin", "bom", "evidence", "locks", "provenance", "provenance.dsse"]


def release_key(digest: str, part: Part) -> str:
    """Return the bucket key of a part of a release.

    `origin` says which commit it was first built from, `locks` the resolved versions of its dependencies, and
    `provenance.dsse` is the signed provenance.
    """
    return f"releases/{digest}/{part}.json"


def blob_key(sha256: str) -> str:
    """Return the bucket key of a blob."""
    return f"blobs/{sha256}"


def seal(*, app: str, stacks: Sequence[SealedStack], artifacts: Sequence[Artifact]) -> Release:
    """Return the release made of these stacks (in deployment order) and artifacts."""
    ordered = tuple(sorted(artifacts, key=lambda a: canonical_json(plain(a))))
    manifest = canonical_json(
        {
            "format": MANIFEST_FORMAT,
            "app": app,
            "stacks": [plain(stack, *(() if stack.versioned else ("versioned",))) for stack in stacks],
            "artifacts": [plain(artifact) for artifact in ordered],
        }
    )
    digest = hashlib.sha256(manifest).hexdigest()
    return Release(digest=digest, app=app, stacks=tuple(stacks), artifacts=ordered, manifest=manifest)


def parse_manifest(data: bytes, *, digest: str) -> Release:
    """Parse a manifest. Raises IntegrityError unless its hash is `digest`."""
    actual = hashlib.sha256(data).hexdigest()
    if actual != digest:
        raise IntegrityError(
            f"The manifest of release {digest[:12]} is damaged: its SHA-256 is {actual[:12]}…",
            code="manifest-damaged",
            hint="Build the commit again with `sealift build`; the same content gives the same release.",
            context={"expected": digest, "actual": actual},
        )
    try:
        raw = json.loads(data)
        if raw.get("format") != MANIFEST_FORMAT:
            raise IntegrityError(
                f"Release {digest[:12]} has manifest format {raw.get('format')}; this Sealift reads {MANIFEST_FORMAT}",
                code="manifest-format",
                hint="Use the version of Sealift that built it, or build the commit again.",
            )
        return Release(
            digest=digest,
            app=of_type(str, raw["app"]),
            stacks=tuple(read(SealedStack, stack) for stack in raw["stacks"]),
            artifacts=tuple(read(Artifact, artifact) for artifact in raw["artifacts"]),
            manifest=data,
        )
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        # Its bytes have the digest, so it was made like that, and not by Sealift.
        raise IntegrityError(
            f"The manifest of release {digest[:12]} cannot be read: {type(error).__name__}",
            code="manifest-damaged",
            hint="Build the commit again with `sealift build`; the same content gives the same release.",
        ) from error


def template_digest(stacks: Sequence[SealedStack]) -> str:
    """Return the template's SHA-256; with several stacks, that of their names and hashes in order."""
    if len(stacks) == 1:
        return stacks[0].template_sha256
    listing = "".join(f"{stack.name} {stack.template_sha256}\n" for stack in stacks)
    return hashlib.sha256(listing.encode()).hexdigest()
