"""The index of hashes: what did not change is not read again, what might have changed is, and the hash is right."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

import pytest

from sealift.build.cache.stat_index import StatIndex
from sealift.build.cache.store import Cache
from sealift.errors import BuildError

NOW_NS = 1_700_000_000 * 10**9
FRESH_NS = 50_000_000


@dataclass(frozen=True)
class Stat:
    """What the index looks at of a file."""

    st_size: int = 3
    st_mtime_ns: int = NOW_NS - 10**9
    st_ctime_ns: int = NOW_NS - 10**9
    st_ino: int = 7


OLD = Stat()


class At(Cache):
    """A cache whose file system says that it is `NOW_NS`, or cannot be asked."""

    asked = 0
    broken = False

    @contextmanager
    def temporary(self) -> Iterator[Path]:
        self.asked += 1
        if self.broken:
            raise BuildError("It cannot be written", code="cache-unwritable")
        with super().temporary() as folder:
            os.utime(folder, ns=(NOW_NS, NOW_NS))
            yield folder


@pytest.fixture
def cache(tmp_path: Path) -> At:
    return At(tmp_path / "cache")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "app.py"
    path.write_text("one")
    return path


def hashed(index: StatIndex, path: Path, stat: Stat) -> str:
    """Return which of the known contents the index says that the file has."""
    digest = index.sha256(str(path), cast(Any, stat))
    return next(text for text in ("one", "two") if sha256(text.encode()).hexdigest() == digest)


CHANGES = [
    {},
    {"st_size": 4},
    {"st_mtime_ns": NOW_NS - 2 * 10**9},
    {"st_ctime_ns": NOW_NS - 2 * 10**9},
    {"st_ino": 8},
]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("saved", [False, True])
def test_a_file_is_read_again_only_when_something_of_it_changed(
    cache: At, file: Path, change: dict[str, int], saved: bool
):
    index = StatIndex(cache, "shop")
    assert hashed(index, file, OLD) == "one"
    file.write_text("two")
    if saved:
        index.save()
        index = StatIndex(cache, "shop")
    assert hashed(index, file, replace(OLD, **change)) == ("two" if change else "one")


@pytest.mark.parametrize("before_ns", [FRESH_NS + 1, FRESH_NS, FRESH_NS - 1, 0, -(10**9)])
@pytest.mark.parametrize("which", ["st_mtime_ns", "st_ctime_ns"])
def test_a_file_that_was_written_just_now_is_not_remembered(cache: At, file: Path, before_ns: int, which: str):
    index, stat = StatIndex(cache, "shop"), replace(OLD, **{which: NOW_NS - before_ns})
    hashed(index, file, stat)
    file.write_text("two")
    assert hashed(index, file, stat) == ("one" if before_ns > FRESH_NS else "two")


def test_the_file_system_is_asked_for_its_time_once(cache: At, file: Path) -> None:
    index = StatIndex(cache, "shop")
    for size in range(3):
        hashed(index, file, replace(OLD, st_size=size))
    assert cache.asked == 1


def test_with_a_cache_that_cannot_be_written_every_file_is_read(cache: At, file: Path) -> None:
    cache.broken = True
    index = StatIndex(cache, "shop")
    assert hashed(index, file, OLD) == "one"
    file.write_text("two")
    assert hashed(index, file, OLD) == "two"
    index.save()
    assert cache.read("files", "shop") is None


def test_what_is_not_trusted_is_not_read_and_another_application_has_another_index(cache: At, file: Path) -> None:
    index = StatIndex(cache, "shop")
    hashed(index, file, OLD)
    index.save()
    file.write_text("two")
    assert hashed(StatIndex(cache, "shop", trusted=False), file, OLD) == "two"
    assert hashed(StatIndex(cache, "other"), file, OLD) == "two"


def known(cache: At) -> set[str]:
    return {Path(path).name for path in cache.read("files", "shop") or {}}


def test_what_was_learnt_is_added_and_what_is_gone_is_forgotten(cache: At, file: Path) -> None:
    others = [file.with_name(name) for name in ("kept.py", "gone.py", "link")]
    for path in others:
        path.write_text("one")
    index = StatIndex(cache, "shop")
    for path in (file, *others):
        hashed(index, path, OLD)
    index.save()
    assert known(cache) == {"app.py", "kept.py", "gone.py", "link"}
    for path in (file, *others[1:]):
        path.unlink()
    others[2].symlink_to("nowhere")
    again = StatIndex(cache, "shop")
    again.save()
    assert known(cache) == {"app.py", "kept.py", "gone.py", "link"}, "nothing was learnt, so nothing is written"
    others[0].write_text("two")
    assert hashed(again, others[0], replace(OLD, st_size=9)) == "two"
    again.save()
    assert known(cache) == {"kept.py", "link"}
    assert hashed(StatIndex(cache, "shop"), others[0], replace(OLD, st_size=9)) == "two"


@pytest.mark.parametrize("row", ["junk", [1, 2, 3, 4], [1, 2, 3, 4, "x", 6], {"a": 1, "b": 2, "c": 3, "d": 4, "e": 5}])
def test_a_row_of_another_shape_is_not_believed(cache: At, file: Path, row: object) -> None:
    stat = [OLD.st_size, OLD.st_mtime_ns, OLD.st_ctime_ns, OLD.st_ino]
    cache.write("files", "shop", {str(file): row, "other": [*stat, "x"]})
    assert hashed(StatIndex(cache, "shop"), file, OLD) == "one"
    cache.write("files", "shop", {str(file): [*stat, sha256(b"two").hexdigest()]})
    assert hashed(StatIndex(cache, "shop"), file, OLD) == "two"
