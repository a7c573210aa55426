"""Promote: production gets the bytes that were verified and soaked in the environment before it, or nothing."""

from dataclasses import dataclass, field, replace

from sealift.delivery.approval import approval_gate
from sealift.delivery.gates import GateResult, health_gate, promotion_gates
from sealift.delivery.health import Judgement, evidence, judge, summary
from sealift.delivery.history import approvals
from sealift.delivery.override import Override
from sealift.errors import ConfigError, Refused, Waiting
from sealift.model.app import App, Environment
from sealift.usecases.admission import (
    Admission,
    check_override,
    closed_error,
    pass_gates,
    pass_window,
    record_overrides,
)
from sealift.usecases.approve import subject_of
from sealift.usecases.attest import load_keys, require_attestations
from sealift.usecases.deploy import enters, is_standing, looking_for_drift, plan_deployment
from sealift.usecases.health import observe, outputs_of, send_probes, tell
from sealift.usecases.hooks import check_code_of_hooks, tell_what_stays
from sealift.usecases.merged import pass_branch
from sealift.usecases.proof.certificates import store_certificate
from sealift.usecases.proof.prove import isolation_gate, prove_stored
from sealift.usecases.release import Outcome, already_there, bring
from sealift.usecases.services import Services, phase
from sealift.usecases.site import Site, open_site
from sealift.usecases.stacks.missing import broken_stacks
from sealift.usecases.store import copy_release, full_digest, stored_origin, stored_release
from sealift.usecases.succession import ask, take_turn
from sealift.usecases.writing import Operation, check_account, check_gates, clear_lease, writing


@dataclass(frozen=True, slots=True, kw_only=True)
class PromotionOptions:
    """What the person at the button may choose. `soak_s` shortens the soak on the embedded cloud only."""

    release: str | None = None
    wait: bool = False
    force: bool = False
    override: Override = field(default_factory=Override)
    soak_s: float | None = None
    strict: bool = False
    rehearsal: bool = False
    """On the embedded cloud alone: a closed window is told, and passed."""

    @property
    def admission(self) -> Admission:
        """Return what is said to a closed gate."""
        return Admission(wait=self.wait, override=self.override, rehearsal=self.rehearsal)


def promote(app: App, environment: Environment, services: Services, options: PromotionOptions) -> Outcome:
    """Promote into `environment`. Raises Refused or Waiting when a gate is closed; nothing is written then.

    No gate is asked when this release and configuration run there already: nothing would enter.
    """
    source = open_site(app, _source(app, environment), services)
    site = open_site(app, environment, services)
    check_account(source)
    check_account(site)
    check_gates(site)
    admission = options.admission
    check_override(admission.override, environment, services)
    digest = _chosen(options.release, source)
    if not options.force and _runs_there(site, digest, source):
        clear_lease(site)
        return already_there(site, digest)
    overridden = _pass_gates(source, digest=digest, options=options)
    verified = source.standing().verified(digest)  # the newest: an override passes the soak, never this
    commit = verified.commit if verified else None
    pass_branch(source, commit=commit)
    _pass_approval(site, source, digest=digest)
    pass_window(site, admission, release=digest)
    release = stored_release(digest, source.cloud)
    require_attestations(release, source, load_keys(app))
    proof = prove_stored(release, source)
    isolation_gate(proof, services, strict=options.strict or not site.cloud.local)
    plan = plan_deployment(site, release, commit=commit, kind="promotion")
    asked = ask(site)
    check_code_of_hooks(site, commit)
    tell_what_stays(site)
    judgement = _pass_health(source)
    plan = replace(plan, health=evidence(judgement))
    with writing(site, purpose=f"promotion of {release.short()}") as writer:
        turn = take_turn(plan, asked, writer, force=options.force)
        if isinstance(turn, Outcome):
            return turn
        # It may have closed while the lease was waited for.
        overridden += pass_window(site, replace(admission, wait=False), release=digest)
        turn = looking_for_drift(turn, writer, force=options.force)
        operation = Operation(id=services.ids.new(), kind="override", release=digest, commit=commit)
        if enters(turn, writer, force=options.force):
            record_overrides(overridden, admission.override, operation, writer)
        copy_release(release, stored_origin(digest, source.cloud), source=source, target=site)
        author = verified.author if verified else None
        proved = replace(turn, author=author, isolation=store_certificate(proof, writer))
        return bring(proved, writer, restore=True, force=options.force)


def _source(app: App, environment: Environment) -> Environment:
    source = app.environment(environment.promotes_from) if environment.promotes_from else None
    if source is None:
        raise ConfigError(
            f"{environment.name} is not promoted into: it has no `promotes_from`",
            code="no-promotion",
            hint=f"Deploy to it with `sealift deploy {environment.name}`, or set `promotes_from` in sealift.toml.",
        )
    return source


def _chosen(prefix: str | None, source: Site) -> str:
    if prefix is not None:
        return full_digest(prefix, source.cloud)
    current = source.standing().current
    if current is None:
        raise Refused(
            f"{source.name} has no release to promote",
            code="gate-release",
            hint=f"Deploy to it first: `sealift run`, or `sealift deploy {source.name}`.",
        )
    return current.release


def _runs_there(site: Site, digest: str, source: Site) -> bool:
    """Return whether the environment runs this release and configuration, verified, and nothing there is open."""
    now = site.standing()
    current = now.current
    if current is None or current.release != digest or now.open_watch is not None:
        return False
    plan = plan_deployment(site, stored_release(digest, source.cloud), commit=None, kind="promotion")
    return is_standing(site, plan, now)


def _pass_gates(source: Site, *, digest: str, options: PromotionOptions) -> tuple[GateResult, ...]:
    """Return what was overridden when every gate of the source is open or overridden."""
    environment, services = source.environment, source.services
    wanted_s = options.soak_s if options.soak_s is not None and source.cloud.local else environment.soak_s

    def judge() -> tuple[GateResult, ...]:
        now = services.clock.now()
        broken, current = tuple(broken_stacks(source)), source.standing()
        return promotion_gates(environment, current, release=digest, now=now, soak_s=wanted_s, broken=broken)

    with phase(services, "soak", environment=environment.name) as outcome:
        try:
            overridden = pass_gates(judge, environment, services, options.admission)
        except Refused as refusal:
            outcome.status = "waiting" if refusal.exit_code == Waiting.exit_code else "refused"
            outcome.detail = refusal.message
            raise
        outcome.detail = "; ".join(result.message for result in judge())
        return overridden


def _pass_health(source: Site) -> Judgement:
    """Return what is to be thought of the release where it soaks; what is not healthy closes the gate.

    Traffic that is missing is made by probes, last of all gates, so that none is sent in vain.
    """
    name, declared = source.environment.name, source.environment.health
    with phase(source.services, "health", environment=name) as outcome:
        now = source.standing()
        seen = observe(source, now, start=now.soaking_since or source.services.clock.now())
        judgement = judge(seen, declared)
        if judgement.verdict == "waiting":
            count = declared.min_requests - judgement.requests
            sent, problems = send_probes(source, outputs_of(source), count=count)
            judgement = judge(seen, declared, synthetic=sent, problems=problems)
        tell(judgement, source)
        result = health_gate(source.environment, judgement)
        outcome.detail = "; ".join((summary(judgement), *judgement.remarks))
        if result.status != "open":
            outcome.status = "waiting" if result.status == "waiting" else "refused"
            raise closed_error(result, source.environment, evidence=evidence(judgement))
        return judgement


def _pass_approval(site: Site, source: Site, *, digest: str) -> None:
    environment = site.environment
    if environment.approvals:
        given = approvals(site.ledger.entries(), release=digest)
        result = approval_gate(environment, given, subject_of(site, digest, source))
        if result.status != "open":
            raise closed_error(result, environment)
