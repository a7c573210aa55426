"""Only what was merged is promoted: the branch gate of an environment that commits are deployed to from a branch."""

from sealift.delivery.gates import branch_gate
from sealift.delivery.journey import first_branch
from sealift.usecases.admission import closed_error
from sealift.usecases.site import Site

_REMOTE = "origin/"


def pass_branch(source: Site, *, commit: str | None) -> None:
    """Raise Refused when the commit that `source` runs is not on the branch that is deployed there.

    Whoever may deploy to staging from a laptop could otherwise bring to production what nobody reviewed. On the
    embedded cloud, and where the first environment of the way is deployed to by hand alone, any commit will do.
    """
    branch = first_branch(source.app, source.environment)
    if source.cloud.local or branch is None or source.app.gates.reference is None:
        return
    remote = source.app.gates.reference.startswith(_REMOTE)
    tip = f"refs/remotes/{_REMOTE}{branch}" if remote else f"refs/heads/{branch}"
    beyond = source.services.scm.commits_between(source.app.root, tip, commit) if commit else None
    result = branch_gate(source.environment, f"{_REMOTE}{branch}" if remote else branch, commit=commit, beyond=beyond)
    if result.status != "open":
        raise closed_error(result, source.environment)
