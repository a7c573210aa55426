"""Let a release in: the window of its environment, and what somebody overrides, recorded before anything is sent.

A rollback asks nothing here: it is how people get out.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sealift.delivery.approval import may_decide
from sealift.delivery.gates import GateResult, window_gate
from sealift.delivery.override import Override, override_problem
from sealift.errors import Refused, UserError, Waiting
from sealift.model.app import Environment
from sealift.model.event import Noted
from sealift.usecases.services import Services
from sealift.usecases.site import Site
from sealift.usecases.writing import Operation, Writer, caller_record, gates_record

_LONGEST_SLEEP_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """What the person at the button says to a gate that is closed."""

    wait: bool = False
    override: Override = field(default_factory=Override)
    rehearsal: bool = False
    """On the embedded cloud alone: a closed window is told, and passed."""


ANY_TIME = Admission()
"""No wait and no override."""


def check_override(override: Override, environment: Environment, services: Services) -> None:
    """Refuse an override of what can not be, without a reason, or by somebody who may not."""
    if not override.gates:
        return
    problem = override_problem(override.gates, override.reason)
    if problem:
        raise UserError(problem, code="override-invalid", hint='--override window,soak --reason "why it can not wait"')
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


def pass_window(site: Site, admission: Admission, *, release: str) -> tuple[GateResult, ...]:
    """Return when the environment takes releases, with what was overridden. Raises Waiting when it takes none.

    A release that came in and was interrupted is brought to its end whatever the time.
    """
    result = window_gate(site.environment, site.services.clock.now())
    if result.status == "open":
        return ()
    begun = site.standing().to_finish
    if begun is not None and begun.release == release:
        return ()
    if admission.rehearsal and site.cloud.local:
        message = f"{result.message}; on AWS this would wait"
        site.emit(Noted(name="window-rehearsed", message=message, environment=site.name))
        return ()
    return pass_gates(
        lambda: (window_gate(site.environment, site.services.clock.now()),), site.environment, site.services, admission
    )


def pass_gates(
    judge: Callable[[], Sequence[GateResult]], environment: Environment, services: Services, admission: Admission
) -> tuple[GateResult, ...]:
    """Return when each gate is open or overridden, with those that were. Raises Refused or Waiting otherwise.

    A gate that opens by itself is waited for on request.
    """
    told = ""
    while True:
        shut = [result for result in judge() if result.status != "open"]
        closed = next((result for result in shut if not admission.override.covers(result)), None)
        if closed is None:
            return tuple(shut)
        if closed.status == "refused" or not admission.wait or closed.until is None:
            raise closed_error(closed, environment)
        if closed.message != told:
            told = closed.message
            services.events.emit(Noted(name="gate-waiting", message=told, environment=environment.name))
        left_s = (closed.until - services.clock.now()).total_seconds()
        services.clock.sleep(min(max(left_s, 0.05), _LONGEST_SLEEP_S))


def closed_error(result: GateResult, environment: Environment, **more: object) -> Refused:
    """Return the error of a closed gate."""
    kind = Waiting if result.status == "waiting" else Refused
    context: dict[str, object] = {"environment": environment.name, "gate": result.gate, **more}
    if result.until is not None:
        context["until"] = result.until.isoformat()
    return kind(result.message, code=f"gate-{result.gate}", hint=result.hint, context=context)


def record_overrides(
    overridden: Sequence[GateResult], override: Override, operation: Operation, writer: Writer
) -> None:
    """Write down which closed gates were passed, by whom and why. `operation` is one of kind `override`."""
    if not overridden:
        return
    names = [result.gate for result in overridden]
    writer.record(
        operation,
        "succeeded",
        overrides=list(names),
        said=[result.message for result in overridden],
        reason=override.reason.strip(),
        gates=gates_record(writer.app),
        **caller_record(writer.site),
    )
    writer.site.emit(
        Noted(
            level="warning",
            name="gates-overridden",
            message=f"Overridden by {writer.services.actor}: {', '.join(names)} ({override.reason.strip()})",
            environment=writer.cloud.environment,
        )
    )
