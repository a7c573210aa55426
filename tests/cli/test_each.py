"""`sealift each`: what changed in a repository of several applications, by the content of what is built."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Called

TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Hello:
    Type: AWS::Serverless::Function
    Properties: {Runtime: python3.12, Handler: app.handler, CodeUri: %s}
"""


@pytest.fixture
def repository(folder: Path) -> Path:
    """Return a clone on a branch of its own, with two applications that share code, and one that needs them."""
    for name, source in (("orders", "../shared"), ("mail", "../shared"), ("web", "src")):
        place = folder / name
        (place / "src").mkdir(parents=True)
        (place / "src" / "app.py").write_text("handler = print\n")
        (place / "template.yaml").write_text(TEMPLATE % source)
        (place / "sealift.toml").write_text(f'[app]\nname = "{name}"\n')
    (folder / "web" / "sealift.toml").write_text('[app]\nname = "web"\nneeds = ["orders", "mail"]\n')
    (folder / "shared").mkdir()
    (folder / "shared" / "app.py").write_text("handler = print\n")
    git(folder, "init", "-q", "-b", "main")
    commit(folder)
    git(folder, "update-ref", "refs/remotes/origin/main", "HEAD")
    git(folder, "remote", "add", "origin", "https://git.example.com/a/b.git")
    git(folder, "checkout", "-q", "-b", "feature")
    return folder


def git(folder: Path, *arguments: str) -> None:
    named = ("-c", "user.name=a", "-c", "user.email=a@example.com")
    subprocess.run(("git", *named, *arguments), cwd=folder, check=True, capture_output=True)


def commit(folder: Path) -> None:
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "x", "--allow-empty")


@pytest.mark.parametrize(
    ("file", "text", "called"),
    [
        ("shared/app.py", "handler = repr\n", {"orders", "mail"}),  # no path of theirs
        ("web/README.md", "words\n", set()),  # a path of its own, and nothing that it builds
        ("web/src/app.py", "handler = repr\n", {"web"}),
        ("web/sealift.toml", '[app]\nname = "web"\n[parameters]\nA = "b"\n', {"web"}),
    ],
)
def test_what_is_built_says_what_changed(
    sealift: Callable[..., Called], repository: Path, file: str, text: str, called: set[str]
) -> None:
    (repository / file).write_text(text)
    commit(repository)
    ended = sealift("each", "-C", repository, "--json", "build")
    assert ended.code == 0
    status = {one["app"]: one["status"] for one in ended.json["applications"]}
    assert status == {name: "succeeded" if name in called else "unchanged" for name in ("orders", "mail", "web")}


def test_where_it_is_not_known_what_came_before_all_are_called(
    sealift: Callable[..., Called], repository: Path
) -> None:
    git(repository, "checkout", "-q", "--orphan", "apart")  # as in a clone without the commit that both come from
    commit(repository)
    ended = sealift("each", "-C", repository, "build")
    assert ended.code == 0
    assert ended.out.count("succeeded") == 3
    assert ended.out.index("mail") < ended.out.index("── web") > ended.out.index("── orders")


def test_a_misspelt_command_or_name_calls_nothing(sealift: Callable[..., Called], repository: Path) -> None:
    assert 'did you mean "build"' in sealift("each", "-C", repository, "bulid").err
    ended = sealift("each", "-C", repository, "--only", "wbe", "build")
    assert (ended.code, "app-unknown" in ended.err) == (1, True)


def test_a_folder_without_applications_says_how_one_comes(sealift: Callable[..., Called], folder: Path) -> None:
    ended = sealift("each", "-C", folder, "build")
    assert (ended.code, "sealift init" in ended.err) == (1, True)
