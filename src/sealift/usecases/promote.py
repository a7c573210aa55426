"""Promote: production gets the bytes that were verified and soaked in the environment before it, or nothing."""

from dataclasses import dataclass, field, replace

from sealift.delivery.approval import approval_gate
from sealift.delivery.gates import GateResult, health_gate, promotion_gates
from sealift.delivery.health import Judgement, evidence, judge, summary
from sealift.delivery.history import Standing, approvals, standing
from sealift.delivery.override import Override
from sealift.errors import ConfigError, Refused, Waiting
from sealift.model.app import App, Environment
from sealift.ports import Cloud
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
from sealift.usecases.stacks.missing import broken_stacks
from sealift.usecases.store import copy_release, full_digest, stored_origin, stored_release
from sealift.usecases.succession import ask, take_turn
from sealift.usecases.target import Target
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
    source_environment = _source(app, environment)
    source = services.clouds.open(source_environment)
    cloud = services.clouds.open(environment)
    check_account(source_environment, source)
    check_account(environment, cloud)
    check_gates(app, environment, cloud)
    admission = options.admission
    check_override(admission.override, environment, services)
    target = Target(app=app, environment=environment, cloud=cloud)
    digest = _chosen(options.release, source, services)
    if not options.force and _runs_there(target, digest, source, services):
        clear_lease(cloud, services)
        return already_there(target, digest, services)
    soaked = Target(app=app, environment=source_environment, cloud=source)
    overridden = _pass_gates(soaked, services, digest=digest, options=options)
    verified = _standing(source, services).verified(digest)  # the newest: an override passes the soak, never this
    commit = verified.commit if verified else None
    pass_branch(app, source_environment, source, services, commit=commit)
    _pass_approval(target, source, services, digest=digest)
    pass_window(environment, cloud, services, admission, release=digest)
    release = stored_release(digest, source)
    require_attestations(release, source, load_keys(app), services)
    proof = prove_stored(app, release, source, services)
    isolation_gate(proof, services, strict=options.strict or not cloud.local)
    plan = plan_deployment(target, release, commit=commit, kind="promotion")
    asked = ask(cloud, services)
    check_code_of_hooks(app, cloud, commit, services)
    tell_what_stays(app, cloud, services)
    judgement = _pass_health(soaked, services)
    plan = replace(plan, health=evidence(judgement))
    with writing(cloud, services, purpose=f"promotion of {release.short()}") as writer:
        turn = take_turn(target, plan, asked, writer, services, force=options.force)
        if isinstance(turn, Outcome):
            return turn
        # It may have closed while the lease was waited for.
        overridden += pass_window(environment, cloud, services, replace(admission, wait=False), release=digest)
        turn = looking_for_drift(target, turn, writer, force=options.force)
        operation = Operation(id=services.ids.new(), kind="override", release=digest, commit=commit)
        if enters(target, turn, writer, force=options.force):
            record_overrides(app, overridden, admission.override, operation, writer)
        copy_release(release, stored_origin(digest, source), source=source, target=cloud, services=services)
        author = verified.author if verified else None
        proved = replace(turn, author=author, isolation=store_certificate(proof, writer))
        return bring(target, proved, writer, services, restore=True, force=options.force)


def _source(app: App, environment: Environment) -> Environment:
    source = app.environment(environment.promotes_from) if environment.promotes_from else None
    if source is None:
        raise ConfigError(
            f"{environment.name} is not promoted into: it has no `promotes_from`",
            code="no-promotion",
            hint=f"Deploy to it with `sealift deploy {environment.name}`, or set `promotes_from` in sealift.toml.",
        )
    return source


def _standing(cloud: Cloud, services: Services) -> Standing:
    return standing(services.ledgers.ledger(cloud).entries())


def _chosen(prefix: str | None, source: Cloud, services: Services) -> str:
    if prefix is not None:
        return full_digest(prefix, source)
    current = _standing(source, services).current
    if current is None:
        raise Refused(
            f"{source.environment} has no release to promote",
            code="gate-release",
            hint=f"Deploy to it first: `sealift run`, or `sealift deploy {source.environment}`.",
        )
    return current.release


def _runs_there(target: Target, digest: str, source: Cloud, services: Services) -> bool:
    """Return whether the environment runs this release and configuration, verified, and nothing there is open."""
    now = _standing(target.cloud, services)
    current = now.current
    if current is None or current.release != digest or now.open_watch is not None:
        return False
    plan = plan_deployment(target, stored_release(digest, source), commit=None, kind="promotion")
    return is_standing(target, plan, now)


def _pass_gates(
    soaked: Target, services: Services, *, digest: str, options: PromotionOptions
) -> tuple[GateResult, ...]:
    """Return what was overridden when every gate of the source is open or overridden."""
    environment, source = soaked.environment, soaked.cloud
    wanted_s = options.soak_s if options.soak_s is not None and source.local else environment.soak_s

    def judge() -> tuple[GateResult, ...]:
        now = services.clock.now()
        broken = tuple(broken_stacks(soaked.app, environment, source))
        current = _standing(source, services)
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


def _pass_health(source: Target, services: Services) -> Judgement:
    """Return what is to be thought of the release where it soaks; what is not healthy closes the gate.

    Traffic that is missing is made by probes, last of all gates, so that none is sent in vain.
    """
    name, declared = source.environment.name, source.environment.health
    with phase(services, "health", environment=name) as outcome:
        now = _standing(source.cloud, services)
        seen = observe(source, now, services, start=now.soaking_since or services.clock.now())
        judgement = judge(seen, declared)
        if judgement.verdict == "waiting":
            count = declared.min_requests - judgement.requests
            sent, problems = send_probes(source, outputs_of(source), services, count=count)
            judgement = judge(seen, declared, synthetic=sent, problems=problems)
        tell(judgement, source, services)
        result = health_gate(source.environment, judgement)
        outcome.detail = "; ".join((summary(judgement), *judgement.remarks))
        if result.status != "open":
            outcome.status = "waiting" if result.status == "waiting" else "refused"
            raise closed_error(result, source.environment, evidence=evidence(judgement))
        return judgement


def _pass_approval(target: Target, source: Cloud, services: Services, *, digest: str) -> None:
    environment = target.environment
    if environment.approvals:
        given = approvals(services.ledgers.ledger(target.cloud).entries(), release=digest)
        result = approval_gate(environment, given, subject_of(target, digest, source, services))
        if result.status != "open":
            raise closed_error(result, environment)
