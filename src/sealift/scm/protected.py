"""Which branch is the protected one: it holds what was reviewed, so gates are read from it.

Nothing is fetched here. What a clone shows of the remote is as old as its last fetch.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sealift.scm.ci import CiContext
from sealift.scm.git import Branch, Git
from sealift.scm.hardened import NoRepository

_REMOTE, _LOCAL = "refs/remotes/origin/", "refs/heads/"
_SHORT = "origin/"
_USUAL = ("main", "master")


@dataclass(frozen=True, slots=True, kw_only=True)
class Protected:
    """The protected branch: `origin/main`, its commit, and whether it is the one that is checked out here."""

    reference: str
    commit: str
    checked_out: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NotFound:
    """Why this clone shows no protected branch, and what to do."""

    problem: str
    hint: str


_UNDECIDED = NotFound(
    problem="this clone has both origin/main and origin/master, and no default branch is set",
    hint="Ask the remote: git remote set-head origin --auto",
)


def protected_branch(git: Git, root: Path, ci: CiContext, *, judging: bool = False) -> Protected | NotFound:
    """Return the protected branch of the repository that holds `root`.

    It is the remote's default branch. When a pull request is only judged, it is the branch that it is to be merged
    into: whoever may push branches may choose that one, so nothing is deployed by its gates.
    """
    repository = git.repository(root)
    if isinstance(repository, NoRepository):
        return NotFound(problem=repository.problem, hint=repository.hint)
    branches = git.branches(root)
    target = ci.target_branch if judging and ci.pull_request else None
    if target is not None:
        found = branches.get(_REMOTE + target)
        return _protected(found, branches) if found else _not_fetched(target)
    candidates = _remote(branches, ci)
    if len(candidates) > 1:
        return _UNDECIDED
    for found in candidates:
        return _protected(found, branches)
    if git.has_remote(root):
        return _not_fetched(ci.default_branch or "main")
    local = {name: branch for name, branch in branches.items() if name.startswith(_LOCAL)}
    found = next((local[_LOCAL + name] for name in _USUAL if _LOCAL + name in local), None)
    found = found or (next(iter(local.values())) if len(local) == 1 else None)
    if found is not None:
        return _protected(found, branches)
    return NotFound(
        problem="the repository has neither a remote nor a branch called main or master",
        hint="Add the remote that holds what was reviewed: git remote add origin …; git fetch origin",
    )


def having_commit(git: Git, root: Path, protected: Protected, names: Iterable[str]) -> tuple[str, ...]:
    """Return those of the branches (`main`) whose history has the commit that is checked out: at the remote, when
    gates are read from there. Only these have merged it; what a CI system says of the commit counts for nothing.
    """
    where = _REMOTE if protected.reference.startswith(_SHORT) else _LOCAL
    wanted = dict.fromkeys((protected.reference.removeprefix(_SHORT), *names))
    found = git.having_head(root, [where + name for name in wanted])
    return tuple(one.removeprefix(where) for one in found)


def _remote(branches: Mapping[str, Branch], ci: CiContext) -> list[Branch]:
    """Return what may be the default branch. Whoever may push could call a branch HEAD, or main beside master."""
    head = branches.get(f"{_REMOTE}HEAD")
    if head is not None and head.points_to is not None and head.points_to in branches:
        return [branches[head.points_to]]
    names = (ci.default_branch,) if ci.default_branch else _USUAL
    return [branches[_REMOTE + name] for name in names if _REMOTE + name in branches]


def _protected(found: Branch, branches: Mapping[str, Branch]) -> Protected:
    short = found.name.removeprefix("refs/remotes/").removeprefix(_LOCAL)
    here = branches.get(_LOCAL + short.removeprefix(_SHORT))
    return Protected(reference=short, commit=found.commit, checked_out=here is not None and here.checked_out)


def _not_fetched(branch: str) -> NotFound:
    return NotFound(
        problem=f"this clone has no origin/{branch}, and gates are read from the protected branch",
        hint=f"git fetch --depth=1 origin +refs/heads/{branch}:refs/remotes/origin/{branch}",
    )
