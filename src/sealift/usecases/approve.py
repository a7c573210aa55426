"""Approve: say that a release may enter an environment that asks for it. Recorded in that environment's ledger."""

from sealift.errors import UserError
from sealift.model.app import App, Environment
from sealift.model.ledger import Entry
from sealift.usecases.services import Services
from sealift.usecases.store import full_digest, stored_origin
from sealift.usecases.writing import Operation, check_account, check_gates, writing


def approve(app: App, environment: Environment, services: Services, *, release: str, reason: str) -> Entry:
    """Record an approval of the release whose digest starts with `release`; the release must be in the source."""
    source = app.environment(environment.promotes_from or "")
    if source is None or not environment.approval:
        raise UserError(
            f"{environment.name} asks for no approval",
            code="approval-needless",
            hint=f"Set `approval = true` under [environments.{environment.name}] when it should.",
        )
    source_cloud = services.clouds.open(source)
    digest = full_digest(release, source_cloud)
    cloud = services.clouds.open(environment)
    check_account(environment, cloud)
    check_gates(app, environment, cloud)
    commit = stored_origin(digest, source_cloud).commit
    operation = Operation(id=services.ids.new(), kind="approval", release=digest, commit=commit)
    with writing(cloud, services, purpose=f"approval of {digest[:12]}") as writer:
        return writer.record(operation, "succeeded", reason=reason)
