"""Where a release comes from: a SLSA provenance in an in-toto statement, both version 1.

https://in-toto.io/Statement/v1 and https://slsa.dev/spec/v1.1/provenance. The subjects are the manifest and everything
it names. Times are left out, so that the same build of the same commit gives the same bytes. What it claims is what
this machine says of itself (SLSA build level 1); a signature makes it the word of whoever holds the key.
"""

import hashlib
import json
from collections.abc import Sequence

from sealift.cfn.values import value_at
from sealift.delivery.manifest import blob_key
from sealift.model.release import Origin, Release
from sealift.model.stored import canonical_json
from sealift.model.template import Json

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://slsa.dev/provenance/v1"
PAYLOAD_TYPE = "application/vnd.in-toto+json"
BUILD_TYPE = "urn:sealift:build:v1"
BUILDER_ID = "urn:sealift:builder"
MANIFEST = "manifest.json"
BOM = "bom.json"


def provenance(
    release: Release, origin: Origin, *, bom: bytes, dependencies: Sequence[str] = (), tool_version: str
) -> bytes:
    """Return the statement about a release. `dependencies` are package URLs."""
    subjects: list[Json] = [{"name": MANIFEST, "digest": {"sha256": release.digest}}]
    subjects += [{"name": blob_key(sha256), "digest": {"sha256": sha256}} for sha256 in release.blobs]
    resolved: list[Json] = [{"uri": url} for url in dependencies]
    if origin.commit:
        resolved.insert(0, {"name": "source", "digest": {"gitCommit": origin.commit}})
    return canonical_json(
        {
            "_type": STATEMENT_TYPE,
            "subject": subjects,
            "predicateType": PREDICATE_TYPE,
            "predicate": {
                "buildDefinition": {
                    "buildType": BUILD_TYPE,
                    "externalParameters": {
                        "app": release.app,
                        "commit": origin.commit,
                        "branch": origin.branch,
                        "uncommittedChanges": origin.dirty,
                    },
                    "resolvedDependencies": resolved,
                },
                "runDetails": {
                    "builder": {"id": BUILDER_ID, "version": {"sealift": tool_version}},
                    "byproducts": [
                        {"name": BOM, "digest": {"sha256": hashlib.sha256(bom).hexdigest()}},
                    ],
                },
            },
        }
    )


def provenance_faults(statement: bytes, release: Release, *, bom: bytes | None) -> tuple[str, ...]:
    """Return every mismatch between a statement and this release with its bill of materials."""
    try:
        said: Json = json.loads(statement)
    except (ValueError, RecursionError):
        return ("the provenance is not JSON",)
    if not isinstance(said, dict):
        return ("the provenance is not an in-toto statement",)
    faults = [
        f"its {name} is {said.get(name)!r}"
        for name, expected in (("_type", STATEMENT_TYPE), ("predicateType", PREDICATE_TYPE))
        if said.get(name) != expected
    ]
    named = _digests(said.get("subject"))
    expected = {MANIFEST: release.digest} | {blob_key(sha256): sha256 for sha256 in release.blobs}
    faults += [f"it says nothing of {name}" for name in sorted(expected.keys() - named.keys())]
    faults += [f"it names {name}, which the release does not hold" for name in sorted(named.keys() - expected.keys())]
    faults += [
        f"it gives {name} another SHA-256" for name, sha in sorted(expected.items()) if named.get(name, sha) != sha
    ]
    listed = _digests(value_at(said, "predicate", "runDetails", "byproducts")).get(BOM)
    if listed != (hashlib.sha256(bom).hexdigest() if bom is not None else None):
        faults.append("the bill of materials is not the one it names")
    return tuple(faults)


def stated_commit(statement: bytes) -> str | None:
    """Return the commit in a statement; None when it has none."""
    try:
        said: Json = json.loads(statement)
    except (ValueError, RecursionError):
        return None
    commit = value_at(said, "predicate", "buildDefinition", "externalParameters", "commit")
    return commit if isinstance(commit, str) else None


def _digests(listed: Json) -> dict[str, str]:
    """Return the SHA-256 of each resource descriptor by name."""
    rows = listed if isinstance(listed, list) else []
    return {str(value_at(row, "name")): str(value_at(row, "digest", "sha256")) for row in rows}
