"""Fixtures of tests about previews."""

from pathlib import Path

import pytest

from tests.component.previews.town import Town, make_town


@pytest.fixture
def town(tmp_path: Path) -> Town:
    """A team with one application, its pull requests, and an account for their previews."""
    return make_town(tmp_path)
