"""Go back: deploy an earlier verified release of the same environment again."""

from sealift.delivery.history import standing
from sealift.errors import Refused
from sealift.model.app import App, Environment
from sealift.model.event import Noted
from sealift.usecases.release import Outcome, redeploy
from sealift.usecases.services import Services
from sealift.usecases.store import full_digest
from sealift.usecases.target import Target
from sealift.usecases.watch import give_up_watch
from sealift.usecases.writing import check_account, check_pull_request, writing


def rollback(app: App, environment: Environment, services: Services, *, to: str | None) -> Outcome:
    """Deploy the verified release before the current one, or the one named by `to` (a digest or its beginning).

    A rollback that was interrupted is continued, not gone back from.
    """
    cloud = services.clouds.open(environment)
    check_account(environment, cloud)
    check_pull_request(app, environment, cloud)
    target = Target(app=app, environment=environment, cloud=cloud)
    with writing(cloud, services, purpose="rollback") as writer:
        before = standing(writer.ledger.entries())
        if to is not None:
            digest = full_digest(to, cloud)
            if before.verified(digest) is None:
                raise Refused(
                    f"Release {digest[:12]} was never verified in {environment.name}",
                    code="rollback-unverified",
                    hint=f"`sealift history --environment {environment.name}` shows which releases were.",
                )
        elif before.interrupted is not None and before.interrupted.kind == "rollback":
            digest = before.interrupted.release
        else:
            good = before.good_before(before.last.release if before.last else None)
            if good is None:
                raise Refused(
                    f"{environment.name} has no verified release before the current one",
                    code="rollback-nothing",
                    hint=f"`sealift history --environment {environment.name}` shows what was deployed.",
                )
            digest = good.release
        services.events.emit(
            Noted(
                name="going-back",
                message=f"{environment.name} goes back to release {digest[:12]}",
                hint="Code and configuration go back. Data that was written meanwhile is not brought back.",
                environment=environment.name,
            )
        )
        give_up_watch(before.current, writer, reason="a rollback was asked for")
        return redeploy(target, digest, kind="rollback", writer=writer, services=services)
