"""Bill of materials and provenance: complete, by the standards, the same for the same build."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import get_args

from sealift.delivery.bom import bill_of_materials, components, listed_dependencies, package_url
from sealift.delivery.manifest import Part, release_key, seal
from sealift.delivery.provenance import provenance, provenance_faults, stated_commit
from sealift.model.release import Artifact, BuiltArtifact, Origin, Release, SealedStack

LOCK = (
    f"requests==2.32.5 \\\n    --hash=sha256:{'a' * 64}\n"
    f"Typing_Extensions==4.1 --hash=sha256:{'b' * 64} --hash=sha256:{'c' * 64}\n"
)


def built(name: str, *dependencies: str, runtime: str = "python3.12", lock: str | None = None) -> BuiltArtifact:
    artifact = Artifact(
        sha256=name[0] * 64, size_bytes=5, kind="function", logical_ids=(f"app/{name}",), runtime=runtime
    )
    return BuiltArtifact(
        artifact=artifact,
        path=Path(name),
        built=True,
        reason="new",
        lock=lock,
        dependencies=tuple((d, 10) for d in dependencies),
    )


ARTIFACTS = [
    built("alpha", "requests==2.32.5", "Typing_Extensions==4.1", lock=LOCK),
    built("beta", "requests==2.32.5", lock=LOCK),
    built("delta", "@scope/left-pad==1.3.0", runtime="nodejs22.x"),
]


def sealed(artifacts: list[BuiltArtifact]) -> Release:
    stack = SealedStack(name="app", template_sha256="e" * 64, needs=(), parameters=())
    return seal(app="shop", stacks=[stack], artifacts=[b.artifact for b in artifacts])


RELEASE = sealed(ARTIFACTS)
ORIGIN = Origin(commit="c0ffee", branch="main", dirty=False)


def bom(artifacts: list[BuiltArtifact] = ARTIFACTS) -> bytes:
    return bill_of_materials(RELEASE, artifacts, tool_version="1.2.3")


def statement(about: bytes | None = None) -> bytes:
    deps = listed_dependencies(ARTIFACTS)
    return provenance(RELEASE, ORIGIN, bom=about or bom(), dependencies=deps, tool_version="1.2.3")


def test_the_bill_names_every_artifact_and_every_dependency_once():
    components = json.loads(bom())["components"]
    assert [c["bom-ref"] for c in components if c["type"] == "file"] == [f"blobs/{c * 64}" for c in "abd"]
    assert [c["purl"] for c in components if c["type"] == "library"] == [
        "pkg:npm/%40scope/left-pad@1.3.0",
        "pkg:pypi/requests@2.32.5",
        "pkg:pypi/typing-extensions@4.1",
    ]


def test_the_bill_says_which_artifact_holds_which_dependency():
    depends = {d["ref"]: d.get("dependsOn") for d in json.loads(bom())["dependencies"]}
    assert depends[f"blobs/{'b' * 64}"] == ["pkg:pypi/requests@2.32.5"]
    assert depends[f"release/{RELEASE.digest}"] == [f"blobs/{c * 64}" for c in "abd"]
    assert depends["pkg:pypi/requests@2.32.5"] is None


def test_every_reference_in_the_bill_is_unique_and_resolves():
    parsed = json.loads(bom())
    refs = [c["bom-ref"] for c in parsed["components"]] + [parsed["metadata"]["component"]["bom-ref"]]
    assert len(set(refs)) == len(refs)
    assert {d["ref"] for d in parsed["dependencies"]} == set(refs)
    assert {r for d in parsed["dependencies"] for r in d.get("dependsOn", [])} <= set(refs)


def test_only_a_hash_that_is_certain_is_given():
    hashes = {c["name"]: c.get("hashes") for c in json.loads(bom())["components"] if c["type"] == "library"}
    assert hashes["requests"] == [{"alg": "SHA-256", "content": "a" * 64}]
    assert hashes["Typing_Extensions"] is None


def test_the_same_build_in_another_order_gives_the_same_bytes():
    assert bom(ARTIFACTS[::-1]) == bom()
    assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", json.loads(bom())["serialNumber"])


def test_a_version_with_a_plus_is_quoted_in_its_address():
    assert package_url("python3.12", "Torch", "2.0+cpu") == "pkg:pypi/torch@2.0%2Bcpu"


def test_the_subjects_are_the_manifest_and_everything_it_names():
    said = json.loads(statement())
    assert said["_type"] == "https://in-toto.io/Statement/v1"
    assert said["predicateType"] == "https://slsa.dev/provenance/v1"
    names = {s["name"]: s["digest"]["sha256"] for s in said["subject"]}
    assert names == {"manifest.json": RELEASE.digest} | {f"blobs/{c * 64}": c * 64 for c in "abde"}


def test_the_provenance_names_commit_dependencies_and_bill():
    predicate = json.loads(statement())["predicate"]
    resolved = predicate["buildDefinition"]["resolvedDependencies"]
    assert resolved[0] == {"name": "source", "digest": {"gitCommit": "c0ffee"}}
    assert {"uri": "pkg:pypi/requests@2.32.5"} in resolved
    assert predicate["runDetails"]["builder"]["id"]
    assert provenance_faults(statement(), RELEASE, bom=bom()) == ()


def test_a_provenance_of_another_release_is_found_out():
    other = sealed([*ARTIFACTS[:2], replace(ARTIFACTS[2], artifact=replace(ARTIFACTS[2].artifact, sha256="f" * 64))])
    faults = provenance_faults(statement(), other, bom=bom())
    assert any("another SHA-256" in f and "manifest.json" in f for f in faults)
    assert any(f.startswith("it says nothing of blobs/fff") for f in faults)
    assert any(f.startswith("it names blobs/ddd") for f in faults)


def test_another_bill_or_none_is_found_out():
    for body in (bom() + b" ", None):
        assert provenance_faults(statement(), RELEASE, bom=body) == ("the bill of materials is not the one it names",)


def test_what_is_no_provenance_is_a_fault_and_no_crash():
    for body in (b"", b"[]", b"{}", b'{"subject": [1], "predicate": 2}'):
        assert provenance_faults(body, RELEASE, bom=bom())


def test_the_libraries_of_a_stored_bill_are_listed_and_those_of_a_damaged_one_are_not_known():
    assert components(bom()) == ("@scope/left-pad 1.3.0", "Typing_Extensions 4.1", "requests 2.32.5")
    assert components(b'{"components": [1]}') == ()
    for body in (b"", b"[]", b"1", b"{}", b'{"components": 1}'):
        assert components(body) is None


def test_the_commit_of_a_statement_is_read_from_it():
    assert stated_commit(statement()) == "c0ffee"
    for body in (b"", b"[]", b"1", b'{"predicate": {"buildDefinition": 1}}'):
        assert stated_commit(body) is None


def test_each_piece_of_evidence_has_a_key_of_its_own_beside_the_manifest():
    keys = [release_key("d", part) for part in get_args(Part)]
    assert len(set(keys)) == len(keys)
    assert {key.rpartition("/")[0] for key in keys} == {"releases/d"}


def test_a_release_of_no_commit_names_no_source():
    said = json.loads(provenance(RELEASE, Origin(commit=None, branch=None, dirty=True), bom=bom(), tool_version="1"))
    assert said["predicate"]["buildDefinition"]["resolvedDependencies"] == []


def test_every_list_of_the_bill_is_in_order_and_its_root_is_first():
    libraries = [f"{letter}==1" for letter in "zyxwvutsrq"]
    one = built("alpha", *libraries)
    said = json.loads(bill_of_materials(RELEASE, [one], tool_version="1"))
    refs = [package_url("python3.12", letter, "1") for letter in "qrstuvwxyz"]
    assert said["dependencies"] == [
        {"ref": f"release/{RELEASE.digest}", "dependsOn": [f"blobs/{'a' * 64}"]},
        {"ref": f"blobs/{'a' * 64}", "dependsOn": refs},
        *({"ref": ref} for ref in refs),
    ]
    assert [c["bom-ref"] for c in said["components"]] == [f"blobs/{'a' * 64}", *refs]
    assert list(listed_dependencies([one])) == refs
    assert (said["version"], said["specVersion"], said["bomFormat"]) == (1, "1.6", "CycloneDX")


def test_an_artifact_has_the_properties_that_are_known_of_it():
    one = built("alpha")
    for artifact, expected in (
        (one.artifact, {"sealift:kind": "function", "sealift:runtime": "python3.12"}),
        (
            replace(one.artifact, runtime=None, architecture="arm64"),
            {"sealift:kind": "function", "sealift:architecture": "arm64"},
        ),
    ):
        said = json.loads(bill_of_materials(RELEASE, [replace(one, artifact=artifact)], tool_version="1"))
        assert {p["name"]: p["value"] for p in said["components"][0]["properties"]} == expected


def test_a_dependency_of_no_runtime_is_of_python_and_a_hash_of_no_pin_is_left_out():
    assert package_url(None, "a", "1") == "pkg:pypi/a@1"
    lock = f"# by hand\n--hash=sha256:{'d' * 64}\nrequests==2.32.5 --hash=sha256:{'a' * 64}\n"
    (file, library) = json.loads(
        bill_of_materials(RELEASE, [built("alpha", "requests==2.32.5", lock=lock)], tool_version="1")
    )["components"]
    assert library["hashes"] == [{"alg": "SHA-256", "content": "a" * 64}]
    assert file["type"] == "file"


def test_faults_of_a_provenance_are_in_order():
    def made(digits: str) -> Release:
        artifacts = [built("alpha").artifact] + [replace(built("alpha").artifact, sha256=d * 64) for d in digits]
        return seal(app="shop", stacks=RELEASE.stacks, artifacts=artifacts)

    said = provenance(made("987654"), ORIGIN, bom=b"", tool_version="1")
    faults = provenance_faults(said, made("3210"), bom=b"")
    assert faults == (
        *(f"it says nothing of blobs/{d * 64}" for d in "0123"),
        *(f"it names blobs/{d * 64}, which the release does not hold" for d in "456789"),
        "it gives manifest.json another SHA-256",
    )
    forged = json.loads(said)
    for subject in forged["subject"]:
        subject["digest"]["sha256"] = "f" * 64
    changed = provenance_faults(json.dumps(forged).encode(), made("987654"), bom=b"")
    names = [*sorted(f"blobs/{d * 64}" for d in "456789ae"), "manifest.json"]
    assert list(changed) == [f"it gives {name} another SHA-256" for name in names]
