"""The protected gate: the gates are those of the protected branch, and nothing unmerged writes here."""

from sealift.delivery.gates import GateResult
from sealift.usecases.gates.entering import Entering
from sealift.usecases.writing import check_gates


def protected(entering: Entering) -> GateResult:
    """Return whether the gates can be relied on, and whether what runs us was merged."""
    check_gates(entering.site)
    gates = entering.site.app.gates
    return GateResult(gate="protected", status="open", message=f"gates read from {gates.reference or 'the work tree'}")
