"""A probe at run time: every function role tries one resource of each kind in every other environment.

Calls change nothing. Whoever is not denied got past IAM; the rule PRB-01 compares that with what the proof says. On the
embedded cloud each environment is another account in another process, so two things are asked there: the emulator's own
IAM, whether the role would be let in if both were in one account, and the other process, whether it takes the role's
credentials at all.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sealift.cfn.values import resources
from sealift.delivery.causes import STACK_TYPE
from sealift.errors import CloudError, UserError
from sealift.isolation.model import Attempted, EnvironmentView, StackView
from sealift.model.app import App
from sealift.model.live import ATTEMPTS, Attempt
from sealift.ports import Cloud
from sealift.usecases.proof.live import Live, read_live
from sealift.usecases.proof.prove import Probed, Proof, judged
from sealift.usecases.services import Services

ASSUME = "sts:AssumeRole"
_BY_ARN = {
    "AWS::DynamoDB::Table": "dynamodb:{r}:{a}:table/{n}",
    "AWS::Events::EventBus": "events:{r}:{a}:event-bus/{n}",
    "AWS::KMS::Key": "kms:{r}:{a}:key/{n}",
    "AWS::Lambda::Function": "lambda:{r}:{a}:function:{n}",
    "AWS::SSM::Parameter": "ssm:{r}:{a}:parameter{n}",
}
"""Calls that take an ARN reach another account by it alone: a name would be looked for in the own one."""
_WITHIN_ACCOUNT = frozenset({"AWS::Kinesis::Stream", "AWS::Logs::LogGroup"})
"""Calls that take only a name, so that nothing of another account can be tried by them."""


@dataclass(frozen=True, slots=True)
class _Target:
    """One resource that is tried, where it is, and what it is called there."""

    environment: str
    stack: str
    logical_id: str
    type: str
    name: str
    partition: str


@dataclass(frozen=True, slots=True)
class _Role:
    """A role that functions run as."""

    stack: str
    logical_id: str
    arn: str


@dataclass(slots=True)
class _Findings:
    """What one environment's roles found out."""

    here: list[Attempted]
    elsewhere: list[Attempted]
    untried: list[str]
    roles: int = 0


def prove_and_probe(
    app: App,
    views: Sequence[EnvironmentView],
    services: Services,
    names: Sequence[str],
    *,
    local: bool,
) -> Proof:
    """Prove live, and let the function roles of the named environments try the others' resources."""
    live = read_live(app, views, services)
    found = {name: _tried(live, name, local=local) for name in names}
    judging = [_with(v, found, elsewhere=local) for v in live.views]
    shared = [_with(v, found, elsewhere=False) for v in live.views] if local else None
    proof = judged(app, judging, services, local=local, shared=shared)
    return replace(proof, readings=live.readings, probes=tuple(_told(name, found[name]) for name in names))


def _with(view: EnvironmentView, found: dict[str, _Findings], *, elsewhere: bool) -> EnvironmentView:
    findings = found.get(view.name)
    if findings is None:
        return view
    return replace(view, attempted=tuple(findings.elsewhere if elsewhere else findings.here))


def _told(name: str, found: _Findings) -> Probed:
    own = [a for a in found.here if a.target == name]
    others = [a for a in found.here if a.target != name]
    return Probed(
        environment=name,
        roles=found.roles,
        own=Counter(a.outcome for a in own),
        others=Counter(a.outcome for a in others),
        elsewhere=Counter(a.outcome for a in found.elsewhere),
        through=tuple(_shown(a) for a in (*others, *found.elsewhere) if a.outcome == "allowed"),
        untried=tuple(found.untried),
    )


def _shown(attempted: Attempted) -> str:
    what = attempted.logical_id or "the stack"
    return f"{attempted.role}: {attempted.action} on {what} of {attempted.target} ({attempted.detail})"


def _tried(live: Live, name: str, *, local: bool) -> _Findings:
    view = next(v for v in live.views if v.name == name)
    cloud = live.clouds.get(name)
    roles = list(_roles(view))
    if cloud is None or not roles:
        raise UserError(
            f"Nothing can be probed from {name}: no function of it is deployed",
            code="nothing-to-probe",
            hint="Deploy to it first, and see `sealift prove --live`.",
        )
    found = _Findings([], [], [])
    own = [t for t in _targets(view) if t.type != STACK_TYPE]
    others = [t for other in live.views if other.name != name and other.name in live.clouds for t in _targets(other)]
    for role in roles:
        try:
            found.here += _as_role(cloud, role, [*own, *others], live)
            if local:
                for other in {t.environment: None for t in others}:
                    there = [t for t in others if t.environment == other]
                    found.elsewhere += _as_role(cloud, role, there, live, endpoint=live.clouds[other].endpoint)
        except CloudError as error:
            found.untried.append(f"{role.logical_id}: {error.message}")
        else:
            found.roles += 1
    return found


def _as_role(
    cloud: Cloud, role: _Role, targets: Sequence[_Target], live: Live, *, endpoint: str | None = None
) -> Iterator[Attempted]:
    """Yield every attempt of the role with its outcome."""
    tries = [
        (target, Attempt(action=action, resource=_name(target, cloud, live, elsewhere=endpoint is not None)))
        for target in targets
        for action in ATTEMPTS[target.type]
        if _can_be_tried(target, action, cloud, live, elsewhere=endpoint is not None)
    ]
    answers = cloud.trespass.as_role(role.arn, [attempt for _, attempt in tries], endpoint=endpoint)
    for (target, attempt), answer in zip(tries, answers, strict=True):
        yield Attempted(
            stack=role.stack,
            role=role.logical_id,
            action=attempt.action,
            target=target.environment,
            target_stack=target.stack,
            logical_id=target.logical_id,
            resource=attempt.resource,
            outcome=answer.outcome,
            detail=answer.detail,
        )


def _can_be_tried(target: _Target, action: str, cloud: Cloud, live: Live, *, elsewhere: bool) -> bool:
    """Return whether the answer would say anything: in the own process no role of another one can be assumed."""
    other = live.clouds[target.environment].account != cloud.account
    if cloud.local:
        return elsewhere or action != ASSUME or not other
    return not (other and target.type in _WITHIN_ACCOUNT)


def _name(target: _Target, cloud: Cloud, live: Live, *, elsewhere: bool) -> str:
    """Return what the call names: on the embedded cloud what would be in the own account, on AWS an ARN."""
    theirs = live.clouds[target.environment]
    if cloud.local:
        return target.name if elsewhere else target.name.replace(theirs.account, cloud.account)
    form = _BY_ARN.get(target.type)
    if form is None or target.name.startswith("arn:"):
        return target.name
    slash = "" if target.name.startswith("/") or target.type != "AWS::SSM::Parameter" else "/"
    return f"arn:{target.partition}:" + form.format(r=theirs.region, a=theirs.account, n=slash + target.name)


def _roles(view: EnvironmentView) -> Iterator[_Role]:
    """Yield the roles that functions run as, each once."""
    seen: set[str] = set()
    for path, stack in _walk(view):
        arns = {principal.arn: logical_id for logical_id, principal in stack.live_principals.items()}
        for arn in stack.live_roles.values():
            if arn in arns and arn not in seen:
                seen.add(arn)
                yield _Role(path, arns[arn], arn)


def _targets(view: EnvironmentView) -> Iterator[_Target]:
    """Yield the first resource of each type that can be tried, and the stack itself."""
    seen: set[str] = {STACK_TYPE}
    for path, stack in _walk(view):
        if stack.physical_id is None:
            continue
        partition = stack.physical_id.split(":")[1]
        if "/" not in path:
            yield _Target(view.name, path, "", STACK_TYPE, stack.physical_id, partition)
        for logical_id, kind in sorted({k: str(resource.get("Type")) for k, resource in resources(stack.body)}.items()):
            name = _called(stack, logical_id, kind)
            if kind in ATTEMPTS and kind not in seen and name:
                seen.add(kind)
                yield _Target(view.name, path, logical_id, kind, name, partition)


def _called(stack: StackView, logical_id: str, kind: str) -> str | None:
    if kind == "AWS::IAM::Role":
        principal = stack.live_principals.get(logical_id)
        return principal.arn if principal else None
    return stack.physical_ids.get(logical_id)


def _walk(view: EnvironmentView) -> Iterator[tuple[str, StackView]]:
    """Yield every stack with its path, nested ones behind their parents."""
    waiting = [(stack.name, stack) for stack in view.stacks]
    while waiting:
        path, stack = waiting.pop(0)
        yield path, stack
        waiting += [(f"{path}/{nested.name}", nested) for nested in stack.nested.values()]
