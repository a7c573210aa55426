"""What `sealift run` does with a commit: decided from branch, pull request and configuration alone. Pure."""

from collections.abc import Collection, Iterable

from sealift.model.app import App, Environment
from sealift.model.values import value

_OTHER_MAIN = '`sealift init` writes a sealift.toml in which staging has branch = "master".'


NOT_ON_BRANCH = "Merge and push it, then: git fetch origin (in a shallow clone: git fetch --unshallow origin)"


@value
class Journey:
    """The environments a commit is deployed to at once, and those it would be promoted into afterwards."""

    branch: str | None
    deploys: tuple[Environment, ...]
    promotes: tuple[Environment, ...]
    reason: str
    hint: str = ""
    unmerged: bool = False
    """Whether a branch was named that deploys and does not have the commit."""


def journey(
    app: App, *, branch: str | None, pull_request: str | None, merged_to: Collection[str] | None = None
) -> Journey:
    """Return where a commit on `branch` goes. A pull request never deploys to a permanent environment.

    `merged_to` are the branches that have the commit, None when that does not matter. On a branch that is none of
    them, whoever says so, the commit counts as a pull request.
    """
    if branch is None and merged_to is not None:
        branch = _only(e.branch for e in app.environments if e.branch in merged_to)
    if pull_request is not None:
        return Journey(
            branch=branch,
            deploys=(),
            promotes=(),
            reason=f"pull request {pull_request}: it is checked and built, and deployed to no permanent environment",
        )
    deploys = tuple(e for e in app.environments if e.branch is not None and e.branch == branch)
    if not deploys:
        declared = ", ".join(sorted({e.branch for e in app.environments if e.branch})) or "none"
        return Journey(
            branch=branch,
            deploys=(),
            promotes=(),
            reason=f'no environment deploys from branch "{branch}" (branches that do: {declared})',
            hint=_OTHER_MAIN if branch == "master" else "",
        )
    if merged_to is not None and branch not in merged_to:
        return Journey(
            branch=branch,
            deploys=(),
            promotes=(),
            reason=f'this commit is not on branch "{branch}" of the remote, as far as this clone has it. '
            "So it counts as a pull request: it is checked and built, and deployed to no permanent environment",
            hint=NOT_ON_BRANCH,
            unmerged=True,
        )
    return Journey(
        branch=branch,
        deploys=deploys,
        promotes=_downstream(app, deploys),
        reason=f'branch "{branch}" deploys to {", ".join(e.name for e in deploys)}',
    )


def first_branch(app: App, environment: Environment) -> str | None:
    """Return the branch that the first environment of the way to this one is deployed from."""
    seen: set[str] = set()
    first: Environment | None = environment
    while first is not None and first.promotes_from is not None and first.name not in seen:
        seen.add(first.name)
        first = app.environment(first.promotes_from)
    return first.branch if first else None


def _only(branches: Iterable[str | None]) -> str | None:
    """Return the branch if all are the same."""
    found = set(branches)
    return found.pop() if len(found) == 1 else None


def _downstream(app: App, start: tuple[Environment, ...]) -> tuple[Environment, ...]:
    """Return the environments that are promoted into from these, in order."""
    reached: list[Environment] = list(start)
    found: list[Environment] = []
    while True:
        names = {e.name for e in reached}
        more = [e for e in app.environments if e.promotes_from in names and e.name not in names]
        if not more:
            return tuple(found)
        found += more
        reached += more
