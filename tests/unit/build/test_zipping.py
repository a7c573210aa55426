"""The zip writer: what it writes is a valid zip, and depends on nothing but names, modes and contents."""

import io
import random
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealift.build.zips.deflating import DEFLATED, STORED, Stream, deflated
from sealift.build.zips.zipping import Entry, write_zip

NAMES = st.text(st.characters(exclude_characters="/\\\0", exclude_categories=["Cs"]), min_size=1, max_size=12)
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)
FILES = st.dictionaries(PATHS, st.tuples(st.binary(max_size=400), st.booleans()), max_size=12)


def entries(files: dict[str, tuple[bytes, bool]]) -> list[Entry]:
    return [Entry(name, executable, deflated(body)) for name, (body, executable) in files.items()]


@given(files=FILES, seed=st.integers())
@settings(max_examples=150)
def test_the_bytes_do_not_depend_on_the_order_of_the_files(files: dict[str, tuple[bytes, bool]], seed: int) -> None:
    shuffled = entries(files)
    random.Random(seed).shuffle(shuffled)
    one, other = io.BytesIO(), io.BytesIO()
    assert write_zip(one, entries(files)) == write_zip(other, shuffled)
    assert one.getvalue() == other.getvalue()


@given(files=FILES)
@settings(max_examples=150)
def test_zipfile_reads_back_every_name_mode_and_content(files: dict[str, tuple[bytes, bool]]) -> None:
    out = io.BytesIO()
    written = write_zip(out, entries(files))
    with zipfile.ZipFile(out) as archive:
        assert archive.testzip() is None
        assert {i.filename: (archive.read(i), bool(i.external_attr >> 16 & 0o100)) for i in archive.infolist()} == files
        assert {i.external_attr >> 16 for i in archive.infolist()} <= {0o100644, 0o100755}
        assert {i.date_time for i in archive.infolist()} <= {(1980, 1, 1, 0, 0, 0)}
        assert archive.namelist() == sorted(files)
    assert written.unzipped_bytes == sum(len(body) for body, _ in files.values())
    assert written.size_bytes == len(out.getvalue())


def test_more_files_than_a_classic_zip_can_count_are_read_back(tmp_path: Path) -> None:
    path = tmp_path / "many.zip"
    body = deflated(b"x")
    with path.open("wb") as out:
        write_zip(out, [Entry(f"d/{i:06}", False, body) for i in range(66_000)])
    with zipfile.ZipFile(path) as archive:
        assert len(archive.namelist()) == 66_000
        assert archive.read("d/065999") == b"x"


def test_a_file_that_claims_more_than_four_gigabytes_gets_zip64_fields() -> None:
    out = io.BytesIO()
    write_zip(
        out, [Entry("huge", False, Stream(b"\3\0", 0, 5 << 30, DEFLATED)), Entry("small", False, deflated(b"abc"))]
    )
    with zipfile.ZipFile(out) as archive:
        assert archive.getinfo("huge").file_size == 5 << 30
        assert archive.read("small") == b"abc"


@pytest.mark.skipif(shutil.which("unzip") is None, reason="unzip is not installed")
def test_unzip_finds_no_error_and_restores_the_modes(tmp_path: Path) -> None:
    path = tmp_path / "package.zip"
    with path.open("wb") as out:
        write_zip(out, entries({"run.sh": (b"#!/bin/sh\n" * 50, True), "ü/data.txt": (b"data" * 100, False)}))
    subprocess.run(["unzip", "-q", str(path), "-d", str(tmp_path / "out")], check=True)
    assert (tmp_path / "out" / "run.sh").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "out" / "ü" / "data.txt").read_bytes() == b"data" * 100


def test_what_does_not_shrink_is_stored() -> None:
    noise = random.Random(1).randbytes(300)
    assert deflated(noise).method == STORED
    assert deflated(b"").method == STORED
    assert deflated(b"a" * 300).method == DEFLATED
