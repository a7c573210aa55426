"""The newer gate: what enters is no older than what runs; an older release is what `rollback` is for."""

from sealift.delivery.chains import newer_gate
from sealift.delivery.gates import GateResult
from sealift.usecases.gates.entering import Entering


def newer(entering: Entering) -> GateResult:
    """Return whether the environment would get no older commit."""
    site, commit, current = entering.site, entering.commit, entering.standing.current
    if entering.source is None or site.cloud.local or current is None or current.release == entering.release:
        return GateResult(gate="newer", status="open", message=f"nothing newer runs in {site.name}")
    running, behind = current.commit, None
    if commit is not None and running is not None:
        scm, root = site.services.scm, site.app.root
        ahead = scm.commits_between(root, running, commit)
        behind = () if ahead else scm.commits_between(root, commit, running) if ahead is not None else None
    return newer_gate(commit=commit, running=running, behind=behind, name=site.name)
