"""Admit a release to an environment: its window, and overrides, which are recorded before anything is sent.

A rollback asks nothing here: it is how people get out.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sealift.delivery.approval import may_decide
from sealift.delivery.gates import GateResult
from sealift.delivery.override import Override, override_problem
from sealift.errors import Refused, UserError
from sealift.model import records
from sealift.model.app import Environment
from sealift.usecases.services import Services
from sealift.usecases.writing import Operation, Writer, caller_of, gates_record


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """How a closed gate is handled: wait for it, or override it."""

    wait: bool = False
    override: Override = field(default_factory=Override)
    rehearsal: bool = False
    """On the embedded cloud alone: a closed window is told, and passed."""


ANY_TIME = Admission()
"""No wait and no override."""


def check_override(override: Override, environment: Environment, services: Services) -> None:
    """Refuse an override that names no overridable gate, has no reason, or is made by a person without the right."""
    if not override.gates:
        return
    problem = override_problem(override.gates, override.reason)
    if problem:
        raise UserError(problem, code="override-invalid", hint='--override window,soak --reason "why it cannot wait"')
    require_decider(environment, services)


def require_decider(environment: Environment, services: Services) -> None:
    """Refuse who is not among those that the environment names for its decisions."""
    if not may_decide(services.actor, environment):
        raise Refused(
            f"{services.actor} is not among those who decide for {environment.name}",
            code="not-an-approver",
            hint=f"`approvers` names: {', '.join(environment.approvers)}.",
            context={"environment": environment.name, "actor": services.actor},
        )


def record_overrides(
    overridden: Sequence[GateResult], override: Override, operation: Operation, writer: Writer
) -> None:
    """Record which closed gates were overridden, by whom and why. `operation` is one of kind `override`."""
    if not overridden:
        return
    names = [result.gate for result in overridden]
    decision = records.Override(
        overrides=tuple(names),
        said=tuple(result.message for result in overridden),
        reason=override.reason.strip(),
        gates=gates_record(writer.app),
        caller=caller_of(writer.site),
    )
    writer.record(operation, "succeeded", decision)
    writer.site.note(
        "gates-overridden",
        f"Overridden by {writer.services.actor}: {', '.join(names)} ({override.reason.strip()})",
        level="warning",
    )
