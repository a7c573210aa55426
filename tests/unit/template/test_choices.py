"""What decides a build is read from the parameters of every environment, and has to be the same in all."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealift.errors import TemplateError
from sealift.model.template import Template
from sealift.template.templates import SamTemplates
from tests.unit.template.apps import only, write

HEAD = """
Transform: AWS::Serverless-2016-10-31
Parameters:
  Code: {Type: String, Default: gone}
  Arch: {Type: String, Default: x86_64}
  Py: {Type: String, Default: python3.12}
  Bare: {Type: String}
  Processors: {Type: CommaDelimitedList, Default: "x86_64"}
"""
FUNCTION = "Type: AWS::Serverless::Function"
ALL = {"CodeUri": "!Ref Code", "Runtime": "!Ref Py", "Architectures": "[!Ref Arch]", "Handler": "app.handler"}
GREEN = {"Code": "green", "Arch": "arm64", "Py": "python3.13"}


def template(more: str = "", **properties: str) -> str:
    listed = "".join(f"\n      {name}: {value}" for name, value in {**ALL, **properties}.items())
    return f"{HEAD}{more}\nResources:\n  Fn:\n    {FUNCTION}\n    Properties:{listed}\n"


def loaded(root: Path, text: str, **environments: dict[str, str]) -> Template:
    write(root, {"template.yaml": text, "green/app.py": "", "blue/app.py": ""})
    return SamTemplates().load(root, "template.yaml", given=environments)


def refused(root: Path, text: str, **environments: dict[str, str]) -> TemplateError:
    with pytest.raises(TemplateError) as caught:
        loaded(root, text, **environments)
    return caught.value


def test_values_that_all_environments_agree_on_are_built(tmp_path: Path) -> None:
    asset = only(loaded(tmp_path, template(), staging=GREEN, production=GREEN))
    assert (asset.source, asset.architecture, asset.runtime) == ("green", "arm64", "python3.13")


@pytest.mark.parametrize(
    ("name", "value", "what", "line"),
    [
        ("Code", "blue", "CodeUri of Fn", 14),
        ("Arch", "x86_64", "Architectures of Fn", 16),
        ("Py", "python3.12", "Runtime of Fn", 15),
    ],
)
def test_environments_that_differ_are_named_with_their_values(
    tmp_path: Path, name: str, value: str, what: str, line: int
) -> None:
    error = refused(tmp_path, template(), staging=GREEN, production={**GREEN, name: value})
    assert error.code == "template-build-differs"
    assert error.context["line"] == line
    assert (
        f"{what} is not the same in all environments: staging has {GREEN[name]}, production has {value}"
        in error.message
    )
    assert name in error.hint


def test_one_environment_that_takes_the_default_differs_too(tmp_path: Path) -> None:
    error = refused(tmp_path, template(), staging=GREEN, production={k: v for k, v in GREEN.items() if k != "Arch"})
    assert "staging has arm64, production has x86_64" in error.message


def test_a_value_that_one_environment_does_not_have_is_no_agreement(tmp_path: Path) -> None:
    text = template(CodeUri="!Ref Bare")
    error = refused(tmp_path, text, staging={**GREEN, "Bare": "green"}, production=GREEN)
    assert "staging has green, production has no known value" in error.message


def test_a_default_that_names_nothing_matters_only_where_it_is_used(tmp_path: Path) -> None:
    assert only(loaded(tmp_path, template(), staging=GREEN, production=GREEN)).source == "green"
    error = refused(tmp_path, template(), staging={}, production={})
    assert error.code == "template-asset-missing"
    assert refused(tmp_path, template()).code == "template-asset-missing"


def test_a_condition_on_parameters_chooses_or_is_refused(tmp_path: Path) -> None:
    conditions = "Conditions: {Green: !Equals [!Ref Arch, arm64]}"
    text = template(conditions, CodeUri="!If [Green, green, blue]", Architectures="[x86_64]")
    assert only(loaded(tmp_path, text, a={"Arch": "arm64"}, b={"Arch": "arm64"})).source == "green"
    assert "a has green, b has blue" in refused(tmp_path, text, a={"Arch": "arm64"}, b={}).message


def test_conditions_that_go_round_are_not_known(tmp_path: Path) -> None:
    text = template("Conditions: {A: !Condition B, B: !Condition A}", Runtime="!If [A, x, y]", CodeUri="green")
    assert only(loaded(tmp_path, text, staging={}, production={})).runtime is None


def test_a_processor_that_is_not_known_is_never_taken_for_another(tmp_path: Path) -> None:
    text = template(Architectures="[!Ref Bare]", CodeUri="green")
    error = refused(tmp_path, text, staging={}, production={})
    assert error.code == "template-build-unknown"
    assert "Bare" in error.hint


def test_a_list_parameter_gives_the_processor(tmp_path: Path) -> None:
    text = template(Architectures="!Ref Processors", CodeUri="green")
    assert only(loaded(tmp_path, text, staging={"Processors": "arm64"})).architecture == "arm64"


def test_code_that_is_stored_elsewhere_may_differ(tmp_path: Path) -> None:
    values = {"staging": {"Code": "s3://staging/code.zip"}, "production": {"Code": "s3://production/code.zip"}}
    assert loaded(tmp_path, template(), **values).assets == ()


def test_a_region_of_its_own_may_choose_what_is_not_built(tmp_path: Path) -> None:
    mappings = "Mappings: {R: {eu-west-1: {A: arm64}, us-east-1: {A: x86_64}}}"
    text = template(mappings, Architectures="[!FindInMap [R, !Ref 'AWS::Region', A]]", CodeUri="green")
    same = {"a": {"AWS::Region": "eu-west-1"}, "b": {"AWS::Region": "eu-west-1"}}
    assert only(loaded(tmp_path, text, **same)).architecture == "arm64"
    assert "a has arm64, b has x86_64" in refused(tmp_path, text, **{**same, "b": {"AWS::Region": "us-east-1"}}).message


def test_an_include_is_of_the_file_that_all_environments_name(tmp_path: Path) -> None:
    text = template(CodeUri="green") + "  Fn::Transform: {Name: AWS::Include, Parameters: {Location: !Ref Code}}\n"
    write(tmp_path, {"a.yaml": "Topic: {Type: AWS::SNS::Topic}\n", "b.yaml": "Queue: {Type: AWS::SQS::Queue}\n"})
    found = loaded(tmp_path, text, staging={"Code": "a.yaml"}, production={"Code": "a.yaml"})
    assert "Topic" in found.body["Resources"]  # type: ignore[operator]
    error = refused(tmp_path, text, staging={"Code": "a.yaml"}, production={"Code": "b.yaml"})
    assert "staging has a.yaml, production has b.yaml" in error.message


def test_a_nested_stack_is_built_by_what_it_is_given(tmp_path: Path) -> None:
    outer = HEAD + "\nResources:\n  In:\n    Type: AWS::CloudFormation::Stack\n    Properties:\n"
    outer += "      TemplateURL: inner.yaml\n      Parameters: {Code: !Ref Code, Arch: arm64, Py: python3.13}\n"
    write(tmp_path, {"inner.yaml": template()})
    nested = loaded(tmp_path, outer, staging=GREEN, production=GREEN).nested["In.TemplateURL"]
    assert (only(nested).source, only(nested).architecture) == ("green", "arm64")
    assert (
        "staging has green, production has blue"
        in refused(tmp_path, outer, staging=GREEN, production={**GREEN, "Code": "blue"}).message
    )


@given(st.lists(st.sampled_from(["green", "blue"]), min_size=1, max_size=4))
def test_a_build_is_of_one_value_or_refused(values: list[str]) -> None:
    environments = {f"e{n}": {**GREEN, "Code": value} for n, value in enumerate(values)}
    with TemporaryDirectory() as folder:
        if len(set(values)) == 1:
            assert only(loaded(Path(folder), template(), **environments)).source == values[0]
        else:
            message = refused(Path(folder), template(), **environments).message
            assert all(f"{name} has {given['Code']}" in message for name, given in environments.items())


@pytest.mark.parametrize(
    ("production", "unused"),
    [({}, True), ({"Arch": "arm64"}, False), ({"Bare": "b"}, True)],
    ids=["off", "on", "other"],
)
def test_a_function_whose_condition_holds_nowhere_is_unused(
    tmp_path: Path, production: dict[str, str], unused: bool
) -> None:
    text = template("Conditions: {Green: !Equals [!Ref Arch, arm64]}", Architectures="[x86_64]", CodeUri="green")
    text = text.replace(FUNCTION, f"{FUNCTION}\n    Condition: Green")
    found = loaded(tmp_path, text, staging={"Bare": "b"}, production={"Bare": "b", **production})
    assert [function.unused for function in found.functions] == [unused]


def test_without_environments_no_condition_is_known_to_hold_nowhere(tmp_path: Path) -> None:
    text = template("Conditions: {Off: !Equals [a, b]}", CodeUri="green").replace(
        FUNCTION, f"{FUNCTION}\n    Condition: Off"
    )
    assert not loaded(tmp_path, text).functions[0].unused
