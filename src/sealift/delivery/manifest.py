"""The manifest of a release: the bytes whose SHA-256 is the release's digest.

Holds content only, so that the same content is the same release on any machine and at any time.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, fields, replace

from sealift.errors import IntegrityError
from sealift.model.release import MANIFEST_FORMAT, Artifact, Release, SealedStack
from sealift.model.template import Json, Location, ParameterSpec


def manifest_key(digest: str) -> str:
    """Return the bucket key of a release's manifest."""
    return f"releases/{digest}/manifest.json"


def origin_key(digest: str) -> str:
    """Return the bucket key of the note that says which commit a release was first built from."""
    return f"releases/{digest}/origin.json"


def blob_key(sha256: str) -> str:
    """Return the bucket key of a blob."""
    return f"blobs/{sha256}"


def canonical_json(value: Json) -> bytes:
    """Return the one JSON text of a value: sorted keys, no spaces, UTF-8, a final newline."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def seal(*, app: str, stacks: Sequence[SealedStack], artifacts: Sequence[Artifact]) -> Release:
    """Return the release made of these stacks (in deployment order) and artifacts."""
    ordered = tuple(sorted(artifacts, key=lambda a: canonical_json(_plain(a))))
    manifest = canonical_json(
        {
            "format": MANIFEST_FORMAT,
            "app": app,
            "stacks": [_plain(stack) for stack in stacks],
            "artifacts": [_plain(artifact) for artifact in ordered],
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
            app=raw["app"],
            stacks=tuple(_stack(s) for s in raw["stacks"]),
            artifacts=tuple(Artifact(**{**a, "logical_ids": tuple(a["logical_ids"])}) for a in raw["artifacts"]),
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


def _plain(value: SealedStack | Artifact) -> Json:
    plain: Json = json.loads(json.dumps(asdict(value)))
    return plain


def _stack(raw: dict[str, Json]) -> SealedStack:
    known = {f.name for f in fields(SealedStack)}
    values = {key: value for key, value in raw.items() if key in known}
    parameters = tuple(_parameter(p) for p in _dicts(values.pop("parameters")))
    functions = tuple((str(name), str(sha)) for name, sha in _pairs(values.pop("functions")))
    return SealedStack(
        name=str(values["name"]),
        template_sha256=str(values["template_sha256"]),
        needs=_texts(values["needs"]),
        settings=_texts(values["settings"]),
        parameters=parameters,
        functions=functions,
    )


def _parameter(raw: dict[str, Json]) -> ParameterSpec:
    where = raw.pop("location", None)
    location = (
        Location(
            file=str(where["file"]),
            line=int(str(where["line"])),
            logical_id=str(where["logical_id"]) if where.get("logical_id") is not None else None,
        )
        if isinstance(where, dict)
        else None
    )
    raw["allowed_values"] = list(_texts(raw.get("allowed_values")))
    spec = ParameterSpec(**{**raw, "location": location})  # type: ignore[arg-type]
    return _with_tuple(spec)


def _with_tuple(spec: ParameterSpec) -> ParameterSpec:
    return replace(spec, allowed_values=tuple(spec.allowed_values))


def _texts(value: Json) -> tuple[str, ...]:
    return tuple(str(v) for v in value) if isinstance(value, list) else ()


def _dicts(value: Json) -> list[dict[str, Json]]:
    return [dict(v) for v in value if isinstance(v, dict)] if isinstance(value, list) else []


def _pairs(value: Json) -> list[list[Json]]:
    return [v for v in value if isinstance(v, list)] if isinstance(value, list) else []
