"""Packs: named by their content, checked when made and when opened."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sealift.build.cache.store import Cache
from sealift.build.zips.deflating import DEFLATED
from sealift.build.zips.leaving_out import dependency_patterns
from sealift.build.zips.packing import Overwritten, compiled_here, distributions, open_pack, pack, refuse_compiled
from sealift.errors import BuildError
from tests.unit.build.tools import install

LEFT_OUT = dependency_patterns()


def packed(site: Path, cache: Cache) -> dict[str, str]:
    with ThreadPoolExecutor(2) as threads:
        return {d.project: pack(d, LEFT_OUT, cache, threads) for d in distributions(site, LEFT_OUT)}


def test_a_pack_gives_back_what_was_installed(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache")
    install(tmp_path / "site", "one", "1.0", {"one/a.py": b"a" * 500, "one/b.so": b"", "one/a.pyi": b""})
    entries = open_pack(cache, packed(tmp_path / "site", cache)["one"])
    assert entries is not None
    assert [e.name for e in entries] == ["one-1.0.dist-info/METADATA", "one/a.py", "one/b.so"]
    from deflate import deflate_decompress

    stream = entries[1].stream
    assert stream.method == DEFLATED
    assert bytes(deflate_decompress(bytes(stream.data), stream.size)) == b"a" * 500


def test_equal_distributions_have_equal_packs_wherever_they_are_installed(tmp_path: Path) -> None:
    names = []
    for place in ("x", "a/longer/place"):
        install(tmp_path / place, "one", "1.0", {"one/a.py": b"a"})
        names.append(packed(tmp_path / place, Cache(tmp_path / f"cache-{place[0]}")))
    assert names[0] == names[1]
    (one,) = (tmp_path / "cache-x/packs").iterdir()
    (other,) = (tmp_path / "cache-a/packs").iterdir()
    assert one.read_bytes() == other.read_bytes()


@pytest.mark.parametrize("position", [0, 30, -33, -1])
def test_a_flipped_bit_anywhere_makes_a_pack_unusable(tmp_path: Path, position: int) -> None:
    cache = Cache(tmp_path / "cache")
    install(tmp_path / "site", "one", "1.0", {"one/a.py": b"abc" * 50})
    path = cache.path("packs", packed(tmp_path / "site", cache)["one"])
    data = bytearray(path.read_bytes())
    data[position] ^= 4
    path.write_bytes(data)
    assert open_pack(cache, path.name) is None


def test_a_cut_pack_is_unusable(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache")
    install(tmp_path / "site", "one", "1.0", {"one/a.py": b"abc" * 50})
    path = cache.path("packs", packed(tmp_path / "site", cache)["one"])
    path.write_bytes(path.read_bytes()[:20])
    assert open_pack(cache, path.name) is None


def test_a_file_that_another_distribution_overwrote_is_noticed(tmp_path: Path) -> None:
    install(tmp_path / "site", "one", "1.0", {"shared/__init__.py": b"one"})
    install(tmp_path / "site", "two", "1.0", {"shared/__init__.py": b"two"})
    with pytest.raises(Overwritten):
        packed(tmp_path / "site", Cache(tmp_path / "cache"))


def test_what_was_compiled_on_this_machine_is_refused(tmp_path: Path) -> None:
    install(tmp_path, "native", "1.0", {"n.so": b""}, tag="cp312-cp312-linux_x86_64")
    install(tmp_path, "wheel", "1.0", {"w.so": b""}, tag="cp312-cp312-manylinux_2_17_x86_64")
    install(tmp_path, "pure", "1.0", {"p.py": b""})
    found = distributions(tmp_path, LEFT_OUT)
    assert [d.project for d in found if compiled_here(d)] == ["native"]
    with pytest.raises(BuildError, match=r"native 1\.0") as caught:
        refuse_compiled(found)
    assert caught.value.code == "dependency-needs-compiling"


def test_modules_without_their_source_and_a_package_called_bin_stay(tmp_path: Path) -> None:
    files = {
        "one/a.pyc": b"x",
        "one/__pycache__/b.pyc": b"x",
        "bin/__init__.py": b"",
        "bin/data.json": b"",
        "bin/tool": b"",
    }
    install(tmp_path / "one", "one", "1.0", files)
    install(tmp_path / "two", "two", "1.0", {"two.py": b"", "bin/tool.py": b""})
    (one,) = distributions(tmp_path / "one", LEFT_OUT)
    (two,) = distributions(tmp_path / "two", LEFT_OUT)
    assert [name for name, _ in one.files if "dist-info" not in name] == [
        "bin/__init__.py",
        "bin/data.json",
        "one/a.pyc",
    ]
    assert [name for name, _ in two.files if "dist-info" not in name] == ["two.py"]
