"""The bill of materials of a release: every artifact and every dependency in it, as CycloneDX 1.6 JSON.

Made of the build's own records alone, so that the same build gives the same bytes: no time of making, and a serial
number that follows from the release. https://cyclonedx.org/docs/1.6/json/
"""

import json
import re
from collections.abc import Iterable, Sequence
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5

from sealift.cfn.values import list_at, mapping_at
from sealift.delivery.manifest import blob_key
from sealift.model.release import Artifact, BuiltArtifact, Release
from sealift.model.stored import canonical_json
from sealift.model.template import Json

SPEC_VERSION = "1.6"
_ECOSYSTEMS = {"python": "pypi", "nodejs": "npm"}
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_PINNED = re.compile(r"^([A-Za-z0-9][\w.\-]*)(?:\[[^]]*\])?\s*==\s*([^\s;\\]+)", re.MULTILINE)


def bill_of_materials(release: Release, artifacts: Iterable[BuiltArtifact], *, tool_version: str) -> bytes:
    """Return the bill of materials: artifacts, their distinct dependencies, and which artifact contains which."""
    ordered = sorted(artifacts, key=lambda b: (b.artifact.logical_ids, b.artifact.sha256))
    libraries: dict[str, dict[str, Json]] = {}
    depends: list[Json] = []
    for built in ordered:
        held = {str(library["bom-ref"]): library for library in _libraries(built)}
        libraries |= held
        depends.append({"ref": blob_key(built.artifact.sha256), "dependsOn": [*sorted(held)]})
    root = f"release/{release.digest}"
    depends.insert(0, {"ref": root, "dependsOn": [*sorted({blob_key(b.artifact.sha256) for b in ordered})]})
    depends += [{"ref": ref} for ref in sorted(libraries)]
    return canonical_json(
        {
            "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
            "bomFormat": "CycloneDX",
            "specVersion": SPEC_VERSION,
            "serialNumber": f"urn:uuid:{uuid5(NAMESPACE_URL, root)}",
            "version": 1,
            "metadata": {
                "component": {"type": "application", "bom-ref": root, "name": release.app, "version": release.digest},
                "tools": {"components": [{"type": "application", "name": "sealift", "version": tool_version}]},
            },
            "components": [*(_file(b.artifact) for b in ordered), *(libraries[ref] for ref in sorted(libraries))],
            "dependencies": depends,
        }
    )


def _file(artifact: Artifact) -> dict[str, Json]:
    properties: list[Json] = [
        {"name": f"sealift:{name}", "value": value}
        for name, value in (
            ("kind", artifact.kind),
            ("runtime", artifact.runtime),
            ("architecture", artifact.architecture),
        )
        if value is not None
    ]
    return {
        "type": "file",
        "bom-ref": blob_key(artifact.sha256),
        "name": ", ".join(artifact.logical_ids),
        "hashes": [{"alg": "SHA-256", "content": artifact.sha256}],
        "properties": properties,
    }


def _libraries(built: BuiltArtifact) -> Iterable[dict[str, Json]]:
    hashes = _only_hashes(built.lock or "")
    for named, _ in built.dependencies:
        name, _, version = named.rpartition("==")
        ref = package_url(built.artifact.runtime, name, version)
        library: dict[str, Json] = {
            "type": "library",
            "bom-ref": ref,
            "name": name,
            "version": version,
            "purl": ref,
        }
        if sha256 := hashes.get((_normalized(name), version)):
            library["hashes"] = [{"alg": "SHA-256", "content": sha256}]
        yield library


def package_url(runtime: str | None, name: str, version: str) -> str:
    """Return the package URL of a dependency: https://github.com/package-url/purl-spec."""
    ecosystem = next((e for prefix, e in _ECOSYSTEMS.items() if (runtime or "").startswith(prefix)), "pypi")
    shown = _normalized(name) if ecosystem == "pypi" else name
    return f"pkg:{ecosystem}/{quote(shown, safe='/')}@{quote(version, safe='')}"


def _only_hashes(lock: str) -> dict[tuple[str, str], str]:
    """Return the hash of each pin with exactly one: of several, the lock does not show which file was installed."""
    found: dict[tuple[str, str], str] = {}
    for line in lock.replace("\\\n", " ").splitlines():
        pin, hashes = _PINNED.match(line), _HASH.findall(line)
        if pin and len(hashes) == 1:
            found[_normalized(pin[1]), pin[2]] = hashes[0]
    return found


def _normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def listed_dependencies(artifacts: Sequence[BuiltArtifact]) -> tuple[str, ...]:
    """Return the package URLs of every dependency of a release, sorted."""
    return tuple(sorted({str(library["purl"]) for built in artifacts for library in _libraries(built)}))


def components(body: bytes) -> tuple[str, ...] | None:
    """Return the dependencies that a stored bill of materials lists, as `name version`; None when it is unreadable."""
    try:
        bill = json.loads(body)
        listed = list_at(bill, "components")
    except (ValueError, RecursionError):
        return None
    if not isinstance(mapping_at(bill).get("components"), list):
        return None
    libraries = (one for one in map(mapping_at, listed) if one.get("type") == "library")
    return tuple(sorted(f"{one.get('name')} {one.get('version')}" for one in libraries))
