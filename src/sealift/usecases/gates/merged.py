"""The merged gate: what is deployed from a branch is on that branch."""

from sealift.delivery.gates import GateResult
from sealift.usecases.gates.entering import Entering
from sealift.usecases.writing import check_merged


def merged(entering: Entering) -> GateResult:
    """Return whether the branch of the environment has the commit; of a promotion the branch gate asks that."""
    if entering.source is None:
        check_merged(entering.site)
    return GateResult(gate="merged", status="open", message="nothing unmerged is deployed")
