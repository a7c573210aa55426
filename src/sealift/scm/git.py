"""Git through its command line, read only. A call costs about 5 ms, so each question is one call where it can be."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sealift.errors import UserError
from sealift.model.release import Commit, Origin
from sealift.ports import Process
from sealift.scm.ci import CiContext, detect
from sealift.scm.hardened import HardenedGit, NoRepository, Repository

_MADE_ANEW = ("node_modules", "__pycache__", ".venv")
"""What a build makes of its own, whatever the work tree has."""
_REFERENCE = re.compile(r"[A-Za-z0-9_@{}~^./+#=-]+")
_FIELD, _RECORD = "\x1f", "\x1e"


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """A branch and its newest commit. `points_to` is the branch that a symbolic one (`origin/HEAD`) stands for."""

    name: str
    commit: str
    points_to: str | None = None
    checked_out: bool = False


class Git:
    """The SourceControl port over `git`. `env` is the process environment, for what the CI system says."""

    def __init__(self, process: Process, env: Mapping[str, str] | None = None) -> None:
        self._env = env or {}
        self._git = HardenedGit(process, env)

    def repository(self, root: Path) -> Repository | NoRepository:
        """Return the repository that holds a folder, or why none does."""
        return self._git.repository(root)

    def origin(self, root: Path) -> Origin | None:
        """Return commit, branch and whether tracked files differ; None when this is not a git repository.

        The author of a merge that adds nothing of its own is the one of the newest commit that it merged.
        A checkout of a commit (CI does that) has no branch; what the CI system says is taken then, if it speaks of
        this very commit.
        """
        # Submodules have commits of their own; asking each is slow, and their pointer is what we deploy.
        status = self._git.run(
            root, "status", "--porcelain=v2", "--branch", "--untracked-files=no", "--ignore-submodules=dirty"
        )
        if status.returncode != 0:
            return None
        commit, branch, dirty = _read_status(status.stdout)
        if commit is None:
            return Origin(commit=None, branch=branch, dirty=dirty)
        log = self._git.run(root, "log", "-1", f"--format=%s{_FIELD}%an <%ae>{_FIELD}%P", commit)
        subject, author, parents = (*log.stdout.rstrip("\n").split(_FIELD), "", "", "")[:3]
        if " " in parents and commit in self._plain_merges(root, f"{commit}^!"):
            author = self._merged_author(root, parents.split()) or author
        return Origin(
            commit=commit,
            branch=branch or _branch_in_ci(detect(self._env), commit),
            dirty=dirty,
            subject=subject or None,
            author=author or None,
        )

    def commits_between(self, root: Path, old: str, new: str) -> tuple[str, ...] | None:
        if not (_is_reference(old) and _is_reference(new)):
            return None
        said = self._git.said(root, "log", "--format=%H %s", f"{old}..{new}", "--")
        return None if said is None else tuple(said.splitlines())

    def written_by(self, root: Path, old: str | None, new: str) -> tuple[tuple[str, str], ...] | None:
        said = self._log(root, f"%H{_FIELD}%ae", old, new)
        if said is None:
            return None
        added_nothing = self._plain_merges(root, f"{old}..{new}") if old is not None else frozenset()
        rows = (line.partition(_FIELD) for line in said.splitlines())
        return tuple((commit, email) for commit, _, email in rows if commit not in added_nothing)

    def _merged_author(self, root: Path, parents: Sequence[str]) -> str:
        first, *others = parents
        done = self._git.run(root, "log", "-1", "--no-merges", "--format=%an <%ae>", *others, "--not", first, "--")
        return done.stdout.strip()

    def _plain_merges(self, root: Path, between: str) -> frozenset[str]:
        """Return the merges that git makes the same of their parents: whoever made one wrote nothing.

        A git before 2.35 knows none. https://git-scm.com/docs/git-log#Documentation/git-log.txt---remerge-diff
        """
        form = f"--format={_RECORD}%H"
        said = self._git.said(root, "log", "--merges", "--remerge-diff", "--name-only", "-z", form, between, "--")
        found = [part.strip("\0\n") for part in (said or "").split(_RECORD)]
        return frozenset(part for part in found if re.fullmatch(r"[0-9a-f]{40,64}", part))

    def log(self, root: Path, old: str | None, new: str) -> tuple[Commit, ...] | None:
        said = self._log(root, _FIELD.join(("%H", "%cI", "%an", "%s", "%b")) + _RECORD, old, new)
        if said is None:
            return None
        lines = (line.strip("\n").split(_FIELD, 4) for line in said.split(_RECORD) if line.strip())
        return tuple(
            Commit(sha=sha, at=datetime.fromisoformat(at).astimezone(UTC), author=author, subject=subject, body=body)
            for sha, at, author, subject, body in lines
        )

    def _log(self, root: Path, form: str, old: str | None, new: str) -> str | None:
        """Return the commits after `old` up to `new`, or `new` alone, in this form; None when that cannot be read."""
        if not (_is_reference(new) and (old is None or _is_reference(old))):
            return None
        which = ["-1", new] if old is None else [f"{old}..{new}"]
        return self._git.said(root, "log", f"--format={form}", *which, "--")

    def untracked(self, root: Path, folders: Sequence[str]) -> tuple[str, ...]:
        found = self._git.repository(root)
        if isinstance(found, NoRepository):
            return ()
        within = [os.path.normpath(found.prefix + folder) for folder in folders]
        within = [folder for folder in within if not folder.startswith("..")]
        excluded = [f"--exclude={name}" for name in _MADE_ANEW]
        said = self._git.said(root, "ls-files", "--others", "-z", *excluded, "--", *within) if within else None
        return tuple(os.path.relpath(path, found.prefix or ".") for path in (said or "").split("\0") if path)

    def changed(self, root: Path, commit: str) -> Mapping[str, frozenset[int]]:
        """Return the lines of the work tree that a commit's files lack, by file; nothing when it is not known here."""
        found = self._git.repository(root)
        if isinstance(found, NoRepository):
            return {}
        base = self._git.run(root, "merge-base", commit, "HEAD").stdout.strip()
        options = ("--unified=0", "--no-color", "--no-ext-diff", "--no-textconv", "--find-renames", "--diff-filter=d")
        said = self._git.said(
            root, "diff", *options, "--src-prefix=a/", "--dst-prefix=b/", base or commit, "--", found.prefix or "."
        )
        return _changed(said or "", found.prefix)

    def ignored(self, root: Path) -> tuple[str, ...]:
        """Return the files and, with a slash behind, the whole folders that git ignores, relative to `root`."""
        found = self._git.repository(root)
        if isinstance(found, NoRepository):
            return ()
        chosen = ("--others", "--ignored", "--exclude-standard", "--directory", "-z")
        said = self._git.said(root, "ls-files", *chosen, "--", found.prefix or ".") or ""
        return tuple(path.removeprefix(found.prefix) for path in said.split("\0") if path)

    def remote(self, root: Path) -> str | None:
        """Return the address of the remote `origin`."""
        done = self._git.run(root, "config", "--get", "remote.origin.url")
        return done.stdout.strip() or None

    def changed_between(self, root: Path, old: str, new: str, names: Sequence[str]) -> bool:
        found = self._git.repository(root)
        if not (_is_reference(old) and _is_reference(new)) or isinstance(found, NoRepository):
            return True
        paths = [f":(top,literal){found.prefix}{name}" for name in names]
        done = self._git.run(root, "diff", "--quiet", "--no-ext-diff", "--no-textconv", old, new, "--", *paths)
        return done.returncode != 0

    def ancestors(self, root: Path, commit: str, *, limit: int) -> tuple[str, ...]:
        if not _is_reference(commit):
            return ()
        return tuple((self._git.said(root, "log", "--format=%H", f"--max-count={limit}", commit, "--") or "").split())

    def merge_base(self, root: Path, reference: str) -> str | None:
        """Return the newest commit that HEAD and a reference both come from; None when this clone shows none."""
        said = self._git.said(root, "merge-base", "HEAD", reference) if _is_reference(reference) else None
        return (said or "").strip() or None

    def differs(self, root: Path, commit: str, *paths: str) -> bool:
        """Return whether a tracked file among these, relative to `root`, is not as a commit has it."""
        found = self._git.repository(root)
        if isinstance(found, NoRepository) or not _is_reference(commit):
            return True
        within = [os.path.normpath(found.prefix + path) for path in paths]
        return self._git.run(root, "diff", "--quiet", "--no-ext-diff", commit, "--", *within).returncode != 0

    def branches(self, root: Path) -> Mapping[str, Branch]:
        """Return local branches and those last seen at the remote `origin`, by full name; none outside a repository."""
        form = _FIELD.join(("%(refname)", "%(objectname)", "%(symref)", "%(HEAD)"))
        said = self._git.said(root, "for-each-ref", f"--format={form}", "refs/heads", "refs/remotes/origin") or ""
        lines = [line.split(_FIELD) for line in said.splitlines()]
        return {
            name: Branch(name=name, commit=commit, points_to=target or None, checked_out=head == "*")
            for name, commit, target, head in lines
        }

    def named(self, root: Path, names: Sequence[str], commit: str | None) -> Mapping[str, str]:
        """Return every file of these names in the repository, by its path from the top: of a commit, or as it is here.

        Raises UserError when a commit can not be read.
        """
        found = self._git.repository(root)
        if isinstance(found, NoRepository):
            return {}
        if commit is None:
            listed = self._git.run(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
        else:
            listed = self._git.run(root, "ls-tree", "-r", "-z", "--name-only", commit)
        paths = sorted({path for path in listed.stdout.split("\0") if path.rpartition("/")[2] in names})
        if commit is not None:
            if listed.returncode != 0:
                raise _cannot_read(names, commit)
            return self._read(root, commit, paths)
        there = {path: found.top / path for path in paths}
        return {name: path.read_text(errors="replace") for name, path in there.items() if path.is_file()}

    def _read(self, root: Path, commit: str, paths: Sequence[str]) -> Mapping[str, str]:
        texts = {}
        for path in paths:
            done = self._git.run(root, "cat-file", "blob", f"{commit}:{path}")
            if done.returncode != 0:
                raise _cannot_read([path], commit)
            texts[path] = done.stdout
        return texts

    def has_commit(self, root: Path, commit: str) -> bool:
        """Return whether this clone has a commit."""
        return _is_reference(commit) and self._git.run(root, "cat-file", "-e", f"{commit}^{{commit}}").returncode == 0

    def own_settings(self, root: Path, pattern: str) -> tuple[str, ...]:
        """Return the names of settings that the repository's own configuration has."""
        said = self._git.said(root, "config", "--local", "--includes", "--name-only", "--get-regexp", pattern)
        return tuple((said or "").splitlines())

    def write_tree(self, root: Path, commit: str, *, into: Path, index: Path, settings: Mapping[str, str]) -> None:
        """Write every file of a commit into a folder, by an index of its own. Raises UserError."""
        where = ("--git-dir", str(self._git_dir(root)), "--work-tree", str(into))
        done = self._git.run(root, *where, "read-tree", "--reset", "-u", commit, settings=settings, index=index)
        if done.returncode != 0:
            said = done.stderr.strip().splitlines()[-1:] or ["git gives no reason"]
            raise _unreadable(f"Commit {commit[:12]} cannot be checked out: {said[0]}")

    def _git_dir(self, root: Path) -> Path:
        done = self._git.run(root, "rev-parse", "--absolute-git-dir")
        return Path(done.stdout.strip())

    def having_head(self, root: Path, references: Sequence[str]) -> tuple[str, ...]:
        """Return those references (`refs/remotes/origin/main`) whose history has the commit that is checked out.

        In a shallow clone a reference may lack what it has at the remote; it is never said to have more.
        """
        asked = [one for one in references if _is_reference(one)]
        if not asked:
            return ()
        said = self._git.said(root, "for-each-ref", "--contains=HEAD", "--format=%(refname)", *asked) or ""
        return tuple(one for one in asked if one in said.splitlines())

    def has_remote(self, root: Path) -> bool:
        """Return whether a remote called `origin` is configured."""
        return self.remote(root) is not None

    def files_at(self, root: Path, commit: str, names: Sequence[str]) -> Mapping[str, str]:
        """Return those text files of folder `root` that a commit has. Raises UserError when it cannot be read."""
        found = self._git.repository(root)
        prefix = found.prefix if isinstance(found, Repository) else ""
        listed = self._git.run(root, "ls-tree", "-z", "--name-only", commit, "--", *(prefix + name for name in names))
        if listed.returncode != 0:
            raise _cannot_read(names, commit)
        texts = self._read(root, commit, [path for path in listed.stdout.split("\0") if path])
        return {path.removeprefix(prefix): body for path, body in texts.items()}


def _cannot_read(names: Sequence[str], commit: str) -> UserError:
    return _unreadable(f"git cannot read {', '.join(names)} of commit {commit[:12]}")


def _unreadable(message: str) -> UserError:
    return UserError(
        message,
        code="git-unreadable",
        hint="Fetch it again: git fetch origin (a clone made with --filter: git fetch --refetch --no-filter "
        "origin); `git fsck` says what is damaged.",
    )


def _changed(diff: str, prefix: str) -> dict[str, frozenset[int]]:
    """Return the lines that a diff without context adds, by file. A tab ends a name that holds a space."""
    lines: dict[str, set[int]] = {}
    file = ""
    left = 0  # lines of a hunk, which may look like anything
    for line in diff.split("\n"):
        if left:
            left -= line[:1] in "+-"
        elif line.startswith("+++ b/"):
            file = line[6:].rstrip("\t").removeprefix(prefix)
        elif found := re.match(r"@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@", line):
            old, start, count = int(found[1] or 1), int(found[2]), int(found[3] or 1)
            left = old + count
            lines.setdefault(file, set()).update(range(start, start + count))
    return {name: frozenset(numbers) for name, numbers in lines.items()}


def _is_reference(text: str) -> bool:
    """Whether this can be a commit or branch; what begins with a dash would be read as an option."""
    return bool(_REFERENCE.fullmatch(text)) and not text.startswith("-") and ".." not in text


def _read_status(text: str) -> tuple[str | None, str | None, bool]:
    """Return commit, branch and dirtiness from `git status --porcelain=v2 --branch`."""
    commit = branch = None
    dirty = False
    for line in text.splitlines():
        if line.startswith("# branch.oid "):
            commit = line.removeprefix("# branch.oid ")
        elif line.startswith("# branch.head "):
            branch = line.removeprefix("# branch.head ")
        elif not line.startswith("#"):
            dirty = True
    return (None if commit == "(initial)" else commit), (None if branch == "(detached)" else branch), dirty


def _branch_in_ci(ci: CiContext, commit: str) -> str | None:
    # A pull request of GitHub is built as a merge commit; its branch is still the right word for it.
    same = ci.commit is None or commit.startswith(ci.commit) or ci.commit.startswith(commit)
    return ci.branch if same or ci.pull_request else None
