"""What a Python runtime brings is made once and whole, however many functions start at the same moment."""

import io
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sealift.local.functions.runtimes import BROUGHT, Runtimes, bring
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


@pytest.mark.parametrize(("version", "there"), [((3, 10), True), ((3, 11), True), ((3, 12), False)])
def test_pythons_up_to_3_11_bring_setuptools(tmp_path: Path, version: tuple[int, int], *, there: bool) -> None:
    program = tmp_path / "bin" / "python"
    (tmp_path / "lib" / f"python{version[0]}.{version[1]}" / "site-packages" / "pkg_resources").mkdir(parents=True)
    runtime = tmp_path / "runtime"
    runtime.mkdir()
    bring(runtime, Interpreter(path=program, version=version), tmp_path)
    assert (runtime / "pkg_resources").is_dir() == there


@pytest.mark.parametrize(("version", "said"), [((3, 9), "of 3.9"), ((3, 10), "ours")])
def test_a_python_that_our_boto3_is_too_new_for_gets_its_own(
    tmp_path: Path, version: tuple[int, int], said: str
) -> None:
    (tmp_path / "boto3").mkdir()
    (tmp_path / "boto3" / "x.py").write_text("ours")
    runtime = tmp_path / "runtime"
    runtime.mkdir()

    def install(requirement: str, asked: tuple[int, int]) -> bytes:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr(f"python/{requirement}/x.py", f"of {asked[0]}.{asked[1]}")
        return packed.getvalue()

    bring(runtime, Interpreter(path=tmp_path / "bin" / "python", version=version), tmp_path, install)
    assert (runtime / "boto3" / "x.py").read_text() == said
    assert {path.name for path in runtime.iterdir()} == {*BROUGHT}
