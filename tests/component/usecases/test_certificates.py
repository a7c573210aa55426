"""Certificates in buckets: stored with a deployment, named in the ledger, checked again later."""

import json
from pathlib import Path

import pytest

from sealift.errors import UserError
from sealift.usecases.attest import Keys
from sealift.usecases.proof.certificates import (
    StoredCertificate,
    certificate_differences,
    key_of,
    stored_certificate,
)
from sealift.usecases.proof.prove import judged
from sealift.usecases.proof.views import stored_views
from sealift.usecases.rollback import rollback
from sealift.usecases.store import stored_release
from sealift.usecases.verify_release import verify_release
from tests.component.usecases.world import World, function, make_world, table


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Return a world with a release in both environments."""
    made = make_world(tmp_path)
    made.deliver("print('one')")
    return made


def named(world: World, name: str = "staging") -> str:
    """Return the hash that the newest deployment's entry names."""
    deployments = [e for e in world.entries(name) if "certificate" in e.data.get("isolation", {})]  # type: ignore[operator]
    isolation = deployments[-1].data["isolation"]
    assert isinstance(isolation, dict)
    return str(isolation["certificate"])


def differences(world: World, found: StoredCertificate) -> list[str]:
    """Prove the certificate's release again and return the subjects of what differs."""
    assert found.release is not None
    services = world.services()
    release = stored_release(found.release, found.site.cloud)
    proof = judged(world.app, stored_views(release, found.site), services, local=False)
    return [one.subject for one in certificate_differences(found, proof)]


@pytest.mark.parametrize("name", ["staging", "production"])
def test_a_deployment_stores_its_certificate_and_the_ledger_names_it(world: World, name: str) -> None:
    stored = world.account(name).bucket.peek(key_of(named(world, name)))
    assert stored is not None
    body = json.loads(stored)
    assert (body["sha256"], body["verdict"]) == (named(world, name), "L1")
    assert {"prover", "data", "environment staging", "environment production"} <= set(body["inputs"])
    assert body["axioms"]


def test_the_certificate_of_an_environment_holds_while_nothing_changes(world: World) -> None:
    found = stored_certificate(world.app, world.services(), "production")
    assert (found.sha256, found.live) == (named(world, "production"), False)
    assert differences(world, found) == []


def test_a_certificate_is_found_by_the_beginning_of_its_hash(world: World) -> None:
    sha256 = named(world)
    assert stored_certificate(world.app, world.services(), sha256[:9]).sha256 == sha256


def test_what_is_in_the_folder_by_now_does_not_matter(world: World) -> None:
    world.write({"Hello": function(), "Items": table(), "More": table()})
    assert differences(world, stored_certificate(world.app, world.services(), "staging")) == []


def test_an_environment_that_is_declared_otherwise_is_told(world: World) -> None:
    world.change("production", account="999988887777")
    assert "environment production" in differences(world, stored_certificate(world.app, world.services(), "staging"))


def test_a_changed_certificate_is_told(world: World) -> None:
    bucket, key = world.account("staging").bucket, key_of(named(world))
    body = json.loads(bucket.peek(key) or b"{}")
    bucket.put(key, json.dumps({**body, "verdict": "L3"}).encode())
    assert differences(world, stored_certificate(world.app, world.services(), "staging"))[0] == "sha256"


def test_another_certificate_in_its_place_is_told(world: World) -> None:
    bucket, first = world.account("staging").bucket, named(world)
    world.write({"Hello": function(), "Items": table(), "More": table()})
    world.deploy()
    second = named(world)
    assert second != first
    bucket.put(key_of(second), bucket.peek(key_of(first)) or b"")
    assert differences(world, stored_certificate(world.app, world.services(), "staging"))[0] == "sha256"


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"format": 1}'])
def test_what_is_no_certificate_holds_nothing(world: World, body: bytes) -> None:
    world.account("staging").bucket.put(key_of(named(world)), body)
    assert differences(world, stored_certificate(world.app, world.services(), "staging")) != []


def test_going_back_keeps_the_proof_of_that_release(world: World) -> None:
    first = named(world)
    world.code("print('two')")
    world.deploy()
    assert named(world) != first
    rollback(world.app, world.staging, world.services(), to=None)
    assert world.entries()[-1].record.release == world.standing().current.release  # type: ignore[union-attr]
    assert named(world) == first
    assert world.standing().current.proof == "L1"  # type: ignore[union-attr]


def test_where_nothing_is_deployed_there_is_no_certificate(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    for name in ("staging", "nowhere", "deadbeef"):
        with pytest.raises(UserError) as caught:
            stored_certificate(world.app, world.services(), name)
        assert caught.value.code == "certificate-unknown"


def checked(world: World) -> tuple[str, bool]:
    """Verify what runs in staging and return the state of its isolation, and whether the release holds."""
    found = verify_release(world.app, world.staging, world.services(), release=None, keys=Keys())
    return next(c.status for c in found.checks if c.name == "isolation"), found.holds


def test_the_certificate_is_part_of_a_releases_evidence(world: World) -> None:
    assert checked(world) == ("ok", True)
    world.account("staging").bucket.put(key_of(named(world)), b"{}")
    assert checked(world) == ("failed", False)
