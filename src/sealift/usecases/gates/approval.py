"""The approval gate: enough people approved the release with the configuration that it gets."""

from sealift.delivery.approval import approval_gate
from sealift.delivery.gates import GateResult
from sealift.delivery.history import approvals
from sealift.usecases.gates.entering import Entering


def approval(entering: Entering) -> GateResult:
    """Return whether the release has enough approvals."""
    site, source = entering.site, entering.source
    if source is None or not site.environment.approvals:
        return GateResult(gate="approval", status="open", message="no approval is required")
    from sealift.usecases.approve import subject_of  # with it comes all that plans a deployment

    given = approvals(site.ledger.entries(), release=entering.release)
    return approval_gate(site.environment, given, subject_of(site, entering.release, source))
