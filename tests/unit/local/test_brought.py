"""What a Python runtime brings is made once and whole, however many functions start at the same moment."""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sealift.local.functions.runtimes import BROUGHT, Runtimes
from sealift.local.interpreters import Interpreter, Places


def test_functions_that_start_at_once_all_find_the_whole_runtime(tmp_path: Path) -> None:
    packages = tmp_path / "packages"
    packages.mkdir()
    for name in BROUGHT:
        (packages / name).touch()
    interpreter = Interpreter(path=Path(sys.executable), version=sys.version_info[:2])
    for attempt in range(20):
        runtimes = Runtimes(tmp_path / str(attempt), Places(programs=(), versions=()), packages, "")
        with ThreadPoolExecutor(16) as pool:
            found = list(pool.map(lambda _, r=runtimes: {p.name for p in r.brought(interpreter).iterdir()}, range(16)))
        assert all({*BROUGHT, "runtime_client.py"} <= names for names in found)
