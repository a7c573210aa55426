"""Ask the gates, in one order for every command: cheap ones first, probes last."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext

from sealift.delivery.gates import GateName, GateResult, refused_by
from sealift.errors import Refused, SealiftError, Waiting
from sealift.model.event import PhaseName
from sealift.usecases.admission import Admission
from sealift.usecases.gates.account import account
from sealift.usecases.gates.anchored import anchored
from sealift.usecases.gates.approval import approval
from sealift.usecases.gates.attested import attested
from sealift.usecases.gates.branch import branch
from sealift.usecases.gates.code import code
from sealift.usecases.gates.configuration import configuration
from sealift.usecases.gates.data import data
from sealift.usecases.gates.entering import Entering
from sealift.usecases.gates.evidence import evidence
from sealift.usecases.gates.health import health
from sealift.usecases.gates.hooks import hooks
from sealift.usecases.gates.isolation import isolation
from sealift.usecases.gates.merged import merged
from sealift.usecases.gates.newer import newer
from sealift.usecases.gates.protected import protected
from sealift.usecases.gates.reproduced import reproduced
from sealift.usecases.gates.running import running
from sealift.usecases.gates.soak import release, soak, verified
from sealift.usecases.gates.window import window
from sealift.usecases.services import PhaseOutcome, phase

Gate = Callable[[Entering], GateResult]
WHO: tuple[Gate, ...] = (account, protected, merged)
"""Who acts, and by which rules."""
WHAT: tuple[Gate, ...] = (
    release,
    running,
    anchored,
    verified,
    soak,
    branch,
    newer,
    approval,
    window,
    attested,
    evidence,
    data,
    isolation,
    configuration,
    code,
    hooks,
    reproduced,
    health,
)
"""What enters, and when."""
AGAIN: tuple[Gate, ...] = (protected, *WHAT)
"""What is asked again under the lease."""
ENTRY: tuple[Gate, ...] = (*WHO, *WHAT)
"""Every gate. `status`, `promote --plan` and the page ask them; whatever enters has to pass them."""
_TAKING_APART = (running, attested, evidence, isolation, configuration, code, hooks, reproduced)
GLANCE: tuple[Gate, ...] = tuple(gate for gate in ENTRY if gate not in _TAKING_APART)
"""What `status` asks: every gate that takes no release apart."""
_PHASES: dict[Gate, PhaseName] = {soak: "soak", isolation: "prove", reproduced: "rebuild", health: "health"}
_LONGEST_SLEEP_S = 30.0


def ask(gates: Sequence[Gate], entering: Entering) -> tuple[GateResult, ...]:
    """Return the result of every gate. A gate that cannot be read is closed, with the reason."""
    return tuple(_asked(gate, entering) for gate in gates)


def require(
    gates: Sequence[Gate], entering: Entering, admission: Admission, *, shown: bool = True
) -> tuple[GateResult, ...]:
    """Return the gates that were overridden, when every other one is open. Raises the error of the first closed one.

    A gate that opens by itself is waited for on request. Gates are asked in order, so that none is asked in vain.
    """
    overridden: list[GateResult] = []
    for gate in gates:
        with _shown(gate, entering, shown=shown) as outcome:
            result = _passed(gate, entering, admission)
            for event in result.events if shown else ():
                entering.site.emit(event)
            if result.status != "open":
                if not admission.override.covers(result):
                    outcome.status = "waiting" if result.status == "waiting" else "refused"
                    outcome.detail = result.message
                    raise closed(result, entering)
                overridden.append(result)
            outcome.detail = result.message
    return tuple(overridden)


def closed(result: GateResult, entering: Entering) -> SealiftError:
    """Return the error of a closed gate."""
    if result.error is not None:
        return result.error
    kind = Waiting if result.status == "waiting" else Refused
    context = {"environment": result.about or entering.site.name, "gate": result.gate, **result.details}
    if result.until is not None:
        context["until"] = result.until.isoformat()
    return kind(result.message, code=f"gate-{result.gate}", hint=result.hint, context=context)


def _asked(gate: Gate, entering: Entering) -> GateResult:
    try:
        return gate(entering)
    except SealiftError as error:
        name: GateName = gate.__name__  # type: ignore[assignment]
        return refused_by(error, name)


def _passed(gate: Gate, entering: Entering, admission: Admission) -> GateResult:
    """Return what the gate says, once it is open, is overridden, or is not waited for."""
    told, site = "", entering.site
    while True:
        result = _asked(gate, entering)
        stays = result.status != "waiting" or admission.override.covers(result) or not admission.wait
        if stays or result.until is None:
            return result
        if result.message != told:
            told = result.message
            site.services.note("gate-waiting", told, environment=result.about or site.name)
        left_s = (result.until - site.services.clock.now()).total_seconds()
        site.services.clock.sleep(min(max(left_s, 0.05), _LONGEST_SLEEP_S))
        entering.refresh()


def _shown(gate: Gate, entering: Entering, *, shown: bool) -> AbstractContextManager[PhaseOutcome]:
    name = _PHASES.get(gate)
    source = entering.source
    if name is None or not shown or source is None or (gate is reproduced and entering.built is not None):
        return nullcontext(PhaseOutcome())
    about = None if name == "prove" else source.name
    return phase(entering.site.services, name, environment=about)
