"""Values kept by name."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sealift.template import kept


def test_a_value_that_was_used_lately_is_not_taken_for_an_old_one(tmp_path: Path) -> None:
    kept.put(tmp_path, "abc", [1])
    (file,) = tmp_path.rglob("*.json")
    os.utime(file, (0, 0))
    assert kept.get(tmp_path, "abc") == [1]
    assert time.time() - file.stat().st_mtime < 60


@pytest.mark.parametrize(
    "spoil",
    [
        lambda file, _: file.write_bytes(b""),
        lambda file, _: file.write_bytes(file.read_bytes()[:-1]),
        lambda file, _: file.write_bytes(file.read_bytes().replace(b"1", b"2")),
        lambda file, other: file.write_bytes(other.read_bytes()),
        lambda file, other: (file.unlink(), file.hardlink_to(other)),
        lambda file, other: (file.unlink(), file.symlink_to(other)),
        lambda file, _: (file.unlink(), file.symlink_to(file.name)),
    ],
)
def test_a_damaged_value_and_that_of_another_name_count_as_absent(
    tmp_path: Path, spoil: Callable[[Path, Path], object]
) -> None:
    kept.put(tmp_path, "abc", [1, 10, 100])
    kept.put(tmp_path, "xyz", [3])
    spoil(next(tmp_path.rglob("abc.json")), next(tmp_path.rglob("xyz.json")))
    assert kept.get(tmp_path, "abc") is None
    kept.put(tmp_path, "abc", [2])
    assert kept.get(tmp_path, "abc") == [2]
