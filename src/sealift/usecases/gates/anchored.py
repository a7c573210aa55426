"""The anchored gate: the source's ledger leads through the entry at which it ended at the promotion before."""

from dataclasses import replace

from sealift.delivery.chains import anchored_gate, newest_anchor
from sealift.delivery.gates import GateResult
from sealift.usecases.gates.entering import Entering


def anchored(entering: Entering) -> GateResult:
    """Return whether the source's history was not rewritten."""
    source = entering.source
    if source is None:
        return GateResult(gate="anchored", status="open", message="it is deployed, not promoted")
    anchor = newest_anchor(entering.site.ledger.entries(), source.name)
    result = anchored_gate(anchor, source.ledger.entries())
    if source.cloud.local and result.status != "open":  # taken down and made again between two tries
        result = replace(result, status="open", message=f"{result.message}; on AWS this would be refused")
    return replace(result, about=source.name)
