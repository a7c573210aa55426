"""One embedded cloud per test session, and small helpers to deploy templates to it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sealift.local.endpoint import Endpoint
from sealift.local.supervisor import LocalCloud


@pytest.fixture(scope="session")
def cloud_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that holds the state of the session's embedded clouds."""
    return tmp_path_factory.mktemp("cloud") / ".sealift" / "local"


@pytest.fixture(scope="session")
def endpoint(cloud_root: Path) -> Iterator[Endpoint]:
    """The embedded cloud that all tests of one run share."""
    cloud = LocalCloud(cloud_root)
    yield cloud.up("shared", region="eu-west-1")
    cloud.down()
