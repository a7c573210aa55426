"""Folders that killed commands left are removed, those of others and those in use are not."""

import os
import time
from pathlib import Path

import pytest

from sealift.system import sweep


def folder(at: Path, *, hours: float) -> Path:
    at.mkdir(parents=True)
    (at / "file").write_text("x")
    then = time.time() - hours * 3600
    os.utime(at, (then, then))
    return at


@pytest.mark.parametrize(("name", "hours", "stays"), [("sealift-copy-a", 25, False), ("sealift-copy-b", 2, True)])
def test_a_day_old_folder_goes(tmp_path: Path, name: str, hours: float, stays: bool) -> None:
    left = folder(tmp_path / name, hours=hours)
    sweep([(tmp_path, "sealift-copy-")])
    assert left.exists() is stays


def test_other_folders_files_and_links_stay(tmp_path: Path) -> None:
    theirs = folder(tmp_path / "other" / "kept", hours=99)
    (tmp_path / "sealift-copy-link").symlink_to(theirs)
    (tmp_path / "sealift-copy-file").write_text("x")
    named = folder(tmp_path / "sealift-traceback", hours=99)
    sweep([(tmp_path, "sealift-copy-"), (tmp_path / "not there", "home-")])
    assert theirs.exists()
    assert named.exists()
    assert (tmp_path / "sealift-copy-link").is_symlink()
    assert (tmp_path / "sealift-copy-file").is_file()
