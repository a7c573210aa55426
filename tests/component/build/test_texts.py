"""The text literals of each asset's own source, kept by content."""

from pathlib import Path

from sealift.build.builder import CachedBuilder
from sealift.model.template import Asset, Location
from sealift.system import RealProcess


def asset(source: str) -> Asset:
    """Return a function whose code is there."""
    return Asset(
        key=source, kind="function", source=source, logical_ids=("F",), paths=(), runtime="python3.12", handler="a.b"
    )


def read(root: Path, source: str) -> dict[str, Location]:
    """Return the texts of one asset."""
    builder = CachedBuilder(root / "cache", RealProcess())
    return dict(builder.texts(root, [asset(source)])[source])


def test_a_place_is_relative_to_the_application(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "app.py").write_text('\ntable = "orders-prod"\n')
    assert read(tmp_path, "src") == {"orders-prod": Location(file="src/app.py", line=2)}


def test_code_in_one_file_is_read_too(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text('table = "orders-prod"\n')
    assert read(tmp_path, "app.py") == {"orders-prod": Location(file="app.py", line=1)}


def test_texts_that_are_kept_are_those_of_a_changed_file(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    for name in ("orders-prod", "orders-two"):
        (tmp_path / "src" / "app.py").write_text(f'table = "{name}"\n')
        assert list(read(tmp_path, "src")) == list(read(tmp_path, "src")) == [name]


def test_a_source_that_is_not_there_has_no_texts(tmp_path: Path) -> None:
    assert read(tmp_path, "gone") == {}
