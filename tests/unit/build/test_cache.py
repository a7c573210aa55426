"""The cache: nothing half written, nothing left over, nothing believed that is damaged."""

import errno
import json
import multiprocessing
import os
import re
import signal
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealift.build.cache.ci_key import ci_key, ci_key_prefix
from sealift.build.cache.keys import digest
from sealift.build.cache.pruning import entries, prune
from sealift.build.cache.store import Cache
from sealift.build.naming import naming
from sealift.errors import BuildError
from tests.unit.build.tools import function


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


@pytest.mark.parametrize(("minutes", "renewed"), [(59, False), (61, True)])
def test_a_use_is_noted_to_the_hour(tmp_path: Path, minutes: float, renewed: bool) -> None:
    cache = Cache(tmp_path)
    cache.write("records", "a", {"x": 1})
    path = cache.path("records", "a")
    age(path, minutes / 1440)
    before = path.stat().st_mtime
    assert cache.read("records", "a") == {"x": 1}
    now = path.stat().st_mtime
    assert (now > before + 3000) == renewed
    assert renewed or now == before
    cache.used("records", "not there")


@pytest.mark.parametrize("record", [{"x": [1, None, "ü"]}, {}, [1], "text", None])
def test_a_record_comes_back_as_it_was_and_what_is_none_does_not(tmp_path: Path, record: object) -> None:
    cache = Cache(tmp_path)
    cache.write("records", "a", record)
    assert cache.read("records", "a") == (record if isinstance(record, dict) else None)
    assert cache.path("records", "a") == tmp_path / "records" / "a"


def test_a_record_of_another_kind_counts_as_absent(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.write("records", "a", {"x": 1})
    (tmp_path / "sets").mkdir()
    cache.path("records", "a").rename(cache.path("sets", "a"))
    assert cache.read("sets", "a") is None


def test_a_blob_that_is_whole_is_not_written_again_and_a_damaged_one_is(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    path = cache.store(b"one")
    age(path, 1)
    before = path.stat()
    assert cache.store(b"one") == path
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    for damaged in (b"two", b"longer", b""):
        path.write_bytes(damaged)
        assert cache.store(b"one").read_bytes() == b"one"
    assert (cache.holds(path.name, 3), cache.holds(path.name, 4), cache.holds("0" * 64, 3)) == (True, False, False)
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_a_finished_file_is_moved_to_its_place(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache")
    for text in ("one", "two"):
        (tmp_path / "made").write_text(text)
        assert cache.adopt(tmp_path / "made", "packs", "a") == cache.path("packs", "a")
        assert cache.path("packs", "a").read_text() == text
        assert not (tmp_path / "made").exists()
    with pytest.raises(BuildError):
        cache.adopt(tmp_path / "made", "packs", "b")


def test_temporary_folders_are_apart_and_are_gone_afterwards(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "new" / "cache")
    with cache.temporary() as one, cache.temporary() as other:
        assert one != other
        (one / "deep").mkdir()
        (one / "deep" / "half").write_text("half")
        cache.sweep()
        assert (one / "deep" / "half").read_text() == "half"
        assert sorted(path.suffix for path in one.parent.iterdir()) == ["", "", ".lock", ".lock"]
    assert list((cache.root / "tmp").iterdir()) == []


def test_a_sweep_takes_a_lock_that_nobody_holds_and_leaves_what_is_held(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    with cache.temporary() as held:
        (held.parent / "dead").mkdir()
        (held.parent / "dead.lock").touch()
        (held.parent / "alone.lock").touch()
        cache.sweep()
        assert {path.name for path in held.parent.iterdir()} == {held.name, f"{held.name}.lock"}
    Cache(tmp_path / "nothing").sweep()
    assert not (tmp_path / "nothing").exists()


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="counts open files where the kernel lists them")
def test_locks_and_temporary_folders_leave_no_file_open(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    before = open_files()
    for _ in range(3):
        with cache.temporary() as held, cache.lock("one"):
            (held.parent / "dead.lock").touch()
            cache.sweep()
            cache.write("records", "a", {})
    assert open_files() == before


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES])
def test_the_error_names_the_folder_and_what_frees_it(tmp_path: Path, number: int) -> None:
    with pytest.raises(BuildError) as caught, Cache(tmp_path).writing():
        raise OSError(number, "no")
    full = number == errno.ENOSPC
    assert caught.value.message == f"The build cache {tmp_path} cannot be written: no"
    assert caught.value.context == {"path": str(tmp_path)}
    assert ("sealift cache prune" in caught.value.hint, "XDG_CACHE_HOME" in caught.value.hint) == (full, not full)
    with pytest.raises(BuildError, match="something else"), Cache(tmp_path).writing():
        raise OSError("something else")


def hold(root: str, ready: "multiprocessing.synchronize.Event", leave: "multiprocessing.synchronize.Event") -> None:
    with Cache(Path(root)).lock("set"):
        ready.set()
        leave.wait(20)


def test_a_lock_is_waited_for_over_processes(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    ready, leave = context.Event(), context.Event()
    child = context.Process(target=hold, args=(str(tmp_path), ready, leave))
    child.start()
    assert ready.wait(20)
    got = threading.Event()

    def take() -> None:
        with Cache(tmp_path).lock("set"):
            got.set()

    thread = threading.Thread(target=take)
    thread.start()
    assert not got.wait(0.2)
    leave.set()
    assert got.wait(20)
    thread.join()
    child.join(20)


@pytest.mark.parametrize("merged", [True, False])
def test_the_key_of_a_ci_system_is_of_the_set_of_dependencies_the_machine_and_who_wrote_it(merged: bool) -> None:
    base = ci_key(["a", "b"], ("*.pyi",), merged=merged)
    assert base.startswith(ci_key_prefix(merged=merged))
    assert re.fullmatch(r"sealift-build-\d+-\w+-\w+-(un)?merged-[0-9a-f]{16}", base)
    assert f"-{'merged' if merged else 'unmerged'}-" in base
    assert base == ci_key(["b", None, "a", "b", ""], ["*.pyi"], merged=merged)
    others = [
        ci_key(["a"], ("*.pyi",), merged=merged),
        ci_key(["a", "c"], ("*.pyi",), merged=merged),
        ci_key(["a", "b"], (), merged=merged),
        ci_key(["a", "b"], ("*.pyi",), merged=not merged),
    ]
    assert len({base, *others}) == 5
    assert ci_key_prefix() == ci_key_prefix(merged=True)


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda one: st.lists(one), max_leaves=6)


@given(one=st.lists(JSON, max_size=4), other=st.lists(JSON, max_size=4))
def test_two_lists_of_parts_have_one_digest_only_when_they_are_equal(one: list[object], other: list[object]) -> None:
    assert (digest(*one) == digest(*other)) == (json.dumps(one) == json.dumps(other))
    assert digest({"a": one, "b": other}) == digest({"b": other, "a": one})
    assert re.fullmatch("[0-9a-f]{64}", digest(*one))


def test_an_error_names_the_resources_that_it_is_about_once() -> None:
    asset = function("fn", logical_ids=("One", "Two"))
    error = BuildError("It failed", code="failed", hint="Mend it.", context={"source": "own"}, retryable=True)
    named = naming(asset, error)
    assert (named.message, named.code, named.hint, named.retryable) == (
        "One, Two: It failed",
        "failed",
        "Mend it.",
        True,
    )
    assert named.context == {"logical_ids": ["One", "Two"], "source": "own"}
    assert naming(asset, named).message == named.message
    assert naming(asset, BuildError("x", code="y")).context["source"] == "fn"


def test_a_lock_of_a_cache_that_is_not_there_yet_makes_it(tmp_path: Path) -> None:
    for _ in range(2):
        with Cache(tmp_path / "new" / "cache").lock("one"):
            assert (tmp_path / "new" / "cache" / "locks" / "one").exists()
