import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sealift.errors import TemplateError
from sealift.template.sealing import dumped
from sealift.template.templates import SamTemplates
from tests.unit.template.apps import at, load, render, seal_bytes

SAM = "Transform: AWS::Serverless-2016-10-31\n"
SHOP = (
    SAM
    + """
Parameters:
  Alias: {Type: String, Default: live}
  Image: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /image}
Globals: {Function: {Runtime: python3.12, Timeout: 5}}
Resources:
  Orders:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: src
      Handler: orders.handler
      AutoPublishAlias: !Ref Alias
      Policies: [AWSLambdaBasicExecutionRole, {DynamoDBCrudPolicy: {TableName: !Ref Table}}]
      Environment: {Variables: {TABLE: !Ref Table, IMAGE: !Ref Image}}
      Events:
        Rest: {Type: Api, Properties: {Path: /orders, Method: get}}
        Http: {Type: HttpApi, Properties: {Path: /orders, Method: get}}
  Worker:
    Type: AWS::Serverless::Function
    Metadata: {Team: shop}
    Properties:
      CodeUri: src
      Handler: worker.handler
      AutoPublishAlias: live
      DeploymentPreference: {Type: AllAtOnce}
      Events: {Tick: {Type: Schedule, Properties: {Schedule: rate(1 day)}}}
  Deps: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: src}}
  Machine:
    Type: AWS::Serverless::StateMachine
    Properties: {DefinitionUri: src/machine.json, Role: arn, DefinitionSubstitutions: {Fn: !GetAtt Orders.Arn}}
  Table: {Type: AWS::DynamoDB::Table, Properties: {TableName: t}}
Outputs: {Fn: {Value: !GetAtt Orders.Arn}}
"""
)
FILES = {"src/orders.py": "", "src/machine.json": "{}"}


def test_the_translators_own_policy_templates_are_read_once_and_a_template_says_the_same_again(tmp_path: Path) -> None:
    first = render(load(tmp_path, SHOP, FILES)).body
    from samtranslator.translator import translator

    assert (
        translator.make_policy_template_for_function_plugin() is translator.make_policy_template_for_function_plugin()
    )
    assert render(load(tmp_path, SHOP, FILES)).body == first


def test_sam_becomes_plain_cloudformation_with_the_code_in_the_bucket(tmp_path: Path) -> None:
    body = render(load(tmp_path, SHOP, FILES)).body
    resources = body["Resources"]
    assert isinstance(resources, dict)
    assert not [r for r in resources.values() if str(at(r, "Type")).startswith("AWS::Serverless::")]
    assert "Transform" not in body
    assert "Globals" not in body
    code = at(resources, "Orders", "Properties", "Code")
    assert at(code, "S3Bucket") == "artifacts"  # the translator has to know code under an alias
    assert str(at(code, "S3Key")).startswith("blobs/")
    assert at(resources, "Orders", "Properties", "Timeout") == 5
    assert at(resources, "Machine", "Properties", "DefinitionS3Location", "Bucket") == {"Ref": "SealiftArtifactBucket"}


def test_every_resource_knows_which_of_the_users_it_came_from(tmp_path: Path) -> None:
    rendered = render(load(tmp_path, SHOP, FILES))
    resources = rendered.body["Resources"]
    assert isinstance(resources, dict)
    assert set(rendered.origins) == set(resources)
    by_user: dict[str, list[str]] = {}
    for logical_id, user in rendered.origins.items():
        by_user.setdefault(user, []).append(str(at(resources, logical_id, "Type")))
    assert sorted(by_user["Orders"]) == [
        "AWS::ApiGateway::Deployment", "AWS::ApiGateway::RestApi", "AWS::ApiGateway::Stage",
        "AWS::ApiGatewayV2::Api", "AWS::ApiGatewayV2::Stage", "AWS::IAM::Role", "AWS::Lambda::Alias",
        "AWS::Lambda::Function", "AWS::Lambda::Permission", "AWS::Lambda::Permission", "AWS::Lambda::Version",
    ]  # fmt: skip
    assert sorted(by_user["Worker"]) == [
        "AWS::CodeDeploy::Application", "AWS::CodeDeploy::DeploymentGroup", "AWS::Events::Rule", "AWS::IAM::Role",
        "AWS::IAM::Role", "AWS::Lambda::Alias", "AWS::Lambda::Function", "AWS::Lambda::Permission",
        "AWS::Lambda::Version",
    ]  # fmt: skip
    assert by_user["Deps"] == ["AWS::Lambda::LayerVersion"]
    assert by_user["Table"] == ["AWS::DynamoDB::Table"]
    assert set(by_user) == {"Orders", "Worker", "Deps", "Machine", "Table"}


def test_the_marks_we_make_are_gone_and_the_users_metadata_stays(tmp_path: Path) -> None:
    body = render(load(tmp_path, SHOP, FILES)).body
    assert b"SealiftOrigin" not in dumped(body)
    assert at(body, "Resources", "Worker", "Metadata") == {"Team": "shop"}
    assert "Metadata" not in str(at(body, "Resources", "Orders"))


def test_rendering_twice_gives_the_same_bytes_whatever_came_between(tmp_path: Path) -> None:
    template = load(tmp_path, SHOP, FILES)
    first = dumped(render(template).body)
    assert b"aws-cn" in dumped(render(template, region="cn-north-1").body)
    assert dumped(render(template).body) == first
    assert b"aws-cn" not in first


def test_values_are_applied_where_the_translator_has_to_know_them(tmp_path: Path) -> None:
    body = render(load(tmp_path, SHOP, FILES), {"Alias": "blue"}).body
    assert "OrdersAliasblue" in str(at(body, "Resources"))
    assert "OrdersAliaslive" not in str(at(body, "Resources"))


def test_parameters_stay_and_keep_their_defaults(tmp_path: Path) -> None:
    body = render(load(tmp_path, SHOP, FILES)).body
    assert at(body, "Parameters", "Image") == {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/image"}
    assert at(body, "Resources", "Orders", "Properties", "Environment", "Variables", "IMAGE") == {"Ref": "Image"}


def test_plain_cloudformation_stays_as_it_is(tmp_path: Path) -> None:
    text = "Resources: {T: {Type: AWS::SNS::Topic, Properties: {TopicName: !Sub '${AWS::Region}'}}}"
    rendered = render(load(tmp_path, text))
    assert rendered.body["Resources"] == {
        "T": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": {"Fn::Sub": "${AWS::Region}"}}}
    }
    assert rendered.origins == {"T": "T"}


def test_transforms_that_are_not_applied_here_stay(tmp_path: Path) -> None:
    text = "Transform: [AWS::Serverless-2016-10-31, AWS::CodeDeployBlueGreen]\nResources: {T: {Type: AWS::SNS::Topic}}"
    assert render(load(tmp_path, text)).body["Transform"] == "AWS::CodeDeployBlueGreen"


def test_an_application_from_the_public_repository_is_rendered_without_the_network(tmp_path: Path) -> None:
    text = (
        SAM
        + """
Resources:
  App:
    Type: AWS::Serverless::Application
    Properties:
      Location: {ApplicationId: 'arn:aws:serverlessrepo:us-east-1:1:applications/x', SemanticVersion: 1.0.0}
      Parameters: {A: b}
"""
    )
    app = at(render(load(tmp_path, text)).body, "Resources", "App")
    assert at(app, "Type") == "AWS::CloudFormation::Stack"
    assert at(app, "Properties", "Parameters") == {"A": "b"}
    assert (
        at(app, "Properties", "TemplateURL")
        == "serverlessrepo://arn:aws:serverlessrepo:us-east-1:1:applications/x/1.0.0"
    )


BROKEN = (
    SAM
    + """
Resources:
  Good: {Type: AWS::Serverless::Function, Properties: {CodeUri: ., Handler: a.b, Runtime: python3.12}}
  Bad:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: ., Handler: a.b, Runtime: python3.12, Nonsense: 1}
  Worse: {Type: AWS::Serverless::Api}
"""
)


def test_what_the_translator_refuses_is_told_with_resource_and_line(tmp_path: Path) -> None:
    with pytest.raises(TemplateError) as caught:
        render(load(tmp_path, BROKEN))
    error = caught.value
    assert error.code == "template-refused"
    assert error.message.startswith("template.yaml:5: AWS SAM refuses the template:")
    assert "Resource with id [Bad] is invalid. property Nonsense not defined" in error.message
    assert "[Worse]" in error.message
    assert error.context["lines"] == {"Bad": 5, "Worse": 8}


def test_sealed_bytes_from_elsewhere_are_refused_with_the_resource_alone(tmp_path: Path) -> None:
    data = seal_bytes(load(tmp_path, BROKEN))
    with pytest.raises(TemplateError, match=r"^AWS SAM refuses the template:") as caught:
        SamTemplates().render(data, parameters={}, account="1" * 12, region="eu-west-1", stack_name="s")
    assert caught.value.context["logical_ids"] == ["Bad", "Worse"]


def test_a_crash_of_the_translator_is_a_refusal_and_no_traceback(tmp_path: Path) -> None:
    text = SAM + "Resources: {Fn: {Type: AWS::Serverless::Function, Properties: {CodeUri: ., Events: [a]}}}"
    with pytest.raises(TemplateError, match="AWS SAM refuses the template"):
        render(load(tmp_path, text))


def test_environments_of_different_regions_render_at_the_same_time(tmp_path: Path) -> None:
    template = load(tmp_path, SHOP, FILES)
    regions = ["eu-west-1", "cn-north-1"] * 4
    with ThreadPoolExecutor(4) as pool:
        bodies = list(pool.map(lambda region: dumped(render(template, region=region).body), regions))
    assert [b"aws-cn" in body for body in bodies] == [False, True] * 4


def test_rendering_needs_no_region_in_the_environment_and_is_silent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    render(load(tmp_path, SHOP, FILES))
    with pytest.raises(TemplateError):
        render(load(tmp_path, BROKEN))
    assert capfd.readouterr() == ("", "")
