"""What is stored beside a manifest, how it travels with a promotion, and what happens when it does not hold."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from sealift.delivery.provenance import PAYLOAD_TYPE
from sealift.delivery.signing import opened, public_of, signed
from sealift.errors import CloudError, ConfigError, Refused, UserError
from sealift.model.app import Signing
from sealift.usecases.attest import load_keys, store_attestations
from sealift.usecases.verify_release import CheckedRelease, verify_release
from tests.component.usecases.world import World, make_world, table
from tests.fakes.bucket import FakeBucket


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Return an application with a store alone, so that no role stands between its environments."""
    world = make_world(tmp_path)
    world.write({"Orders": table(DeletionPolicy="Retain", UpdateReplacePolicy="Retain")})
    return world


def private(seed: int) -> bytes:
    key = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def sign(world: World, seed: int = 1) -> None:
    """Declare keys, and put them where they are declared to be."""
    (world.app.root / "key.pem").write_bytes(private(seed))
    (world.app.root / "key.pub.pem").write_bytes(public_of(private(seed)))
    world.app = replace(world.app, signing=Signing(private_key="key.pem", public_key="key.pub.pem"))


def deployed(world: World) -> str:
    """Deploy, let it soak, and return the digest."""
    digest = world.deploy().release
    world.soak()
    return digest


def stored(world: World, digest: str, name: str, environment: str = "staging") -> bytes | None:
    return world.account(environment).bucket.peek(f"releases/{digest}/{name}")


def checked(world: World, environment: str = "staging", release: str | None = None) -> CheckedRelease:
    target = world.app.environment(environment)
    assert target is not None
    return verify_release(world.app, target, world.services(), release=release, keys=load_keys(world.app))


def statuses(world: World, environment: str = "staging") -> dict[str, str]:
    return {c.name: c.status for c in checked(world, environment).checks}


def test_a_release_is_stored_with_bill_and_provenance(world: World):
    digest = deployed(world)
    bill = json.loads(stored(world, digest, "bom.json") or b"")
    assert bill["metadata"]["component"]["version"] == digest
    statement = json.loads(stored(world, digest, "provenance.json") or b"")
    assert statement["predicate"]["buildDefinition"]["externalParameters"]["app"] == "shop"
    assert stored(world, digest, "provenance.dsse.json") is None


def test_the_first_provenance_stays_when_another_commit_has_the_same_content(world: World):
    digest = deployed(world)
    before = stored(world, digest, "provenance.json")
    world.scm.commit("d" * 40)
    world.deploy(force=True)
    assert f'"gitCommit":"{"c" * 40}"'.encode() in (before or b"")
    assert stored(world, digest, "provenance.json") == before


def test_with_a_key_the_provenance_is_signed(world: World):
    sign(world)
    digest = deployed(world)
    envelope = stored(world, digest, "provenance.dsse.json") or b""
    assert opened(envelope, PAYLOAD_TYPE, public_pem=public_of(private(1))) == stored(world, digest, "provenance.json")


def test_a_key_that_is_declared_later_signs_what_was_stored_unsigned(world: World):
    digest = deployed(world)
    sign(world)
    world.deploy(force=True)
    assert statuses(world)["signature"] == "ok"
    assert stored(world, digest, "provenance.dsse.json")


def test_a_new_key_signs_again(world: World):
    sign(world)
    deployed(world)
    sign(world, 2)
    assert statuses(world)["signature"] == "failed"
    world.deploy(force=True)
    assert statuses(world)["signature"] == "ok"


def test_signing_what_is_signed_already_writes_nothing(world: World):
    sign(world)
    deployed(world)
    before = world.writes("staging")
    world.deploy()
    assert world.writes("staging") == before


def test_everything_is_copied_at_promotion(world: World):
    sign(world)
    digest = deployed(world)
    world.promote()
    for name in ("bom.json", "provenance.json", "provenance.dsse.json"):
        assert stored(world, digest, name, "production") == stored(world, digest, name)
    assert set(statuses(world, "production").values()) == {"ok"}


def test_a_signed_copy_is_not_replaced_by_an_unsigned_one(world: World):
    sign(world)
    digest = deployed(world)
    world.promote()
    world.account().bucket.lose(f"releases/{digest}/provenance.dsse.json")
    world.app = replace(world.app, signing=Signing())
    world.promote(force=True)
    assert stored(world, digest, "provenance.dsse.json", "production")


def forged(world: World, digest: str) -> None:
    bucket = world.account().bucket
    statement = stored(world, digest, "provenance.json") or b""
    bucket.corrupt(f"releases/{digest}/provenance.dsse.json", signed(statement, PAYLOAD_TYPE, private_pem=private(9)))


def unsigned(world: World, digest: str) -> None:
    world.account().bucket.lose(f"releases/{digest}/provenance.dsse.json")


def other_statement(world: World, digest: str) -> None:
    body = (stored(world, digest, "provenance.json") or b"").replace(b'"app":"shop"', b'"app":"shoq"')
    world.account().bucket.corrupt(f"releases/{digest}/provenance.json", body)


def other_release(world: World, digest: str) -> None:
    """Put the signed provenance of another release there."""
    statement = (stored(world, digest, "provenance.json") or b"").replace(digest.encode(), b"0" * 64)
    bucket = world.account().bucket
    bucket.corrupt(f"releases/{digest}/provenance.json", statement)
    bucket.corrupt(f"releases/{digest}/provenance.dsse.json", signed(statement, PAYLOAD_TYPE, private_pem=private(1)))


def other_bill(world: World, digest: str) -> None:
    world.account().bucket.corrupt(f"releases/{digest}/bom.json", b"{}\n")


@pytest.mark.parametrize("meddle", [forged, unsigned, other_statement, other_release, other_bill])
def test_what_does_not_hold_is_not_promoted_and_nothing_is_written(world: World, meddle):
    sign(world)
    digest = deployed(world)
    meddle(world, digest)
    before = world.writes("production")
    with pytest.raises(Refused) as refused:
        world.promote()
    assert refused.value.code in ("gate-signature", "gate-provenance")
    assert world.writes("production") == before
    assert not checked(world).holds


def test_without_a_key_a_false_provenance_is_refused_too(world: World):
    digest = deployed(world)
    other_bill(world, digest)
    with pytest.raises(Refused, match="bill of materials"):
        world.promote()


def test_a_release_from_before_there_was_provenance_is_promoted(world: World):
    digest = deployed(world)
    for name in ("bom.json", "provenance.json"):
        world.account().bucket.lose(f"releases/{digest}/{name}")
    assert world.promote().status == "succeeded"
    assert statuses(world)["provenance"] == "absent"
    assert checked(world).holds


def test_a_private_key_that_is_not_there_stops_before_anything_is_written(world: World):
    sign(world)
    (world.app.root / "key.pem").unlink()
    with pytest.raises(ConfigError) as refused:
        world.deploy()
    assert refused.value.code == "signing-key-missing"
    assert world.writes("staging") == []


def test_promoting_needs_the_public_key_alone(world: World):
    sign(world)
    deployed(world)
    (world.app.root / "key.pem").unlink()
    assert world.promote().status == "succeeded"


def test_a_public_key_that_is_not_there_is_an_error_and_no_pass(world: World):
    sign(world)
    deployed(world)
    (world.app.root / "key.pub.pem").unlink()
    with pytest.raises(ConfigError):
        world.promote()


def test_the_keys_show_no_secret():
    from sealift.usecases.attest import Keys

    assert "PRIVATE" not in repr(Keys(private=private(1)))


@pytest.mark.parametrize("kind", ["blobs", "manifest"])
def test_a_changed_byte_in_the_bucket_is_found(world: World, kind: str):
    digest = deployed(world)
    bucket = world.account().bucket
    key = f"releases/{digest}/manifest.json" if kind == "manifest" else bucket.keys("blobs/")[0]
    bucket.corrupt(key, (bucket.peek(key) or b"") + b" ")
    assert statuses(world)[kind] == "failed"
    assert not checked(world).holds


def test_a_blob_that_is_gone_is_found(world: World):
    deployed(world)
    bucket = world.account().bucket
    bucket.lose(bucket.keys("blobs/")[0])
    assert statuses(world)["blobs"] == "failed"


def test_a_release_is_found_by_the_beginning_of_its_digest(world: World):
    digest = deployed(world)
    assert checked(world, release=digest[:10]).release == digest


def test_an_environment_without_a_release_says_so(world: World):
    with pytest.raises(UserError, match="Nothing is deployed in production"):
        checked(world, "production")


def sign_by_kms(world: World, *, key: str = "alias/releases") -> None:
    """Declare a key of the account that is deployed to first, and commit its public one."""
    public = world.account().signing_keys.make("alias/releases")
    (world.app.root / "kms.pub.pem").write_bytes(public)
    world.app = replace(world.app, signing=Signing(kms_key=key, public_key="kms.pub.pem"))


def test_a_key_in_kms_signs_and_the_public_key_alone_verifies(world: World):
    sign_by_kms(world)
    deployed(world)
    world.account().signing_keys.keys.clear()
    assert statuses(world)["signature"] == "ok"
    world.promote()
    assert statuses(world, "production")["signature"] == "ok"


def test_what_a_key_in_kms_signed_is_not_signed_again(world: World):
    sign_by_kms(world)
    deployed(world)
    before = world.writes("staging")
    world.deploy()
    assert world.writes("staging") == before


def test_a_release_that_another_key_signed_is_not_promoted(world: World):
    sign_by_kms(world)
    digest = deployed(world)
    sign_by_kms(world)
    with pytest.raises(Refused) as caught:
        world.promote()
    assert caught.value.code == "gate-signature"
    assert stored(world, digest, "manifest.json", "production") is None


def test_a_public_key_that_does_not_belong_to_the_key_in_kms_stops_before_the_manifest(world: World):
    sign_by_kms(world)
    world.account().signing_keys.make("alias/releases")
    with pytest.raises(ConfigError, match="is not the one that `public_key` belongs to") as caught:
        world.deploy()
    assert "aws kms get-public-key --key-id alias/releases" in caught.value.hint
    assert not [key for key in world.writes("staging") if key.startswith("releases/")]


def test_a_key_in_kms_that_is_not_there_stops_the_deployment_on_aws(world: World):
    sign_by_kms(world, key="alias/gone")
    with pytest.raises(CloudError) as caught:
        world.deploy()
    assert caught.value.code == "not-found"


def test_a_key_in_kms_that_is_not_there_is_told_of_on_the_embedded_cloud(world: World):
    sign_by_kms(world, key="alias/gone")
    world.clouds.local = True
    built, site = world.build(), world.site()
    site.cloud.bucket.ensure()
    store_attestations(built, site, load_keys(world.app))
    assert world.notes() == ["unsigned"]
    assert stored(world, built.release.digest, "provenance.json")
    assert stored(world, built.release.digest, "provenance.dsse.json") is None


def test_attestations_are_never_written_blindly(world: World):
    class Guarded(FakeBucket):
        def put(self, key: str, body: bytes, *, if_absent: bool = False, if_match: str | None = None) -> str:
            assert if_absent or if_match, f"{key} is written without a condition"
            return super().put(key, body, if_absent=if_absent, if_match=if_match)

    sign(world)
    built, site = world.build(), world.site()
    guarded = Guarded(world.clock)
    guarded.ensure()
    site = replace(site, cloud=replace(site.cloud, bucket=guarded))
    store_attestations(built, site, load_keys(world.app))
    sign(world, 2)
    store_attestations(built, site, load_keys(world.app))
    assert [key.rpartition("/")[2] for key in guarded.writes].count("provenance.dsse.json") == 2
