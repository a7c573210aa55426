"""Which stacks are an environment's: declared ones, and those that Sealift made and nobody declares now. Pure.

A stack is known by its name. When sealift.toml gives it another one (a second stack, another `name` or `stack_name`),
CloudFormation would make a new stack with new, empty stores, and the old one would be forgotten with its data.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TypeGuard

from sealift.delivery.history import executions
from sealift.delivery.previews import is_preview
from sealift.delivery.stateful import IDENTITIES, STORES
from sealift.delivery.states import is_stuck, next_step
from sealift.model.app import App, Environment
from sealift.model.finding import Finding
from sealift.model.ledger import Entry
from sealift.model.stack import StackState
from sealift.model.values import value

OWNER_TAG = "sealift:app"
ENVIRONMENT_TAG = "sealift:environment"
RULE = "stack-left-behind"
Stateful = Mapping[str, str]
"""Logical id → type of every store and address of a stack."""


@value
class Creation:
    """A declared stack with the stores and known addresses that a deployment would add."""

    stack: str
    """Its name in the application."""
    name: str
    adds: Stateful


@value
class Undeclared:
    """A stack that Sealift made and sealift.toml does not declare, with its stores and known addresses."""

    name: str
    app: str
    environment: str
    holds: Stateful

    @property
    def told(self) -> str:
        """Return the stack with what it holds."""
        kept = ", ".join(f"{name} ({kind})" for name, kind in sorted(self.holds.items()))
        return f"{self.name}, which holds {kept}" if kept else self.name


def bootstrap_stack(environment: Environment) -> str:
    """Return the name of the stack that `sealift bootstrap` makes; no role of the environment may write to it."""
    return f"sealift-bootstrap-{environment.beginning}"


def owner(state: StackState) -> tuple[str | None, str | None]:
    """Return the application and the environment that a stack's tags name."""
    return state.tags.get(OWNER_TAG), state.tags.get(ENVIRONMENT_TAG)


def declared_names(app: App, environment: Environment) -> frozenset[str]:
    """Return the CloudFormation names of an environment's stacks."""
    return frozenset(app.stack_name(environment, stack) for stack in app.stacks)


def is_there(state: StackState | None, app: App, environment: Environment) -> TypeGuard[StackState]:
    """Return whether a stack of the environment exists and is not the remains of a failed creation."""
    if state is None or owner(state) != (app.name, environment.name):
        return False
    return next_step(state.status) not in {"create", "recreate"}


def is_whole(state: StackState | None, app: App, environment: Environment) -> bool:
    """Return whether a stack exists and its last operation was completed."""
    return is_there(state, app, environment) and not is_stuck(state.status)


def recorded_names(entries: Sequence[Entry]) -> tuple[str, ...]:
    """Return every stack with a recorded change, oldest first."""
    return tuple(dict.fromkeys(step.stack for _, step in executions(entries)))


def undeclared(app: App, environment: Environment, states: Sequence[StackState]) -> tuple[StackState, ...]:
    """Return the application's undeclared stacks that belong to this environment or to none that is declared.

    Stacks of previews come and go with their pull requests: they belong to no declared environment.
    """
    names = declared_names(app, environment)
    others = {e.name for e in app.environments if e.name != environment.name} | set(app.gates.left_out)

    def counts(state: StackState) -> bool:
        of, where = owner(state)
        preview = where is not None and is_preview(where)
        mine = of == app.name and where not in others and (where == environment.name or not preview)
        return mine and state.name not in names and state.status != "REVIEW_IN_PROGRESS"

    return tuple(state for state in states if counts(state))


def namesakes(app: App, environment: Environment, states: Sequence[StackState]) -> tuple[StackState, ...]:
    """Return stacks of other applications in an environment of this name: one may be this one under an old name."""
    return tuple(
        state
        for state in states
        if owner(state)[0] not in (None, app.name)
        and owner(state)[1] == environment.name
        and state.status != "REVIEW_IN_PROGRESS"
    )


def stateful(resources: Collection[tuple[str, str]]) -> Stateful:
    """Return the resources, as (logical id, type), that hold data or have an address that others use."""
    return {name: kind for name, kind in resources if kind in STORES or kind in IDENTITIES}


def left_behind(
    app: App, environment: Environment, creations: Sequence[Creation], found: Sequence[Undeclared]
) -> Iterator[Finding]:
    """Yield one finding per undeclared stack whose stores or addresses a declared stack would create again, empty.

    A stack of an application of another name counts when a declared stack would make all that it holds.
    """
    for old in found:
        for new in creations:
            again = {name: kind for name, kind in old.holds.items() if new.adds.get(name) == kind}
            if again and (old.app == app.name or again == dict(old.holds)):
                yield _finding(app, environment, new, old, again)


def _finding(app: App, environment: Environment, new: Creation, old: Undeclared, again: Stateful) -> Finding:
    what = ", ".join(f"{name} ({kind})" for name, kind in sorted(again.items()))
    return Finding(
        tool="guard",
        id=RULE,
        severity="critical",
        message=f"Stack {old.name} of {old.app}/{old.environment} would be left behind, and a new stack {new.name} "
        f"made with a new, empty {what}",
        fix=_cure(app, environment, new, old),
        stops=True,
        data={"stack": new.stack, "logical_id": old.name, "type": "AWS::CloudFormation::Stack"},
    )


def _cure(app: App, environment: Environment, new: Creation, old: Undeclared) -> str:
    """Return the change of sealift.toml that keeps the old stack."""
    if old.app != app.name:
        return f'If it is this application under its former name, keep it: `name = "{old.app}"` under [app].'
    if old.environment != environment.name:
        return f"Keep the name {old.environment} of the environment in sealift.toml."
    return (
        f'To keep stack {old.name}: `stack_name = "{old.name}"` under '
        f"[environments.{environment.name}.stacks.{new.stack}] in sealift.toml."
    )
