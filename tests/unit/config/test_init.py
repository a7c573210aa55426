import json
from pathlib import Path

import pytest

from sealift.config.init import initial_config, write_initial_config
from sealift.config.load import load_app
from sealift.config.samconfig import overrides
from sealift.errors import ConfigError

TEMPLATE = """\
Parameters:
  Stage: {Type: String, Default: dev}
  Table: {Type: String, Description: "Name of
    the table"}
  Level: {Type: String, AllowedValues: [info, debug]}
  Password: {Type: String, NoEcho: true}
Resources:
  F: {Type: AWS::Serverless::Function, Properties: {Role: !GetAtt R.Arn, Env: !Sub "${Stage}"}}
"""
SAMCONFIG = """\
version = 0.1
[default.deploy.parameters]
stack_name = "Orders_API"
region = "eu-west-1"
parameter_overrides = "Stage=\\"dev\\" Password=hunter2"
[prod.global.parameters]
stack_name = "orders-live"
[prod.deploy.parameters]
region = "eu-north-1"
parameter_overrides = ["Stage=prod", "Table=live=1"]
[qa2.deploy.parameters]
stack_name = "orders-qa2"
"""


SAM = "Transform: AWS::Serverless-2016-10-31\n"
CONFIG = '[default.build.parameters]\ntemplate_file = "%s"\n'


def test_the_first_file_of_a_bare_template_means_what_held_without_it(app_folder: Path) -> None:
    before = load_app(app_folder)
    path = write_initial_config(app_folder)
    after = load_app(app_folder)
    assert path == app_folder / "sealift.toml"
    assert after.config_path == "sealift.toml"
    assert (after.name, after.stacks, after.environments) == (before.name, before.stacks, before.environments)


def test_samconfig_gives_names_regions_and_parameters(app_folder: Path) -> None:
    (app_folder / "template.yaml").write_text(TEMPLATE)
    (app_folder / "samconfig.toml").write_text(SAMCONFIG)
    write_initial_config(app_folder)
    app = load_app(app_folder)
    staging, production = app.environments
    assert app.name == "orders-api"
    assert (staging.stack_name, staging.region) == ("orders-api-staging", "eu-west-1")
    assert (production.stack_name, production.region) == ("orders-live", "eu-north-1")
    assert staging.parameters == {"Stage": "dev"}
    assert production.parameters == {"Stage": "prod", "Table": "live=1"}


@pytest.mark.parametrize(
    ("stacks", "name"),
    [
        ({"default": "shop-dev", "prod": "shop-prod"}, "shop"),
        ({"default": "shop", "prod": "shop-live"}, "shop"),
        ({"default": "Shop-Staging"}, "shop"),
        ({"staging": "staging-shop", "prod": "prod-shop"}, "shop"),
        ({"blue": "shop-blue"}, "shop"),
        ({"default": "dev"}, "dev"),
        ({"default": "speed-test"}, "speed-test"),
        ({"default": "shop-preprod"}, "shop"),
        ({"default": "sam-app", "prod": "shop-prod"}, "shop"),
        ({"default": "developer"}, "developer"),
        ({"default": "pre-prod-shop"}, "pre-prod-shop"),
    ],
)
def test_an_application_is_not_named_after_an_environment(app_folder: Path, stacks: dict[str, str], name: str) -> None:
    lines = [f'[{profile}.deploy.parameters]\nstack_name = "{stack}"\n' for profile, stack in stacks.items()]
    (app_folder / "samconfig.toml").write_text("".join(lines))
    write_initial_config(app_folder)
    assert load_app(app_folder).name == name


def test_a_secret_is_never_copied(app_folder: Path) -> None:
    (app_folder / "template.yaml").write_text(TEMPLATE)
    (app_folder / "samconfig.toml").write_text(SAMCONFIG)
    text = initial_config(app_folder)
    assert "hunter2" not in text
    assert "# Password = '{{resolve:secretsmanager:NAME}}'  # NoEcho, not copied here" in text


def test_parameters_without_a_default_are_listed_to_be_given(app_folder: Path) -> None:
    (app_folder / "template.yaml").write_text(TEMPLATE)
    lines = initial_config(app_folder).splitlines()
    assert lines.count('# Table = ""  # String; Name of the table') == 2
    assert lines.count('# Level = ""  # String; one of info, debug') == 2
    assert not any(line.startswith("# Stage") for line in lines)


def test_other_config_environments_are_mentioned(app_folder: Path) -> None:
    (app_folder / "samconfig.toml").write_text(SAMCONFIG)
    assert "# samconfig.toml has more: qa2." in initial_config(app_folder)


@pytest.mark.parametrize("existing", ["sealift.toml", "pyproject.toml"])
def test_a_configuration_that_is_there_is_never_overwritten(app_folder: Path, existing: str) -> None:
    text = "[app]\n" if existing == "sealift.toml" else "[tool.sealift.app]\n"
    (app_folder / existing).write_text(text)
    with pytest.raises(ConfigError) as caught:
        write_initial_config(app_folder)
    assert caught.value.code == "config-exists"
    assert (app_folder / existing).read_text() == text
    assert (existing == "sealift.toml") == (app_folder / "sealift.toml").exists()


def test_a_link_to_nowhere_is_not_written_through(app_folder: Path) -> None:
    (app_folder / "sealift.toml").symlink_to(app_folder / "elsewhere.toml")
    with pytest.raises(ConfigError) as caught:
        write_initial_config(app_folder)
    assert caught.value.code == "config-exists"
    assert not (app_folder / "elsewhere.toml").exists()


def test_several_templates_become_several_stacks(tmp_path: Path) -> None:
    for folder in ("api", "data store"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "template.yaml").write_text("{}")
    write_initial_config(tmp_path)
    assert [(s.name, s.template) for s in load_app(tmp_path).stacks] == [
        ("api", "api/template.yaml"),
        ("data-store", "data store/template.yaml"),
    ]


def test_no_template_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        write_initial_config(tmp_path)
    assert caught.value.code == "template-not-found"
    assert not (tmp_path / "sealift.toml").exists()


@pytest.mark.parametrize("template", ["a: [", "- 1", "", "Parameters: 3", "Parameters: {A: 1}", "\x00", "x: !Foo [1]"])
def test_a_broken_template_does_not_stop_init(app_folder: Path, template: str) -> None:
    (app_folder / "template.yaml").write_text(template)
    write_initial_config(app_folder)
    assert load_app(app_folder).name == "orders"


@pytest.mark.parametrize(
    ("shown", "branch"),
    [
        ("refs/remotes/origin/HEAD=ref: refs/remotes/origin/trunk/one", "trunk/one"),
        ("refs/heads/master=abc", "master"),
        ("packed-refs=abc refs/remotes/origin/master", "master"),
        ("refs/heads/feature=abc", "main"),
    ],
)
def test_the_branch_is_the_one_the_clone_shows(app_folder: Path, shown: str, branch: str) -> None:
    name, text = shown.split("=", 1)
    file = app_folder / ".git" / name
    file.parent.mkdir(parents=True)
    file.write_text(text + "\n")
    write_initial_config(app_folder)
    assert load_app(app_folder).environments[0].branch == branch


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("A=1 B='x y'", {"A": "1", "B": "x y"}),
        ('A="\\"1\\""', {"A": "1"}),
        ("ParameterKey=A,ParameterValue=1,2 ParameterKey=B,ParameterValue=", {"A": "1,2", "B": ""}),
        (["A=1", "B=x y=z", 3, "nonsense"], {"A": "1", "B": "x y=z"}),
        ("A='open B=2", {"A": "'open", "B": "2"}),
        (7, {}),
    ],
)
def test_parameter_overrides_are_read_in_all_their_forms(value: object, expected: dict[str, str]) -> None:
    assert overrides(value) == expected


def test_the_settings_that_parameters_read_are_named_for_the_embedded_cloud(app_folder: Path) -> None:
    parameter = "Parameters:\n  Pool: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /shop/pool}\n"
    (app_folder / "template.yaml").write_text(parameter + "Resources: {}\n")
    assert '# [local.settings]\n# "ssm:/shop/pool" = ""\n' in initial_config(app_folder)


def write_sam(folder: Path, kind: str) -> None:
    """Write the same samconfig in one of the ways SAM CLI reads it."""
    profiles = {
        "default": {
            "parameter_overrides": "Stage=dev Only=default",
            "tags": 'team="web shop" cost=42',
            "region": "eu-west-1",
        },
        "prod": {
            "stack_name": "shop-prd",
            "region": "eu-north-1",
            "parameter_overrides": ["Stage=prod"],
            "tags": ["team=shop", "aws:cost-center=7"],
            "role_arn": "arn:aws:iam::222222222222:role/cfn",
            "capabilities": "CAPABILITY_IAM CAPABILITY_AUTO_EXPAND",
        },
    }
    if kind == "toml":
        lines = [
            f"[{name}.deploy.parameters]\n" + "".join(f"{k} = {json.dumps(v)}\n" for k, v in one.items())
            for name, one in profiles.items()
        ]
        (folder / "samconfig.toml").write_text("version = 0.1\n" + "".join(lines))
    else:
        whole = {"version": 0.1, **{name: {"deploy": {"parameters": one}} for name, one in profiles.items()}}
        (folder / f"samconfig.{kind}").write_text(json.dumps(whole))


@pytest.mark.parametrize("kind", ["toml", "yaml", "yml"])
def test_a_profile_gives_its_own_environment_all_it_has_and_default_gives_production_nothing(
    app_folder: Path, kind: str
) -> None:
    write_sam(app_folder, kind)
    text = write_initial_config(app_folder).read_text()
    staging, production = load_app(app_folder).environments
    assert (production.stack_name, production.region) == ("shop-prd", "eu-north-1")
    assert production.parameters == {"Stage": "prod"}
    assert production.tags == {"team": "shop", "aws:cost-center": "7"}
    assert production.cloudformation_role == "arn:aws:iam::222222222222:role/cfn"
    assert "CAPABILITY_AUTO_EXPAND" in text
    assert staging.parameters == {"Stage": "dev", "Only": "default"}
    assert staging.tags == {"team": "web shop", "cost": "42"}


def test_without_a_profile_of_its_own_production_has_nothing_of_default(app_folder: Path) -> None:
    (app_folder / "samconfig.yaml").write_text(
        "default: {deploy: {parameters: {region: eu-west-1, parameter_overrides: {Db: x, Flag: true}, tags: 'a=b'}}}"
    )
    text = write_initial_config(app_folder).read_text()
    staging, production = load_app(app_folder).environments
    assert (staging.parameters, staging.tags) == ({"Db": "x", "Flag": "true"}, {"a": "b"})
    assert (production.parameters, production.tags) == ({}, {})
    assert "eu-west-1" not in text.partition("[environments.production]")[2]


def test_the_first_of_several_samconfig_files_counts_as_for_sam(app_folder: Path) -> None:
    (app_folder / "samconfig.toml").write_text('[prod.deploy.parameters]\nstack_name = "by-toml"\n')
    (app_folder / "samconfig.yaml").write_text("prod: {deploy: {parameters: {stack_name: by-yaml}}}")
    assert "by-toml" in initial_config(app_folder)
    assert "by-yaml" not in initial_config(app_folder)


@pytest.mark.parametrize("text", ["a: [", "[]", "", "prod: 3", "prod: {deploy: [1]}", "a: " + "[" * 2000, "x: !Foo 1"])
def test_a_samconfig_that_cannot_be_read_says_nothing(app_folder: Path, text: str) -> None:
    (app_folder / "samconfig.yaml").write_text(text)
    write_initial_config(app_folder)
    assert load_app(app_folder).name == "orders"


@pytest.mark.parametrize(
    ("files", "template"),
    [
        ({"sam.yaml": SAM}, "sam.yaml"),
        ({"deploy/stack.yml": SAM, "docker-compose.yml": "services: {}"}, "deploy/stack.yml"),
        ({"template.yaml": SAM, "other.yaml": SAM}, "template.yaml"),
        ({"deploy/app.yaml": SAM, "b.yaml": SAM, "samconfig.toml": CONFIG % "./deploy/app.yaml"}, "deploy/app.yaml"),
        ({"sam.yaml": SAM, "samconfig.toml": CONFIG % ".aws-sam/build/template.yaml"}, "sam.yaml"),
        ({"sam.yaml": SAM, "samconfig.toml": CONFIG % "gone.yaml"}, "sam.yaml"),
    ],
)
def test_a_template_of_another_name_is_found(tmp_path: Path, files: dict[str, str], template: str) -> None:
    for name, text in {**files, ".aws-sam/build/template.yaml": SAM}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert f'template = "{template}"' in initial_config(tmp_path)


def test_of_several_files_that_look_like_templates_none_is_guessed(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(SAM)
    (tmp_path / "b.yaml").write_text(SAM)
    with pytest.raises(ConfigError) as caught:
        initial_config(tmp_path)
    assert "a.yaml, b.yaml" in (caught.value.hint or "")
