"""The cache: nothing half written, nothing left over, nothing believed that is damaged."""

import errno
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sealift.build.cache.pruning import entries, prune
from sealift.build.cache.store import Cache
from sealift.errors import BuildError


def die_in_the_middle(root: str, ready: "multiprocessing.synchronize.Event") -> None:
    with Cache(Path(root)).temporary() as folder:
        (folder / "half").write_text("half")
        ready.set()
        signal.pause()


def test_a_kill_in_the_middle_leaves_only_what_the_next_build_removes(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    child = context.Process(target=die_in_the_middle, args=(str(tmp_path), ready))
    child.start()
    assert ready.wait(20)
    cache.sweep()
    assert list(tmp_path.rglob("half")), "a folder that is in use was removed"
    assert child.pid is not None
    os.kill(child.pid, signal.SIGKILL)
    child.join(20)
    assert list(tmp_path.rglob("half"))
    cache.sweep()
    assert not list((tmp_path / "tmp").iterdir())


def test_a_temporary_folder_is_removed_when_its_work_fails(tmp_path: Path) -> None:
    def fail() -> None:
        with Cache(tmp_path).temporary() as folder:
            (folder / "half").write_text("half")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert not list((tmp_path / "tmp").iterdir())


def test_a_lock_lets_one_in_at_a_time(tmp_path: Path) -> None:
    inside: list[int] = []
    most: list[int] = []

    def work() -> None:
        for _ in range(20):
            with Cache(tmp_path).lock("set"):
                inside.append(1)
                most.append(len(inside))
                inside.pop()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(most) == 1
    assert len(most) == 80


@pytest.mark.parametrize(
    ("number", "code"), [(errno.ENOSPC, "cache-full"), (errno.EDQUOT, "cache-full"), (errno.EROFS, "cache-unwritable")]
)
def test_what_can_not_be_written_says_why_and_what_to_do(tmp_path: Path, number: int, code: str) -> None:
    def fail() -> None:
        with Cache(tmp_path).writing():
            raise OSError(number, os.strerror(number))

    with pytest.raises(BuildError, match=os.strerror(number)) as caught:
        fail()
    assert caught.value.code == code
    assert caught.value.hint


def test_a_record_that_can_not_be_written_leaves_the_one_before(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.write("records", "a", {"x": 1})
    with pytest.raises(TypeError):
        cache.write("records", "a", {"x": object()})
    assert cache.read("records", "a") == {"x": 1}
    assert [p.name for p in (tmp_path / "records").iterdir()] == ["a"]


@pytest.mark.parametrize("poison", [lambda text: text.replace("one", "two"), lambda text: text.partition("\n")[2]])
def test_a_record_that_somebody_changed_counts_as_absent(tmp_path: Path, poison: Callable[[str], str]) -> None:
    cache = Cache(tmp_path)
    cache.write("records", "a", {"sha256": "one"})
    path = cache.path("records", "a")
    path.write_text(poison(path.read_text()))
    assert cache.read("records", "a") is None


def test_a_record_of_another_key_counts_as_absent(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.write("records", "a", {"sha256": "one"})
    cache.path("records", "a").rename(cache.path("records", "b"))
    assert cache.read("records", "b") is None


def test_a_record_that_only_saves_time_is_given_up_quietly(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("this is a file")
    Cache(tmp_path / "cache").try_write("files", "a", {})
    assert Cache(tmp_path / "cache").read("files", "a") is None


def age(path: Path, days: float) -> None:
    stamp = datetime.now(UTC).timestamp() - days * 86400
    os.utime(path, (stamp, stamp))


def test_pruning_by_age_keeps_a_blob_whose_record_was_used(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    kept, dropped = cache.store(b"kept"), cache.store(b"dropped")
    cache.write("records", "used", {"sha256": kept.name})
    cache.write("records", "old", {"sha256": dropped.name})
    for path in (kept, dropped, cache.path("records", "old")):
        age(path, 40)
    pruned = prune(cache, now=datetime.now(UTC), max_age=timedelta(days=30))
    assert {(e.kind, e.name) for e in pruned.removed} == {("blobs", dropped.name), ("records", "old")}
    assert pruned.size_bytes > 7
    assert {e.name for e in entries(cache)} == {kept.name, "used"}


def test_pruning_by_size_removes_the_least_recently_used_first(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    blobs = [cache.store(bytes([i]) * 1000) for i in range(4)]
    for days, blob in enumerate(reversed(blobs)):
        age(blob, days)
    prune(cache, now=datetime.now(UTC), max_bytes=2500)
    assert {e.name for e in entries(cache)} == {blobs[2].name, blobs[3].name}


def test_reading_a_record_counts_as_use(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.write("records", "a", {"x": 1})
    age(cache.path("records", "a"), 40)
    cache.read("records", "a")
    assert not prune(cache, now=datetime.now(UTC), max_age=timedelta(days=30)).removed
