"""Resume: end what a killed or interrupted command began in an environment. Does nothing where nothing is open."""

from sealift.delivery.history import open_teardown, standing
from sealift.errors import Refused
from sealift.model.app import App, Environment
from sealift.usecases.hooks import check_code_of_hooks
from sealift.usecases.promote import PromotionOptions, promote
from sealift.usecases.release import Outcome, conclude_watch, redeploy
from sealift.usecases.rollback import rollback
from sealift.usecases.services import Services
from sealift.usecases.target import Target
from sealift.usecases.writing import check_account, check_pull_request, clear_lease, writing


def resume(app: App, environment: Environment, services: Services) -> Outcome:
    """Bring the deployment, promotion or rollback that has no end to one. Raises Refused where a person has to say.

    A promotion passes its gates again. A teardown is not continued: its environment's name has to be typed.
    """
    cloud = services.clouds.open(environment)
    check_account(environment, cloud)
    check_pull_request(app, environment, cloud)
    entries = services.ledgers.ledger(cloud).entries()
    _refuse_teardown(environment, torn_down=open_teardown(entries))
    now = standing(entries)
    if now.rollback_due is not None or now.open_watch is not None:
        return _watch_on(Target(app=app, environment=environment, cloud=cloud), services)
    match now.interrupted:
        case None:
            clear_lease(cloud, services)
            release = now.current.release if now.current else ""
            return Outcome(environment=environment.name, status="succeeded", release=release, message="nothing is open")
        case open_ if open_.kind == "promotion":
            return promote(app, environment, services, PromotionOptions(release=open_.release))
        case open_ if open_.kind == "rollback":
            return rollback(app, environment, services, to=None)
    return _again(Target(app=app, environment=environment, cloud=cloud), services)


def _watch_on(target: Target, services: Services) -> Outcome:
    with writing(target.cloud, services, purpose="resumption of a watch") as writer:
        now = standing(writer.ledger.entries())
        outcome = conclude_watch(target, now, writer, services)
        release = now.current.release if now.current else ""
        return outcome or Outcome(
            environment=target.environment.name, status="succeeded", release=release, message="it ended"
        )


def _again(target: Target, services: Services) -> Outcome:
    with writing(target.cloud, services, purpose="resumption") as writer:
        now = standing(writer.ledger.entries())
        if now.interrupted is None:  # somebody else was faster
            release = now.current.release if now.current else ""
            return Outcome(environment=target.environment.name, status="succeeded", release=release, message="it ended")
        open_ = now.interrupted
        check_code_of_hooks(target.app, target.cloud, open_.commit, services)
        return redeploy(target, open_.release, kind=open_.kind, writer=writer, services=services)


def _refuse_teardown(environment: Environment, *, torn_down: bool) -> None:
    if torn_down:
        raise Refused(
            f"What was interrupted in {environment.name} is its teardown",
            code="resume-teardown",
            hint=f"End it with `sealift destroy {environment.name}`, or deploy there again.",
            context={"environment": environment.name},
        )
