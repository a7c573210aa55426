"""What pruning removes, against a model: what is too old, and then the least recently used until the rest fits."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from sealift.build.cache.pruning import KINDS, entries, prune
from sealift.build.cache.store import Cache

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
PLAIN = tuple(kind for kind in KINDS if kind not in {"blobs", "records", "outputs"})


@dataclass(frozen=True, order=True)
class Kept:
    """Something in the cache: days since it was used, its kind and name, and how large it is."""

    days: int
    kind: str
    name: str
    size: int


def stamp(path: Path, days: float) -> None:
    at = (NOW - timedelta(days=days)).timestamp()
    os.utime(path, (at, at))


def fill(
    root: Path, blobs: Mapping[str, tuple[int, int]], records: Mapping[str, tuple[int, str]], others: list[Kept]
) -> list[Kept]:
    """Write a cache; return what is in it, the least recently used first."""
    cache, model = Cache(root), list(others)
    for name, (days, blob) in records.items():
        cache.write("records", name, {"sha256": blob} if blob else {"other": 1})
        model.append(Kept(days, "records", name, cache.path("records", name).stat().st_size))
        stamp(cache.path("records", name), days)
    for name, (days, size) in blobs.items():
        cache.path("blobs", name).parent.mkdir(exist_ok=True, parents=True)
        cache.path("blobs", name).write_bytes(b"b" * size)
        stamp(cache.path("blobs", name), days)
        used = min([days, *(seen for seen, blob in records.values() if blob == name)])
        model.append(Kept(used, "blobs", name, size))
    for one in others:
        path = root / one.kind / one.name
        path.parent.mkdir(exist_ok=True, parents=True)
        if one.kind == "outputs":
            path.mkdir()
            (path / "a").write_bytes(b"a" * (one.size - 1))
            (path / "b").write_bytes(b"b")
        else:
            path.write_bytes(b"x" * one.size)
        stamp(path, one.days)
    return sorted(model, key=lambda one: (-one.days, one.kind, one.name))


DAYS = st.integers(0, 4)
SIZES = st.integers(1, 300)
BLOBS = st.dictionaries(st.sampled_from("abc"), st.tuples(DAYS, SIZES))
RECORDS = st.dictionaries(st.sampled_from("pqr"), st.tuples(DAYS, st.sampled_from(["a", "b", "c", "gone", ""])))
OTHERS = st.lists(
    st.builds(Kept, DAYS, st.sampled_from([*PLAIN, "outputs"]), st.sampled_from("xyz"), SIZES),
    unique_by=lambda one: (one.kind, one.name),
    max_size=5,
)


@given(
    blobs=BLOBS,
    records=RECORDS,
    others=OTHERS,
    max_days=st.none() | DAYS,
    max_bytes=st.none() | st.integers(0, 800),
)
def test_what_is_too_old_goes_and_then_the_least_recently_used_until_the_rest_fits(
    blobs: Mapping[str, tuple[int, int]],
    records: Mapping[str, tuple[int, str]],
    others: list[Kept],
    max_days: int | None,
    max_bytes: int | None,
):
    with TemporaryDirectory() as folder:
        cache = Cache(Path(folder))
        model = fill(cache.root, blobs, records, others)
        found = [(one.kind, one.name, one.size_bytes, one.used_at) for one in entries(cache)]
        assert found == [(one.kind, one.name, one.size, NOW - timedelta(days=one.days)) for one in model]
        removed = [one for one in model if max_days is not None and one.days > max_days]
        left = model[len(removed) :]
        while max_bytes is not None and sum(one.size for one in left) > max_bytes:
            removed.append(left.pop(0))
        max_age = None if max_days is None else timedelta(days=max_days)
        pruned = prune(cache, now=NOW, max_age=max_age, max_bytes=max_bytes)
        assert [(one.kind, one.name) for one in pruned.removed] == [(one.kind, one.name) for one in removed]
        assert pruned.size_bytes == sum(one.size for one in removed)
        assert {(one.kind, one.name) for one in entries(cache)} == {(one.kind, one.name) for one in left}


def test_a_record_that_cannot_be_read_renews_no_blob(tmp_path: Path) -> None:
    fill(tmp_path, {"a": (3, 1)}, {"p": (0, "a")}, [])
    (tmp_path / "records" / "p").write_text("junk")
    stamp(tmp_path / "records" / "p", 0)
    assert [one.name for one in prune(Cache(tmp_path), now=NOW, max_age=timedelta(days=1)).removed] == ["a"]


def test_files_beside_the_cache_are_pruned_under_the_name_of_their_kind(tmp_path: Path) -> None:
    beside = {"checks": tmp_path / "beside"}
    for name, days in (("deep/old", 3), ("new", 0)):
        (tmp_path / "beside" / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / "beside" / name).write_text("x")
        stamp(tmp_path / "beside" / name, days)
    cache = Cache(tmp_path / "cache")
    assert [(one.kind, one.name) for one in entries(cache, beside)] == [("checks", "old"), ("checks", "new")]
    prune(cache, now=NOW, max_age=timedelta(days=1), beside=beside)
    assert [path.name for path in (tmp_path / "beside").rglob("*") if path.is_file()] == ["new"]


def test_what_another_build_moved_meanwhile_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "packs").mkdir()
    (tmp_path / "packs" / "a-moved").symlink_to(tmp_path / "nowhere")
    (tmp_path / "packs" / "there").write_text("x")
    assert [one.name for one in entries(Cache(tmp_path))] == ["there"]


def test_pruning_removes_what_a_killed_build_left(tmp_path: Path) -> None:
    (tmp_path / "tmp" / "left").mkdir(parents=True)
    (tmp_path / "tmp" / "left.lock").touch()
    prune(Cache(tmp_path), now=NOW)
    assert list((tmp_path / "tmp").iterdir()) == []
