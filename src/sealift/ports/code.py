"""Ports to the source code and its authors."""

from __future__ import annotations  # the nouns are named here, but loaded by whoever uses them

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from sealift.model.preview import PullRequest
    from sealift.model.release import Commit, Origin


class SourceControl(Protocol):
    """Git, read only."""

    def origin(self, root: Path) -> Origin | None:
        """Return commit, branch and whether tracked files differ; None when this is not a git repository."""

    def commits_between(self, root: Path, old: str, new: str) -> tuple[str, ...] | None:
        """Return `<hash> <subject>` of commits in `new` that `old` lacks, newest first; None when unknown."""

    def written_by(self, root: Path, old: str | None, new: str) -> tuple[tuple[str, str], ...] | None:
        """Return each commit that `new` has and `old` lacks with its author's e-mail, newest first; None when unknown.

        A merge that adds nothing of its own is left out. Without an old one only the new one itself.
        """

    def log(self, root: Path, old: str | None, new: str) -> tuple[Commit, ...] | None:
        """Return the commits that `new` has and `old` lacks, newest first; None when one of them is unknown.

        Without an old one only the new one itself.
        """

    def changed(self, root: Path, commit: str) -> Mapping[str, frozenset[int]]:
        """Return the lines of the work tree that a commit's files lack, by file; nothing when it is not known here."""

    def untracked(self, root: Path, folders: Sequence[str]) -> tuple[str, ...]:
        """Return the files in these folders that no commit has, ignored ones too; all paths are relative to `root`."""

    def changed_between(self, root: Path, old: str, new: str, names: Sequence[str]) -> bool:
        """Return whether a file of these names in folder `root` differs between commits; true when one is unknown."""

    def ancestors(self, root: Path, commit: str, *, limit: int) -> tuple[str, ...]:
        """Return the hashes of a commit and of those before it, newest first; none when it is not known."""


class Accounts(Protocol):
    """Accounts of people at the code host, such as `ann@github`."""

    def mine(self) -> str | None:
        """Return the account that runs Sealift; None if it is unknown or belongs to a machine."""

    def authors(self, commits: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
        """Return the accounts that wrote each commit or opened its pull request; none when its author has none.

        Raises CloudError when the service does not answer.
        """

    def reviewers(self, commit: str) -> tuple[str, ...] | None:
        """Return the accounts that approved a pull request with this commit, without who opened it.

        None when no service can be asked. Raises CloudError when it does not answer.
        """


class PullRequests(Protocol):
    """The pull requests of one repository at its code host. Read only."""

    @property
    def repository(self) -> str:
        """Full name of the repository."""

    def open_numbers(self) -> frozenset[str]:
        """Return the number of every open pull request, all pages read. Raises CloudError."""

    def pull_request(self, number: str) -> PullRequest | None:
        """Return a pull request, or None when the service has none of this number. Raises CloudError."""
