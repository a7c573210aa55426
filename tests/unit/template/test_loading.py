from pathlib import Path

import pytest

from tests.unit.template.apps import at, load, refusal

TOPIC = "Resources: {Topic: {Type: AWS::SNS::Topic}}\n"
SAM = "Transform: AWS::Serverless-2016-10-31\n"
STACK = "Resources: {{{id}: {{Type: AWS::CloudFormation::Stack, Properties: {{TemplateURL: {url}}}}}}}\n"


def test_nothing_but_a_list_or_a_text_is_no_template(tmp_path: Path) -> None:
    assert refusal(tmp_path, "- a\n- b\n").code == "template-empty"
    assert refusal(tmp_path, "just words").code == "template-empty"


def test_a_template_without_resources_is_refused(tmp_path: Path) -> None:
    error = refusal(tmp_path, "Description: nothing\nResources:\n")
    assert (error.code, error.context["line"]) == ("template-empty", 2)


@pytest.mark.parametrize("kind", ["AWS::Serverless::Function", "AWS::Serverless::Api"])
def test_a_sam_type_without_the_transform_is_refused(tmp_path: Path, kind: str) -> None:
    error = refusal(tmp_path, f"Resources:\n  Fn:\n    Type: {kind}\n")
    assert (error.code, error.context["line"]) == ("template-transform", 2)
    assert error.hint.startswith("add `Transform: AWS::Serverless-2016-10-31`")


@pytest.mark.parametrize(
    ("declared", "names"),
    [
        ("AWS::Serverless-2016-10-31", ("AWS::Serverless-2016-10-31",)),
        ("[AWS::LanguageExtensions, {Name: AWS::X}]", ("AWS::LanguageExtensions", "AWS::X")),
        ("[{Name: 'AWS::CodeDeployBlueGreen'}]", ("AWS::CodeDeployBlueGreen",)),
    ],
)  # fmt: skip
def test_transforms_are_named_in_order(tmp_path: Path, declared: str, names: tuple[str, ...]) -> None:
    assert load(tmp_path, f"Transform: {declared}\n{TOPIC}").transforms == names


@pytest.mark.parametrize(
    ("text", "line", "who"),
    [
        (f"Transform: [AWS::Serverless-2016-10-31, MyMacro]\n{TOPIC}", 1, "the template uses the macro MyMacro"),
        (
            "Resources:\n  Topic:\n    Type: AWS::SNS::Topic\n    Properties:\n      Fn::Transform: {Name: Tagger}\n",
            5,
            "resource Topic uses the macro Tagger",
        ),
    ],
)
def test_a_foreign_macro_is_refused_by_name(tmp_path: Path, text: str, line: int, who: str) -> None:
    error = refusal(tmp_path, text)
    assert error.code == "template-macro"
    assert who in error.message
    assert error.context["line"] == line
    assert "Sealift applies" in error.hint


def test_an_unknown_function_in_long_form_is_refused(tmp_path: Path) -> None:
    error = refusal(
        tmp_path, "Resources:\n  T:\n    Type: AWS::SNS::Topic\n    Properties:\n      A: {Fn::Jon: [a, b]}\n"
    )
    assert (error.code, error.context["line"]) == ("template-function", 5)
    assert 'Fn::Jon is not an intrinsic function (did you mean "Fn::Join"?)' in error.message


def test_a_local_nested_template_is_loaded_with_all_it_needs(tmp_path: Path) -> None:
    files = {
        "nested/template.yaml": SAM
        + """
Resources: {Fn: {Type: AWS::Serverless::Function, Properties: {CodeUri: src, Role: '{{resolve:ssm:/role}}'}}}
Outputs: {Url: {Value: x, Export: {Name: shared-url}}}
""",
        "nested/src/a.py": "",
    }
    text = SAM + "Resources: {App: {Type: AWS::Serverless::Application, Properties: {Location: nested/template.yaml}}}"
    template = load(tmp_path, text, files)
    (asset,) = template.assets
    assert (asset.key, asset.kind, asset.source) == ("App.Location", "template", "nested/template.yaml")
    nested = template.nested["App.Location"]
    assert (nested.file, nested.assets[0].source) == ("nested/template.yaml", "nested/src")
    assert (template.settings, template.exports) == (("ssm:/role",), ("shared-url",))


def test_two_stacks_of_one_nested_template_are_two_assets(tmp_path: Path) -> None:
    stack = "{Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: n.yaml}}"
    template = load(tmp_path, f"Resources: {{A: {stack}, B: {stack}}}", {"n.yaml": TOPIC})
    assert [a.logical_ids for a in template.assets] == [("A",), ("B",)]


@pytest.mark.parametrize(
    "properties",
    [
        "Location: {ApplicationId: 'arn:aws:serverlessrepo:us-east-1:1:applications/x', SemanticVersion: 1.0.0}",
        "Location: 'https://bucket.s3.amazonaws.com/template.yaml'",
    ],
)
def test_applications_that_are_elsewhere_are_left_alone(tmp_path: Path, properties: str) -> None:
    text = SAM + f"Resources: {{App: {{Type: AWS::Serverless::Application, Properties: {{{properties}}}}}}}"
    assert load(tmp_path, text).assets == ()


def test_templates_that_nest_each_other_are_refused(tmp_path: Path) -> None:
    files = {"b.yaml": STACK.format(id="A", url="template.yaml")}
    error = refusal(tmp_path, STACK.format(id="B", url="b.yaml"), files)
    assert error.code == "template-cycle"
    assert "template.yaml → b.yaml → template.yaml" in error.message


def test_a_fault_in_a_nested_template_names_that_file(tmp_path: Path) -> None:
    error = refusal(tmp_path, STACK.format(id="B", url="b.yaml"), {"b.yaml": "Resources: !Nope x"})
    assert error.message.startswith("b.yaml:1:12: !Nope is not an intrinsic function")


def test_files_of_a_graphql_api_are_put_into_the_template(tmp_path: Path) -> None:
    text = (
        SAM
        + """
Resources:
  Api:
    Type: AWS::Serverless::GraphQLApi
    Properties:
      SchemaUri: schema.graphql
      Functions: {load: {CodeUri: load.js}, stored: {CodeUri: 's3://a/b'}}
      Resolvers: {Query: {get: {CodeUri: get.js, Pipeline: [load]}}}
"""
    )
    files = {"schema.graphql": "type Query {}", "load.js": "load()", "get.js": "get()"}
    template = load(tmp_path, text, files)
    assert template.assets == ()
    assert at(template.body, "Resources", "Api", "Properties") == {
        "SchemaInline": "type Query {}",
        "Functions": {"load": {"InlineCode": "load()"}, "stored": {"CodeUri": "s3://a/b"}},
        "Resolvers": {"Query": {"get": {"InlineCode": "get()", "Pipeline": ["load"]}}},
    }
    error = refusal(tmp_path, text.replace("get.js", "gone.js"), files)
    assert (error.code, error.context["line"]) == ("template-asset-missing", 9)


def test_the_line_of_a_path_is_that_of_its_nearest_parent(tmp_path: Path) -> None:
    template = load(tmp_path, "Resources:\n  Topic:\n    Type: AWS::SNS::Topic\n")
    assert template.line(("Resources", "Topic", "Properties", "TopicName")) == 2
    assert template.line(("Resources", "Topic", "Type")) == 3
