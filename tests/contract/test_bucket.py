"""What S3 does, as far as ledger, lease and releases depend on it."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest

from sealift.errors import CloudError, IntegrityError, PreconditionFailed
from sealift.ports import Bucket
from tests.contract.worlds import World


@pytest.fixture
def bucket(world: World) -> Bucket:
    """The bucket of the world, made."""
    world.cloud.bucket.ensure()
    return world.cloud.bucket


@pytest.fixture
def key() -> str:
    """A key that no other test uses."""
    return f"contract/{uuid4().hex}/object"


def test_what_is_put_can_be_got(bucket: Bucket, key: str) -> None:
    etag = bucket.put(key, b"bytes \x00\xff")

    stored = bucket.get(key)
    assert stored is not None
    assert (stored.key, stored.body, stored.etag) == (key, b"bytes \x00\xff", etag)


def test_the_age_of_an_object_is_told_by_the_store(bucket: Bucket, key: str, world: World) -> None:
    bucket.put(key, b"young")

    stored = bucket.get(key)
    assert stored is not None
    assert stored.age_s is not None
    assert 0.0 <= stored.age_s <= 2.0
    world.clock.sleep(2.1)
    older = bucket.get(key)
    assert older is not None
    assert older.age_s is not None
    assert older.age_s >= 1.0


def test_what_is_not_there_is_none(bucket: Bucket, key: str) -> None:
    assert bucket.get(key) is None
    assert bucket.keys(key) == ()


def test_ensure_may_be_repeated(bucket: Bucket, key: str) -> None:
    bucket.put(key, b"kept")

    bucket.ensure()

    assert bucket.get(key) is not None


def test_an_object_is_created_once(bucket: Bucket, key: str) -> None:
    bucket.put(key, b"first", if_absent=True)

    with pytest.raises(PreconditionFailed):
        bucket.put(key, b"second", if_absent=True)

    stored = bucket.get(key)
    assert stored is not None
    assert stored.body == b"first"


def test_an_object_that_somebody_deleted_can_be_created_again(bucket: Bucket, key: str, world: World) -> None:
    bucket.put(key, b"first", if_absent=True)
    world.lose(key)

    bucket.put(key, b"second", if_absent=True)

    stored = bucket.get(key)
    assert stored is not None
    assert stored.body == b"second"


def test_a_write_over_what_somebody_changed_is_refused(bucket: Bucket, key: str) -> None:
    old = bucket.put(key, b"first")
    new = bucket.put(key, b"second", if_match=old)

    with pytest.raises(PreconditionFailed):
        bucket.put(key, b"third", if_match=old)

    stored = bucket.get(key)
    assert stored is not None
    assert (stored.body, stored.etag) == (b"second", new)


def test_a_write_over_what_is_gone_is_refused(bucket: Bucket, key: str, world: World) -> None:
    etag = bucket.put(key, b"first")
    world.lose(key)

    with pytest.raises(PreconditionFailed):
        bucket.put(key, b"second", if_match=etag)

    assert bucket.get(key) is None


def test_of_many_creators_exactly_one_wins(bucket: Bucket, key: str) -> None:
    def create(number: int) -> bool:
        try:
            bucket.put(key, str(number).encode(), if_absent=True)
        except PreconditionFailed:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = [number for number, made in enumerate(pool.map(create, range(16))) if made]

    stored = bucket.get(key)
    assert stored is not None
    assert [str(number).encode() for number in won] == [stored.body]


def test_keys_are_listed_in_order_over_all_pages(bucket: Bucket) -> None:
    prefix = f"contract/{uuid4().hex}/"
    names = [f"{prefix}{number:04d}" for number in range(1010)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: bucket.put(name, b""), names))

    assert list(bucket.keys(prefix)) == names


def test_a_file_comes_back_as_it_was(bucket: Bucket, key: str, tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(b"artifact" * 300_000)
    sha256 = hashlib.sha256(source.read_bytes()).hexdigest()

    bucket.upload(key, source, sha256=sha256)
    bucket.upload(key, source, sha256=sha256)
    bucket.download(key, target, sha256=sha256)

    assert target.read_bytes() == source.read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["source", "target"]


def test_a_large_file_comes_back_as_it_was(bucket: Bucket, key: str, tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(b"artifact" * (1 << 20) + b"end")
    sha256 = hashlib.sha256(source.read_bytes()).hexdigest()

    bucket.upload(key, source, sha256=sha256)
    bucket.upload(key, source, sha256=sha256)
    bucket.download(key, target, sha256=sha256)

    assert target.read_bytes() == source.read_bytes()


def test_a_large_file_that_is_not_what_its_hash_says_is_not_stored(bucket: Bucket, key: str, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"artifact" * (1 << 20) + b"end")

    with pytest.raises(IntegrityError):
        bucket.upload(key, source, sha256=hashlib.sha256(b"other").hexdigest())

    assert bucket.get(key) is None


def test_a_file_that_is_not_what_its_hash_says_is_not_stored(bucket: Bucket, key: str, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"artifacT")

    with pytest.raises(IntegrityError):
        bucket.upload(key, source, sha256=hashlib.sha256(b"artifact").hexdigest())

    assert bucket.get(key) is None


def test_an_equal_object_is_left_alone_and_a_damaged_one_replaced(bucket: Bucket, key: str, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"artifact")
    sha256 = hashlib.sha256(b"artifact").hexdigest()
    bucket.put(key, b"artifacT")

    bucket.upload(key, source, sha256=sha256)

    stored = bucket.get(key)
    assert stored is not None
    assert stored.body == b"artifact"


def test_damaged_bytes_are_not_downloaded(bucket: Bucket, key: str, tmp_path: Path) -> None:
    bucket.put(key, b"artifacT")

    with pytest.raises(IntegrityError):
        bucket.download(key, tmp_path / "target", sha256=hashlib.sha256(b"artifact").hexdigest())

    assert list(tmp_path.iterdir()) == []


def test_what_is_not_there_is_not_downloaded(bucket: Bucket, key: str, tmp_path: Path) -> None:
    with pytest.raises(CloudError) as caught:
        bucket.download(key, tmp_path / "target", sha256="0" * 64)

    assert caught.value.code == "object-not-found"
    assert list(tmp_path.iterdir()) == []
