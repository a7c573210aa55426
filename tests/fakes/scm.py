"""A git repository that is a straight line of commits."""

from dataclasses import dataclass, field
from pathlib import Path

from sealift.model.release import Origin


@dataclass(slots=True)
class FakeSourceControl:
    """`commits` are (hash, subject), oldest first. No commits: no repository."""

    commits: list[tuple[str, str]] = field(default_factory=lambda: [("c" * 40, "Begin")])
    branch: str | None = "main"
    dirty: bool = False
    author: str | None = "dev@example.org"
    branches: dict[str, str] = field(default_factory=dict)
    """Hash by the name of a branch, such as `refs/remotes/origin/main`."""
    head: str | None = None
    """The commit that is checked out; the newest one when it is not set."""

    def commit(self, sha: str, subject: str = "Change") -> None:
        """Make a commit."""
        self.commits.append((sha, subject))

    def origin(self, root: Path) -> Origin | None:
        """Return the commit that is checked out, or None when this is no git repository."""
        if not self.commits:
            return None
        sha, subject = next((c for c in self.commits if c[0] == self.head), self.commits[-1])
        return Origin(commit=sha, branch=self.branch, dirty=self.dirty, subject=subject, author=self.author)

    def commits_between(self, root: Path, old: str, new: str) -> tuple[str, ...] | None:
        """Return what `new` has and `old` lacks, newest first; None when one of them is unknown."""
        order = [sha for sha, _ in self.commits]
        old, new = self.branches.get(old, old), self.branches.get(new, new)
        if old not in order or new not in order:
            return None
        between = self.commits[order.index(old) + 1 : order.index(new) + 1]  # nothing when `new` is the older one
        return tuple(f"{sha} {subject}" for sha, subject in reversed(between))

    def ancestors(self, root: Path, commit: str, *, limit: int) -> tuple[str, ...]:
        """Return a commit and those before it, newest first; none when it is not known."""
        order = [sha for sha, _ in self.commits]
        return tuple(reversed(order[: order.index(commit) + 1]))[:limit] if commit in order else ()
