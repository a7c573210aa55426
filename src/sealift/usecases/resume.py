"""Resume: end what a killed or interrupted command began in an environment. Does nothing where nothing is open."""

from collections.abc import Sequence

from sealift.delivery.history import Standing, open_teardown, standing
from sealift.delivery.states import ADVICE, next_step
from sealift.errors import Refused
from sealift.model.app import App, Environment
from sealift.usecases.hooks import check_code_of_hooks
from sealift.usecases.promote import PromotionOptions, promote
from sealift.usecases.release import Outcome, conclude_watch, redeploy
from sealift.usecases.rollback import rollback
from sealift.usecases.services import Services
from sealift.usecases.stacks.stuck import Stuck, states_of, stuck_among
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
    match now.to_finish:
        case None:
            target = Target(app=app, environment=environment, cloud=cloud)
            stuck = stuck_among(states_of(target), cloud.stacks)
            # A first creation that failed is no more than failed: the next deployment clears it away by itself.
            stuck = tuple(one for one in stuck if next_step(one.state.status) != "recreate")
            if stuck:
                return _out_of(stuck, target, now, services)
            clear_lease(cloud, services)
            release = now.current.release if now.current else ""
            return Outcome(environment=environment.name, status="succeeded", release=release, message="nothing is open")
        case open_ if open_.kind == "promotion":
            return promote(app, environment, services, PromotionOptions(release=open_.release))
        case open_ if open_.kind == "rollback":
            return rollback(app, environment, services, to=None)
    return _again(Target(app=app, environment=environment, cloud=cloud), services)


def _out_of(stuck: Sequence[Stuck], target: Target, now: Standing, services: Services) -> Outcome:
    """Bring stacks that are stuck back to the release that was good there. Raises Refused where that is not possible.

    A failed update whose rollback failed as well ended for the ledger; the environment runs neither release.
    """
    last = now.last
    good = last if last is None or last.is_good else now.good_before(last.release, last.config)
    beyond = [s for s in stuck if next_step(s.state.status) != "continue-rollback"]
    if good is None or beyond:
        one = (beyond or stuck)[0]
        name = target.environment.name
        raise Refused(
            f"{name}: {'; '.join(map(str, stuck))}",
            code="stack-state",
            hint=ADVICE.get(one.state.status) or f"Mend what the reasons name, then deploy to {name} again.",
            context={"environment": name, "stack": one.state.name, "status": one.state.status},
        )
    return rollback(target.app, target.environment, services, to=good.release)


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
        if now.to_finish is None:  # somebody else was faster
            release = now.current.release if now.current else ""
            return Outcome(environment=target.environment.name, status="succeeded", release=release, message="it ended")
        open_ = now.to_finish
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
