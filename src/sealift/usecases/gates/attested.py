"""The attested gate: provenance and signature of the release hold."""

from sealift.delivery.gates import GateResult
from sealift.usecases.attest import attestation_gate, load_keys
from sealift.usecases.gates.entering import Entering


def attested(entering: Entering) -> GateResult:
    """Return whether what is stored beside the release holds; one that was just built is attested with its upload."""
    if entering.source is None:
        return GateResult(gate="attested", status="open", message="it is attested when it is stored")
    return attestation_gate(entering.sealed, entering.source, load_keys(entering.site.app))
