"""A git repository that is a straight line of commits."""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from sealift.errors import UserError
from sealift.model.app import App
from sealift.model.release import Commit, Origin
from sealift.ports import Checkout
from sealift.template.templates import SamTemplates
from tests.fakes.builder import FakeBuilder


@dataclass(slots=True)
class FakeSourceControl:
    """`commits` are (hash, subject), oldest first. No commits: no repository."""

    commits: list[tuple[str, str]] = field(default_factory=lambda: [("c" * 40, "Begin")])
    branch: str | None = "main"
    dirty: bool = False
    author: str | None = "dev@example.org"
    branches: dict[str, str] = field(default_factory=dict)
    """Hash by the name of a branch, such as `refs/remotes/origin/main`."""
    committed_at: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    stray: tuple[str, ...] = ()
    """Files that no commit has."""
    lines: Mapping[str, frozenset[int]] = field(default_factory=dict)
    """Changed lines by file."""
    configured: set[str] = field(default_factory=set)
    """Commits that changed the application's configuration."""
    head: str | None = None
    """The commit that is checked out; the newest one when it is not set."""

    def commit(self, sha: str, subject: str = "Change") -> None:
        """Make a commit."""
        self.commits.append((sha, subject))

    def origin(self, root: Path) -> Origin | None:
        """Return the commit that is checked out, or None when this is not a git repository."""
        if not self.commits:
            return None
        sha, subject = next((c for c in self.commits if c[0] == self.head), self.commits[-1])
        return Origin(commit=sha, branch=self.branch, dirty=self.dirty, subject=subject, author=self.author)

    def changed(self, root: Path, commit: str) -> Mapping[str, frozenset[int]]:
        """Return the lines that were set as changed."""
        return self.lines

    def commits_between(self, root: Path, old: str, new: str) -> tuple[str, ...] | None:
        """Return what `new` has and `old` lacks, newest first; None when one of them is unknown."""
        order = [sha for sha, _ in self.commits]
        old, new = self.branches.get(old, old), self.branches.get(new, new)
        if old not in order or new not in order:
            return None
        between = self.commits[order.index(old) + 1 : order.index(new) + 1]  # nothing when `new` is the older one
        return tuple(f"{sha} {subject}" for sha, subject in reversed(between))

    def written_by(self, root: Path, old: str | None, new: str) -> tuple[tuple[str, str], ...] | None:
        """Return what `new` has and `old` lacks, newest first, by the author of now."""
        lines = (new,) if old is None else self.commits_between(root, old, new)
        return None if lines is None else tuple((line.partition(" ")[0], self.author or "") for line in lines)

    def log(self, root: Path, old: str | None, new: str) -> tuple[Commit, ...] | None:
        """Return what `new` has and `old` lacks, newest first; each was committed at `committed_at`."""
        order = dict(self.commits)
        if old is None:
            lines: tuple[str, ...] | None = (f"{new} {order[new]}",) if new in order else None
        else:
            lines = self.commits_between(root, old, new)
        return None if lines is None else tuple(self._commit(*line.split(" ", 1)) for line in lines)

    def _commit(self, sha: str, subject: str) -> Commit:
        return Commit(sha=sha, at=self.committed_at, author=self.author or "", subject=subject)

    def untracked(self, root: Path, folders: Sequence[str]) -> tuple[str, ...]:
        """Return those in the folders."""
        return tuple(path for path in self.stray if path.startswith(tuple(f"{folder}/" for folder in folders)))

    def changed_between(self, root: Path, old: str, new: str, names: Sequence[str]) -> bool:
        """Return whether a commit between the two changed the configuration."""
        between = self.commits_between(root, old, new) or ()
        return any(line.partition(" ")[0] in self.configured for line in between)

    def ancestors(self, root: Path, commit: str, *, limit: int) -> tuple[str, ...]:
        """Return a commit and those before it, newest first; none when it is not known."""
        order = [sha for sha, _ in self.commits]
        return tuple(reversed(order[: order.index(commit) + 1]))[:limit] if commit in order else ()


@dataclass(slots=True)
class FakeAccounts:
    """Accounts at a service. Whoever acts has the account of that name, and so has who wrote a commit."""

    scm: FakeSourceControl
    actor: str
    wrote: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Accounts by commit, where they are others."""
    approved: tuple[str, ...] | None = None
    """Who approved every pull request; None where nobody can be asked."""

    def mine(self) -> str | None:
        """Return the account that runs us."""
        return f"{self.actor.partition('@')[0]}@github"

    def authors(self, commits: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
        """Return the accounts that wrote each commit."""
        author = (self.scm.author or "").rpartition("<")[2].partition("@")[0].lower()
        return {commit: self.wrote.get(commit, (f"{author}@github",) if author else ()) for commit in commits}

    def reviewers(self, commit: str) -> tuple[str, ...] | None:
        """Return who approved."""
        return self.approved


@dataclass(slots=True)
class FakeCheckouts:
    """Folders as they were when a commit was built; `app` says how the application is declared now."""

    folder: Path
    app: Callable[[], App]
    given: list[Mapping[str, str]] = field(default_factory=list)
    """The locks of each checkout."""

    def keep(self, root: Path, commit: str | None) -> None:
        """Remember what is in the folder as the content of a commit."""
        shutil.rmtree(self.folder / str(commit), ignore_errors=True)
        shutil.copytree(root, self.folder / str(commit))

    @contextmanager
    def at(self, root: Path, commit: str, *, locks: Mapping[str, str]) -> Iterator[Checkout]:
        """Check a commit out. Raises UserError when nothing was built from it."""
        self.given.append(locks)
        if not (self.folder / commit).is_dir():
            raise UserError(f"This clone does not have commit {commit[:12]}", code="commit-unknown")
        app = replace(self.app(), root=self.folder / commit)
        yield Checkout(app=app, builder=FakeBuilder(self.folder / "cache"), templates=SamTemplates())
