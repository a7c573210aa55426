"""The health gate, last of all: how the release does where it soaks. Traffic that is missing is made by probes."""

from dataclasses import replace

from sealift.delivery.gates import GateResult, health_gate
from sealift.delivery.health import summary
from sealift.usecases.gates.entering import Entering
from sealift.usecases.health import judged
from sealift.usecases.probes import probes_of


def health(entering: Entering) -> GateResult:
    """Return whether the release does well where it soaks. What is unknown closes the gate."""
    source, judgement = entering.source, entering.judgement
    if source is None or judgement is None:
        return GateResult(gate="health", status="open", message="it is deployed, not promoted")
    result = health_gate(source.environment, judgement)
    if result.status == "waiting" and not entering.probing and probes_of(source):
        count = source.environment.health.min_requests - judgement.requests
        result = replace(result, status="open", message=f"{summary(judgement)}; a promotion sends {count} probes first")
    event = judged(judgement, source)
    return replace(result, about=source.name, details={"evidence": event.evidence}, events=(event,))
