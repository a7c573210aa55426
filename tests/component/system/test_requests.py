"""Who acts is a value of the request: one process may serve several people."""

from pathlib import Path

from sealift.cli.prompt import DefaultAnswers
from sealift.usecases.services import Services
from sealift.wiring.application import load_application
from sealift.wiring.services import make_services
from tests.fakes.clock import FakeClock
from tests.fakes.cloud import make_account
from tests.fakes.events import RecordingEvents


def test_two_requests_in_one_process_write_under_their_own_names(tmp_path: Path):
    (tmp_path / "template.json").write_text("{}")
    app = load_application(tmp_path)

    def request(actor: str) -> Services:
        return make_services(app, local=False, sink=RecordingEvents(), prompt=DefaultAnswers(), actor=actor)

    cloud = make_account(app.environments[0], FakeClock()).cloud
    cloud.bucket.ensure()
    holders = []
    for services in (request("ann@page"), request("bob@page")):
        leases = services.ledgers.leases(cloud)
        lease = leases.acquire(purpose="a look", ttl_s=60.0)
        holders.append((services.actor, lease.holder))
        leases.release(lease)
    assert [actor for actor, _ in holders] == ["ann@page", "bob@page"]
    assert [holder.startswith(actor) for actor, holder in holders] == [True, True]
