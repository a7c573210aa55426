"""The law of what is kept: an entry is what was put there under its key, or it is absent."""

import os
import resource
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealift.checks.cache import TextCache, code_digest, content_key

_PARTS = st.lists(st.text() | st.binary(), max_size=4)
_REPORT = '[{"a finding": 1}]\n' * 400


def _plain(parts: list[str | bytes]) -> list[bytes]:
    return [part.encode() if isinstance(part, str) else part for part in parts]


@given(_PARTS, _PARTS)
def test_only_the_same_parts_have_the_same_key(one: list[str | bytes], other: list[str | bytes]) -> None:
    assert (content_key(one) == content_key(other)) == (_plain(one) == _plain(other))


@pytest.mark.parametrize("text", ["", "täxt", "a\r\nb\rc\n", "\udcff\x00", "line\u2028"])
def test_what_was_kept_is_found_again(tmp_path: Path, text: str) -> None:
    cache = TextCache(tmp_path / "deep" / "cache")
    assert cache.get("key") is None
    cache.put("key", text)
    assert cache.get("key") == text
    assert [path.name for path in (tmp_path / "deep" / "cache").iterdir()] == ["key"]


def test_a_text_that_no_file_can_hold_is_not_kept(tmp_path: Path) -> None:
    TextCache(tmp_path).put("key", "\ud800")
    assert list(tmp_path.iterdir()) == []


def test_a_cache_that_cannot_be_written_or_read_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    cache = TextCache(tmp_path / "file")
    cache.put("key", "text")
    assert cache.get("key") is None


def _replaced(entry: Path, make: Callable[[Path], object]) -> None:
    entry.unlink()
    make(entry)


def _serve(path: Path) -> None:
    """Leave a socket there; its name is relative, for such a name has at most 107 bytes."""
    here = os.open(path.parent, os.O_RDONLY)
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(f"/proc/self/fd/{here}/{path.name}")
    os.close(here)


_SPOILED: Mapping[str, Callable[[Path], object]] = {
    "empty": lambda e: e.write_bytes(b""),
    "cut short": lambda e: e.write_bytes(e.read_bytes()[:-19]),
    "cut within its seal": lambda e: e.write_bytes(e.read_bytes()[:20]),
    "longer": lambda e: e.write_bytes(e.read_bytes() + b"\n"),
    "another bit": lambda e: e.write_bytes(e.read_bytes()[:-3] + b"2]\n"),
    "foreign bytes": lambda e: e.write_bytes(b"\xff\xfe"),
    "a text without a seal": lambda e: e.write_bytes(b"[]\n"),
    "the entry of another key": lambda e: (e.parent / "other").replace(e),
    "a hard link to another entry": lambda e: _replaced(e, lambda p: p.hardlink_to(p.parent / "other")),
    "a link to another entry": lambda e: _replaced(e, lambda p: p.symlink_to("other")),
    "a link to itself": lambda e: _replaced(e, lambda p: p.symlink_to(p.name)),
    "a link to what it was": lambda e: (e.rename(e.parent / "moved"), e.symlink_to("moved")),
    "an endless device": lambda e: _replaced(e, lambda p: p.symlink_to("/dev/zero")),
    "a pipe": lambda e: _replaced(e, os.mkfifo),
    "a socket": lambda e: _replaced(e, _serve),
}


@pytest.mark.parametrize("how", _SPOILED)
def test_a_spoiled_entry_is_made_anew_and_replaced(tmp_path: Path, how: str) -> None:
    cache = TextCache(tmp_path)
    cache.put("other", "[]\n")
    cache.put("key", _REPORT)
    _SPOILED[how](tmp_path / "key")
    assert cache.get("key") is None
    cache.put("key", _REPORT)
    assert cache.get("key") == _REPORT
    assert cache.get("other") in ("[]\n", None)


def test_a_folder_in_place_of_an_entry_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "key").mkdir()
    cache = TextCache(tmp_path)
    cache.put("key", _REPORT)
    assert cache.get("key") is None
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user")
def test_what_another_user_wrote_is_not_believed(tmp_path: Path) -> None:
    cache = TextCache(tmp_path)
    cache.put("key", "[]\n")
    os.chown(tmp_path / "key", 12345, 12345)
    assert cache.get("key") is None


def test_a_disk_that_is_full_keeps_nothing_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # nor half of a module
    cache = TextCache(tmp_path)
    cache.put("key", "before")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        cache.put("key", _REPORT)
        cache.put("new", _REPORT)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert cache.get("key") == "before"
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


_WRITER = """
import sys
from pathlib import Path
from sealift.checks.cache import TextCache
folder, letter = sys.argv[1:]
while True:
    TextCache(Path(folder)).put("key", letter * 300_000)
    print(flush=True)
"""


def test_writers_of_one_key_that_are_killed_leave_a_whole_text(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", _WRITER, str(tmp_path)]
    writers = [subprocess.Popen([*argv, letter], stdout=subprocess.PIPE) for letter in "ab"]
    cache, whole = TextCache(tmp_path), {letter * 300_000 for letter in "ab"}
    try:
        for writer in writers:
            assert writer.stdout is not None
            writer.stdout.readline()
        seen = {cache.get("key") for _ in range(40)}
    finally:
        for writer in writers:
            writer.kill()
            writer.communicate()
    assert seen <= whole
    assert cache.get("key") in whole


def _code(folder: Path) -> None:
    for name in ("room.py", "inner/rule.py"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x = 1\n")


@pytest.mark.parametrize(
    "change",
    [
        lambda f: (f / "room.py").write_text("x = 2\n"),
        lambda f: (f / "inner/rule.py").rename(f / "inner/other.py"),
        lambda f: (f / "inner/rule.py").rename(f / "rule.py"),
        lambda f: (f / "new.json").touch(),
        lambda f: (f / "inner/rule.py").unlink(),
    ],
)
def test_another_version_of_the_code_is_another_digest(tmp_path: Path, change: Callable[[Path], object]) -> None:
    _code(tmp_path)
    before = code_digest(tmp_path)
    change(tmp_path)
    assert code_digest(tmp_path) != before


def test_bytecode_and_the_folders_place_do_not_change_the_digest(tmp_path: Path) -> None:
    _code(tmp_path / "one")
    _code(tmp_path / "two")
    (tmp_path / "two/inner/__pycache__").mkdir()
    (tmp_path / "two/inner/__pycache__/rule.pyc").touch()
    assert code_digest(tmp_path / "one") == code_digest(tmp_path / "two")


def test_what_was_made_by_other_code_or_of_other_parts_is_made_anew(tmp_path: Path) -> None:
    cache = TextCache(tmp_path)
    assert cache.kept(["cfn"], ["a"], lambda: "1") == "1"
    assert cache.kept(["cfn"], ["a"], lambda: "2") == "1"
    assert cache.kept(["cfn"], ["a", ""], lambda: "3") == "3"
    assert cache.kept(["cfn", "model"], ["a"], lambda: "4") == "4"
