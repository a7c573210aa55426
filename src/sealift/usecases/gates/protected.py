"""The protected gate: the gates are those of the protected branch, and nothing unmerged writes here."""

from sealift.delivery.gates import GateResult
from sealift.usecases.gates.entering import Entering
from sealift.usecases.site import Site
from sealift.usecases.writing import check_gates

_REMOTE = "origin/"


def protected(entering: Entering) -> GateResult:
    """Return whether the gates can be relied on, and whether what runs us was merged.

    A request reads the gates once, at its beginning. It may wait for hours after that (soak, window, lease), so they
    count only while the protected branch of this clone still is the commit that they were read from.
    """
    site = entering.site
    check_gates(site)
    gates = site.app.gates
    if not site.cloud.local and gates.reference and gates.commit and _moved(site, gates.reference, gates.commit):
        return GateResult(
            gate="protected",
            status="refused",
            message=f"{gates.reference} has moved since the gates were read from its commit {gates.commit[:8]}",
            hint="Repeat the command: it reads them again.",
        )
    return GateResult(gate="protected", status="open", message=f"gates read from {gates.reference or 'the work tree'}")


def _moved(site: Site, reference: str, commit: str) -> bool:
    """Return whether this clone's protected branch is another commit by now; a commit it does not know says nothing."""
    remote = reference.startswith(_REMOTE)
    tip = f"refs/remotes/{reference}" if remote else f"refs/heads/{reference}"
    scm, root = site.services.scm, site.app.root
    return bool(scm.commits_between(root, commit, tip) or scm.commits_between(root, tip, commit))
