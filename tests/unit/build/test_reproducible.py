"""The same inputs give the same bytes: in another folder, at another time, with other settings, from an empty cache."""

import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from sealift.build.builder import CachedBuilder
from tests.unit.build.tools import FakeUv, function, write

FILES: dict[str, str | bytes] = {
    "fn/app.py": "print(1)\n",
    "fn/lib/__init__.py": "",
    "fn/lib/data.bin": bytes(range(256)) * 20,
    "fn/requirements.txt": "alpha\nbeta==1.5\n",
}


def digest(root: Path, cache: Path) -> str:
    return CachedBuilder(cache, FakeUv()).build(root, [function()])["app:fn"].artifact.sha256


def longer_folder(root: Path) -> Path:
    return Path(shutil.move(root, root.with_name("another name, and a longer one")))


def older_files(root: Path) -> Path:
    for path in root.rglob("*"):
        os.utime(path, (86_400 * 365 * 20, 86_400 * 365 * 20))
    return root


def open_modes(root: Path) -> Path:
    for path in root.rglob("*"):
        path.chmod(0o777 if path.is_dir() else 0o666)
    return root


def other_order(root: Path) -> Path:
    names = [path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()]
    random.Random(3).shuffle(names)
    other = root.with_name("other")
    for name in names:
        write(other, {name: (root / name).read_bytes()})
    return other


def leftovers(root: Path) -> Path:
    write(root, {"fn/__pycache__/app.cpython-312.pyc": b"\0", "fn/.pytest_cache/x": "", "fn/lib/a.pyc": b"\0"})
    return root


@pytest.mark.parametrize("vary", [longer_folder, older_files, open_modes, other_order, leftovers])
def test_what_does_not_belong_to_the_content_does_not_count(tmp_path: Path, vary: Callable[[Path], Path]) -> None:
    first = digest(write(tmp_path / "app", FILES), tmp_path / "cache")
    root = vary(tmp_path / "app")
    assert digest(root, tmp_path / "empty") == first
    assert digest(root, tmp_path / "cache") == first


def test_the_umask_does_not_count(tmp_path: Path) -> None:
    digests = set()
    for mask in (0o000, 0o022, 0o077):
        before = os.umask(mask)
        try:
            digests.add(digest(write(tmp_path / oct(mask), FILES), tmp_path / f"cache-{mask}"))
        finally:
            os.umask(before)
    assert len(digests) == 1


def test_the_time_zone_and_the_language_do_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    root = write(tmp_path / "app", FILES)
    first = digest(root, tmp_path / "cache")
    monkeypatch.setenv("TZ", "Pacific/Kiritimati")
    monkeypatch.setenv("LC_ALL", "tr_TR.UTF-8")
    time.tzset()
    try:
        assert digest(root, tmp_path / "empty") == first
    finally:
        monkeypatch.undo()
        time.tzset()


def test_the_number_of_workers_does_not_count(tmp_path: Path) -> None:
    root = write(tmp_path / "app", FILES)
    digests = {
        CachedBuilder(tmp_path / f"cache{n}", FakeUv(), workers=n).build(root, [function()])["app:fn"].artifact.sha256
        for n in (1, 2, 8)
    }
    assert len(digests) == 1


def test_the_content_does_count(tmp_path: Path) -> None:
    root = write(tmp_path / "app", FILES)
    first = digest(root, tmp_path / "cache")
    write(root, {"fn/lib/data.bin": bytes(5120)})
    assert digest(root, tmp_path / "cache") != first
