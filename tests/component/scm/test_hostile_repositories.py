"""What a tree can bring along to deceive git, or to have it run a program: none of it does."""

import subprocess
from pathlib import Path

import pytest

from sealift.errors import UserError
from sealift.scm.ci import CiContext
from sealift.scm.git import Git
from sealift.scm.hardened import NoRepository, Repository, environment
from sealift.scm.protected import NotFound, Protected, protected_branch
from sealift.system import RealProcess
from sealift.wiring.application import load_effective
from tests.component.gates.repositories import GIT_ENV, Clone, cloned, new_repository

NOBODY = CiContext(system="none")
STRICT = '[environments.staging]\nbranch = "main"\nsoak = "1h"\n'
WEAK = '[environments.staging]\nbranch = "main"\nsoak = "0s"\n'
TEMPLATE = "Resources: {}\n"


def git() -> Git:
    return Git(RealProcess(), GIT_ENV)


def program(folder: Path, mark: Path) -> str:
    """Return a program that leaves a mark when it is run, whatever its arguments are."""
    file = folder / "run-me.sh"
    file.write_text(f"#!/bin/sh\ntouch {mark}\n")
    file.chmod(0o755)
    return str(file)


@pytest.fixture
def mark(tmp_path: Path) -> Path:
    return tmp_path / "a-program-of-the-tree-ran"


@pytest.fixture
def monorepo(tmp_path: Path) -> Clone:
    """A clone whose application is in `shop/`, with strict gates on its remote's main."""
    remote = new_repository(tmp_path / "remote")
    remote.write("shop/sealift.toml", STRICT)
    remote.write("shop/template.yaml", TEMPLATE)
    remote.commit()
    return cloned(remote, tmp_path / "clone")


def plant_bare_repository(app: Path, tmp_path: Path, config: str) -> None:
    """Commit-able files of a bare repository in the application's folder; its `main` has weak gates."""
    other = new_repository(tmp_path / "other")
    other.commit(sealift_toml=WEAK, template_yaml=TEMPLATE)
    bare = tmp_path / "bare"
    other.git("clone", "--quiet", "--bare", str(other.root), str(bare))
    for part in ("HEAD", "objects", "refs", "packed-refs"):
        (bare / part).rename(app / part)
    (app / "refs").mkdir(exist_ok=True)
    (app / "config").write_text(config)


def test_a_bare_repository_in_the_folder_of_the_application_supplies_no_gates_and_runs_nothing(
    monorepo: Clone, tmp_path: Path, mark: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = program(tmp_path, mark)
    app = monorepo.root / "shop"
    config = f'[core]\n repositoryformatversion = 0\n bare = false\n worktree = "."\n fsmonitor = "{command}"\n'
    plant_bare_repository(app, tmp_path, config)
    # The attack works on a git that is called as it comes: this is what must not happen below.
    subprocess.run(["git", "status"], cwd=app, env=GIT_ENV, capture_output=True)
    assert mark.exists()
    mark.unlink()
    for name in ("CI", "GITHUB_ACTIONS", "GITLAB_CI", "BITBUCKET_BUILD_NUMBER"):
        monkeypatch.delenv(name, raising=False)
    top = monorepo.git("rev-parse", "HEAD")
    counted = load_effective(app, local=False)
    origin = git().origin(app)
    found = protected_branch(git(), app, NOBODY)
    assert isinstance(found, Protected)
    assert (found.reference, found.commit) == ("origin/main", top)
    assert origin is not None
    assert origin.commit == top
    assert counted.environments[0].soak_s == 3600
    assert counted.gates.commit == top
    assert not mark.exists()


def test_a_submodule_in_the_place_of_the_application_supplies_no_gates(monorepo: Clone, tmp_path: Path) -> None:
    evil = new_repository(tmp_path / "evil")
    evil.commit(sealift_toml=WEAK, template_yaml=TEMPLATE)
    monorepo.git("rm", "-rq", "shop")
    monorepo.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", f"file://{evil.root}", "shop")
    monorepo.git("commit", "-qm", "A submodule instead")
    assert isinstance(git().repository(monorepo.root / "shop"), NoRepository)
    found = protected_branch(git(), monorepo.root / "shop", NOBODY)
    assert isinstance(found, NotFound)
    assert "submodule" in found.problem
    assert git().origin(monorepo.root / "shop") is None


@pytest.mark.parametrize(
    "setting",
    [
        "core.fsmonitor",
        "core.hooksPath",
        "core.pager",
        "core.sshCommand",
        "core.askPass",
        "diff.external",
        "diff.evil.textconv",
        "diff.evil.command",
        "gpg.program",
        "credential.helper",
    ],
)
def test_no_setting_of_the_repository_runs_a_program(monorepo: Clone, mark: Path, tmp_path: Path, setting: str) -> None:
    command = program(tmp_path, mark)
    (tmp_path / "post-index-change").write_text(f"#!/bin/sh\ntouch {mark}\n")
    (tmp_path / "post-index-change").chmod(0o755)
    monorepo.git("config", setting, str(tmp_path) if setting == "core.hooksPath" else command)
    monorepo.git("config", "log.showSignature", "true")
    monorepo.write(".gitattributes", "* diff=evil\n")
    monorepo.write("shop/template.yaml", "Resources: {A: 1}\n")
    app, head = monorepo.root / "shop", monorepo.git("rev-parse", "HEAD")
    seen = git()
    assert seen.origin(app) is not None
    assert seen.files_at(app, head, ("sealift.toml",)) == {"sealift.toml": STRICT}
    assert seen.commits_between(app, head, head) == ()
    assert seen.ancestors(app, head, limit=5) == (head,)
    assert seen.having_head(app, ["refs/remotes/origin/main"]) == ("refs/remotes/origin/main",)
    assert seen.branches(app)
    assert not mark.exists()


def test_a_replacement_reference_does_not_change_what_a_commit_holds(monorepo: Clone) -> None:
    first = monorepo.git("rev-parse", "HEAD")
    monorepo.write("shop/sealift.toml", WEAK)
    second = monorepo.commit()
    monorepo.git("replace", first, second)
    assert git().files_at(monorepo.root / "shop", first, ("sealift.toml",)) == {"sealift.toml": STRICT}


def test_variables_that_name_another_repository_do_not_count(monorepo: Clone, tmp_path: Path) -> None:
    other = new_repository(tmp_path / "other")
    other.commit(sealift_toml=WEAK)
    env = {**GIT_ENV, "GIT_DIR": str(other.root / ".git"), "GIT_WORK_TREE": str(other.root)}
    origin = Git(RealProcess(), env).origin(monorepo.root)
    assert origin is not None
    assert origin.commit == monorepo.git("rev-parse", "HEAD")


def test_git_gets_no_credential_and_no_program_to_start() -> None:
    hostile = {
        "AWS_SECRET_ACCESS_KEY": "x",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "x",
        "GIT_SSH_COMMAND": "x",
        "GIT_EXTERNAL_DIFF": "x",
        "GIT_PAGER": "x",
        "GIT_ASKPASS": "x",
        "GIT_OBJECT_DIRECTORY": "x",
        "GIT_CONFIG_PARAMETERS": "x",
    }
    assert not set(hostile) & set(environment(hostile))


def test_a_work_tree_that_is_another_folder_is_no_repository(monorepo: Clone, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    monorepo.git("config", "core.worktree", str(tmp_path / "elsewhere"))
    assert isinstance(git().repository(monorepo.root / "shop"), NoRepository)


def test_a_linked_work_tree_and_a_nested_clone_are_repositories(monorepo: Clone, tmp_path: Path) -> None:
    monorepo.git("worktree", "add", "-q", str(tmp_path / "linked"))
    nested = cloned(monorepo, monorepo.root / "vendor")
    for top, folder in ((tmp_path / "linked", tmp_path / "linked" / "shop"), (nested.root, nested.root / "shop")):
        assert git().repository(folder) == Repository(top=top, prefix="shop/")


def test_a_link_into_the_repository_is_looked_at_where_it_leads(monorepo: Clone, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(monorepo.root / "shop")
    assert git().repository(tmp_path / "link") == Repository(top=monorepo.root, prefix="shop/")


def test_a_file_that_git_cannot_read_is_an_error(monorepo: Clone) -> None:
    with pytest.raises(UserError) as caught:
        git().files_at(monorepo.root, "0" * 40, ("sealift.toml",))
    assert caught.value.code == "git-unreadable"
