"""Hooks as they are declared and as the ledger remembers them. Pure."""

import hashlib
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import PurePath
from typing import Literal

from sealift.delivery.history import standing
from sealift.model.app import Hooks
from sealift.model.ledger import Entry
from sealift.model.records import HookStep
from sealift.model.values import value

Moment = Literal["before_deploy", "after_deploy"]
FUNCTION = "lambda:"
"""A line that begins so calls a function of the release: `lambda:LogicalId`, `lambda:stack/LogicalId`."""


@value
class Hook:
    """One hook: a command, or a function of the release."""

    moment: Moment
    position: int
    line: str

    @property
    def function(self) -> str | None:
        """The function it calls, as `LogicalId` or `stack/LogicalId`; None when it is a command."""
        return self.line.removeprefix(FUNCTION) if self.line.startswith(FUNCTION) else None

    @property
    def argv(self) -> tuple[str, ...]:
        """Program and arguments, split as a shell would, without a shell."""
        return tuple(shlex.split(self.line))

    @property
    def name(self) -> str:
        """The program and its first argument, without options, which may contain secrets."""
        if self.function is not None:
            return self.line
        program, *rest = self.argv
        return " ".join((PurePath(program).name, *(word for word in rest[:1] if not word.startswith("-"))))

    def record(self) -> HookStep:
        """Return the record of the hook for the ledger, without its environment variables."""
        digest = hashlib.sha256(self.line.encode()).hexdigest()
        return HookStep(hook=self.moment, position=self.position, name=self.name, sha256=digest)


def declared(hooks: Hooks, moment: Moment) -> tuple[Hook, ...]:
    """Return the hooks of one moment, in order."""
    lines = hooks.before_deploy if moment == "before_deploy" else hooks.after_deploy
    return tuple(Hook(moment=moment, position=number, line=line) for number, line in enumerate(lines, 1))


def commands(hooks: Hooks) -> tuple[Hook, ...]:
    """Return the hooks whose code comes from a work tree, not from the release."""
    every = (*declared(hooks, "before_deploy"), *declared(hooks, "after_deploy"))
    return tuple(hook for hook in every if hook.function is None)


def hook_problem(moment: str, line: str) -> str:
    """Return what is wrong with a declared line, or an empty string."""
    if line.startswith(FUNCTION):
        if moment == "before_deploy":
            return "calls a function before the deployment, when the stack still holds the code of the release before"
        return "" if line.removeprefix(FUNCTION).strip("/ ") else "names no function after `lambda:`"
    try:
        words = shlex.split(line)
    except ValueError as error:
        return f"is not a command line: {str(error).lower()}"
    return "" if words else "is an empty command line"


def finished(entries: Sequence[Entry], *, release: str, config: str) -> tuple[HookStep, ...]:
    """Return the hooks that succeeded in the interrupted deployments which the next one continues."""
    operations = frozenset(_interrupted(entries, release=release, config=config))
    return tuple(
        replace(step, outcome="running", duration_s=None)
        for step in (e.record.details for e in entries if e.record.operation in operations)
        if isinstance(step, HookStep) and step.outcome == "succeeded"
    )


def _interrupted(entries: Sequence[Entry], *, release: str, config: str) -> Iterator[str]:
    for deployed in reversed(standing(entries).deployments):
        if deployed.status != "running" or (deployed.release, deployed.config) != (release, config):
            return
        yield deployed.operation
