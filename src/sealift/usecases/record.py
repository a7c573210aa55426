"""What the record of an environment adds up to: the commits of each deployment, and DORA's measures. Reads only."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sealift.delivery.dora import Dora, dora
from sealift.delivery.history import Deployed, deployments
from sealift.model.app import App, Environment
from sealift.model.release import Commit
from sealift.ports import SourceControl
from sealift.usecases.services import Services
from sealift.usecases.site import open_site

# "Merged in branch (pull request #12)", "Merge pull request #12 from …", "Title (#12)", "See merge request a/b!12"
_PULL_REQUEST = re.compile(r"pull request #(\d+)|\(#(\d+)\)$|See merge request \S*!(\d+)", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One deployment with the commits that it brought, newest first; None when this clone does not have them."""

    deployed: Deployed
    commits: tuple[Commit, ...] | None

    @property
    def pull_requests(self) -> tuple[str, ...]:
        """The numbers of the pull requests that its commits name."""
        found = (number for one in self.commits or () for number in numbers(f"{one.subject}\n{one.body}"))
        return tuple(dict.fromkeys(found))


def numbers(message: str) -> tuple[str, ...]:
    """Return the pull requests that the message of a merge names, as Bitbucket, GitHub and GitLab write it."""
    return tuple(next(filter(None, match)) for match in _PULL_REQUEST.findall(message))


def changelog(app: App, environment: Environment, services: Services) -> tuple[Change, ...]:
    """Return each deployment that succeeded in an environment with its commits, newest first."""
    return tuple(reversed([one for one in _changes(app, environment, services) if one.deployed.status == "succeeded"]))


def measure(app: App, environment: Environment, services: Services) -> Dora:
    """Return the measures of DORA for an environment."""
    changes = _changes(app, environment, services)
    commits = {one.deployed.operation: one.commits for one in changes}
    return dora([one.deployed for one in changes], commits, now=services.clock.now())


def _changes(app: App, environment: Environment, services: Services) -> list[Change]:
    """Return all deployments, oldest first. What a deployment brought is what the one before it did not have."""
    found: list[Change] = []
    before: Deployed | None = None
    for one in deployments(open_site(app, environment, services).ledger.entries()):
        found.append(Change(deployed=one, commits=_brought(services.scm, app.root, before, one)))
        if one.status == "succeeded":
            before = one
    return found


def _brought(scm: SourceControl, root: Path, before: Deployed | None, one: Deployed) -> tuple[Commit, ...] | None:
    if one.kind == "rollback":
        return ()
    if one.commit is None or (before is not None and before.commit is None):
        return None
    return scm.log(root, before.commit if before is not None else None, one.commit)


def first_protected(environments: Sequence[Environment]) -> Environment | None:
    """Return the environment that is meant when none is named: the one called production, else the last protected."""
    named = [one for one in environments if one.name == "production"]
    protected = [one for one in environments if one.protected]
    return next(iter(named or protected[-1:]), None)
