"""Put one release onto one environment: every stack in order, then read the functions' code back.

A deployment is one operation in the ledger. Its `running` entry is written before anything is sent; the outcome after
it. After a kill, the next deployment settles the stacks first; change sets of finished stacks come out empty, so
nothing is executed twice.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import takewhile

from sealift.delivery.blame import broke
from sealift.delivery.evidence import named_evidence
from sealift.delivery.history import Standing, open_deletions, open_waivers, standing, undoable, unsettled
from sealift.delivery.hooks import finished
from sealift.delivery.outputs import merged_outputs
from sealift.delivery.parameters import secret_values, stored_settings, version_parameters, with_versions
from sealift.errors import ConfigError, SealiftError
from sealift.model.event import Progressed
from sealift.model.ledger import Entry, EntryKind
from sealift.model.records import Anchor, Delivery, Isolation
from sealift.model.release import ARTIFACT_BUCKET_PARAMETER, Release, SealedStack
from sealift.model.template import Json
from sealift.usecases.configuration import configuration_of, keep_configuration, secrets_of
from sealift.usecases.contract import settings_missing, unmet
from sealift.usecases.fitness import fitted_parameters
from sealift.usecases.hooks import HookRun, check_hooks, run_hooks, runs_hooks
from sealift.usecases.loading import load_functions
from sealift.usecases.reading_back import Codes, read_back
from sealift.usecases.services import phase
from sealift.usecases.site import Site
from sealift.usecases.stacks.drift import Detection, DriftReport, judge_drift, observe_drift
from sealift.usecases.stacks.inheriting import Inherited, declared_tags, inherited, tell_inherited
from sealift.usecases.stacks.missing import broken_stacks
from sealift.usecases.stacks.ownership import change_set_name, judged_name
from sealift.usecases.stacks.settling import at_rest, wait_until_seen
from sealift.usecases.stacks.stack import deploy_stack, judge_stack
from sealift.usecases.stacks.target import StackTarget
from sealift.usecases.stacks.undeclared import judge_undeclared
from sealift.usecases.store import stored_blob
from sealift.usecases.writing import Operation, Writer, gates_record


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A release for one environment with everything resolved that can be before anything is written."""

    release: Release
    commit: str | None
    kind: EntryKind
    author: str | None = None
    """Who wrote the commit: the ledger's chain keeps it, for approvals."""
    parameters: Mapping[str, Mapping[str, str]]
    """Resolved parameters by stack."""
    configuration: bytes = field(repr=False)
    """The configuration, secrets (NoEcho) left out, as it is kept in the environment's bucket."""
    secrets: str = ""
    """Fingerprint of the secrets (NoEcho): it says whether any was changed, and nothing else."""
    adopt: bool = False
    inherited: Inherited = field(default_factory=Inherited)
    """Parameters that keep the values of a stack that was taken over."""
    tags_before: frozenset[str] = frozenset()
    """The tags that the deployment before declared."""
    waivers: frozenset[str] = frozenset()
    abandoned: tuple[str, ...] = ()
    """Change sets that interrupted deployments may have left behind."""
    open_deletions: frozenset[str] = frozenset()
    """Stacks that a `destroy` without an end may still delete."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """The versions of the settings when the deployment began, which references in parameters name."""
    drift: Detection | None = None
    """The look for changes by hand that goes on meanwhile."""
    isolation: Isolation | None = None
    """What the proof said of this release, for the ledger."""
    asked_at: datetime | None = None
    """When it was asked for, for deployments that come later."""
    contains: tuple[str, ...] | None = None
    """The newest commits that it contains, for the same."""
    evidence: str | None = None
    """Hash of the stored evidence of its analysis and tests, for the ledger."""
    health: Mapping[str, Json] | None = None
    """What was seen of this release where it soaked, for the ledger."""
    anchor: Anchor | None = None
    """Where the ledger of the environment before ended, for the next promotion."""

    @property
    def config(self) -> str:
        """Digest of the configuration that is kept."""
        return hashlib.sha256(self.configuration).hexdigest()

    @property
    def identity(self) -> str:
        """Digest of the whole configuration, secrets included."""
        return hashlib.sha256(f"{self.config} {self.secrets}".encode()).hexdigest() if self.secrets else self.config

    def settings(self, *stacks: SealedStack) -> tuple[str, ...]:
        """Return the settings that the stacks of the release, by default all, read with these parameters."""
        named = [
            setting
            for stack in stacks or self.release.stacks
            for setting in stored_settings(stack.parameters, stack.settings, self.parameters[stack.name])
        ]
        return tuple(dict.fromkeys(named))


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """A deployment that succeeded."""

    operation: Operation
    outputs: Mapping[str, str]
    changed: bool
    codes: Codes


def plan_deployment(site: Site, release: Release, *, commit: str | None, kind: EntryKind, adopt: bool = False) -> Plan:
    """Resolve the parameters of every stack. Raises ConfigError with all problems at once."""
    if kind != "rollback":
        check_hooks(site.app, release)
    kept = inherited(site, release, adopt=adopt)
    resolved, problems = fitted_parameters(site.app, site.environment, release.stacks, kept=kept)
    site.secrets.learn(s for stack in release.stacks for s in secret_values(stack, resolved[stack.name]))
    if problems:
        name = site.name
        raise ConfigError(
            f"The parameters of {name} do not fit the template:\n" + "\n".join(f"  - {p}" for p in problems),
            code="parameters",
            hint=f"Set them under [environments.{name}.parameters] in sealift.toml.",
            context={"environment": name, "problems": list(problems)},
        )
    return Plan(
        release=release,
        commit=commit,
        kind=kind,
        parameters=resolved,
        configuration=configuration_of(site, release, resolved),
        secrets=secrets_of(site, release, resolved),
        adopt=adopt,
        inherited=kept,
    )


def is_standing(site: Site, plan: Plan, current: Standing) -> bool:
    """Return whether exactly this release and configuration runs there already, verified and not found bad since.

    The ledger alone is not believed: its stacks have to be there, too, and the settings have to be those of then.
    Evidence that the ledger does not name yet is recorded by another deployment, which changes nothing.
    """
    deployed = current.current
    if deployed is None or deployed is not current.last or not deployed.is_good:
        return False
    if (deployed.release, deployed.config) != (plan.release.digest, plan.config) or deployed.secrets != plan.secrets:
        return False
    if plan.evidence is not None and named_evidence(site.ledger.entries(), deployed.release) != plan.evidence:
        return False
    if deployed.settings is not None and deployed.settings != dict(_versions(site, plan)):
        return False
    names = [site.stack_name(stack) for stack in plan.release.stacks]
    return next(broken_stacks(site, names), None) is None


def _versions(site: Site, plan: Plan) -> Mapping[str, str]:
    """Return the versions of the settings that the templates name."""
    return site.cloud.settings.versions(plan.settings())


def enters(plan: Plan, writer: Writer, *, force: bool) -> bool:
    """Return whether the release is going to enter: not when it runs there already."""
    return force or not is_standing(writer.site, plan, standing(writer.ledger.entries()))


def looking_for_drift(plan: Plan, writer: Writer, *, force: bool) -> Plan:
    """Start drift detection when the environment requires it and something will be deployed."""
    if writer.site.environment.drift == "off" or not enters(plan, writer, force=force):
        return plan
    return replace(plan, drift=Detection(writer.site))


def deploy_release(plan: Plan, writer: Writer) -> Deployment:
    """Deploy every stack of the release. Whatever happens is recorded; errors are raised after that."""
    wait_until_seen(writer)
    entries = writer.ledger.entries()
    _tell_unfinished(standing(entries), writer.site)
    undoing = undoable(entries) if plan.kind == "rollback" else frozenset()
    waivers = open_waivers(entries, release=plan.release.digest) | undoing
    plan = replace(
        plan,
        waivers=waivers,
        abandoned=_abandoned(standing(entries)),
        open_deletions=open_deletions(entries),
        tags_before=declared_tags(writer.site),
    )
    operation = Operation(id=writer.services.ids.new(), kind=plan.kind, release=plan.release.digest, commit=plan.commit)
    base = _delivery(plan, writer.site)
    tell_inherited(plan.inherited, writer.site)
    hooks = _hook_run(plan, operation, writer)
    versions = _versions(writer.site, plan)
    plan = replace(plan, versions=versions)
    keep_configuration(plan.configuration, writer)
    writer.record(operation, "running", replace(base, asked_at=plan.asked_at, contains=plan.contains))
    with phase(writer.services, "deploy", environment=writer.site.name, detail=plan.release.short()) as outcome:
        try:
            _revoke(entries, operation, writer)
            targets = [_stack_target(writer.site, plan, stack) for stack in plan.release.stacks]
            judge_undeclared(plan.release, targets, operation, writer)
            if plan.drift is not None:
                looking = Progressed(phase="deploy", environment=writer.site.name, detail="looking for drift")
                writer.site.emit(looking)
                report = _drift_report(plan.drift, writer)
                judge_drift(report, waivers, operation, writer)
            if runs_hooks("before_deploy", hooks):
                _judge_ahead(plan, operation, writer)
            run_hooks("before_deploy", hooks)
            outputs, changed, made = _deploy_stacks(plan, operation, writer)
            codes = read_back(writer.site, plan.release, made=made)
            loaded = load_functions(writer.site, plan.release, undoing=plan.kind == "rollback") if changed else 0
            run_hooks("after_deploy", hooks)
        except SealiftError as error:
            outcome.status = "errored" if broke(error) else "failed"
            writer.record(operation, outcome.status, replace(base, error=error.code, message=error.message))
            raise
        except KeyboardInterrupt:
            outcome.status = "aborted"
            writer.record(operation, "aborted", base)
            raise
        except Exception as error:
            writer.record(operation, "errored", replace(base, error="internal", message=type(error).__name__))
            raise
        outcome.status = "succeeded"
        outcome.detail = "changed" if changed else "nothing to change"
        if not changed:
            _tell_not_reached(standing(entries), versions, writer.site)
        # A setting that was changed meanwhile was maybe not read; one that hooks or stacks made was.
        done = replace(
            base,
            changed=changed,
            code_sha256=dict(codes.compared),
            settings={**_versions(writer.site, plan), **versions},
            loaded=loaded or None,
        )
        writer.record(operation, "succeeded", done)
    return Deployment(operation=operation, outputs=outputs, changed=changed, codes=codes)


def _tell_not_reached(before: Standing, versions: Mapping[str, str], site: Site) -> None:
    """Say which settings changed without a change of the stacks: what runs has the values of before.

    CloudFormation resolves a reference when its resource changes, and a reference without a version does not change.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references-secretsmanager.html
    """
    then = before.current.settings if before.current is not None else None
    changed = [one for one, version in versions.items() if then and one in then and then[one] != version]
    if changed:
        site.note(
            "settings-not-reached",
            f"{', '.join(sorted(changed))} changed, and no stack did: {site.name} still runs with the value of before",
            level="warning",
            hint="Name it in the value of a parameter instead of the template, or let the code read it when it runs.",
        )


def _delivery(plan: Plan, site: Site) -> Delivery:
    """Return what every entry of the deployment says."""
    return Delivery(
        author=plan.author,
        config=plan.config,
        config_kept=True,
        secrets=plan.secrets or None,
        inherited=plan.inherited.names if plan.inherited != Inherited() else None,
        isolation=plan.isolation,
        gates=gates_record(site.app),
        health=plan.health,
        evidence=plan.evidence,
        anchor=plan.anchor,
        watch_s=site.environment.watch_s or None if plan.kind != "rollback" else None,
    )


def _drift_report(looking: Detection, writer: Writer) -> DriftReport:
    """Return the drift report. Detection is repeated when a stack was in progress, once it is stable."""
    report = looking.report()
    if not report.moving:
        return report
    for stack in writer.app.stacks:
        at_rest(writer.app.stack_name(writer.site.environment, stack), writer.site)
    return observe_drift(writer.site, writer.ledger.entries())


def _abandoned(before: Standing) -> tuple[str, ...]:
    """Return the change sets of the deployments that were interrupted, or broken off, since one came to its end."""
    unfinished = takewhile(lambda d: d.status in {"running", "aborted", "errored"}, reversed(before.deployments))
    return tuple(name(d.operation) for d in unfinished for name in (change_set_name, judged_name))


def _hook_run(plan: Plan, operation: Operation, writer: Writer) -> HookRun:
    done = finished(writer.ledger.entries(), release=plan.release.digest, config=plan.config)
    return HookRun(
        release=plan.release,
        stack_names={s.name: writer.site.stack_name(s) for s in plan.release.stacks},
        operation=operation,
        writer=writer,
        done=done,
    )


def _revoke(entries: Sequence[Entry], operation: Operation, writer: Writer) -> None:
    """Delete the change sets that operations without an outcome were about to execute.

    Our entry in the ledger stops them from recording more, but a process that was paused between its record and the
    execution would still send that. What is deleted cannot be executed any more; what was executed is waited for.
    """
    for stack, change_set in unsettled(entries, but=operation.id):
        writer.cloud.stacks.delete_change_set(stack, change_set)


def _tell_unfinished(before: Standing, site: Site) -> None:
    if before.unfinished is not None:
        unfinished = before.unfinished
        site.note(
            "unfinished-deployment",
            f"The deployment of {unfinished.release[:12]} started at {unfinished.at:%Y-%m-%d %H:%M:%S} UTC "
            f"by {unfinished.actor} was interrupted; settling its stacks first",
            level="warning",
        )


def _judge_ahead(plan: Plan, operation: Operation, writer: Writer) -> None:
    """Evaluate the changes of every stack that can be known before the hooks run; report the others.

    What a stack that needs others changes may depend on those, and a hook may make a setting that is missing.
    """
    unchanged: set[str] = set()
    later: list[str] = []
    for stack in plan.release.stacks:
        if not set(stack.needs) <= unchanged or _unmet(writer.site, plan, stack):
            later.append(stack.name)
        elif judge_stack(_stack_target(writer.site, plan, stack), operation, writer):
            unchanged.add(stack.name)
    if later:
        names = ", ".join(later)
        writer.site.note(
            "judged-after-hooks",
            f"The changes of {names} are checked after the hooks, because they need a stack that changes first",
        )


def _deploy_stacks(plan: Plan, operation: Operation, writer: Writer) -> tuple[dict[str, str], bool, frozenset[str]]:
    """Return the outputs, whether anything changed, and the path of every resource that was made."""
    made: set[str] = set()
    outputs: list[tuple[str, Mapping[str, str]]] = []
    changed = False
    # A stack that needs others may read settings that they make, so its own are looked for once those are there.
    _check_settings(writer.site, plan, *(s for s in plan.release.stacks if not s.needs))
    for stack in plan.release.stacks:
        if stack.needs:
            _check_settings(writer.site, plan, stack)
        result = deploy_stack(_stack_target(writer.site, plan, stack), operation, writer)
        outputs.append((stack.name, result.state.outputs))
        changed = changed or result.changed
        made |= result.made
    return merged_outputs(outputs), changed, frozenset(made)


def _stack_target(site: Site, plan: Plan, stack: SealedStack) -> StackTarget:
    return StackTarget(
        app=site.app,
        environment=site.environment,
        stack=stack,
        name=site.stack_name(stack),
        parameters={
            **with_versions(stack.parameters, plan.parameters[stack.name], plan.versions),
            **dict(version_parameters(stack, plan.parameters[stack.name], plan.versions)),
            ARTIFACT_BUCKET_PARAMETER: site.cloud.bucket.name,
        },
        adopt=plan.adopt,
        use_previous=plan.inherited.secret.get(stack.name, ()),
        tags_before=plan.tags_before,
        waivers=plan.waivers,
        abandoned=plan.abandoned,
        open_deletions=plan.open_deletions,
    )


def _check_settings(site: Site, plan: Plan, *stacks: SealedStack) -> None:
    """Refuse when a parameter or secret that the templates name is not in the environment."""
    if missing := _unmet(site, plan, *stacks):
        raise settings_missing(site, missing)


def _unmet(site: Site, plan: Plan, *stacks: SealedStack) -> tuple[str, ...]:
    return unmet(site, stacks, plan.parameters, lambda sha256: stored_blob(sha256, site.cloud))
