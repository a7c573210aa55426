"""What an environment lacks is found by `check` and `run`, for every environment, before anything is written."""

from dataclasses import replace

import pytest

from sealift.model.app import Probe, StackSpec
from sealift.model.finding import Finding, SuiteResult
from sealift.model.template import Location
from sealift.usecases.build import load_templates
from sealift.usecases.check import Checked, check, unit_tests
from sealift.usecases.run import RunOptions, run
from tests.component.usecases.world import URL, World, function, table


def checked(world: World) -> Checked:
    services = world.services()
    return check(world.app, services, templates=load_templates(world.app, services), local=True, tests=False)


def stopping(world: World) -> list[str]:
    return [f.message for f in checked(world).analysis.findings if f.stops]


def test_a_parameter_that_production_lacks_is_found(world: World):
    world.write({"Hello": function()}, Parameters={"Level": {"Type": "String"}})
    world.change("staging", parameters={"Level": "1"})
    (message,) = stopping(world)
    assert message.startswith('production: parameter "Level" (String) has no value and no default')


def test_a_parameter_that_several_environments_lack_is_one_finding_with_its_place_once(world: World):
    world.write({"Hello": function()}, Parameters={"Level": {"Type": "String"}})
    (found,) = [f for f in checked(world).analysis.findings if f.id == "parameters"]
    assert found.message == 'staging, production: parameter "Level" (String) has no value and no default'
    assert (
        found.fix
        == "Set it under [environments.staging.parameters] and [environments.production.parameters] in sealift.toml."
    )
    assert str(found.location).startswith("template.")


def test_what_weighs_most_comes_first_whoever_says_it(world: World):
    world.write({"Hello": function(), "Items": table()})
    small = Finding(tool="ruff", id="F401", severity="low", message="`os` imported but unused")
    stops = Finding(tool="ruff", id="F821", severity="high", message="Undefined name `x`", stops=True)
    world.analyzer.result = SuiteResult(name="analysis", status="failed", findings=(small, stops))
    assert [f.id for f in checked(world).analysis.findings] == ["F821", "production-defaults", "F401"]


@pytest.mark.parametrize(
    ("logical_id", "rule", "kept"), [("Items", "W3011", False), ("Items", "W3005", True), ("Other", "W3011", True)]
)
def test_a_policy_on_deletion_that_a_store_lacks_is_one_finding(world: World, logical_id: str, rule: str, kept: bool):
    world.write({"Hello": function(), "Items": table()})
    place = Location(file="template.json", line=1, logical_id=logical_id)
    said = Finding(tool="cfn-lint", id=rule, severity="low", message="Both are needed", location=place)
    world.analyzer.result = SuiteResult(name="analysis", status="succeeded", findings=(said,))
    assert [f.id for f in checked(world).analysis.findings] == ["production-defaults", *[rule] * kept]


def test_a_secret_that_an_environment_lacks_is_never_asked_for_in_the_file(world: World):
    world.write({"Hello": function()}, Parameters={"Token": {"Type": "String", "NoEcho": True}})
    findings = [f for f in checked(world).analysis.findings if f.id == "parameters"]
    assert [(f.stops, f.message.partition(":")[0]) for f in findings] == [(True, "staging, production")]
    assert [f.location is not None and f.location.line > 0 for f in findings] == [True]
    assert all("{{resolve:secretsmanager:NAME}}" in f.fix for f in findings)


def test_a_secret_of_a_stack_that_may_be_taken_over_is_advice(world: World):
    world.write({"Hello": function()}, Parameters={"Token": {"Type": "String", "NoEcho": True}})
    world.change("staging", stack_name="legacy-dev")
    assert [message[:10] for message in stopping(world)] == ["production"]
    world.change("production", stack_name="legacy-prod")
    assert stopping(world) == []


def test_a_parameter_that_production_misspells_is_found(world: World):
    world.write({"Hello": function()}, Parameters={"Level": {"Type": "String", "Default": "1"}})
    world.change("production", parameters={"Levle": "2"})
    assert stopping(world) == ['production: parameter "Levle" is declared by no stack (did you mean "Level"?)']


def test_a_value_that_production_may_not_have_is_found(world: World):
    world.write({"Hello": function()}, Parameters={"Size": {"Type": "Number", "Default": "1"}})
    world.change("production", parameters={"Size": "large"})
    assert stopping(world) == ['production: parameter "Size" is "large", not a number']


def test_a_probe_of_an_output_that_no_template_has_is_found(world: World):
    world.app = replace(world.app, probes=(Probe(name="hello", url=f"{URL}/${{Nmae}}"),))
    assert stopping(world) == ['probe "hello" uses ${Nmae}, which no template outputs (did you mean "Name"?)']


def test_a_probe_of_a_key_that_two_stacks_have_is_refused_with_what_to_write(world: World):
    world.write({"Other": table()}, file="other.json", Outputs={"Name": {"Value": "other"}})
    stacks = (StackSpec(name="app", template="template.json"), StackSpec(name="data", template="other.json"))
    world.app = replace(world.app, stacks=stacks)
    assert "write ${app.Name} or ${data.Name}" in stopping(world)[0]
    world.app = replace(world.app, probes=(Probe(name="hello", url=f"{URL}/${{app.Name}}"),))
    assert stopping(world) == []
    assert world.deploy().status == "succeeded"
    assert world.http.requests[-1].url.endswith("/shop-staging-app")


@pytest.mark.parametrize("status", ["succeeded", "not tested"])
def test_it_stops_whatever_the_linters_say(world: World, status: str):
    world.change("production", parameters={"Levle": "2"})
    world.analyzer.result = replace(world.analyzer.result, status=status)  # type: ignore[arg-type]
    assert checked(world).status == "failed"


def test_a_run_stops_before_anything_is_written(world: World):
    world.change("production", parameters={"Levle": "2"})
    result = run(world.app, world.services(), RunOptions(local=True, branch="main"))
    assert result.status == "failed"
    assert world.writes("staging") == []


def test_an_undefined_name_stops_with_its_line(world: World):
    world.write({"Hello": function(), "Extra": {**table(), "DependsOn": "Tabel"}})
    (finding,) = [f for f in checked(world).analysis.findings if f.stops]
    assert finding.location is not None
    assert (finding.id, finding.location.file, finding.location.line > 0) == ("undefined", "template.json", True)


def test_what_fits_is_not_stopped(world: World):
    assert stopping(world) == []
    assert checked(world).status == "succeeded"


COVERAGE = (
    "<coverage><sources><source>{root}</source></sources><class filename='a.py'><line number='1' hits='1'/>"
    "<line number='2' hits='0'/></class></coverage>"
)


def test_a_change_that_is_tested_less_than_asked_for_fails_at_its_line(world: World):
    report = COVERAGE.format(root=world.app.root.resolve())
    world.tester.unit_result = SuiteResult(name="unit", status="succeeded", passed=3, coverage=(report,))
    gates = replace(world.app.gates, commit="c" * 40)
    services = world.services()
    for asked, lines, status in (
        (None, {1, 2}, "succeeded"),
        (50, {1, 2}, "succeeded"),
        (51, {1, 2}, "failed"),
        (100, {1}, "succeeded"),
        (100, set(), "succeeded"),
    ):
        world.scm.lines = {"a.py": frozenset(lines)}
        app = replace(world.app, gates=gates, unit_tests=replace(world.app.unit_tests, coverage=asked))
        assert (asked, unit_tests(app, services).status) == (asked, status)


def test_a_coverage_that_cannot_be_judged_is_never_all(world: World):
    report = COVERAGE.format(root="/elsewhere")
    services, asked = world.services(), replace(world.app.unit_tests, coverage=80)
    for problem, coverage, why in (
        ("", (), "no coverage of the application"),
        ("", (report,), "no coverage of the application"),
        ("the clone has no origin/main", (COVERAGE.format(root=world.app.root.resolve()),), "this clone does not show"),
    ):
        world.tester.unit_result = SuiteResult(name="unit", status="succeeded", passed=3, coverage=coverage)
        gates = replace(world.app.gates, commit=None if problem else "c" * 40, problem=problem)
        result = unit_tests(replace(world.app, gates=gates, unit_tests=asked), services)
        (unknown,) = result.findings
        assert (unknown.id, unknown.stops, why in unknown.message) == ("coverage-unknown", False, True)
        assert not any("100 %" in str(event) for event in world.events.events)
