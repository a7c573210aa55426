"""The evidence gate: analysis and unit tests of what enters succeeded, and are recorded of this release."""

from sealift.delivery.evidence import named_evidence, read, sha256_of
from sealift.delivery.gates import GateResult
from sealift.model.event import Noted
from sealift.usecases.gates.entering import Entering
from sealift.usecases.site import Site


def evidence(entering: Entering) -> GateResult:
    """Return whether the release was analysed and tested before it was deployed where it comes from."""
    source, release = entering.source, entering.release
    if source is None:
        return GateResult(gate="evidence", status="open", message="it is asked for at the promotion")
    told, wanting = _evaluated(entering, source)
    if not wanting:
        return GateResult(gate="evidence", status="open", message=told, about=source.name)
    if source.cloud.local:
        about = f"{wanting}; on AWS release {release[:12]} would not be promoted"
        note = Noted(level="warning", name="no-evidence", message=about, environment=source.name)
        return GateResult(gate="evidence", status="open", message=about, about=source.name, events=(note,))
    return GateResult(
        gate="evidence",
        status="refused",
        message=f"Release {release[:12]} is not promoted: {wanting}",
        hint="Deliver its commit with `sealift run`, which analyses and tests it.",
        about=source.name,
    )


def _evaluated(entering: Entering, source: Site) -> tuple[str, str]:
    """Return what the stored evidence says, and what is wanting; that is empty when nothing is."""
    stored, release = entering.evidence, entering.release
    found = read(stored) if stored is not None else None
    if stored is None or found is None:
        return "", "nobody recorded that it was analysed and tested" if stored is None else "its evidence is unreadable"
    if found.release != release:
        return "", f"its evidence is about release {found.release[:12]}"
    if found.wanting:
        return "", found.wanting
    if found.dirty and not (source.cloud.local or entering.rehearsal):
        return "", "it was tested on a work tree that differed from the commit"
    entries = source.ledger.entries()
    named = named_evidence(entries, release)
    if named != sha256_of(stored):
        what = f"names {named[:12]}" if named else "names none"
        return "", f"its evidence is not the recorded one: the ledger of {source.name} {what}"
    if found.commit not in {one.record.commit for one in entries if one.record.release == release}:
        return "", f"it was tested on commit {(found.commit or 'unknown')[:8]}, from which it was not deployed"
    return found.told, ""
