from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from sealift.checks.cache import TextCache, content_key

_PARTS = st.lists(st.text() | st.binary(), max_size=4)


def _plain(parts: list[str | bytes]) -> list[bytes]:
    return [part.encode() if isinstance(part, str) else part for part in parts]


@given(_PARTS, _PARTS)
def test_only_the_same_parts_have_the_same_key(one: list[str | bytes], other: list[str | bytes]) -> None:
    assert (content_key(one) == content_key(other)) == (_plain(one) == _plain(other))


def test_what_was_kept_is_found_again(tmp_path: Path) -> None:
    cache = TextCache(tmp_path / "deep" / "cache")
    assert cache.get("key") is None
    cache.put("key", "täxt")
    assert cache.get("key") == "täxt"
    assert [path.name for path in (tmp_path / "deep" / "cache").iterdir()] == ["key"]


def test_a_cache_that_cannot_be_written_or_read_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    cache = TextCache(tmp_path / "file")
    cache.put("key", "text")
    assert cache.get("key") is None
    (tmp_path / "bad").write_bytes(b"\xff")
    assert TextCache(tmp_path).get("bad") is None
