"""Values kept by name."""

import os
import time
from pathlib import Path

from sealift.template import kept


def test_a_value_that_was_used_lately_is_not_taken_for_an_old_one(tmp_path: Path) -> None:
    kept.put(tmp_path, "abc", [1])
    (file,) = tmp_path.rglob("*.json")
    os.utime(file, (0, 0))
    assert kept.get(tmp_path, "abc") == [1]
    assert time.time() - file.stat().st_mtime < 60
