"""The shared layer in the builder: what is in the zips, what is built again, what is found again."""

import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from sealift.build.builder import CachedBuilder
from sealift.model.release import BuiltArtifact
from sealift.model.template import Asset
from tests.unit.build.tools import FakeUv, NoTools, function, write

LAYER = Asset(
    key="L", kind="layer", source=".", logical_ids=("L",), paths=(), runtime="python3.12", members=("app:f", "app:g")
)
ASSETS = [function("f"), function("g"), LAYER]


@pytest.fixture
def app(tmp_path: Path) -> Path:
    files = {"f/app.py": "1", "f/requirements.txt": "alpha\nbeta\n", "g/app.py": "2", "g/requirements.txt": "alpha\n"}
    return write(tmp_path / "app", files)


def build(
    app: Path, *, uv: FakeUv | NoTools | None = None, cache: str = "cache", force: bool = False
) -> Mapping[str, BuiltArtifact]:
    return CachedBuilder(app.parent / cache, uv or FakeUv()).build(app, ASSETS, force=force)


def names(built: BuiltArtifact) -> list[str]:
    with zipfile.ZipFile(built.path) as archive:
        assert archive.testzip() is None
        return archive.namelist()


def test_what_functions_share_is_in_the_layer_and_not_in_their_packages(app: Path) -> None:
    built = build(app)
    assert names(built["L"]) == ["python/alpha-2.0.dist-info/METADATA", "python/alpha/__init__.py"]
    assert names(built["app:g"]) == ["app.py", "requirements.txt"]
    assert "beta.py" in names(built["app:f"])
    assert "alpha/__init__.py" not in names(built["app:f"])
    assert (built["app:f"].layer, built["app:g"].layer, built["L"].layer) == ("L", "L", None)
    assert [name for name, _ in built["L"].dependencies] == ["alpha==2.0"]
    assert [name for name, _ in built["app:f"].dependencies] == ["beta==1.5"]


def test_nothing_is_started_and_nothing_is_built_when_nothing_changed(app: Path) -> None:
    first = build(app)
    again = build(app, uv=NoTools())
    assert {b.reason for b in again.values()} == {"unchanged"}
    assert {k: b.artifact for k, b in again.items()} == {k: b.artifact for k, b in first.items()}
    assert [b.layer for b in again.values()] == [b.layer for b in first.values()]


def test_an_empty_cache_and_a_forced_build_give_the_same_bytes(app: Path) -> None:
    expected = {k: b.artifact.sha256 for k, b in build(app).items()}
    assert {k: b.artifact.sha256 for k, b in build(app, cache="other").items()} == expected
    assert {k: b.artifact.sha256 for k, b in build(app, force=True).items()} == expected


def test_a_changed_source_changes_that_function_alone(app: Path) -> None:
    build(app)
    (app / "g" / "app.py").write_text("3")
    built = build(app, uv=NoTools())
    assert [key for key, b in built.items() if b.built] == ["app:g"]


def test_when_nothing_is_shared_any_more_the_functions_hold_all_again(app: Path) -> None:
    build(app)
    (app / "g" / "requirements.txt").write_text("beta\n")
    (app / "f" / "requirements.txt").write_text("alpha\n")
    built = build(app)
    assert sorted(built) == ["app:f", "app:g"]
    assert "alpha/__init__.py" in names(built["app:f"])
    assert "alpha==2.0 -> none" in built["app:f"].reason


def test_a_damaged_layer_is_built_again_even_when_its_packs_are_gone(app: Path) -> None:
    first = build(app)
    held = names(first["L"])
    for pack in (app.parent / "cache" / "packs").iterdir():
        pack.unlink()
    first["L"].path.write_bytes(b"damaged")
    built = build(app)
    assert built["L"].artifact.sha256 == first["L"].artifact.sha256
    assert names(built["L"]) == held
    assert [key for key, b in built.items() if b.built] == ["L"]


def test_what_can_not_be_resolved_names_its_function(app: Path) -> None:
    (app / "g" / "requirements.txt").write_text("nowhere\n")
    with pytest.raises(Exception, match=r"^G: The dependencies cannot be installed"):
        build(app)


def test_without_the_layer_in_the_list_functions_hold_all(app: Path) -> None:
    built = CachedBuilder(app.parent / "cache", FakeUv()).build(app, ASSETS[:2])
    assert "alpha/__init__.py" in names(built["app:g"])
