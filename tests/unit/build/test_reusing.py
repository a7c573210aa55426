"""Compressed source of an earlier package is used again, and only when it is whole."""

import hashlib
import io
import zipfile
from pathlib import Path

from sealift.build.zips.deflating import deflated
from sealift.build.zips.reusing import compressed_source
from sealift.build.zips.zipping import Entry, write_zip
from tests.unit.build.tools import FakeUv, function, write

BODIES = {"p/a.txt": b"a" * 5000, "p/ü.bin": bytes(range(256)), "q.txt": b"other"}


def package(folder: Path) -> Path:
    out = io.BytesIO()
    written = write_zip(out, [Entry(name, False, deflated(body)) for name, body in BODIES.items()])
    path = folder / written.sha256
    path.write_bytes(out.getvalue())
    return path


def sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def test_streams_come_back_as_they_were_compressed(tmp_path: Path) -> None:
    wanted = {name: sha256(body) for name, body in BODIES.items() if name.startswith("p/")}
    found = compressed_source(package(tmp_path), wanted)
    assert found == {sha256(BODIES[name]): deflated(BODIES[name]) for name in wanted}


def test_a_damaged_package_gives_nothing(tmp_path: Path) -> None:
    path = package(tmp_path)
    data = bytearray(path.read_bytes())
    data[60] ^= 1
    path.write_bytes(data)
    assert compressed_source(path, {"q.txt": sha256(b"other")}) == {}
    path.unlink()
    assert compressed_source(path, {"q.txt": sha256(b"other")}) == {}


def test_a_large_source_of_which_one_file_changed_gives_the_bytes_of_a_first_build(tmp_path: Path) -> None:
    from sealift.build.builder import CachedBuilder

    files: dict[str, str | bytes] = {f"fn/{i}.txt": f"{i}\n" * 50_000 for i in range(12)}
    assert sum(map(len, files.values())) > 1 << 20
    root = write(tmp_path / "app", files)
    builder = CachedBuilder(tmp_path / "cache", FakeUv())
    builder.build(root, [function()])
    write(root, {"fn/3.txt": "changed", "fn/new.txt": files["fn/4.txt"]})
    again = builder.build(root, [function()])["app:fn"]
    fresh = CachedBuilder(tmp_path / "empty", FakeUv()).build(root, [function()])["app:fn"]
    assert again.artifact == fresh.artifact
    assert again.reason == "source changed: 3.txt (+1)"
    with zipfile.ZipFile(again.path) as archive:
        assert archive.testzip() is None
