"""A source folder with more files than anybody should have."""

import os
import zipfile
from pathlib import Path

from sealift.build.builder import CachedBuilder
from tests.unit.build.tools import NoTools, function, write

FILES = 70_000
"""A zip without the extension for more counts 65,535 at most."""


def test_more_files_than_a_classic_zip_can_count_are_built(tmp_path: Path) -> None:
    root = write(tmp_path / "app", {"fn/0": "even", "fn/1": "odd"})  # an inode has room for 65,000 names
    for number in range(2, FILES):
        if number % 1000 == 0 or number == 2:
            folder = root / "fn" / str(number)
            folder.mkdir()
        os.link(root / "fn" / str(number % 2), folder / f"{number}.txt")
    built = CachedBuilder(tmp_path / "cache", NoTools()).build(root, [function(build_method="skip")])["app:fn"]
    with zipfile.ZipFile(built.path) as archive:
        assert len(archive.namelist()) == FILES
        assert archive.read("69000/69999.txt") == b"odd"
