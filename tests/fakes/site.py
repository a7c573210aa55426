"""A site over a fake cloud, for what needs neither ledger nor services."""

from typing import Any

from sealift.model.app import App, Environment
from sealift.usecases.masking import Secrets
from sealift.usecases.site import Site
from tests.fakes.clock import FakeClock
from tests.fakes.cloud import make_account


def bare_site(app: App, environment: Environment | None) -> Site:
    """Return a site whose ledger and services nobody asks for."""
    assert environment is not None
    nobody: Any = None
    cloud = make_account(environment, FakeClock()).cloud
    return Site(app=app, environment=environment, cloud=cloud, ledger=nobody, services=nobody, secrets=Secrets())
