from pathlib import Path

import pytest

from sealift.config.discover import app_name, as_name
from sealift.config.load import load_app
from sealift.errors import ConfigError


def test_a_template_alone_gives_staging_and_production(app_folder: Path) -> None:
    app = load_app(app_folder)
    assert (app.name, app.config_path) == ("orders", None)
    assert [(stack.name, stack.template) for stack in app.stacks] == [("app", "template.yaml")]
    staging, production = app.environments
    assert (staging.name, staging.stack_name, staging.branch, staging.promotes_from) == (
        "staging",
        "orders-staging",
        "main",
        None,
    )
    assert (staging.soak_s, staging.protected) == (600.0, False)
    assert (staging.drift, production.drift) == ("off", "show")
    assert (production.name, production.stack_name, production.branch) == ("production", "orders-production", None)
    assert (production.promotes_from, production.soak_s, production.protected) == ("staging", 0.0, True)


def test_the_region_is_the_projects_then_the_processes_then_the_default(app_folder: Path) -> None:
    assert {e.region for e in load_app(app_folder).environments} == {"us-east-1"}
    assert {e.region for e in load_app(app_folder, region="eu-west-1").environments} == {"eu-west-1"}
    (app_folder / "samconfig.toml").write_text('version = 0.1\n[default.deploy.parameters]\nregion = "eu-north-1"\n')
    assert {e.region for e in load_app(app_folder, region="eu-west-1").environments} == {"eu-north-1"}
    (app_folder / "sealift.toml").write_text(
        '[environments.staging]\nregion = "ap-south-1"\n[environments.production]\n'
    )
    assert [e.region for e in load_app(app_folder).environments] == ["ap-south-1", "eu-north-1"]


@pytest.mark.parametrize("samconfig", ["[default", "default = 3", "[default]\ndeploy = 1", "[default.deploy]\nx = 1"])
def test_a_samconfig_that_makes_no_sense_is_passed_over(app_folder: Path, samconfig: str) -> None:
    (app_folder / "samconfig.toml").write_text(samconfig)
    assert load_app(app_folder).environments[0].region == "us-east-1"


@pytest.mark.parametrize("name", ["template.yml", "template.json"])
def test_other_names_of_the_template_are_found(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("{}")
    assert load_app(tmp_path).stacks[0].template == name


def test_the_only_template_one_folder_below_is_found(tmp_path: Path) -> None:
    (tmp_path / "infra").mkdir()
    (tmp_path / "infra" / "template.yml").write_text("{}")
    for build_output in (".aws-sam", "build", "node_modules"):
        (tmp_path / build_output).mkdir()
        (tmp_path / build_output / "template.yaml").write_text("{}")
    assert load_app(tmp_path).stacks[0].template == "infra/template.yml"


def test_committed_build_output_is_not_the_application(tmp_path: Path) -> None:
    (tmp_path / "packaged.yaml").write_text("{}")
    (tmp_path / "output.yaml").write_text("{}")
    with pytest.raises(ConfigError) as caught:
        load_app(tmp_path)
    assert caught.value.code == "template-not-found"
    assert "sealift.toml" in caught.value.hint


def test_templates_of_other_names_are_suggested(tmp_path: Path) -> None:
    (tmp_path / "auth.yaml").write_text("AWSTemplateFormatVersion: '2010-09-09'\n")
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "er" / "shop.yml").write_text("Transform: AWS::Serverless-2016-10-31\n")
    (tmp_path / "openapi.yaml").write_text("openapi: 3.0.1\n")
    with pytest.raises(ConfigError) as caught:
        load_app(tmp_path)
    assert caught.value.hint.endswith("these look like one: auth.yaml, deep/er/shop.yml")


def test_the_application_above_is_named_when_a_command_runs_in_a_folder_of_it(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "template.yaml").write_text("{}")
    (tmp_path / "src" / "orders").mkdir(parents=True)
    with pytest.raises(ConfigError) as caught:
        load_app(tmp_path / "src" / "orders")
    assert caught.value.hint == f"the application is in {tmp_path}: go there, or give that folder with -C"


def test_two_templates_one_folder_below_are_named_in_the_error(tmp_path: Path) -> None:
    for folder in ("api", "worker"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "template.yaml").write_text("{}")
    with pytest.raises(ConfigError, match=r"api/template\.yaml, worker/template\.yaml") as caught:
        load_app(tmp_path)
    assert caught.value.code == "template-ambiguous"


def test_a_declared_template_needs_no_search(tmp_path: Path) -> None:
    (tmp_path / "stack.yaml").write_text("{}")
    (tmp_path / "sealift.toml").write_text('[app]\ntemplate = "stack.yaml"\n')
    assert load_app(tmp_path).stacks[0].template == "stack.yaml"


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("Orders API", "orders-api"),
        ("my_app.v2", "my-app-v2"),
        ("2024-shop", "shop"),
        ("---", "app"),
        ("日本", "app"),
        ("a" * 300, "a" * 100),
        ("Ünïcode", "n-code"),
    ],
)
def test_a_folder_name_becomes_a_valid_name(folder: str, name: str) -> None:
    assert as_name(folder) == name


@pytest.mark.parametrize(
    "url", ["git@bitbucket.org:team/shop-api.git", "https://github.com/team/Shop-API", "ssh://host/x/shop-api.git/"]
)
def test_the_top_of_a_clone_is_named_after_its_remote(tmp_path: Path, url: str) -> None:
    build = tmp_path / "build"
    (build / ".git").mkdir(parents=True)
    (build / ".git" / "config").write_text(
        f'[core]\n[remote "upstream"]\n\turl = x/other\n[remote "origin"]\n\tfetch = +refs\n\turl = {url}\n'
    )
    assert app_name(build) == "shop-api"


def test_a_worktree_has_the_name_of_its_repository(tmp_path: Path) -> None:
    own = tmp_path / "shop" / ".git" / "worktrees" / "feature"
    own.mkdir(parents=True)
    (own / "commondir").write_text("../..\n")
    (tmp_path / "shop" / ".git" / "config").write_text('[remote "origin"]\n\turl = https://host/team/shop-api.git\n')
    feature = tmp_path / "feature"
    feature.mkdir()
    (feature / ".git").write_text(f"gitdir: {own}\n")
    assert app_name(feature) == "shop-api"


def test_without_a_remote_the_folder_gives_the_name(tmp_path: Path) -> None:
    shop = tmp_path / "shop"
    (shop / ".git").mkdir(parents=True)
    (shop / ".git" / "config").write_text("[core]\n\tbare = false\n")
    assert app_name(shop) == "shop"


def test_a_missing_folder_is_an_error_and_no_traceback(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        load_app(tmp_path / "nowhere")
