"""`sealift run`: the journey of one commit, decided from branch, pull request and configuration."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Literal

from sealift.delivery.journey import Journey, journey
from sealift.delivery.override import Override
from sealift.errors import Refused, UserError
from sealift.model.app import App, Environment
from sealift.model.evidence import Evidence
from sealift.model.ledger import Status
from sealift.model.release import BuiltRelease, Origin
from sealift.model.template import Template
from sealift.usecases.admission import ANY_TIME, Admission, check_override, record_overrides
from sealift.usecases.attest import load_keys, require_private_key
from sealift.usecases.build import build_release, load_templates
from sealift.usecases.check import audit, check
from sealift.usecases.contract import settings_beyond
from sealift.usecases.deploy import enters, looking_for_drift
from sealift.usecases.evidence import evidence_of_checks
from sealift.usecases.fitness import require_probes
from sealift.usecases.gates.asking import AGAIN, WHAT, WHO, require
from sealift.usecases.gates.entering import Entering
from sealift.usecases.promote import PromotionOptions, promote
from sealift.usecases.proof.certificates import store_certificate
from sealift.usecases.proof.prove import Proof, prove_built, require_isolation
from sealift.usecases.proof.views import render_ahead
from sealift.usecases.references import require_defined
from sealift.usecases.release import Outcome, bring
from sealift.usecases.services import Services
from sealift.usecases.site import open_site
from sealift.usecases.store import upload_release
from sealift.usecases.succession import ask_for, take_turn
from sealift.usecases.writing import Operation, Writer, require_gates, writing

REHEARSAL_SOAK_S = 5.0
"""The longest soak and the longest watch of a whole journey on the embedded cloud, where nobody waits for days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """What `sealift run` was asked for."""

    local: bool
    branch: str | None = None
    pull_request: str | None = None
    tests: bool = True
    force: bool = False
    full_soak: bool = False
    promotes: bool = True
    """Whether a local run promotes too, as if the button had been pushed; on AWS no run does."""
    wait: bool = False
    """Whether a window that is closed is waited for."""
    override: Override = field(default_factory=Override)
    """Gates that are passed although they are closed."""
    strict: bool = False
    """Whether findings that stop a deployment on AWS stop one on the embedded cloud too."""

    @property
    def rehearses(self) -> bool:
        """Return whether the whole journey is made on the embedded cloud, without waiting for days or a person."""
        return self.local and self.promotes


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """The outcome of the run."""

    status: Status
    release: str | None = None
    environments: Mapping[str, Status] = field(default_factory=dict)
    message: str = ""
    hint: str = ""


def commit_of(app: App, services: Services, *, local: bool) -> Origin:
    """Return the commit under delivery. Off the embedded cloud, a dirty tree or none at all is refused."""
    origin = services.scm.origin(app.root)
    problem, code = "", ""
    if origin is None:
        problem, code = f"{app.root} is not in a git repository", "not-a-repository"
    elif origin.commit is None:
        problem, code = "The git repository has no commit yet", "no-commit"
    elif origin.dirty:
        problem, code = "The work tree differs from the commit: no commit contains this release", "dirty-tree"
    if problem and not local:
        raise UserError(problem, code=code, hint="Commit your work, or try it with --local.")
    if problem:
        services.note(code, f"{problem}; continuing, because this is local", level="warning")
    return origin or Origin(commit=None, branch=None, dirty=True)


def run(app: App, services: Services, options: RunOptions) -> RunResult:
    """Deliver the commit as far as its branch allows: analyse, test, build, deploy, verify; locally also promote."""
    if not options.local:
        require_gates(app)
    origin = commit_of(app, services, local=options.local)
    way = way_of(app, origin, options)
    level: Literal["info", "warning"] = "warning" if way.unmerged else "info"
    services.note("journey", way.reason, level=level, hint=way.hint)
    templates = load_templates(app, services)
    with _preparing(app, templates, way, services, options):
        checked = check(app, services, templates=templates, local=options.local, tests=options.tests)
    if checked.status != "succeeded":
        return RunResult(status=checked.status, message="Analysis or tests stopped the journey; nothing was deployed")
    built = build_release(app, services, templates=templates, origin=origin)
    audited = None if options.local else audit(app, built, services)
    proof = prove_built(app, built, services, templates=templates, local=options.local)
    require_isolation(proof, services, strict=options.strict or not options.local)
    settings = settings_beyond(app, services, templates) if way.deploys else {}
    evidence = evidence_of_checks(built, checked, audited, settings=settings)
    statuses: dict[str, Status] = {}
    for environment in (_rehearsed(e, services, options) for e in way.deploys):
        admission = Admission(wait=options.wait, override=options.override, rehearsal=options.rehearses)
        outcome = deploy_built(
            app,
            environment,
            built,
            services,
            proof=proof,
            force=options.force,
            follows_branch=True,
            admission=admission,
            evidence=evidence,
        )
        statuses[environment.name] = outcome.status
        if outcome.status != "succeeded":
            return _stopped(built, statuses, outcome)
    for environment in way.promotes:
        if not options.rehearses:
            statuses[environment.name] = "pending"
            continue
        stopped = _rehearse(app, environment, services, options, built, statuses)
        if stopped is not None:
            return stopped
    return RunResult(
        status="succeeded", release=built.release.digest, environments=statuses, message=_next(way, options)
    )


def built_and_proved(app: App, services: Services, *, local: bool) -> tuple[BuiltRelease, Proof]:
    """Build what is checked out and prove it, without analysis and tests."""
    origin = commit_of(app, services, local=local)
    templates = load_templates(app, services)
    require_defined(app, templates, services)
    require_probes(app, templates)
    built = build_release(app, services, templates=templates, origin=origin)
    proof = prove_built(app, built, services, templates=templates, local=local)
    require_isolation(proof, services, strict=not local)
    return built, proof


def go_on(_writer: Writer) -> None:
    """Let a deployment begin."""


def deploy_built(
    app: App,
    environment: Environment,
    built: BuiltRelease,
    services: Services,
    *,
    proof: Proof,
    force: bool = False,
    adopt: bool = False,
    follows_branch: bool = False,
    admission: Admission = ANY_TIME,
    evidence: Evidence | None = None,
    begin: Callable[[Writer], Outcome | None] = go_on,
) -> Outcome:
    """Deploy a release that was just built: check the account, resolve the configuration, store, deploy, verify.

    One that `follows_branch` never replaces a newer commit, unless it is forced. `begin` is called under the lease
    before anything else is written; what it returns ends the deployment.
    """
    site = open_site(app, environment, services)
    entering = Entering(
        site=site,
        release=built.release.digest,
        built=built.release,
        files=built.files,
        built_from=built.origin.commit,
        proved=proof,
        adopt=adopt,
        rehearsal=admission.rehearsal,
    )
    require(WHO, entering, admission)
    check_override(admission.override, environment, services)
    require(WHAT, entering, admission)
    plan = entering.plan
    keys = load_keys(app)
    require_private_key(keys, site)
    asked = ask_for(site, follows_branch=follows_branch)
    with writing(site, purpose=f"deployment of {built.release.short()}") as writer:
        turn = begin(writer) or take_turn(plan, asked, writer, force=force)
        if isinstance(turn, Outcome):
            return turn
        entering.refresh()  # a gate may have closed while the lease was waited for
        overridden = require(AGAIN, entering, replace(admission, wait=False), shown=False)
        turn = looking_for_drift(turn, writer, force=force)
        operation = Operation(
            id=services.ids.new(), kind="override", release=built.release.digest, commit=built.origin.commit
        )
        if enters(turn, writer, force=force):
            record_overrides(overridden, admission.override, operation, writer)
        recorded = upload_release(built, site, keys=keys, evidence=evidence)
        proved = replace(turn, author=built.origin.author, isolation=store_certificate(proof, writer))
        return bring(replace(proved, evidence=recorded), writer, restore=False, force=force)


@contextmanager
def _preparing(
    app: App, templates: Mapping[str, Template], way: Journey, services: Services, options: RunOptions
) -> Iterator[None]:
    """Render templates and open embedded clouds while the commit is analysed and tested.

    What fails here is raised where it is used.
    """
    pool = ThreadPoolExecutor(max_workers=3)
    for environment in (*way.deploys, *(way.promotes if options.promotes else ())) if options.local else ():
        pool.submit(_look_ahead, app, environment, services)
    pool.submit(render_ahead, app, templates, services)
    try:
        yield
    finally:
        pool.shutdown(wait=True)


def _look_ahead(app: App, environment: Environment, services: Services) -> None:
    """Start an embedded cloud and ask it what will be asked first: clients, ledger and stack are known then."""
    site = open_site(app, environment, services)
    site.ledger.entries()
    for name in site.stack_names():
        site.cloud.stacks.describe(name)


def way_of(app: App, origin: Origin, options: RunOptions) -> Journey:
    """Return the journey of the commit. On AWS, only branches that contain the commit count."""
    branch = options.branch or origin.branch
    if branch is None and options.local:
        branch = next((e.branch for e in app.environments if e.branch), None)
    merged_to = None if options.local or app.gates.reference is None else app.gates.merged_to
    return journey(app, branch=branch, pull_request=options.pull_request, merged_to=merged_to)


def _rehearse(
    app: App,
    environment: Environment,
    services: Services,
    options: RunOptions,
    built: BuiltRelease,
    statuses: dict[str, Status],
) -> RunResult | None:
    """Promote on the embedded cloud as if the button had been pushed; return a result when the journey ends here."""
    source = app.environment(environment.promotes_from or "")
    declared_s = source.soak_s if source else 0.0
    soak_s = declared_s if options.full_soak else min(declared_s, REHEARSAL_SOAK_S)
    if soak_s < declared_s:
        services.note(
            "soak-shortened",
            f"The soak of {declared_s:.0f} s is shortened to {soak_s:.0f} s here; --full-soak keeps the full time",
            environment=environment.promotes_from,
        )
    try:
        chosen = PromotionOptions(
            release=built.release.digest,
            built=built.release,
            wait=True,
            override=options.override,
            rehearsal=True,
            soak_s=soak_s,
            strict=options.strict,
        )
        outcome = promote(app, _rehearsed(environment, services, options), services, chosen)
    except Refused as refusal:
        statuses[environment.name] = "waiting" if refusal.exit_code == 4 else "refused"
        return RunResult(
            status=statuses[environment.name],
            release=built.release.digest,
            environments=statuses,
            message=refusal.message,
            hint=refusal.hint,
        )
    statuses[environment.name] = outcome.status
    return None if outcome.status == "succeeded" else _stopped(built, statuses, outcome)


def _rehearsed(environment: Environment, services: Services, options: RunOptions) -> Environment:
    """Return the environment with a short watch for a rehearsal."""
    watch_s = environment.watch_s
    if not options.rehearses or options.full_soak or watch_s <= REHEARSAL_SOAK_S:
        return environment
    services.note(
        "watch-shortened",
        f"The watch of {watch_s:.0f} s is shortened to {REHEARSAL_SOAK_S:.0f} s here; --full-soak keeps the full time",
        environment=environment.name,
    )
    return replace(environment, watch_s=REHEARSAL_SOAK_S)


def _stopped(built: BuiltRelease, statuses: Mapping[str, Status], outcome: Outcome) -> RunResult:
    return RunResult(
        status=outcome.status,
        release=built.release.digest,
        environments=dict(statuses),
        message=f"{outcome.environment}: {outcome.message}",
        hint=outcome.hint,
    )


def _next(way: Journey, options: RunOptions) -> str:
    if not way.deploys:
        return "Checked and built; " + way.reason
    if options.rehearses:
        return "`sealift status --local` shows the addresses, `sealift local down` stops the embedded cloud"
    if not way.promotes:
        return ""
    first = way.promotes[0]
    return f"When the soak in {first.promotes_from} is over: sealift promote {first.name}"
