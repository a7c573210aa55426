"""Resume: end what a killed or interrupted command began in an environment. Does nothing where nothing is open."""

from collections.abc import Sequence

from sealift.delivery.history import Deployed, Standing, open_destruction, standing
from sealift.delivery.states import ADVICE, next_step
from sealift.errors import Refused
from sealift.model.app import App, Environment
from sealift.usecases.admission import ANY_TIME
from sealift.usecases.gates.asking import AGAIN, ENTRY, require
from sealift.usecases.gates.entering import Entering
from sealift.usecases.promote import PromotionOptions, promote
from sealift.usecases.release import Outcome, conclude_watch, redeploy
from sealift.usecases.rollback import rollback
from sealift.usecases.services import Services
from sealift.usecases.site import Site, open_site
from sealift.usecases.stacks.stuck import Stuck, stuck_among
from sealift.usecases.writing import check_account, check_pull_request, clear_lease, writing


def resume(app: App, environment: Environment, services: Services) -> Outcome:
    """Complete an unfinished deployment, promotion or rollback. Raises Refused when a person has to decide.

    Deployments and promotions pass their gates again. `destroy` is not continued: the environment has to be named.
    """
    site = open_site(app, environment, services)
    check_account(site)
    check_pull_request(site)
    entries = site.ledger.entries()
    _refuse_destruction(environment, destroying=open_destruction(entries))
    now = standing(entries)
    if now.rollback_due is not None or now.open_watch is not None:
        return _watch_on(site)
    match now.to_finish:
        case None:
            stuck = stuck_among(site.states(), site.cloud.stacks)
            # A first creation that failed is no more than failed: the next deployment clears it away by itself.
            stuck = tuple(one for one in stuck if next_step(one.state.status) != "recreate")
            if stuck:
                return _out_of(stuck, site, now)
            clear_lease(site)
            release = now.current.release if now.current else ""
            return Outcome(environment=environment.name, status="succeeded", release=release, message="nothing is open")
        case open_ if open_.kind == "promotion":
            return promote(app, environment, services, PromotionOptions(release=open_.release))
        case open_ if open_.kind == "rollback":
            return rollback(app, environment, services, to=None)
        case open_:
            return _again(open_, site)


def _out_of(stuck: Sequence[Stuck], site: Site, now: Standing) -> Outcome:
    """Roll stuck stacks back to the last good release. Raises Refused when that is not possible.

    A failed update whose rollback failed as well ended for the ledger; the environment runs neither release.
    """
    last = now.last
    good = last if last is None or last.is_good else now.good_before(last.release, last.config)
    beyond = [s for s in stuck if next_step(s.state.status) != "continue-rollback"]
    if good is None or beyond:
        one = (beyond or stuck)[0]
        name = site.name
        raise Refused(
            f"{name}: {'; '.join(map(str, stuck))}",
            code="stack-state",
            hint=ADVICE.get(one.state.status) or f"Fix what the reasons name, then deploy to {name} again.",
            context={"environment": name, "stack": one.state.name, "status": one.state.status},
        )
    return rollback(site.app, site.environment, site.services, to=good.release)


def _watch_on(site: Site) -> Outcome:
    with writing(site, purpose="resumption of a watch") as writer:
        now = standing(writer.ledger.entries())
        outcome = conclude_watch(now, writer)
        release = now.current.release if now.current else ""
        return outcome or Outcome(environment=site.name, status="succeeded", release=release, message="it ended")


def _again(open_: Deployed, site: Site) -> Outcome:
    entering = Entering(site=site, release=open_.release, built_from=open_.commit)
    require(ENTRY, entering, ANY_TIME)
    with writing(site, purpose="resumption") as writer:
        now = standing(writer.ledger.entries())
        if now.to_finish is None or now.to_finish.operation != open_.operation:  # somebody else was faster
            release = now.current.release if now.current else ""
            return Outcome(environment=site.name, status="succeeded", release=release, message="it ended")
        entering.refresh()
        require(AGAIN, entering, ANY_TIME, shown=False)
        return redeploy(open_.release, kind=open_.kind, writer=writer)


def _refuse_destruction(environment: Environment, *, destroying: bool) -> None:
    if destroying:
        raise Refused(
            f"The command that was interrupted in {environment.name} is `sealift destroy`",
            code="resume-teardown",
            hint=f"End it with `sealift destroy {environment.name}`, or deploy there again.",
            context={"environment": environment.name},
        )
