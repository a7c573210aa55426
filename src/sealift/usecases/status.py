"""Where every environment stands, read from its ledger and stacks. Writes nothing."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sealift.delivery.gates import GateResult
from sealift.delivery.health import Judgement
from sealift.delivery.history import (
    Deployed,
    Overtaken,
    Standing,
    open_destruction,
    overtaken,
    standing,
)
from sealift.delivery.identity import is_there
from sealift.delivery.outputs import web_addresses
from sealift.delivery.states import ADVICE, next_step
from sealift.errors import SealiftError
from sealift.model.app import App, Environment
from sealift.model.ledger import Entry, Lease, Status
from sealift.usecases.gates.asking import GLANCE, ask
from sealift.usecases.gates.entering import Entering
from sealift.usecases.gates.window import window
from sealift.usecases.health import judge_running
from sealift.usecases.services import Services
from sealift.usecases.site import open_site
from sealift.usecases.stacks.stuck import Stuck, stuck_among
from sealift.usecases.stacks.undeclared import observe_undeclared


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One environment's standing for people and machines."""

    environment: Environment
    status: Status
    current: Deployed | None = None
    last: Deployed | None = None
    soak_until: datetime | None = None
    health: Judgement | None = None
    """What is seen of the release that soaks; None when none does."""
    overtaken: tuple[Overtaken, ...] = ()
    standing: Standing | None = None
    gates: tuple[GateResult, ...] = ()
    """What the gates say to the release that could come next."""
    enters: bool = False
    """Whether there is one: another release, or the same with another configuration."""
    override: Entry | None = None
    """The newest override that let the current release in."""
    outputs: Mapping[str, str] = field(default_factory=dict)
    stuck: tuple[Stuck, ...] = ()
    """Stacks that a failed operation left in a state from which nothing can be changed: neither release runs."""
    destroying: bool = False
    """Whether `destroy` has no end."""
    missing: tuple[str, ...] = ()
    """Stacks that are not there, although the ledger says that a release runs in them."""
    undeclared: tuple[str, ...] = ()
    """Stacks that Sealift made here and that sealift.toml does not declare."""
    lease: Lease | None = None
    """Who is at work there, if anybody is."""
    error: str = ""
    next: str = ""

    @property
    def urls(self) -> dict[str, str]:
        """Return those outputs that are web addresses."""
        return web_addresses(self.outputs)


def status(app: App, services: Services) -> tuple[Lane, ...]:
    """Return one lane per environment, read in parallel. A lane reports what could not be read."""
    with ThreadPoolExecutor(max_workers=8) as pool:
        seen = list(pool.map(lambda e: _observe(app, e, services), app.environments))
    by_name = {lane.environment.name: lane for lane in seen}
    now = services.clock.now()
    with ThreadPoolExecutor(max_workers=8) as pool:
        gated = list(pool.map(lambda lane: _gated(app, lane, by_name, services), seen))
    return tuple(_with_next(lane, by_name, now) for lane in gated)


def _observe(app: App, environment: Environment, services: Services) -> Lane:
    try:
        site = open_site(app, environment, services)
        entries = site.ledger.entries()
        now = standing(entries)
        states = site.states() if entries else ()
        stuck = stuck_among(states, site.cloud.stacks)
        health = judge_running(site, now) if _is_soaked(app, environment) else None
        there = {state.name for state in states if is_there(state, app, environment)}
        missing = tuple(name for name in site.stack_names() if name not in there) if now.current else ()
        left = observe_undeclared(site, entries)
        lease = services.ledgers.leases(site.cloud).live() if entries else None
    except SealiftError as error:
        return Lane(environment=environment, status="errored", error=error.message)
    soaks = now.soaking_since if not missing else None
    until = soaks + timedelta(seconds=environment.soak_s) if soaks else None
    return Lane(
        environment=environment,
        status="failed" if missing or (stuck and _status(now) in {"succeeded", "running"}) else _status(now),
        error="; ".join(f"stack {name} is not there" for name in missing),
        current=now.current,
        last=now.last,
        soak_until=until,
        health=health,
        overtaken=overtaken(entries, soak_s=environment.soak_s),
        standing=now,
        override=_override(entries, now.current),
        outputs={key: site.secrets.masked(value) for key, value in site.outputs(states).items()},
        stuck=stuck,
        destroying=open_destruction(entries),
        missing=missing,
        undeclared=tuple(state.name for state in left),
        lease=lease,
    )


def _override(entries: Sequence[Entry], current: Deployed | None) -> Entry | None:
    found = [e for e in entries if e.record.kind == "override" and current and e.record.release == current.release]
    return found[-1] if found else None


def _gated(app: App, lane: Lane, lanes: Mapping[str, Lane], services: Services) -> Lane:
    """Return the lane with the gates of the release that could be promoted now; without any, those of windows."""
    source = lanes.get(lane.environment.promotes_from or "")
    if lane.standing is None or (source is not None and source.standing is None):
        return lane
    site = open_site(app, lane.environment, services)
    offered = source.current if source is not None else None
    if source is None or offered is None:  # nothing would enter
        return replace(lane, gates=ask((window,), Entering(site=site, release="")))
    opened = open_site(app, source.environment, services)
    entering = Entering(site=site, source=opened, release=offered.release, probing=False)
    # The gates judge what the lanes show, and ask no ledger again.
    entering.standing = lane.standing
    if source.standing is not None:
        entering.soaked = source.standing
    there = _runs(lane, entering)
    if there:
        return replace(lane, gates=ask((window,), entering))
    if source.health is not None:
        entering.judgement = source.health
    return replace(lane, gates=ask(GLANCE, entering), enters=True)


def _runs(lane: Lane, entering: Entering) -> bool:
    """Return whether the environment runs the release that is offered, with the configuration that it would get.

    Where that release did badly or was rolled back to, another line says what comes next.
    """
    current, now = lane.current, lane.standing
    if current is None or now is None or current.release != entering.release:
        return False
    if not current.is_good or current.kind == "rollback" or lane.stuck or lane.missing:
        return True
    from sealift.usecases.deploy import is_standing

    try:
        return is_standing(entering.site, entering.plan, now)
    except SealiftError:
        return False  # the gate of the configuration says why


def _status(now: Standing) -> Status:
    if now.last is None:
        return "pending"
    if now.last.status != "succeeded":
        return now.last.status
    if now.last.watch == "failed":
        return "failed"
    return now.last.verified or "running"


def _is_soaked(app: App, environment: Environment) -> bool:
    """Return whether a release soaks here before it goes on."""
    return environment.soak_s > 0 or any(e.promotes_from == environment.name for e in app.environments)


def _with_next(lane: Lane, lanes: Mapping[str, Lane], now: datetime) -> Lane:
    if lane.environment.kind == "preview":
        return replace(lane, next=_next_of_a_preview(lane, now))
    return replace(lane, next=_next(lane, lanes, now))


def _next_of_the_same(current: Deployed, now: Standing | None) -> str:
    """Return what comes next where the offered release runs, maybe with a configuration that was rolled back to."""
    if current.kind == "rollback" and now is not None and now.failed(current.release):
        return f"{current.release[:12]} failed here with another configuration: put the one before back in sealift.toml"
    return "up to date"


def _unfinished(lane: Lane, now: datetime) -> str:
    """Return the command that completes an interrupted operation; empty when there is none."""
    name, standing = lane.environment.name, lane.standing
    watch = standing.open_watch if standing is not None else None
    watching = watch is not None and watch.watch == "running" and now < (watch.watch_until or now)
    begun = standing is not None and (standing.to_finish is not None or standing.rollback_due is not None)
    stuck = [one for one in lane.stuck if next_step(one.state.status) != "recreate"]
    if lane.lease is not None and (begun or lane.destroying or stuck):
        until = f"{lane.lease.expires_at:%H:%M:%S} UTC"
        return f"{lane.lease.holder} is at work ({lane.lease.purpose}); if not, `sealift resume {name}` after {until}"
    if lane.destroying:
        return f"sealift destroy {name}"
    beyond = [one for one in stuck if next_step(one.state.status) == "refuse"]
    if beyond:
        return f"stack {beyond[0].state.name}: {ADVICE.get(beyond[0].state.status, 'check it in the console')}"
    if begun or stuck or (watch is not None and not watching):
        return f"sealift resume {name}"
    return ""


def _next_of_a_preview(lane: Lane, now: datetime) -> str:
    """Return the next step of a preview: an interrupted one is deployed again or destroyed."""
    if lane.destroying:
        return f"sealift preview down {lane.environment.name}"
    failed = lane.last is not None and lane.status != "succeeded"
    if lane.error or not (failed or lane.missing or _unfinished(lane, now)):
        return ""
    return "a push to its pull request; `sealift preview up` does the same"


def _next(lane: Lane, lanes: Mapping[str, Lane], now: datetime) -> str:
    environment = lane.environment
    source = lanes.get(environment.promotes_from or "")
    if lane.missing:
        return f"sealift deploy {environment.name}" if source is None else f"sealift promote {environment.name}"
    if lane.error:
        return ""
    unfinished = _unfinished(lane, now)
    if unfinished:
        return unfinished
    if source is None:
        return f"a commit on {environment.branch}" if environment.branch else ""
    offered = source.current
    if offered is None or source.soak_until is None:
        return f"waits for a verified release in {source.environment.name}"
    if lane.current is not None and not lane.enters:
        return _next_of_the_same(lane.current, lane.standing)
    same = lane.current is not None and lane.current.release == offered.release
    if not same and lane.standing is not None and lane.standing.failed(offered.release):
        return f"{offered.release[:12]} failed here: fix the cause and push a new commit"
    shut = next((gate for gate in lane.gates if gate.status != "open"), None)
    if shut is None:
        what = "changed configuration" if same else offered.release[:12]
        return f"sealift promote {environment.name}  ({what})"
    match shut.gate:
        case "soak" if shut.status == "waiting":
            return f"{offered.release[:12]} may come after its soak"
        case "window":
            return f"{offered.release[:12]} may come when the window opens"
        case "approval" if shut.status == "waiting":
            return shut.hint
    return f"{offered.release[:12]} may not come: {shut.message}"
