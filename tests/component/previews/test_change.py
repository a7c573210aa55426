"""What a change does to each environment, compared with what runs there."""

from dataclasses import replace

from sealift.model.change import ChangeReport, Effect
from sealift.usecases.change import describe
from tests.component.previews.town import Town
from tests.component.usecases.world import function, table


def described(town: Town) -> ChangeReport:
    return describe(town.world.app, town.world.services(), local=False, head="d" * 40)


def effect_on(report: ChangeReport, name: str) -> Effect:
    return next(effect for effect in report.effects if effect.environment == name)


def test_before_a_first_deployment_everything_is_new(town: Town):
    found = effect_on(described(town), "staging")
    assert found.runs is None
    assert found.functions
    assert all(line.startswith("+ ") for line in (*found.functions, *found.resources))


def test_a_changed_function_is_named_where_another_one_runs(town: Town):
    town.world.deploy()
    town.world.code("def handler(event, context): return 2\n")
    report = described(town)
    staging, production = effect_on(report, "staging"), effect_on(report, "production")
    assert [line[:2] for line in staging.functions] == ["~ "]
    assert staging.resources == ()
    assert production.runs is None
    assert report.commit == "d" * 40


def test_what_runs_already_changes_nothing(town: Town):
    town.world.deploy()
    staging = effect_on(described(town), "staging")
    assert (staging.functions, staging.resources, staging.stores, staging.configuration) == ((), (), (), ())


def test_a_store_that_goes_is_named_among_the_stores(town: Town):
    town.world.deploy()
    town.world.write({"Hello": function()})
    assert [line[0] for line in effect_on(described(town), "staging").stores] == ["-"]


def test_without_credentials_an_environment_is_unknown_and_the_others_are_not(town: Town):
    town.world.clouds.closed.add("production")
    report = described(town)
    assert "credentials" in effect_on(report, "production").unknown
    assert effect_on(report, "staging").unknown == ""


def test_a_key_that_production_lacks_stops_the_change_there(town: Town):
    key = {"Parameters": {"Key": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/shop/key"}}}
    town.world.write({"Hello": function(), "Items": table()}, **key)
    town.world.account("staging").settings.known.add("ssm:/shop/key")
    report = described(town)
    assert effect_on(report, "staging").missing == ()
    assert effect_on(report, "production").missing == ("ssm:/shop/key",)
    assert [stop.where for stop in report.stopping] == ["production"]
    assert all(stop.mend for stop in report.stopping)


def test_a_parameter_without_a_value_stops_the_change_where_it_has_none(town: Town):
    town.world.write({"Hello": function(), "Items": table()}, Parameters={"Tax": {"Type": "Number"}})
    town.world.change("staging", parameters={"Tax": "20"})
    report = described(town)
    assert [stop.where for stop in report.stopping] == ["production"]


def test_a_template_that_cannot_be_read_is_what_stops_it(town: Town):
    (town.world.app.root / "template.json").write_text("{")
    report = described(town)
    assert (report.effects, len(report.stopping), report.verdict) == ((), 1, "")


def test_sizes_stand_beside_what_runs(town: Town):
    town.world.deploy()
    town.world.code("def handler(event, context): return 'a longer answer'\n")
    (size,) = described(town).sizes
    assert size.before is not None


def test_nothing_is_written_anywhere(town: Town):
    described(town)
    for name in ("staging", "production"):
        assert town.world.account(name).bucket.writes == []
    assert town.account.bucket.writes == []


def test_what_previews_have_is_not_listed_as_an_environment(town: Town):
    town.up()
    assert {effect.environment for effect in described(town).effects} == {"staging", "production"}


def test_an_application_without_environments_of_its_own_is_described_too(town: Town):
    town.world.app = replace(town.world.app, environments=town.world.app.environments[:1])
    assert [effect.environment for effect in described(town).effects] == ["staging"]
