"""Make the one stack that an environment needs first, and say how it differs from what it should be.

Its services open the environment with the caller's own rights, not as its role, which is one of the things it makes.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

from sealift.bootstrap.boundary import not_covered
from sealift.bootstrap.bucket import lock_of
from sealift.bootstrap.target import TAG, BootstrapTarget, bucket_of, check_apart, check_name, stack_beginnings
from sealift.bootstrap.template import bootstrap_template
from sealift.bootstrap.trust import Trust, read_trust
from sealift.bootstrap.uses import uses
from sealift.cfn.values import parsed
from sealift.delivery.causes import first_cause
from sealift.delivery.identity import bootstrap_stack
from sealift.delivery.journey import first_branch
from sealift.delivery.states import SETTLED_WELL
from sealift.errors import CloudError, Refused
from sealift.model.app import App, Environment
from sealift.model.stack import ChangeSet, ChangeSetRequest, Drift, StackState
from sealift.model.template import Json
from sealift.usecases.build import load_templates
from sealift.usecases.services import Services
from sealift.usecases.site import Site, open_site
from sealift.usecases.stacks.settling import Following, at_rest, made_change_set, progress

_BUCKET = "AWS::S3::Bucket"
_NEVER_MADE = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bootstrap:
    """The desired bootstrap stack, and warnings about the application."""

    target: BootstrapTarget
    body: Mapping[str, Json]
    unbounded: tuple[str, ...]
    """Roles and functions of the templates that CloudFormation may not make as they are: they have no boundary."""
    not_covered: tuple[str, ...]
    """Services that the templates use and that nobody gets rights for."""

    @property
    def text(self) -> str:
        """The template as CloudFormation gets it."""
        return json.dumps(self.body, separators=(",", ":"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """The result of the bootstrap."""

    bootstrap: Bootstrap
    account: str
    changed: bool
    outputs: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """The desired stack and the live one. `live` is None when there is none."""

    bootstrap: Bootstrap
    live: Mapping[str, Json] | None
    drifted: tuple[Drift, ...] = ()

    @property
    def differs(self) -> bool:
        """Whether anything is not as it should be."""
        return self.live != dict(self.bootstrap.body) or bool(self.drifted)


def declared(app: App, environment: Environment, services: Services, *, lock_days: int | None = None) -> Bootstrap:
    """Return the desired stack from the declaration alone, without a call to AWS."""
    trust = read_trust(environment, branch=_branch(app, environment))
    every = (*app.environments, environment)
    first = next(e for e in every if e.account == environment.account and _issuer(app, e) == trust.issuer)
    target = _target(app, environment, trust=trust, lock_days=lock_days)
    return _bootstrap(replace(target, makes_provider=first.name == environment.name), app, services)


def compare(
    app: App, environment: Environment, services: Services, *, lock_days: int | None = None, drift: bool = True
) -> Compared:
    """Return the desired stack and the live one, with changes by hand unless `drift` is false. Writes nothing."""
    site = open_site(app, environment, services)
    state = site.cloud.stacks.describe(bootstrap_stack(environment))
    _check_ours(state, site)
    bootstrap = _wanted(site, state, lock_days=lock_days)
    if state is None or state.status in ("REVIEW_IN_PROGRESS", *_NEVER_MADE):
        return Compared(bootstrap=bootstrap, live=None)
    drifted = site.cloud.stacks.drift(bootstrap.target.name) if drift else ()
    return Compared(bootstrap=bootstrap, live=_live(site), drifted=drifted)


def bootstrap_environment(
    app: App, environment: Environment, services: Services, *, lock_days: int | None = None
) -> Made:
    """Make the stack, or bring it up to date, and undo what was changed by hand.

    Raises CloudError when it failed, Refused when a ledger would be left.
    """
    site = open_site(app, environment, services)
    state = at_rest(bootstrap_stack(environment), site)
    _check_ours(state, site)
    bootstrap = _wanted(site, state, lock_days=lock_days)
    if state is not None and state.status in _NEVER_MADE:
        _delete_remains(state, site)
        state = None
    create = state is None or state.status == "REVIEW_IN_PROGRESS"
    change_set = _change_set(bootstrap, site, create=create)
    if change_set.empty and site.cloud.stacks.drift(bootstrap.target.name):
        site.cloud.stacks.delete_change_set(bootstrap.target.name, change_set.name)
        change_set = _change_set(bootstrap, site, create=False, revert_drift=True)
    if not change_set.empty:
        _check_bucket(change_set, site)
        state = _execute(change_set, site)
    else:
        site.cloud.stacks.delete_change_set(bootstrap.target.name, change_set.name)
    outputs = state.outputs if state else {}
    return Made(bootstrap=bootstrap, account=site.cloud.account, changed=not change_set.empty, outputs=outputs)


def _wanted(site: Site, state: StackState | None, *, lock_days: int | None) -> Bootstrap:
    """Return the desired stack for this account."""
    environment = replace(site.environment, account=site.cloud.account)
    local = site.cloud.local
    if lock_days is None and state is not None:
        lock_days = lock_of(_live(site))
    unsaid = local and environment.trust is None
    trust = Trust() if unsaid else read_trust(environment, branch=_branch(site.app, environment))
    target = _target(site.app, environment, trust=trust, lock_days=lock_days)
    if trust.issuer and not local:
        own = state is not None and any(r.logical_id == "Provider" for r in site.cloud.stacks.resources(target.name))
        target = replace(target, makes_provider=own or not site.cloud.identity.has_provider(trust.issuer))
    return _bootstrap(replace(target, local=local), site.app, site.services)


def _live(site: Site) -> Mapping[str, Json]:
    """Return the template of the stack; empty when there is none."""
    return parsed(site.cloud.stacks.template(bootstrap_stack(site.environment)))


def _target(app: App, environment: Environment, *, trust: Trust, lock_days: int | None) -> BootstrapTarget:
    check_name(environment)
    previews = environment.kind == "preview"
    if previews:
        check_apart(app, environment)
    return BootstrapTarget(
        app=app.name,
        environment=environment.name,
        stack=environment.beginning,
        previews=previews,
        stacks=stack_beginnings(app, environment),
        bucket=bucket_of(environment),
        services=frozenset(),
        trust=trust,
        followers=tuple(
            read_trust(e, branch=_branch(app, e))
            for e in app.environments
            if e.promotes_from == environment.name and e.trust
        ),
        may_destroy=not environment.protected,
        lock_days=lock_days,
    )


def _bootstrap(target: BootstrapTarget, app: App, services: Services) -> Bootstrap:
    used = uses(load_templates(app, services, buildable=False))
    target = replace(target, services=used.services)
    return Bootstrap(
        target=target,
        body=bootstrap_template(target),
        unbounded=used.unbounded,
        not_covered=not_covered(target),
    )


def _branch(app: App, environment: Environment) -> str:
    """Return the branch that releases come from; of previews, the one that their pull requests go to."""
    entered = app.environments[0] if environment.kind == "preview" and app.environments else environment
    return first_branch(app, entered) or "main"


def _issuer(app: App, environment: Environment) -> str:
    return read_trust(environment, branch=_branch(app, environment)).issuer if environment.trust else ""


def _check_ours(state: StackState | None, site: Site) -> None:
    """Refuse when a stack of this name belongs to another environment or was not made by `bootstrap`."""
    mine = f"{site.app.name}/{site.environment.label}"
    if state is None or state.status == "REVIEW_IN_PROGRESS" or state.tags.get(TAG) == mine:
        return
    whose = state.tags.get(TAG)
    raise Refused(
        f"Stack {state.name} " + (f"is the bootstrap stack of {whose}" if whose else "was not made by Sealift"),
        code="bootstrap-not-ours",
        hint=f"Give {site.name} another `stack_name` in sealift.toml: two environments cannot share one.",
        context={"environment": site.name, "stack": state.name},
    )


def _delete_remains(state: StackState, site: Site) -> None:
    """Delete the remains of a creation that failed: CloudFormation updates no such stack."""
    token = f"sealift-{site.services.ids.new()}"
    following = Following(name=state.name, stack=state.id or state.name, token=token, site=site)
    site.cloud.stacks.delete_stack(following.stack, token=token)
    after = following.end(what=f"Deleting the remains of {state.name}")
    if after is not None:
        raise CloudError(
            f"The remains of stack {state.name} cannot be deleted: {after.reason}",
            code="bootstrap-failed",
            hint="Delete the stack in the console, then repeat the command.",
            context={"environment": site.name, "stack": state.name},
        )


def _change_set(bootstrap: Bootstrap, site: Site, *, create: bool, revert_drift: bool = False) -> ChangeSet:
    request = ChangeSetRequest(
        name=f"sealift-{site.services.ids.new()}",
        stack_name=bootstrap.target.name,
        template_key="",
        template_body=bootstrap.text,
        parameters={},
        tags={**_shared_tags(site.environment), **bootstrap.target.tags},
        create=create,
        import_existing=not revert_drift,
        revert_drift=revert_drift,
        description=f"sealift bootstrap {site.environment.label}",
    )
    made = made_change_set(request, site)
    if made.status == "FAILED" and not made.empty:
        site.cloud.stacks.delete_change_set(bootstrap.target.name, made.name)
        raise CloudError(
            f"CloudFormation refuses the bootstrap stack of {site.environment.label}: {made.reason}",
            code="bootstrap-refused",
            hint="Nothing was changed. Fix what it names, then repeat the command.",
            context={"environment": site.name, "stack": bootstrap.target.name},
        )
    return made


def _shared_tags(environment: Environment) -> Mapping[str, str]:
    """Return the tags of an environment but those that name one preview."""
    return {key: value for key, value in environment.tags.items() if "*" not in value}


def _check_bucket(change_set: ChangeSet, site: Site) -> None:
    """Refuse to leave a bucket behind: with its ledger the environment would forget what it runs."""
    for change in change_set.changes:
        gone = change.action == "Remove" or (
            change.action == "Modify" and change.replacement in ("True", "Conditional")
        )
        if change.type != _BUCKET or not gone:
            continue
        site.cloud.stacks.delete_change_set(change_set.stack_name, change_set.name)
        raise Refused(
            f"{site.name} would leave bucket {change.physical_id} behind, with its releases and its ledger",
            code="bootstrap-bucket",
            hint=f'Keep it: `bucket = "{change.physical_id}"` under [environments.{site.name}] in sealift.toml.',
            context={"environment": site.name, "bucket": change.physical_id},
        )


def _execute(change_set: ChangeSet, site: Site) -> StackState:
    """Execute the change set and return the stack. Raises CloudError with the first cause of a failure."""
    name = change_set.stack_name
    following = Following(
        name=name,
        stack=change_set.stack_id or name,
        token=change_set.name,
        site=site,
        tell=progress(site),
    )
    site.cloud.stacks.execute_change_set(name, change_set.name, token=following.token)
    state = following.end(what=f"Stack {name}")
    if state is not None and state.status in SETTLED_WELL:
        return state
    failed = [event.reason for event in site.cloud.stacks.validations(name) if event.reason]
    if (cause := first_cause(following.seen)) is not None:
        failed.append(f"{cause.logical_id} ({cause.type}): {cause.reason}")
    raise CloudError(
        f"The bootstrap stack of {site.environment.label} failed: "
        + (failed[0] if failed else (state.reason if state else "it is gone")),
        code="bootstrap-failed",
        hint="CloudFormation rolled its changes back. Fix what it names, then repeat the command.",
        context={"environment": site.name, "stack": name},
    )
