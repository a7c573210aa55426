"""Checks a commit out into a folder of its own: the repository, its index and its work tree are left alone.

The tree decides nothing here either: filters of the repository's own configuration are off, as are hooks. Those of the
person's configuration (Git LFS) run as they do in any clone.
"""

from pathlib import Path

from sealift.errors import UserError
from sealift.scm.git import Git
from sealift.scm.hardened import NoRepository

_WHOLE = {"core.sparseCheckout": "false", "core.worktree": "", "submodule.recurse": "false"}
"""Every file of the commit is written, whatever part of it this clone has checked out."""


def check_out(git: Git, root: Path, commit: str, folder: Path) -> Path:
    """Write the files of a commit into `folder`; return what stands for `root` there. Raises UserError.

    The top keeps its name, because an application without one of its own is called after its folder. It counts as a
    repository, so that nothing outside of it is read.
    """
    found = git.repository(root)
    if isinstance(found, NoRepository):
        raise UserError(found.problem, code="not-a-repository", hint=found.hint)
    if not git.has_commit(root, commit):
        raise UserError(
            f"This clone does not have commit {commit[:12]}",
            code="commit-unknown",
            hint="git fetch origin (in a shallow clone: git fetch --unshallow origin), then repeat the command.",
        )
    top = folder / (found.top.name or "repository")
    (top / ".git").mkdir(parents=True)
    git.write_tree(root, commit, into=top, index=folder / "index", settings=_WHOLE | _no_filters(git, root))
    return top / found.prefix


def _no_filters(git: Git, root: Path) -> dict[str, str]:
    """Return settings that take the programs out of the filters which the repository itself configures."""
    names = {name.rpartition(".")[0] for name in git.own_settings(root, r"^filter\..*")}
    return {
        f"{name}.{key}": value
        for name in names
        for key, value in (("smudge", ""), ("process", ""), ("required", "false"))
    }
