"""What `sealift run` does with a commit: decided from branch, pull request and configuration alone. Pure."""

from dataclasses import dataclass

from sealift.model.app import App, Environment

_OTHER_MAIN = '`sealift init` writes a sealift.toml in which staging has branch = "master".'


@dataclass(frozen=True, slots=True, kw_only=True)
class Journey:
    """The environments a commit is deployed to at once, and those it would be promoted into afterwards."""

    branch: str | None
    deploys: tuple[Environment, ...]
    promotes: tuple[Environment, ...]
    reason: str
    hint: str = ""


def journey(app: App, *, branch: str | None, pull_request: str | None) -> Journey:
    """Return where a commit on `branch` goes. A pull request never deploys to a permanent environment."""
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
    return Journey(
        branch=branch,
        deploys=deploys,
        promotes=_downstream(app, deploys),
        reason=f'branch "{branch}" deploys to {", ".join(e.name for e in deploys)}',
    )


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
