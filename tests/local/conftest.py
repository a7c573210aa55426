"""One embedded cloud per test session, and small helpers to deploy templates to it."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from sealift.local.endpoint import Endpoint
from sealift.local.supervisor import LocalCloud
from tests.local.opening import Opened, opened_at


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


@pytest.fixture
def opened(endpoint: Endpoint, request: pytest.FixtureRequest) -> Opened:
    """An environment with a bucket of the test's own."""
    return opened_at(endpoint, "s" + hashlib.sha256(request.node.name.encode()).hexdigest()[:12])
