"""The hooks gate: commands around a deployment run from the commit of the release."""

from sealift.delivery.gates import GateResult
from sealift.usecases.gates.entering import Entering
from sealift.usecases.hooks import code_of_hooks


def hooks(entering: Entering) -> GateResult:
    """Return whether the work tree is the release's commit, where hooks are commands of it."""
    if entering.built is not None and entering.source is None:
        return GateResult(gate="hooks", status="open", message="it is deployed from where it was built")
    return code_of_hooks(entering.site, entering.commit)
