import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealift.delivery.parameters import resolve_parameters, stored_settings
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


@given(declared=st.dictionaries(names, st.none() | st.text(max_size=3)), values=st.dictionaries(names, st.text()))
def test_a_parameter_has_a_value_or_a_problem(declared: dict[str, str | None], values: dict[str, str]) -> None:
    specs = [ParameterSpec(name=name, default=default) for name, default in declared.items()]
    resolved, problems = resolve_parameters(specs, values)
    without = [n for n, default in declared.items() if default is None and not values.get(n, "").strip()]
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
