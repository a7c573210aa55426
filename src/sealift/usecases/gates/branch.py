"""The branch gate: only what was merged is promoted."""

from dataclasses import replace

from sealift.delivery.gates import GateResult, branch_gate
from sealift.delivery.journey import first_branch
from sealift.usecases.gates.entering import Entering

_REMOTE = "origin/"


def branch(entering: Entering) -> GateResult:
    """Return whether the commit that the source runs is on the branch that is deployed there.

    Whoever may deploy to staging from a laptop could otherwise bring to production what nobody reviewed. Where the
    first environment of the way is deployed to by hand alone, the branch is the protected one. On the embedded cloud
    any commit will do.
    """
    source, commit = entering.source, entering.commit
    if source is None or source.cloud.local or source.app.gates.reference is None:
        return GateResult(gate="branch", status="open", message="no branch is asked for")
    reference = source.app.gates.reference
    remote, name = reference.startswith(_REMOTE), first_branch(source.app, source.environment)
    name = name or reference.removeprefix(_REMOTE)
    tip = f"refs/remotes/{_REMOTE}{name}" if remote else f"refs/heads/{name}"
    beyond = source.services.scm.commits_between(source.app.root, tip, commit) if commit else None
    result = branch_gate(source.environment, f"{_REMOTE}{name}" if remote else name, commit=commit, beyond=beyond)
    return replace(result, about=source.name)
