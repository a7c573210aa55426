"""The protected gate: the gates are those of the protected branch, and nothing unmerged writes here."""

from sealift.delivery.gates import GateResult
from sealift.usecases.gates.entering import Entering
from sealift.usecases.site import Site
from sealift.usecases.writing import check_gates

_REMOTE = "origin/"


def protected(entering: Entering) -> GateResult:
    """Return whether the gates can be relied on, and whether what runs us was merged.

    A command reads the gates once, at its beginning. It may wait for hours after that (soak, window, lease), so they
    count only while the protected branch of this clone has the same files.
    """
    site = entering.site
    check_gates(site)
    gates = site.app.gates
    if not site.cloud.local and _changed(site):
        return GateResult(
            gate="protected",
            status="refused",
            message=f"The gates of {gates.reference} changed since this command read them",
            hint="Repeat the command: it reads them again.",
        )
    return GateResult(gate="protected", status="open", message=f"gates read from {gates.reference or 'the work tree'}")


def _changed(site: Site) -> bool:
    """Return whether this clone's protected branch has other gates by now than those that were read."""
    gates = site.app.gates
    if gates.reference is None or gates.commit is None:
        return False
    tip = f"refs/remotes/{gates.reference}" if gates.reference.startswith(_REMOTE) else f"refs/heads/{gates.reference}"
    return site.services.scm.changed_between(site.app.root, gates.commit, tip, gates.files)
