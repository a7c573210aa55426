"""Fixtures of the tests that need uv and a package registry."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from sealift.build.builder import CachedBuilder
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
