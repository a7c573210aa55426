from pathlib import Path

import pytest

from tests.unit.template.apps import load, refusal

TOPIC = "Resources: {Topic: {Type: AWS::SNS::Topic}}\n"


@pytest.mark.parametrize(
    ("default", "text"),
    [
        ("abc", "abc"),
        ("''", ""),
        ("true", "true"),
        ("False", "false"),
        ("yes", "true"),
        ("7", "7"),
        ("1.5", "1.5"),
        ("0123456789012", "0123456789012"),
        ("[a, 1, true]", "a,1,true"),
        ("2020-01-01", "2020-01-01"),
        ("", ""),
    ],
)
def test_every_default_is_text_as_cloudformation_passes_it(tmp_path: Path, default: str, text: str) -> None:
    template = load(tmp_path, f"Parameters: {{A: {{Type: String, Default: {default}}}}}\n{TOPIC}")
    assert template.parameters[0].default == text


def test_constraints_are_read(tmp_path: Path) -> None:
    text = """
Parameters:
  Level: {Type: String, AllowedValues: [1, true, x], AllowedPattern: '.+', ConstraintDescription: one of them}
  Password: {Type: String, NoEcho: true, MinLength: 8, MaxLength: '41'}
  Count: {Type: Number, MinValue: 1, MaxValue: '10.5'}
  Bare: {Type: 'AWS::EC2::VPC::Id'}
"""
    level, password, count, bare = load(tmp_path, text + TOPIC).parameters
    assert (level.allowed_values, level.allowed_pattern) == (("1", "true", "x"), ".+")
    assert level.constraint_description == "one of them"
    assert (password.no_echo, password.min_length, password.max_length) == (True, 8, 41)
    assert (count.type, count.min_value, count.max_value) == ("Number", 1.0, 10.5)
    assert (bare.type, bare.default, bare.no_echo) == ("AWS::EC2::VPC::Id", None, False)
    assert str(count.location) == "template.yaml:5"


def test_a_parameter_that_is_no_mapping_is_refused(tmp_path: Path) -> None:
    error = refusal(tmp_path, f"Parameters:\n  A: String\n{TOPIC}")
    assert (error.code, error.context["line"]) == ("template-parameter", 2)


def test_literal_exports_and_imports_are_named(tmp_path: Path) -> None:
    text = """
Resources:
  A: {Type: AWS::SNS::Topic, Properties: {TopicName: !ImportValue shared-name, X: !ImportValue shared-name}}
  B: {Type: AWS::SNS::Topic, Properties: {TopicName: {Fn::ImportValue: !Sub '${AWS::StackName}-x'}}}
Outputs:
  One: {Value: 1, Export: {Name: my-export}}
  Two: {Value: 1, Export: {Name: !Sub '${AWS::StackName}-two'}}
  Three: {Value: 1}
"""
    template = load(tmp_path, text)
    assert template.exports == ("my-export",)
    assert template.imports == ("shared-name",)


@pytest.mark.parametrize(
    ("value", "setting"),
    [
        ("'{{resolve:ssm:/app/url}}'", "ssm:/app/url"),
        ("'{{resolve:ssm:/app/url:3}}'", "ssm:/app/url"),
        ("'pre-{{resolve:ssm:name}}-post'", "ssm:name"),
        ("'{{resolve:ssm-secure:/app/key:1}}'", "ssm-secure:/app/key"),
        ("'{{resolve:secretsmanager:db}}'", "secretsmanager:db"),
        ("'{{resolve:secretsmanager:db:SecretString:password}}'", "secretsmanager:db"),
        (
            "'{{resolve:secretsmanager:arn:aws:secretsmanager:eu-west-1:1:secret:db-AbCdEf:SecretString:password}}'",
            "secretsmanager:arn:aws:secretsmanager:eu-west-1:1:secret:db-AbCdEf",
        ),
        ("!Sub 'x {{resolve:ssm:/plain}} ${AWS::Region}'", "ssm:/plain"),
        ("!Join ['', ['{{resolve:ssm:/joined}}', x]]", "ssm:/joined"),
    ],
)
def test_settings_are_named_without_version_or_json_key(tmp_path: Path, value: str, setting: str) -> None:
    text = f"Resources: {{T: {{Type: AWS::SNS::Topic, Properties: {{A: {value}, B: {value}}}}}}}"
    assert load(tmp_path, text).settings == (setting,)


@pytest.mark.parametrize(
    "value",
    [
        "!Sub '{{resolve:ssm:/${Env}/url}}'",
        "!Sub '{{resolve:secretsmanager:${Secret}:SecretString:password}}'",
        "!Join ['', ['{{resolve:secretsmanager:', !Ref Secret, ':SecretString}}']]",
        "'{{resolve:acm:x}}'",
    ],
)
def test_settings_whose_name_is_not_known_are_left_out(tmp_path: Path, value: str) -> None:
    assert load(tmp_path, f"Resources: {{T: {{Type: AWS::SNS::Topic, Properties: {{A: {value}}}}}}}").settings == ()


@pytest.mark.parametrize("name", ["shop/key", "!Sub shop/key"])
def test_a_secret_that_the_template_makes_itself_need_not_be_there_before(tmp_path: Path, name: str) -> None:
    text = f"""
Resources:
  Key: {{Type: AWS::SecretsManager::Secret, Properties: {{Name: {name}}}}}
  Topic: {{Type: AWS::SNS::Topic, Properties: {{DisplayName: "{{{{resolve:secretsmanager:shop/key:SecretString}}}}"}}}}
  Other: {{Type: AWS::SNS::Topic, Properties: {{DisplayName: "{{{{resolve:ssm:shop/key}}}}"}}}}
"""
    assert load(tmp_path, text).settings == ("ssm:shop/key",)


def test_the_default_of_a_parameter_from_parameter_store_is_a_setting(tmp_path: Path) -> None:
    text = """
Parameters:
  Vpc: {Type: 'AWS::SSM::Parameter::Value<AWS::EC2::VPC::Id>', Default: /net/vpc}
  Name: {Type: 'AWS::SSM::Parameter::Value<String>'}
  Key: {Type: 'AWS::SSM::Parameter::Name', Default: /only/a/name}
"""
    assert load(tmp_path, text + TOPIC).settings == ("ssm:/net/vpc",)
