"""The world that every test of a use case begins with."""

from pathlib import Path

import pytest

from tests.component.usecases.world import World, make_world


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Return a fresh world."""
    return make_world(tmp_path)
