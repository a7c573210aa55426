"""Promote: production gets the bytes that were verified and soaked in the environment before it, or nothing."""

from dataclasses import dataclass, field, replace

from sealift.delivery.chains import anchor_record
from sealift.delivery.evidence import named_evidence, sha256_of
from sealift.delivery.health import evidence
from sealift.delivery.override import Override
from sealift.errors import ConfigError, Refused
from sealift.model.app import App, Environment
from sealift.model.release import Release
from sealift.usecases.admission import Admission, check_override, record_overrides
from sealift.usecases.deploy import enters, is_standing, looking_for_drift, plan_deployment
from sealift.usecases.gates.asking import AGAIN, WHAT, WHO, require
from sealift.usecases.gates.entering import Entering
from sealift.usecases.hooks import tell_what_stays
from sealift.usecases.proof.certificates import store_certificate
from sealift.usecases.release import Outcome, already_there, bring
from sealift.usecases.services import Services
from sealift.usecases.site import Site, open_site
from sealift.usecases.store import copy_release, full_digest, stored_origin, stored_release
from sealift.usecases.succession import ask_for, take_turn
from sealift.usecases.writing import Operation, clear_lease, writing


@dataclass(frozen=True, slots=True, kw_only=True)
class PromotionOptions:
    """What the person at the button may choose. `soak_s` shortens the soak on the embedded cloud only."""

    release: str | None = None
    wait: bool = False
    adopt: bool = False
    """Whether stacks that another tool made are taken over."""
    force: bool = False
    override: Override = field(default_factory=Override)
    soak_s: float | None = None
    strict: bool = False
    built: Release | None = None
    """The release itself where it was just built."""
    rehearsal: bool = False
    """On the embedded cloud alone: a closed window is told, and passed."""

    @property
    def admission(self) -> Admission:
        """Return how closed gates are handled."""
        return Admission(wait=self.wait, override=self.override, rehearsal=self.rehearsal)


def promote(app: App, environment: Environment, services: Services, options: PromotionOptions) -> Outcome:
    """Promote into `environment`. Raises Refused or Waiting when a gate is closed; nothing is written then.

    No gate is asked when this release and configuration run there already: nothing would enter.
    """
    entering = entering_by_promotion(app, environment, services, options)
    site, source, digest = entering.site, entering.source, entering.release
    assert source is not None
    require(WHO, entering, options.admission)
    check_override(options.override, environment, services)
    if not options.force and runs_there(site, digest, source):
        clear_lease(site)
        return already_there(site, digest)
    require(WHAT, entering, options.admission)
    asked = ask_for(site)
    tell_what_stays(site)
    health = evidence(entering.judgement) if entering.judgement is not None else {}
    plan = replace(entering.plan, health=health)
    with writing(site, purpose=f"promotion of {plan.release.short()}") as writer:
        turn = take_turn(plan, asked, writer, force=options.force)
        if isinstance(turn, Outcome):
            return turn
        entering.refresh()  # a gate may have closed while the lease was waited for
        overridden = require(AGAIN, entering, replace(options.admission, wait=False), shown=False)
        turn = looking_for_drift(turn, writer, force=options.force)
        operation = Operation(id=services.ids.new(), kind="override", release=digest, commit=plan.commit)
        if enters(turn, writer, force=options.force):
            record_overrides(overridden, options.override, operation, writer)
        told, origin = entering.evidence, stored_origin(digest, source.cloud)
        copy_release(plan.release, origin, source=source, target=site, evidence=told)
        author = entering.verified.author if entering.verified else None
        anchor = anchor_record(source.name, source.ledger.entries())
        proved = replace(turn, author=author, anchor=anchor, isolation=store_certificate(entering.proof, writer))
        return bring(
            replace(proved, evidence=_recorded(told, digest, source)), writer, restore=True, force=options.force
        )


def entering_by_promotion(
    app: App, environment: Environment, services: Services, options: PromotionOptions, *, probing: bool = True
) -> Entering:
    """Return what the gates are asked about. Raises ConfigError or Refused when there is nothing to promote."""
    source = open_site(app, _source(app, environment), services)
    site = open_site(app, environment, services)
    return Entering(
        site=site,
        source=source,
        release=_chosen(options.release, source),
        adopt=options.adopt,
        strict=options.strict,
        rehearsal=options.rehearsal,
        soak_s=options.soak_s,
        probing=probing,
        built=options.built,
        rebuilding="reproduced" not in options.override.gates,
    )


def _recorded(told: bytes | None, release: str, source: Site) -> str | None:
    """Return the hash of what was copied, if the source's ledger names it: a promotion vouches for nothing else."""
    named = named_evidence(source.ledger.entries(), release)
    return named if told is not None and sha256_of(told) == named else None


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


def runs_there(site: Site, digest: str, source: Site) -> bool:
    """Return whether the environment runs this release and configuration, verified, and nothing there is open."""
    now = site.standing()
    current = now.current
    if current is None or current.release != digest or now.open_watch is not None:
        return False
    plan = plan_deployment(site, stored_release(digest, source.cloud), commit=None, kind="promotion")
    return is_standing(site, plan, now)
