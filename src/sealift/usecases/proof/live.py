"""Read what is in force in the live accounts and put it beside the templates. Reads, and writes nothing.

An environment that is not deployed yet stays as its templates say: some deployed, some not, is the normal case. What
cannot be read is kept as `Unread`, which the proof calls not proved.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

from sealift.errors import SealiftError
from sealift.isolation.model import DeclaredPrincipal, EnvironmentView
from sealift.isolation.perimeter import is_perimeter
from sealift.model.app import App
from sealift.model.live import Unread
from sealift.ports import Cloud
from sealift.usecases.proof.in_force import Read, asked, read_stack, sentence
from sealift.usecases.proof.prove import Proof, Reading, judged
from sealift.usecases.services import Services
from sealift.usecases.site import open_site

_PARALLEL = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """Environments with what was read of them, and the clouds it was read from; `clouds` lacks what did not open."""

    views: tuple[EnvironmentView, ...]
    readings: tuple[Reading, ...]
    clouds: Mapping[str, Cloud]


def prove_live(
    app: App, views: Sequence[EnvironmentView], services: Services, *, local: bool, secrets: bool = False
) -> Proof:
    """Prove from templates and live accounts. With `secrets`, the values of secrets are compared by salted hashes."""
    live = read_live(app, views, services, secrets=secrets)
    return replace(judged(app, live.views, services, local=local), readings=live.readings)


def read_live(app: App, views: Sequence[EnvironmentView], services: Services, *, secrets: bool = False) -> Live:
    """Return the environments with the live policies of their accounts."""
    with ThreadPoolExecutor(max_workers=_PARALLEL) as pool:
        read = [_environment(app, view, services, pool) for view in views]
    if secrets:
        _compare_secrets(read, salt=services.ids.new())
    else:
        for one in read:
            one.skipped += ["the values of secrets; --secrets compares them by hash"] if one.secrets else []
    return Live(
        views=tuple(_view(one) for one in read),
        readings=tuple(_reading(one) for one in read if one.view.kind == "permanent"),
        clouds={one.view.name: one.cloud for one in read if one.cloud is not None},
    )


def _view(read: Read) -> EnvironmentView:
    deployed = read.cloud is not None and read.stacks == len(read.view.stacks)
    return replace(read.view, live=deployed, unread=tuple(read.unread))


def _reading(read: Read) -> Reading:
    return Reading(
        environment=read.view.name,
        account=read.view.live_account,
        stacks=read.stacks,
        principals=read.principals,
        policies=read.policies,
        skipped=tuple(read.skipped),
    )


def _environment(app: App, view: EnvironmentView, services: Services, pool: Executor) -> Read:
    read = Read(view)
    environment = app.environment(view.name)
    if environment is None:
        return read
    try:
        cloud = open_site(app, environment, services).cloud
        account = cloud.identity.caller().account
        states = {stack.name: cloud.stacks.describe(stack.name) for stack in view.stacks}
    except SealiftError as error:
        read.unread.append(Unread(what=f"the account of {view.name}", why=sentence(error)))
        return read
    read.cloud = cloud
    stacks = tuple(read_stack(read, cloud, stack, states[stack.name], pool) for stack in view.stacks)
    read.view = replace(
        view,
        stacks=stacks,
        live_account=account,
        artifact_bucket=cloud.bucket.name,
        principals=tuple(_declared(read, cloud, view.roles)),
    )
    if read.stacks and not cloud.local:
        _account(read, cloud)
    return read


def _declared(read: Read, cloud: Cloud, roles: Iterable[str]) -> Iterator[DeclaredPrincipal]:
    """Yield the declared roles with all that they are allowed."""
    for arn in roles:
        name = arn.rpartition("/")[2]
        role = asked(f"the policies of {arn}", None, partial(cloud.inventory.principal, "role", name))
        if isinstance(role, Unread):
            read.unread.append(role)
        elif role is None or role.arn != arn:
            why = "There is no such role in the environment's account."
            read.unread.append(Unread(what=f"the policies of {arn}", why=why))
        else:
            read.principals += 1
            policies = (*role.inline.values(), *role.managed.values())
            yield DeclaredPrincipal(name=name, arn=arn, policies=policies, boundary=role.boundary, trust=role.trust)


def _account(read: Read, cloud: Cloud) -> None:
    """Read what concerns the account as a whole. None of it makes a proof weaker when it is missing."""
    guardrails = asked("the organization's policies over the account", None, cloud.inventory.guardrails)
    if isinstance(guardrails, Unread):
        read.skipped.append(f"{guardrails.what}: {guardrails.why}")
    else:
        read.view = replace(read.view, perimeter=is_perimeter(guardrails))
    concurrency = asked("the concurrent executions of the account", None, cloud.inventory.concurrency)
    if isinstance(concurrency, Unread):
        read.skipped.append(f"{concurrency.what}: {concurrency.why}")
    else:
        read.view = replace(read.view, concurrency=concurrency)


def _compare_secrets(read: Sequence[Read], *, salt: str) -> None:
    """Mark secrets whose values are equal with the same word. The marks say nothing else about a value."""
    marks: dict[str, str] = {}
    for one in read:
        found: dict[str, str] = {}
        for name, secret in one.secrets.items():
            digest = _digest(one, name, secret, salt=salt)
            if digest is not None:
                found[name] = marks.setdefault(digest, f"value {len(marks) + 1}")
        one.view = replace(one.view, secret_digests=found)


def _digest(read: Read, name: str, secret: str, *, salt: str) -> str | None:
    if read.cloud is None:
        return None
    inventory = read.cloud.inventory
    answer = asked(f"the value of secret {name}", None, lambda: inventory.secret_digest(secret, salt=salt))
    if isinstance(answer, Unread):
        read.skipped.append(f"{answer.what}: {answer.why}")
        return None
    return answer
