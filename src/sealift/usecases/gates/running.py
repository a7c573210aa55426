"""The running gate: the functions of the source run the code of the release that is to be promoted."""

from sealift.delivery.gates import GateResult
from sealift.usecases.gates.entering import Entering
from sealift.usecases.reading_back import compare


def running(entering: Entering) -> GateResult:
    """Return whether what was verified and soaked is what the ledger says: the hash of each function's code is read."""
    source = entering.source
    if source is None:
        return GateResult(gate="running", status="open", message="it is deployed, not promoted")
    wrong, seen, _ = compare(source, entering.sealed)
    if wrong:
        return GateResult(
            gate="running",
            status="refused",
            message=f"{source.name} does not run the code of release {entering.release[:12]}: {'; '.join(wrong)}",
            hint=f"Somebody changed it outside the pipeline. Deploy it again: sealift deploy {source.name} --force",
            about=source.name,
        )
    message = f"the code of {len(seen)} function{'s' * (len(seen) != 1)} of {source.name} is that of the release"
    return GateResult(gate="running", status="open", message=message, about=source.name)
