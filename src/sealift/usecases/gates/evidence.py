"""The evidence gate: analysis and unit tests of what enters succeeded, and speak of this release."""

from sealift.delivery.evidence import read
from sealift.delivery.gates import GateResult
from sealift.model.event import Noted
from sealift.usecases.gates.entering import Entering


def evidence(entering: Entering) -> GateResult:
    """Return whether the release was analysed and tested before it was deployed where it comes from."""
    source = entering.source
    if source is None:
        return GateResult(gate="evidence", status="open", message="it is asked for at the promotion")
    stored = entering.evidence
    found = read(stored) if stored is not None else None
    if found is None:
        wanting = "nobody recorded that it was analysed and tested" if stored is None else "its evidence is unreadable"
    elif found.release != entering.release:
        wanting = f"its evidence is about release {found.release[:12]}"
    elif found.wanting:
        wanting = found.wanting
    else:
        told = f"{found.passed} unit tests passed" if found.tests == "succeeded" else "there are no unit tests"
        return GateResult(gate="evidence", status="open", message=f"it was analysed, and {told}", about=source.name)
    if source.cloud.local:
        about = f"{wanting}; on AWS release {entering.release[:12]} would not be promoted"
        note = Noted(level="warning", name="no-evidence", message=about, environment=source.name)
        return GateResult(gate="evidence", status="open", message=about, about=source.name, events=(note,))
    return GateResult(
        gate="evidence",
        status="refused",
        message=f"Release {entering.release[:12]} is not promoted: {wanting}",
        hint="Deliver its commit with `sealift run`, which analyses and tests it.",
        about=source.name,
    )
