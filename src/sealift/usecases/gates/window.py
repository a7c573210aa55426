"""The window gate: the environment takes releases now."""

from dataclasses import replace

from sealift.delivery.gates import GateResult, window_gate
from sealift.model.event import Noted
from sealift.usecases.gates.entering import Entering


def window(entering: Entering) -> GateResult:
    """Return whether windows and freezes let it in. What came in and was interrupted is brought to its end any time."""
    site = entering.site
    result = window_gate(site.environment, site.services.clock.now())
    if result.status == "open":
        return result
    begun = entering.standing.to_finish
    if begun is not None and begun.release == entering.release:
        return replace(result, status="open", message="it entered before, and is completed", until=None)
    if entering.rehearsal and site.cloud.local:
        message = f"{result.message}; on AWS, this would wait"
        note = Noted(name="window-rehearsed", message=message, environment=site.name)
        return replace(result, status="open", message=message, until=None, events=(note,))
    return result
