"""Simulate whether the roles of an environment, and who runs Sealift, may do all that its commands need. Reads only."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from sealift.bootstrap.footprint import MADE_UP, Footprint, resources
from sealift.bootstrap.granted import grants
from sealift.bootstrap.making import making
from sealift.bootstrap.needed import context, needed
from sealift.bootstrap.roles import COMMANDS
from sealift.bootstrap.target import PATH
from sealift.bootstrap.uses import uses
from sealift.cfn.pseudo import partition_of, pseudo_parameters
from sealift.errors import CloudError
from sealift.model.rights import Permission, Simulated
from sealift.model.stack import StackResource
from sealift.model.template import Json, Template
from sealift.usecases.examined import DENIED, Examined, Lack
from sealift.usecases.site import Site

_CLOUDFORMATION = "cloudformation"
_MAKES = "Make and remove what is in the templates"


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Somebody whose rights are simulated."""

    arn: str
    commands: Collection[str] = ()
    makes: bool = False
    """Whether CloudFormation works with its rights."""
    bootstrap: str = ""
    """Which role of the bootstrap stack it is."""

    @property
    def name(self) -> str:
        """Return its name as a person knows it."""
        kind, _, rest = self.arn.rpartition(":")[2].partition("/")
        name = rest.split("/")[0] if kind == "assumed-role" else rest.rpartition("/")[2]
        return f"user {name}" if kind == "user" else f"role {name}" if name else kind


@dataclass(frozen=True, slots=True, kw_only=True)
class _Looked:
    """What principals of one environment are held against."""

    site: Site
    of: Footprint
    bootstrap: Mapping[str, Json]
    """The template that the bootstrap stack needs; empty when there is none."""

    @property
    def command(self) -> str:
        """Return the command that brings the roles up to date."""
        return f"`sealift bootstrap {self.site.environment.label}`"


def examine_rights(
    site: Site, templates: Mapping[str, Template], bootstrap: Mapping[str, Json] | None
) -> Iterator[Examined]:
    """Yield a result for each principal. `bootstrap` is the template that the environment's bootstrap stack needs."""
    caller = site.cloud.identity.caller().arn
    if site.cloud.local and caller.endswith(":root"):
        return  # the owner of the embedded cloud
    of = footprint(site, templates, partition=caller.split(":")[1])
    looked = _Looked(site=site, of=of, bootstrap=bootstrap or {})
    denied: list[Principal] = []
    for principal in principals(site, caller, of):
        found = _examined(principal, looked)
        if found is None:
            denied.append(principal)
        else:
            yield replace(found, name="rights", environment=site.environment.label)
    if denied:
        yield replace(_not_asked(denied, looked), name="rights", environment=site.environment.label)


def footprint(site: Site, templates: Mapping[str, Template], *, partition: str) -> Footprint:
    """Return what the environment has, and will have, on AWS."""
    app, environment, cloud = site.app, site.environment, site.cloud
    stacks = {
        _one(app.stack_name(environment, stack)): templates[stack.name]
        for stack in app.stacks
        if stack.name in templates
    }
    deployed: dict[str, Sequence[StackResource]] = {}
    for stack in site.stack_names():
        with suppress(CloudError):  # none, or none that may be looked at
            deployed[stack] = cloud.stacks.resources(stack)
    pseudo = pseudo_parameters(account=cloud.account, region=cloud.region, stack_name="")
    used = uses(templates)
    return Footprint(
        partition=partition,
        account=cloud.account,
        region=cloud.region,
        app=app.name,
        environment=_one(environment.name),
        bucket=cloud.bucket.name,
        stacks=tuple(map(_one, site.stack_names())),
        resources=resources(stacks, deployed, {**pseudo, **environment.parameters}),
        services=used.services,
        settings=tuple(dict.fromkeys(one for template in templates.values() for one in template.settings)),
        role=environment.role,
        cloudformation_role=_role(site, _CLOUDFORMATION) if cloud.local else environment.cloudformation_role,
        signing_key=app.signing.kms_key,
        hooks=any(one.startswith("lambda:") for one in (*app.hooks.before_deploy, *app.hooks.after_deploy)),
        health=environment.health.enabled,
        drift=environment.drift != "off",
        protected=environment.protected,
        makes_bucket=environment.trust is None and not cloud.local and not site.ledger.entries(),
        boundary="" if used.unbounded else _iam(site, f"policy{PATH}{environment.beginning}-boundary"),
    )


def _one(name: str) -> str:
    """Return the name of a preview for the one that stands for all of them."""
    return name.replace("*", MADE_UP)


def principals(site: Site, caller: str, of: Footprint) -> Iterator[Principal]:
    """Yield who is in use, and the roles of the environment, each once."""
    environment = site.environment
    roles = {name: _role(site, name) for name in (*COMMANDS, _CLOUDFORMATION)}
    declared = tuple(roles.values()) if site.cloud.local else environment.acting
    own = next((arn for arn in (*declared, *roles.values()) if _is_session_of(caller, arn)), caller)
    for arn in dict.fromkeys((own, *declared)):
        name = next((name for name, role in roles.items() if role == arn), "")
        works = arn in (own, environment.role)
        makes = arn == of.cloudformation_role or (works and of.cloudformation_role is None)
        commands = COMMANDS["deploy"] if works and name not in COMMANDS else COMMANDS.get(name, ())
        yield Principal(arn=arn, commands=commands, makes=makes, bootstrap=name)


def _role(site: Site, name: str) -> str:
    """Return the ARN of a role of the bootstrap stack."""
    return _iam(site, f"role{PATH}{site.environment.beginning}-{name}")


def _iam(site: Site, name: str) -> str:
    return f"arn:{partition_of(site.cloud.region)}:iam::{site.cloud.account}:{name}"


def _is_session_of(caller: str, role: str) -> bool:
    """Return whether a session is one of a role. Its ARN lacks the role's path; names are unique in an account."""
    session, known = caller.split(":"), role.split(":")
    kind, _, rest = session[-1].partition("/")
    same = (session[4], rest.split("/")[0]) == (known[4], known[-1].rpartition("/")[2])
    return role == caller or (kind == "assumed-role" and same)


def _examined(principal: Principal, looked: _Looked) -> Examined | None:
    """Return the result for a principal; None when the credentials may not simulate it."""
    of = looked.of
    reasons: dict[Permission, tuple[str, ...]] = {
        permission: tuple(need.title for need in found) for permission, found in needed(principal.commands, of).items()
    }
    for permission in making(of) if principal.makes else ():
        reasons.setdefault(permission, (_MAKES,))
    if not reasons:
        said = f"{principal.name}: sealift.toml does not say what it is for, so nothing was simulated"
        return Examined(status="unknown", said=said)
    try:
        found = looked.site.cloud.identity.simulate(principal.arn, tuple(reasons), context=context(of))
    except CloudError as error:
        return None if error.code == DENIED else _not_simulated(error, principal, looked)
    return _result(found, reasons, principal, looked)


def _not_asked(principals: Sequence[Principal], looked: _Looked) -> Examined:
    names = ", ".join(principal.name for principal in principals)
    said = f"not checked: the credentials may not iam:SimulatePrincipalPolicy on {names}"
    own = all(principal.bootstrap for principal in principals)
    cure = f"{looked.command} gives the deploy role that right." if own else ""
    return Examined(status="unknown", said=said, cure=cure or "Allow it, or run doctor as somebody who may.")


def _not_simulated(error: CloudError, principal: Principal, looked: _Looked) -> Examined:
    if error.code == "not-found":
        said = f"{principal.name} does not exist: {principal.arn}"
        makes = f"{looked.command} makes it." if principal.bootstrap else ""
        cure = makes or f"Correct it under {looked.site.environment.section} in sealift.toml."
        return Examined(status="failed", said=said, cure=cure)
    return Examined(status="unknown", said=f"{principal.name}: not checked. {error.message}", cure=error.hint)


def _result(
    found: Sequence[Simulated],
    reasons: Mapping[Permission, tuple[str, ...]],
    principal: Principal,
    looked: _Looked,
) -> Examined:
    undecided = [one for one in found if not one.allowed and one.undecided]
    denied = [one for one in found if not one.allowed and not one.undecided]
    if denied:
        cures = _cures(denied, principal, looked)
        more = f"; of {len(undecided)} others nothing is known, for they depend on {_keys(undecided)}"
        said = f"{principal.name} lacks {len(denied)} of {len(found)} permissions{more if undecided else ''}"
        return Examined(status="failed", said=said, cure=" ".join(cures), lacks=tuple(_lacks(denied, reasons)))
    if undecided:
        depend = f"{len(undecided)} of {len(found)} permissions depend on {_keys(undecided)}"
        said = f"{principal.name}: {depend}, which is not simulated"
        return Examined(status="unknown", said=said, lacks=tuple(_lacks(undecided, reasons)))
    conditional = [one for one in found if one.undecided]
    but = f", without the conditions on {_keys(conditional)}" if conditional else ""
    return Examined(said=f"{principal.name} may do all it needs: {len(found)} permissions simulated{but}")


def _logical_id(principal: Principal) -> str:
    return "CloudFormation" if principal.bootstrap == _CLOUDFORMATION else principal.bootstrap.capitalize()


def _keys(undecided: Sequence[Simulated]) -> str:
    return ", ".join(sorted({key for one in undecided for key in one.undecided}))


def _lacks(denied: Sequence[Simulated], reasons: Mapping[Permission, tuple[str, ...]]) -> Iterator[Lack]:
    """Yield what is denied, by action and what stands in the way."""
    grouped: dict[tuple[str, str], list[Permission]] = {}
    for one in denied:
        grouped.setdefault((one.permission.action, _because(one)), []).append(one.permission)
    for (action, because), permissions in grouped.items():
        yield Lack(
            action=action,
            resources=tuple(dict.fromkeys(any_of(one.resource) for one in permissions)),
            needed_for=tuple(dict.fromkeys(reason for one in permissions for reason in reasons[one])),
            because=because,
        )


def _because(one: Simulated) -> str:
    if one.forbidden_by_organization:
        return "a policy of the organization forbids it"
    if one.outside_boundary:
        return "its permissions boundary does not allow it"
    if one.undecided:
        return f"it depends on {', '.join(one.undecided)}"
    return "a statement denies it" if one.decision == "explicitDeny" else ""


def _cures(denied: Sequence[Simulated], principal: Principal, looked: _Looked) -> Iterator[str]:
    """Yield what allows what nothing allows; what somebody forbids is theirs to change."""
    of = looked.of
    missing = [one.permission for one in denied if not _because(one)]
    given = {one for one in missing if grants(looked.bootstrap, _logical_id(principal), one, of)}
    if given:
        yield f"{looked.command} gives it what it lacks."
    if rest := [one for one in missing if one not in given]:
        actions, arns = sorted({one.action for one in rest}), sorted({_own(one.resource, of) for one in rest})
        yield f"Add to its policy: {json.dumps({'Effect': 'Allow', 'Action': actions, 'Resource': arns})}"
    outside = [one for one in denied if one.outside_boundary and not one.forbidden_by_organization]
    if principal.bootstrap == _CLOUDFORMATION and outside:
        yield "Let names begin with `${AWS::StackName}-`: the boundary lets CloudFormation make no others."
    elif len(missing) < len(denied):
        yield "What a policy forbids, only who keeps that policy can allow."


def _own(arn: str, of: Footprint) -> str:
    """Return an ARN for a statement; names that begin with the stack's, as CloudFormation gives them, become one."""
    start = next((arn[: arn.index(f"{stack}-")] + f"{stack}-*" for stack in of.stacks if f"{stack}-" in arn), arn)
    return any_of(start)


def any_of(arn: str) -> str:
    """Return an ARN with a `*` for what was made up."""
    return arn.replace(MADE_UP, "*")
