from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sealift.delivery.parameters import given_parameters, resolve_parameters, secret_values, stored_settings
from sealift.model.app import App, Environment, StackSpec
from sealift.model.release import SealedStack
from sealift.model.setting import is_blank
from sealift.model.template import Location, ParameterSpec


def judge(spec: ParameterSpec, value: str) -> tuple[str, ...]:
    return resolve_parameters([spec], {spec.name: value})[1]


def test_a_given_value_wins_over_the_default() -> None:
    spec = ParameterSpec(name="Level", default="INFO")
    assert resolve_parameters([spec], {"Level": "DEBUG"}) == ({"Level": "DEBUG"}, ())
    assert resolve_parameters([spec], {}) == ({"Level": "INFO"}, ())


def test_an_empty_default_is_a_value() -> None:
    assert resolve_parameters([ParameterSpec(name="Suffix", default="")], {}) == ({"Suffix": ""}, ())


def test_every_missing_value_is_told_at_once_with_its_place() -> None:
    specs = [
        ParameterSpec(name="DnsName", location=Location(file="template.yaml", line=7)),
        ParameterSpec(name="Key", type="AWS::KMS::Key::Id"),
    ]
    values, problems = resolve_parameters(specs, {})
    assert values == {}
    assert problems == (
        'parameter "DnsName" (String) has no value and no default; it is declared in template.yaml:7',
        'parameter "Key" (AWS::KMS::Key::Id) has no value and no default',
    )


def test_an_unknown_parameter_is_refused_with_the_nearest_name() -> None:
    _, problems = resolve_parameters([ParameterSpec(name="TableName", default="t")], {"TabelName": "x"})
    assert problems == ('parameter "TabelName" is not declared by the template (did you mean "TableName"?)',)


def test_a_value_outside_the_allowed_ones_is_refused() -> None:
    spec = ParameterSpec(name="Stage", allowed_values=("dev", "prod"))
    assert judge(spec, "prod") == ()
    assert judge(spec, "prd") == ('parameter "Stage" is "prd", not one of dev, prod (did you mean "prod"?)',)


def test_the_pattern_has_to_match_the_whole_value() -> None:
    spec = ParameterSpec(name="Code", allowed_pattern="[a-z]+", constraint_description="only small letters")
    assert judge(spec, "abc") == ()
    assert judge(spec, "abc1") == ('parameter "Code" is "abc1", which does not match [a-z]+: only small letters',)


def test_a_pattern_that_python_can_not_read_is_left_to_cloudformation() -> None:
    assert judge(ParameterSpec(name="Code", allowed_pattern=r"\p{Alpha}+"), "1") == ()


def test_lengths_are_judged() -> None:
    spec = ParameterSpec(name="Secret", min_length=3, max_length=5)
    assert judge(spec, "1234") == ()
    assert judge(spec, "12") == ('parameter "Secret" has 2 characters, fewer than the 3 it needs',)
    assert judge(spec, "123456") == ('parameter "Secret" has 6 characters, more than the 5 it may have',)


def test_a_secret_value_is_never_repeated() -> None:
    spec = ParameterSpec(
        name="Password", no_echo=True, allowed_pattern="[0-9]+", allowed_values=("1",), min_length=50, type="String"
    )
    problems = judge(spec, "hunter2")
    assert len(problems) == 3
    assert not any("hunter2" in problem for problem in problems)


@pytest.mark.parametrize(
    ("value", "problem"),
    [("5", None), ("5.5", None), ("x", "not a number"), ("0", "less than 1"), ("11", "more than 10")],
)
def test_numbers_are_judged(value: str, problem: str | None) -> None:
    problems = judge(ParameterSpec(name="Count", type="Number", min_value=1, max_value=10), value)
    assert (problems == ()) if problem is None else (problem in problems[0])


def test_each_entry_of_a_list_is_judged() -> None:
    spec = ParameterSpec(name="Zones", type="CommaDelimitedList", allowed_values=("a", "b"))
    assert judge(spec, "a, b") == ()
    assert judge(spec, "a,c,d") == (
        'parameter "Zones" is "c", not one of a, b',
        'parameter "Zones" is "d", not one of a, b',
    )
    assert judge(spec, "") == ()


def test_the_name_of_a_parameter_store_entry_is_not_judged_as_its_value() -> None:
    spec = ParameterSpec(name="Ami", type="AWS::SSM::Parameter::Value<String>", allowed_pattern="ami-.*")
    assert judge(spec, "/images/latest") == ()


names = st.text("abcXYZ", min_size=1, max_size=4)


@example(declared={"X": None}, values={"X": "\xad"})  # a soft hyphen: nothing to see, so blank
@given(declared=st.dictionaries(names, st.none() | st.text(max_size=3)), values=st.dictionaries(names, st.text()))
def test_a_parameter_has_a_value_or_a_problem(declared: dict[str, str | None], values: dict[str, str]) -> None:
    specs = [ParameterSpec(name=name, default=default) for name, default in declared.items()]
    resolved, problems = resolve_parameters(specs, values)
    without = [n for n, default in declared.items() if default is None and is_blank(values.get(n, ""))]
    unknown = set(values) - set(declared)
    assert set(resolved) | set(without) == set(declared)
    assert len(problems) == len(without) + len(unknown)


@pytest.mark.parametrize(
    ("pattern", "may_be"), [("[a-z]*", True), ("^([a-z]+)?$", True), ("[a-z]+", False), (None, False)]
)
def test_a_value_may_be_blank_where_the_pattern_says_so(pattern: str | None, *, may_be: bool) -> None:
    assert (judge(ParameterSpec(name="Bucket", allowed_pattern=pattern), "") == ()) is may_be


@pytest.mark.parametrize("kind", ["AWS::SSM::Parameter::Value<String>", "AWS::SSM::Parameter::Value<List<String>>"])
def test_an_ssm_parameter_needs_the_entry_that_its_value_names(kind: str) -> None:
    spec = ParameterSpec(name="Tax", type=kind, default="/shop/tax")
    assert stored_settings([spec], ["ssm:/shop/tax"], {}) == ("ssm:/shop/tax",)
    assert stored_settings([spec], ["ssm:/shop/tax"], {"Tax": "/shop/eu/tax"}) == ("ssm:/shop/eu/tax",)
    assert stored_settings([ParameterSpec(name="Tax", type=kind)], [], {"Tax": "/a"}) == ("ssm:/a",)
    assert stored_settings([ParameterSpec(name="Tax")], [], {"Tax": "/a"}) == ()


def test_names_of_settings_hold_the_values_of_parameters_and_each_is_named_once() -> None:
    specs = [
        ParameterSpec(name="Stage"),
        ParameterSpec(name="Area", default="eu"),
        ParameterSpec(name="Unset"),
        ParameterSpec(name="Image", type="AWS::SSM::Parameter::Value<String>", default="/image"),
        ParameterSpec(name="Other", type="AWS::SSM::Parameter::Value<String>"),
    ]
    settings = ["ssm:/a/${Stage}", "ssm:/b/${Area}", "ssm:/c/${Unset}", "ssm:/d/${Image}", "ssm:/image", "ssm:None"]
    assert sorted(stored_settings(specs, settings, {"Stage": "prod"})) == [
        "ssm:/a/prod",
        "ssm:/b/eu",
        "ssm:/image",
        "ssm:None",
    ]
    assert "ssm:/image" not in stored_settings(specs, settings, {"Image": "/other"})


@pytest.mark.parametrize(
    "spec",
    [
        ParameterSpec(name="P", min_length=0),
        ParameterSpec(name="P", type="List<Number>"),
        ParameterSpec(name="P", type="CommaDelimitedList"),
        ParameterSpec(name="P", allowed_values=("", "a")),
        ParameterSpec(name="P", default="a"),
    ],
)
def test_an_empty_value_may_be_what_is_meant(spec: ParameterSpec) -> None:
    assert resolve_parameters([spec], {"P": ""}) == ({"P": ""}, ())


@pytest.mark.parametrize(
    "spec",
    [ParameterSpec(name="P"), ParameterSpec(name="P", min_length=1), ParameterSpec(name="P", allowed_pattern="[a-z]+")],
)
def test_a_blank_value_counts_as_missing(spec: ParameterSpec) -> None:
    resolved, problems = resolve_parameters([spec], {"P": " "})
    assert resolved == {}
    assert problems == (
        'parameter "P" (String) has a blank value, which counts as missing; one that may be empty has `Default: ""`',
    )


@pytest.mark.parametrize(
    ("spec", "good", "bad"),
    [
        (ParameterSpec(name="P", min_length=3), "123", "12"),
        (ParameterSpec(name="P", max_length=3), "123", "1234"),
        (ParameterSpec(name="P", type="Number", min_value=1), "1", "0.9"),
        (ParameterSpec(name="P", type="Number", max_value=10), "10", "10.1"),
        (ParameterSpec(name="P", type="List<Number>", max_value=10), "1, 10", "1,11"),
    ],
)
def test_a_limit_is_allowed_and_what_is_beyond_it_is_not(spec: ParameterSpec, good: str, bad: str) -> None:
    assert judge(spec, good) == ()
    assert len(judge(spec, bad)) == 1


def test_parameters_that_are_not_declared_are_named_in_order() -> None:
    _, problems = resolve_parameters([], dict.fromkeys("zyxwvutsabcdefg", "1"))
    assert [problem.split('"')[1] for problem in problems] == sorted("zyxwvutsabcdefg")


def test_the_values_of_a_stack_are_its_own_above_the_environments_above_the_apps() -> None:
    app = App(
        name="a",
        root=Path(),
        config_path=None,
        environments=(),
        stacks=(
            StackSpec(name="other", template="o", parameters={"A": "wrong"}),
            StackSpec(name="app", template="t", parameters={"A": "app", "B": "app", "C": "app"}),
        ),
    )
    environment = Environment(
        name="prod",
        region="r",
        stack_name="a-prod",
        parameters={"B": "environment", "C": "environment", "Foreign": "x"},
        stack_parameters={"app": {"C": "stack"}, "other": {"C": "wrong"}},
    )
    declared = tuple(ParameterSpec(name=name) for name in "ABC")
    ours = ParameterSpec(name="SealiftEnvironment")
    values = {"A": "app", "B": "environment", "C": "stack"}
    assert given_parameters(app, environment, sealed("app", *declared)) == values
    assert given_parameters(app, environment, sealed("app", *declared, ours)) == values | {ours.name: "prod"}
    assert given_parameters(app, environment, sealed("nowhere", *declared)) == {"B": "environment", "C": "environment"}
    mine = replace(environment, parameters={ours.name: "mine"})
    assert given_parameters(app, mine, sealed("nowhere", ours)) == {ours.name: "mine"}


def sealed(name: str, *parameters: ParameterSpec) -> SealedStack:
    return SealedStack(name=name, template_sha256="0" * 64, needs=(), parameters=parameters)


def test_secrets_are_the_values_of_noecho_parameters_and_each_of_their_items() -> None:
    stack = sealed(
        "app",
        ParameterSpec(name="Plain", default="shown"),
        ParameterSpec(name="Default", default="hidden", no_echo=True),
        ParameterSpec(name="Given", default="not", no_echo=True),
        ParameterSpec(name="None", no_echo=True),
    )
    assert list(secret_values(stack, {"Given": "a,b", "Plain": "x"})) == ["hidden", "hidden", "a,b", "a", "b"]
