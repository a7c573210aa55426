"""`init --ci` and `ci lint`, as a team meets them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Called

TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Hello:
    Type: AWS::Serverless::Function
    Properties: {Runtime: python3.12, Handler: app.handler, CodeUri: src}
"""


@pytest.fixture
def shop(folder: Path) -> Path:
    """Return an application inside a repository, in a folder of its own."""
    app = folder / "services" / "shop"
    (app / "src").mkdir(parents=True)
    (folder / ".git").mkdir()
    (app / "template.yaml").write_text(TEMPLATE)
    (app / "src" / "requirements.txt").write_text("")
    return app


@pytest.mark.parametrize(
    ("system", "name"),
    [
        ("bitbucket", "bitbucket-pipelines.yml"),
        ("github", ".github/workflows/sealift.yml"),
        ("gitlab", ".gitlab-ci.yml"),
    ],
)
def test_one_command_writes_configuration_and_pipeline(
    sealift: Callable[..., Called], shop: Path, system: str, name: str
) -> None:
    called = sealift("init", "--ci", system, "-C", shop)
    assert called.code == 0
    text = (shop.parents[1] / name).read_text()
    assert "sealift promote production -C services/shop" in text
    assert "services/shop/src/requirements.txt" in text
    assert (shop / "sealift.toml").is_file()
    linted = sealift("ci", "lint", "-C", shop)
    assert (linted.code, linted.out) == (0, f"{shop.parents[1] / name}: no findings\n")


def test_a_pipeline_that_is_there_is_shown_what_to_merge_and_left(sealift: Callable[..., Called], shop: Path) -> None:
    there = shop.parents[1] / "bitbucket-pipelines.yml"
    there.write_text("pipelines: {default: [{step: {script: [make]}}]}\n")
    called = sealift("init", "--ci", "bitbucket", "-C", shop)
    assert called.code == 1
    assert "+          name: Update STAGING" in called.out
    assert there.read_text() == "pipelines: {default: [{step: {script: [make]}}]}\n"


def test_written_twice_it_is_up_to_date(sealift: Callable[..., Called], shop: Path) -> None:
    sealift("init", "--ci", "gitlab", "-C", shop)
    again = sealift("init", "--ci", "gitlab", "-C", shop)
    assert again.code == 0
    assert "up to date" in again.out


def test_lint_names_file_line_and_rule(sealift: Callable[..., Called], shop: Path) -> None:
    (shop.parents[1] / "bitbucket-pipelines.yml").write_text(
        "pipelines:\n  default:\n    - step:\n        scirpt: [a]\n"
    )
    called = sealift("ci", "lint", "--json", "-C", shop)
    assert called.code == 1
    found = {(finding["line"], finding["rule"]) for finding in called.json["findings"]}
    assert found == {(4, "unknown-key"), (4, "step-without-script")}


def test_without_a_file_lint_says_how_to_get_one(sealift: Callable[..., Called], shop: Path) -> None:
    called = sealift("ci", "lint", "-C", shop)
    assert called.code == 1
    assert "init --ci" in called.err


@pytest.mark.parametrize("name", ["x.yml", "bitbucket-pipelines.yml"])
def test_what_cannot_be_linted_is_an_error(sealift: Callable[..., Called], folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"\xff\xfe\x00")
    called = sealift("ci", "lint", folder / name)
    assert called.code == 1
    assert "Traceback" not in called.err


def test_one_file_delivers_all_applications_of_a_repository(sealift: Callable[..., Called], shop: Path) -> None:
    top, mail = shop.parent.parent, shop.parent / "mail"
    mail.mkdir()
    (mail / "template.yaml").write_text(TEMPLATE)
    for folder in (shop, mail):
        (folder / "sealift.toml").write_text(f'[app]\nname = "{folder.name}"\n')
    assert sealift("init", "--ci", "bitbucket", "-C", top).code == 0
    assert "sealift each run" in (top / "bitbucket-pipelines.yml").read_text()
    assert not (top / "sealift.toml").exists()
    assert sealift("ci", "lint", "-C", top).code == 0
    (mail / "sealift.toml").write_text('[environments.staging]\nbranch = "other"\n')
    apart = sealift("init", "--ci", "github", "-C", top)
    assert (apart.code, "pipeline-apart" in apart.err) == (1, True)
