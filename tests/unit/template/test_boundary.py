"""Nothing outside the repository's real path enters a release, by whatever property, file or link."""

from pathlib import Path

import pytest

from sealift.errors import TemplateError
from sealift.template.templates import SamTemplates
from tests.unit.template.apps import load, refusal, write

HEAD = "Transform: [AWS::LanguageExtensions, AWS::Serverless-2016-10-31]\n"
SECRET = {"secret/app.py": "", "secret/one.json": "{}", "secret/part.yaml": "Resources: {T: {Type: AWS::SNS::Topic}}\n"}
FUNCTION = "Type: AWS::Serverless::Function, Properties: {Runtime: python3.12, Handler: app.handler"
PROPERTIES = {
    "CodeUri": f"Resources: {{X: {{{FUNCTION}, CodeUri: PLACE}}}}}}",
    "ContentUri": "Resources: {X: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: PLACE}}}",
    "DefinitionUri": "Resources: {X: {Type: AWS::Serverless::StateMachine, Properties: "
    "{DefinitionUri: PLACE/one.json}}}",
    "SchemaUri": "Resources: {X: {Type: AWS::Serverless::GraphQLApi, Properties: {SchemaUri: PLACE/one.json}}}",
    "TemplateURL": "Resources: {X: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: PLACE/part.yaml}}}",
    "Location": "Resources: {X: {Type: AWS::Serverless::Application, Properties: {Location: PLACE/part.yaml}}}",
    "AWS::Include": "Fn::Transform: {Name: AWS::Include, Parameters: {Location: PLACE/part.yaml}}\n"
    "Resources: {Y: {Type: AWS::SNS::Topic}}",
}


@pytest.mark.parametrize("way", ["above", "absolute", "link"])
@pytest.mark.parametrize("name", PROPERTIES)
def test_a_place_outside_the_repository_is_refused(tmp_path: Path, name: str, way: str) -> None:
    root = tmp_path / "repo"
    (root / ".git").mkdir(parents=True)
    write(tmp_path, SECRET)
    (root / "linked").symlink_to("../secret")
    place = {"above": "../secret", "absolute": str(tmp_path / "secret"), "link": "linked"}[way]
    error = refusal(root, HEAD + PROPERTIES[name].replace("PLACE", place))
    assert error.code == "template-outside"
    assert str(tmp_path / "secret") in error.message


@pytest.mark.parametrize("name", PROPERTIES)
def test_the_same_place_inside_the_repository_is_taken(tmp_path: Path, name: str) -> None:
    (tmp_path / ".git").mkdir()
    root = tmp_path / "app"
    root.mkdir()
    write(tmp_path, SECRET)
    assert load(root, HEAD + PROPERTIES[name].replace("PLACE", "../secret")).body["Resources"]


def test_a_template_that_is_a_link_out_of_the_repository_is_refused(tmp_path: Path) -> None:
    root = tmp_path / "repo"
    (root / ".git").mkdir(parents=True)
    write(tmp_path, SECRET)
    (root / "my.yaml").symlink_to("../secret/part.yaml")
    assert refusal(root, "", file="other.yaml").code != "template-outside"
    (root / "other.yaml").unlink()
    (root / "other.yaml").symlink_to("../secret/part.yaml")
    with pytest.raises(TemplateError, match="the template leaves the repository"):
        SamTemplates().load(root, "other.yaml")
