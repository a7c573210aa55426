"""The SourceControl port over the real git."""

import subprocess
from pathlib import Path

import pytest

from sealift.errors import UserError
from sealift.scm.git import Git
from sealift.system import RealProcess

ENV = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_SYSTEM": "/dev/null",
    "GIT_AUTHOR_NAME": "Ada Lovelace",
    "GIT_AUTHOR_EMAIL": "ada@example.com",
    "GIT_COMMITTER_NAME": "Ada Lovelace",
    "GIT_COMMITTER_EMAIL": "ada@example.com",
}


def _run(root: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", *arguments], cwd=root, env=ENV, check=True, capture_output=True, text=True
    ).stdout.strip()


def _commit(root: Path, text: str, subject: str) -> str:
    (root / "app").mkdir(exist_ok=True)
    (root / "app" / "template.yaml").write_text(text)
    _run(root, "add", ".")
    _run(root, "commit", "-qm", subject)
    return _run(root, "rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    _run(tmp_path, "init", "-q", "-b", "main")
    _commit(tmp_path, "one\n", "First: ünïcode")
    return tmp_path


@pytest.fixture
def git() -> Git:
    return Git(RealProcess(), ENV)


def test_a_clean_commit_is_told_with_its_subject_and_author(repository: Path, git: Git) -> None:
    origin = git.origin(repository / "app")
    assert origin is not None
    assert origin.commit == _run(repository, "rev-parse", "HEAD")
    assert (origin.branch, origin.dirty, origin.subject) == ("main", False, "First: ünïcode")
    assert origin.author == "Ada Lovelace <ada@example.com>"


def test_a_changed_tracked_file_makes_it_dirty_and_a_new_one_does_not(repository: Path, git: Git) -> None:
    (repository / "new.txt").write_text("x")
    fresh = git.origin(repository)
    (repository / "app" / "template.yaml").write_text("changed\n")
    changed = git.origin(repository)
    assert fresh is not None
    assert changed is not None
    assert (fresh.dirty, changed.dirty) == (False, True)


def test_a_staged_change_is_dirty_too(repository: Path, git: Git) -> None:
    (repository / "new.txt").write_text("x")
    _run(repository, "add", "new.txt")
    origin = git.origin(repository)
    assert origin is not None
    assert origin.dirty


def test_a_repository_without_a_commit_has_a_branch_only(tmp_path: Path, git: Git) -> None:
    _run(tmp_path, "init", "-q", "-b", "trunk")
    origin = git.origin(tmp_path)
    assert origin is not None
    assert (origin.commit, origin.branch, origin.subject) == (None, "trunk", None)


def test_a_folder_outside_of_a_repository_has_no_origin(tmp_path: Path, git: Git) -> None:
    assert git.origin(tmp_path) is None


def test_commits_between_are_told_newest_first(repository: Path, git: Git) -> None:
    first = _run(repository, "rev-parse", "HEAD")
    second = _commit(repository, "two\n", "Second")
    third = _commit(repository, "three\n", "Third")
    assert git.commits_between(repository, first, third) == (f"{third} Third", f"{second} Second")
    assert git.commits_between(repository, third, third) == ()
    assert git.commits_between(repository, "0" * 40, third) is None


def test_the_ancestors_of_a_commit_begin_with_itself_and_end_at_the_limit(repository: Path, git: Git) -> None:
    first = _run(repository, "rev-parse", "HEAD")
    second = _commit(repository, "two\n", "Second")
    third = _commit(repository, "three\n", "Third")
    assert git.ancestors(repository, third, limit=100) == (third, second, first)
    assert git.ancestors(repository, third, limit=2) == (third, second)
    assert git.ancestors(repository, "0" * 40, limit=2) == ()
    assert git.ancestors(repository, "--all", limit=2) == ()


def test_files_are_read_as_they_are_in_a_commit_below_the_folder(repository: Path, git: Git) -> None:
    first = _run(repository, "rev-parse", "HEAD")
    _commit(repository, "two\n", "Second")
    assert git.files_at(repository / "app", first, ("template.yaml", "gone.yaml")) == {"template.yaml": "one\n"}
    assert git.files_at(repository, "main", ("app/template.yaml",)) == {"app/template.yaml": "two\n"}
    with pytest.raises(UserError):
        git.files_at(repository, "nobranch", ("app/template.yaml",))


def test_reading_leaves_the_index_alone(repository: Path, git: Git) -> None:
    index = repository / ".git" / "index"
    before = index.read_bytes()
    (repository / "app" / "template.yaml").touch()
    git.origin(repository)
    assert index.read_bytes() == before


def test_the_log_has_times_authors_and_whole_messages(repository: Path, git: Git) -> None:
    old = _run(repository, "rev-parse", "HEAD")
    new = _commit(repository, "two\n", "Second (#2)\n\nSee merge request a/b!2\n")
    (found,) = git.log(repository, old, new) or ()
    assert (found.sha, found.author, found.subject) == (new, "Ada Lovelace", "Second (#2)")
    assert found.body.strip() == "See merge request a/b!2"
    assert found.at.utcoffset() is not None
    assert [one.sha for one in git.log(repository, None, old) or ()] == [old]
    assert git.log(repository, new, old) == ()
    assert git.log(repository, "f" * 40, new) is None
    assert git.log(repository, "--all", new) is None


def test_untracked_files_are_those_of_the_folders_that_are_asked_for_ignored_ones_too(repository: Path) -> None:
    app = repository / "app"
    for name in ("src/own.py", "src/.env", "src/node_modules/a.js", "other/b.py"):
        (app / name).parent.mkdir(parents=True, exist_ok=True)
        (app / name).write_text("x")
    (repository / "shared.py").write_text("x")
    (app / ".gitignore").write_text(".env\n")
    git = Git(RealProcess(), ENV)
    assert sorted(git.untracked(app, ["src"])) == ["src/.env", "src/own.py"]
    assert git.untracked(app, [".."]) != ()
    assert git.untracked(app, ["../.."]) == ()
    assert git.untracked(repository / "nowhere", []) == ()


def test_of_a_file_that_was_renamed_only_what_was_edited_is_changed(repository: Path, git: Git) -> None:
    (repository / "old.py").write_text("".join(f"line {number}\n" for number in range(20)))
    base = _commit(repository, "a", "Base")
    (repository / "old.py").rename(repository / "new.py")
    _commit(repository, "a", "Rename")
    assert git.changed(repository, base) == {}
    (repository / "new.py").write_text((repository / "new.py").read_text().replace("line 7\n", "line seven\n"))
    assert git.changed(repository, base) == {"new.py": frozenset({8})}


def test_changed_lines_are_those_since_both_branches_parted_in_the_work_tree_too(repository: Path, git: Git) -> None:
    root = repository / "apps" / "a shop"
    root.mkdir(parents=True)
    names = {"plain.py": "1\n2\n3\n", "gone.py": "1\n", "with space.py": "1\n", "@@ -1 +1,9 @@": "1\n"}
    for name, text in names.items():
        (root / name).write_text(text)
    base = _commit(repository, "a", "Base")
    (root / "plain.py").write_text("1\ntwo\n3\nfour\n")
    (root / "with space.py").write_text("1\n++ b/none\n@@ -1 +7 @@\n")
    (root / "gone.py").unlink()
    _commit(repository, "b", "Change")
    (root / "plain.py").write_text("zero\n1\ntwo\n3\nfour\n")
    assert git.changed(root, base) == {
        "plain.py": frozenset({1, 3, 5}),
        "with space.py": frozenset({2, 3}),
    }
    assert git.changed(root, "f" * 40) == {}
    assert git.changed(Path("/"), base) == {}


def test_what_git_ignores_is_listed_and_whole_folders_once(repository: Path, git: Git) -> None:
    root = repository / "app"
    (root / "made").mkdir(parents=True)
    (repository / ".gitignore").write_text("made\n.env\n")
    for name in ("made/a.py", "made/b.py", ".env", "kept.py"):
        (root / name).write_text("1\n")
    assert sorted(git.ignored(root)) == [".env", "made/"]
    assert git.ignored(Path("/")) == ()


@pytest.mark.parametrize("kind", ["plain", "with a file more", "with a conflict"])
def test_who_merges_wrote_something_only_when_the_merge_has_something_of_its_own(
    repository: Path, git: Git, kind: str
) -> None:
    old = _run(repository, "rev-parse", "HEAD")
    _run(repository, "checkout", "-q", "-b", "change")
    _commit(repository, "theirs\n", "change")
    _run(repository, "checkout", "-q", "main")
    (repository / "b.txt").write_text("ours")
    if kind == "with a conflict":
        (repository / "app" / "template.yaml").write_text("ours\n")
    _run(repository, "add", ".")
    _run(repository, "commit", "-q", "-m", "ours", "--author", "Cid <cid@x>")
    _run(repository, "merge", "-q", "--no-ff", "--no-commit", "-Xours", "change")
    if kind == "with a file more":
        (repository / "more.txt").write_text("more")
    _run(repository, "add", ".")
    _run(repository, "commit", "-q", "-m", "merge", "--author", "Bob <bob@x>")
    wrote = git.written_by(repository, old, "HEAD")
    assert wrote is not None
    assert {email for _, email in wrote} == {"ada@example.com", "cid@x"} | ({"bob@x"} if kind != "plain" else set())
    origin = git.origin(repository)
    assert origin is not None
    assert origin.author == ("Ada Lovelace <ada@example.com>" if kind == "plain" else "Bob <bob@x>")
