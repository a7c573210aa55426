"""Fixtures of the tests that need uv and a package registry."""

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from sealift.build.builder import CachedBuilder
from sealift.build.cache.store import Cache
from sealift.build.dependencies.backends import PINNED, pinned_digest
from sealift.build.dependencies.uv import Uv, uv_binary
from sealift.model.release import BuiltArtifact
from sealift.system import RealProcess
from tests.unit.build.tools import function, write

Build = Callable[..., BuiltArtifact]


@pytest.fixture
def build(tmp_path: Path) -> Build:
    """Return a function that writes a function's files and builds it with the real tools."""
    builder = CachedBuilder(tmp_path / "cache", RealProcess())

    def run(files: Mapping[str, str | bytes], source: str = "fn", **changes: object) -> BuiltArtifact:
        root = write(tmp_path / "app", files)
        asset = function(source, **changes)
        return builder.build(root, [asset])[asset.key]

    return run


@pytest.fixture(scope="session")
def backends(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What uv keeps of the pinned build backends after a build, compiled; nothing that was built with them."""
    folder = tmp_path_factory.mktemp("backends")
    argv = [uv_binary(), "pip", "install", "--quiet", "--target", folder / "installed", "--constraints", PINNED]
    names = ["setuptools", "flit_core", "hatchling", "poetry-core"]
    subprocess.run([*argv, *names], env={**os.environ, "UV_CACHE_DIR": str(folder / "uv")}, check=True)
    Uv(RealProcess(), Cache(folder / "cache")).compile_backends(folder / "uv")
    return folder / "uv"


@pytest.fixture
def kept_backends(tmp_path: Path, backends: Path) -> None:
    """Let the test's builder find the pinned build backends as an earlier build left them."""
    own = Cache(tmp_path / "cache").path("outputs", f"uv-{pinned_digest()}")
    for folder in backends.glob("*-v*"):
        copy = os.link if folder.name.startswith("archive-") else shutil.copy2
        shutil.copytree(folder, own / folder.name, symlinks=True, copy_function=copy)
