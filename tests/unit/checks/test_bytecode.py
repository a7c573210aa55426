import os
import subprocess
import sys
from pathlib import Path

import pytest

from sealift.checks.bytecode import link_library

_NAME = f"python{sys.version_info.major}.{sys.version_info.minor}"


def environment(folder: Path, home: str) -> Path:
    (folder / "lib" / _NAME / "site-packages").mkdir(parents=True)
    (folder / "pyvenv.cfg").write_text(f"home = {home}\nimplementation = CPython\n")
    return folder


def imported(bytecode: Path, own: Path) -> list[Path]:
    """Import modules of the library and one of our own; return the bytecode that was written for it."""
    (own / "mine.py").write_text("import email.message, json, xml.dom\n")
    env = {"PYTHONPATH": str(own), "PYTHONPYCACHEPREFIX": str(bytecode), "PATH": os.defpath}
    python = str(Path(sys.base_prefix, "bin", _NAME))
    subprocess.run([python, "-S", "-c", "import mine"], env=env, check=True)
    return [path.relative_to(bytecode) for path in bytecode.rglob("*.pyc") if not path.is_symlink()]


def test_a_python_compiles_nothing_of_its_own_library(tmp_path: Path) -> None:
    venv = environment(tmp_path / "venv", str(Path(sys.base_prefix, "bin")))
    library = Path(sys.base_prefix, "lib", _NAME)
    if not (library / "email" / "__pycache__").is_dir():
        pytest.skip("this Python came without bytecode")
    own = tmp_path / "own"
    own.mkdir()
    link_library(venv, tmp_path / "bytecode")
    (written,) = imported(tmp_path / "bytecode", own)
    assert written.name.startswith("mine.")
    before = {path: path.lstat().st_mtime_ns for path in (tmp_path / "bytecode").rglob("*.pyc")}
    link_library(venv, tmp_path / "bytecode")
    assert {path: path.lstat().st_mtime_ns for path in (tmp_path / "bytecode").rglob("*.pyc")} == before


def test_bytecode_that_is_gone_or_of_other_source_is_not_used(tmp_path: Path) -> None:
    library = tmp_path / "python" / "lib" / _NAME
    (library / "__pycache__").mkdir(parents=True)
    for name in ("gone", "stale"):
        (library / f"{name}.py").write_text("VALUE = 'as the source says'\n")
        tag = sys.implementation.cache_tag
        (library / "__pycache__" / f"{name}.{tag}.pyc").write_bytes(b"no bytecode of this Python")
    link_library(environment(tmp_path / "venv", str(tmp_path / "python" / "bin")), tmp_path / "bytecode")
    for one in library.glob("__pycache__/gone.*"):
        one.unlink()
    env = {"PYTHONPATH": str(library), "PYTHONPYCACHEPREFIX": str(tmp_path / "bytecode"), "PATH": os.defpath}
    code = "import gone, stale; print(gone.VALUE == stale.VALUE == 'as the source says')"
    done = subprocess.run([sys.executable, "-c", code], env=env, check=True, capture_output=True, text=True)
    assert done.stdout == "True\n"
    (kept,) = library.glob("__pycache__/stale.*")
    assert kept.read_bytes() == b"no bytecode of this Python"


@pytest.mark.parametrize("home", ["", "/nonexistent/bin"])
def test_an_environment_without_a_library_is_left_as_it_is(tmp_path: Path, home: str) -> None:
    link_library(environment(tmp_path / "venv", home), tmp_path / "bytecode")
    link_library(tmp_path / "no such", tmp_path / "bytecode")
    assert not (tmp_path / "bytecode").exists()
