"""The isolation gate: the release's own templates prove that no environment reaches into another."""

from dataclasses import replace

from sealift.delivery.gates import GateResult
from sealift.usecases.gates.entering import Entering


def isolation(entering: Entering) -> GateResult:
    """Return whether the proof found anything critical or high."""
    from sealift.usecases.proof.prove import isolation_gate  # with it comes what the proof reads

    result = isolation_gate(entering.proof, strict=entering.strict or not entering.site.cloud.local)
    return result if entering.proved is None else replace(result, events=())  # shown when it was built
