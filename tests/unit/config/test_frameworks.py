"""A folder whose template another tool writes is recognised, and its owner told how to get one."""

from pathlib import Path

import pytest

from sealift.config.discover import find_template
from sealift.config.init import write_initial_config
from sealift.config.load import load_app
from sealift.errors import ConfigError


@pytest.mark.parametrize(
    ("file", "what", "act"),
    [
        ("cdk.json", "AWS CDK", "run `cdk synth`, then"),
        ("cdk.out/manifest.json", "AWS CDK", 'template = "cdk.out/STACK.template.json"'),
        ("cdk.out/Shop.template.json", "AWS CDK", 'template = "cdk.out/Shop.template.json"'),
        ("serverless.yml", "Serverless Framework", "run `serverless package`, then"),
        ("serverless.yaml", "Serverless Framework", "serverless package"),
        ("serverless.ts", "Serverless Framework", "serverless package"),
        ("serverless.json", "Serverless Framework", "serverless package"),
        (".chalice/config.json", "Chalice", "chalice package"),
        ("main.tf", "Terraform", "no CloudFormation template"),
        ("Pulumi.yaml", "Pulumi", "no CloudFormation template"),
        ("amplify/backend.ts", "Amplify", "no CloudFormation template"),
        ("amplify/backend/backend-config.json", "Amplify", "no CloudFormation template"),
    ],
)
def test_other_tools_are_recognised(tmp_path: Path, file: str, what: str, act: str) -> None:
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).write_text("{}")
    for command in (load_app, write_initial_config):
        with pytest.raises(ConfigError) as caught:
            command(tmp_path)
        assert caught.value.code == "template-not-found"
        assert what in caught.value.message
        assert act in caught.value.hint


def test_a_template_of_its_own_goes_first(tmp_path: Path) -> None:
    (tmp_path / "cdk.json").write_text("{}")
    (tmp_path / "template.yaml").write_text("{}")
    assert load_app(tmp_path).stacks[0].template == "template.yaml"


def test_a_project_of_another_tool_is_recognised_one_folder_below(tmp_path: Path) -> None:
    (tmp_path / "cdk").mkdir()
    (tmp_path / "cdk" / "cdk.json").write_text("{}")
    (tmp_path / "web").mkdir()
    with pytest.raises(ConfigError) as refused:
        find_template(tmp_path)
    assert refused.value.message.endswith("cdk/ is an AWS CDK application")
    assert refused.value.hint.startswith("go there, or give it with -C cdk: run `cdk synth`")
    (tmp_path / "web" / "template.yaml").write_text("Resources: {}")
    assert find_template(tmp_path) == "web/template.yaml"
