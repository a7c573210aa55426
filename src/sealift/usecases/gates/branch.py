"""The branch gate: only what was merged is promoted."""

from dataclasses import replace

from sealift.delivery.gates import GateResult, branch_gate
from sealift.delivery.journey import first_branch
from sealift.usecases.gates.entering import Entering

_REMOTE = "origin/"


def branch(entering: Entering) -> GateResult:
    """Return whether the commit that the source runs is on the branch that is deployed there.

    Whoever may deploy to staging from a laptop could otherwise bring to production what nobody reviewed. On the
    embedded cloud, and where the first environment of the way is deployed to by hand alone, any commit will do.
    """
    source, commit = entering.source, entering.commit
    name = first_branch(source.app, source.environment) if source is not None else None
    if source is None or source.cloud.local or name is None or source.app.gates.reference is None:
        return GateResult(gate="branch", status="open", message="no branch is asked for")
    remote = source.app.gates.reference.startswith(_REMOTE)
    tip = f"refs/remotes/{_REMOTE}{name}" if remote else f"refs/heads/{name}"
    beyond = source.services.scm.commits_between(source.app.root, tip, commit) if commit else None
    result = branch_gate(source.environment, f"{_REMOTE}{name}" if remote else name, commit=commit, beyond=beyond)
    return replace(result, about=source.name)
