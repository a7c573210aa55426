"""One release onto one environment: what is created, updated and left alone, and what is written down."""

from dataclasses import replace

import pytest

from sealift.errors import CloudError, ConfigError, IntegrityError, Refused
from sealift.model.app import StackSpec
from sealift.model.event import ChangePlanned, ResourceProgressed
from tests.component.usecases.world import World, function, table

STACK = "shop-staging"


def test_a_first_deployment_creates_the_stack(world: World):
    outcome = world.deploy()
    assert (outcome.status, world.stack_status()) == ("succeeded", "CREATE_COMPLETE")


def test_a_deployment_is_recorded_before_it_begins_and_after_it_ended(world: World):
    world.deploy()
    assert world.recorded() == [("deployment", "running"), ("deployment", "succeeded"), ("verification", "succeeded")]


def test_the_execution_is_recorded_before_it_is_sent(world: World):
    seen: list[list[str]] = []

    def look(call: str, moment: str) -> None:
        if (call, moment) == ("stacks.execute_change_set", "before"):
            world.account().tap.on_call = None
            seen.append([str(e.data.get("step")) for e in world.entries()])

    world.account().tap.on_call = look
    world.deploy()
    assert seen == [["None", "review", "execute"]]


def test_new_code_updates_the_stack(world: World):
    world.deploy()
    world.code("print('two')")
    outcome = world.deploy()
    assert (outcome.status, world.stack_status()) == ("succeeded", "UPDATE_COMPLETE")


def test_the_functions_run_the_bytes_of_the_release(world: World):
    world.deploy()
    release = world.build().release
    recorded = next(e for e in world.entries() if "code_sha256" in e.data)
    assert recorded.data["code_sha256"] == dict(release.stacks[0].functions)


def test_a_release_that_is_there_already_writes_nothing(world: World):
    world.deploy()
    before = (len(world.entries()), world.writes("staging"))
    outcome = world.deploy()
    assert (outcome.message, (len(world.entries()), world.writes("staging"))) == ("already there", before)


def test_forcing_what_is_there_executes_nothing(world: World):
    world.deploy()
    world.deploy(force=True)
    last = next(e for e in reversed(world.entries()) if e.record.kind == "deployment")
    assert (last.record.status, last.data["changed"]) == ("succeeded", False)
    assert len(world.account().stacks.executions) == 1


def test_an_empty_change_set_does_not_stay_behind(world: World):
    world.deploy()
    world.deploy(force=True)
    last = next(e for e in reversed(world.entries()) if e.record.kind == "deployment")
    assert world.account().stacks.change_set(STACK, f"sealift-{last.record.operation}") is None


def test_other_tags_deploy_the_same_release_again(world: World):
    world.deploy()
    world.change("staging", tags={"team": "shop"})
    world.deploy()
    state = world.account().stacks.describe(STACK)
    assert state is not None
    assert (state.tags["team"], world.stack_status()) == ("shop", "UPDATE_COMPLETE")


def test_the_stack_says_whose_it_is(world: World):
    world.deploy()
    state = world.account().stacks.describe(STACK)
    assert state is not None
    assert state.tags == {"sealift:app": "shop", "sealift:environment": "staging"}


def test_every_change_is_shown_before_it_is_made(world: World):
    world.deploy()
    events = world.events.events
    planned = [i for i, e in enumerate(events) if isinstance(e, ChangePlanned)]
    made = [i for i, e in enumerate(events) if isinstance(e, ResourceProgressed)]
    assert {e.logical_id for e in world.events.of(ChangePlanned)} == {"Hello", "Items", "Role"}
    assert max(planned) < min(made)


def test_each_stack_event_is_told_once(world: World):
    world.deploy()
    told = [(e.logical_id, e.status) for e in world.events.of(ResourceProgressed)]
    assert len(told) == len(set(told))
    assert ("Items", "CREATE_COMPLETE") in told


def test_the_lease_is_given_back(world: World):
    world.deploy()
    assert world.is_free()


def test_stacks_are_deployed_after_those_that_they_need(world: World):
    world.write(
        {"Items": table()},
        file="data.json",
        Outputs={"Table": {"Value": {"Ref": "Items"}, "Export": {"Name": {"Fn::Sub": "${AWS::StackName}-table"}}}},
    )
    world.write(
        {
            "Hello": function(),
            "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"Tag": {"Fn::ImportValue": "shop-staging-data-table"}}},
        },
        file="api.json",
    )
    stacks = (
        StackSpec(name="api", template="api.json", needs=("data",)),
        StackSpec(name="data", template="data.json"),
    )
    world.app = replace(world.app, stacks=stacks, environments=(world.staging,))
    assert world.deploy().status == "succeeded"
    assert [stack for stack, _ in world.account().stacks.executions] == ["shop-staging-data", "shop-staging-api"]


def test_a_stack_that_fails_keeps_later_ones_from_being_touched(world: World):
    world.write({"Items": table()}, file="data.json")
    world.write({"Hello": function()}, file="api.json")
    stacks = (
        StackSpec(name="data", template="data.json"),
        StackSpec(name="api", template="api.json", needs=("data",)),
    )
    world.app = replace(world.app, stacks=stacks)
    world.account().stacks.fail("Items", "create")
    with pytest.raises(CloudError):
        world.deploy()
    assert world.account().stacks.describe("shop-staging-api") is None


def test_code_in_a_nested_stack_is_read_back_too(world: World):
    world.write({"Inner": function()}, file="inner.json")
    world.write({"Child": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "inner.json"}}})
    world.deploy()
    recorded = next(e for e in world.entries() if "code_sha256" in e.data)
    assert list(dict(recorded.data["code_sha256"])) == ["Child/Inner"]  # type: ignore[arg-type]


def test_code_that_somebody_changed_is_noticed(world: World):
    world.deploy()
    (name,) = (r.physical_id for r in world.account().stacks.resources(STACK) if r.logical_id == "Hello")
    assert name is not None
    world.account().functions.set_code(name, "f" * 64)
    with pytest.raises(IntegrityError) as refused:
        world.deploy(force=True)
    assert (refused.value.code, "Hello" in refused.value.message) == ("code-mismatch", True)
    assert world.recorded()[-1] == ("deployment", "failed")


def test_a_function_that_was_deleted_by_hand_is_said_and_recorded(world: World):
    world.deploy()
    (name,) = (r.physical_id for r in world.account().stacks.resources(STACK) if r.logical_id == "Hello")
    assert name is not None
    world.account().functions.remove(name)
    with pytest.raises(IntegrityError, match="not found"):
        world.deploy(force=True)
    assert world.recorded()[-1] == ("deployment", "failed")


def test_every_missing_parameter_is_told_at_once(world: World):
    world.write({"Items": table()}, Parameters={"Size": {"Type": "String"}, "Colour": {"Type": "String"}})
    with pytest.raises(ConfigError) as refused:
        world.deploy()
    assert all(name in refused.value.message for name in ("Size", "Colour"))
    assert world.account().bucket.writes == []


def test_a_parameter_that_no_stack_declares_is_told_with_the_missing_ones(world: World):
    world.write({"Items": table()}, Parameters={"Size": {"Type": "String"}})
    world.change("staging", parameters={"Sice": "1"})
    with pytest.raises(ConfigError) as refused:
        world.deploy()
    assert "Size" in refused.value.message
    assert '"Sice" is declared by no stack' in refused.value.message


def test_a_value_against_its_pattern_is_refused_before_any_write(world: World):
    world.write({"Items": table()}, Parameters={"Size": {"Type": "String", "AllowedPattern": "[0-9]+"}})
    world.change("staging", parameters={"Size": "big"})
    with pytest.raises(ConfigError):
        world.deploy()
    assert world.account().bucket.writes == []


def test_a_parameter_of_one_stack_may_be_absent_from_the_other(world: World):
    world.write({"Items": table()}, file="data.json", Parameters={"Size": {"Type": "String"}})
    world.write({"Hello": function()}, file="api.json")
    stacks = (StackSpec(name="data", template="data.json"), StackSpec(name="api", template="api.json"))
    world.app = replace(world.app, stacks=stacks)
    world.change("staging", parameters={"Size": "1"})
    assert world.deploy().status == "succeeded"


def test_the_environment_names_itself_where_the_template_asks(world: World):
    world.write({"Items": table()}, Parameters={"SealiftEnvironment": {"Type": "String"}})
    world.deploy()
    state = world.account().stacks.describe(STACK)
    assert state is not None
    assert state.parameters["SealiftEnvironment"] == "staging"


def test_a_setting_that_is_not_there_is_named_and_nothing_is_executed(world: World):
    world.write(
        {"Items": table(), "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "{{resolve:ssm:/shop/q}}"}}}
    )
    with pytest.raises(ConfigError) as refused:
        world.deploy()
    assert (refused.value.code, "/shop/q" in refused.value.message) == ("settings-missing", True)
    assert "Parameter Store" in refused.value.hint
    assert world.account().stacks.describe(STACK) is None


def test_on_the_embedded_cloud_a_setting_is_given_a_stand_in(world: World):
    queue = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "{{resolve:ssm:/shop/q}}"}}
    world.write({"Items": table(), "Queue": queue})
    world.clouds.local = True
    with pytest.raises(ConfigError) as refused:
        world.deploy()
    assert "[local.settings]" in refused.value.hint


def test_missing_settings_of_every_stack_are_told_at_once_and_before_the_first_stack(world: World):
    queue = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "{{resolve:ssm:/shop/q}}"}}
    topic = {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "{{resolve:ssm:/shop/t}}"}}
    world.write({"Queue": queue}, file="data.json")
    world.write({"Topic": topic}, file="api.json")
    stacks = (StackSpec(name="data", template="data.json"), StackSpec(name="api", template="api.json"))
    world.app = replace(world.app, stacks=stacks)
    with pytest.raises(ConfigError) as refused:
        world.deploy()
    assert all(name in refused.value.message for name in ("/shop/q", "/shop/t"))
    world.account().settings.known = {"ssm:/shop/q"}
    with pytest.raises(ConfigError):
        world.deploy()
    assert world.account().stacks.executions == []


def test_credentials_of_another_account_write_nothing_at_all(world: World):
    world.account().identity.account = "999999999999"
    with pytest.raises(Refused) as refused:
        world.deploy()
    assert (refused.value.code, refused.value.exit_code) == ("wrong-account", 3)
    assert (world.account().bucket.exists, world.account().bucket.writes) == (False, [])
    assert world.account().stacks.describe(STACK) is None


def test_secrets_are_in_no_record(world: World):
    world.write({"Items": table()}, Parameters={"Password": {"Type": "String", "NoEcho": True}})
    world.change("staging", parameters={"Password": "hunter2-hunter2"})
    world.deploy()
    bucket = world.account().bucket
    stored = [bucket.peek(key) or b"" for key in set(bucket.writes)]
    assert stored
    assert not any(b"hunter2" in body for body in stored)


def test_a_lost_answer_to_the_execution_executes_nothing_twice(world: World):
    def lose(call: str, moment: str) -> None:
        if (call, moment) == ("stacks.execute_change_set", "after"):
            world.account().tap.on_call = None
            raise CloudError("the connection was cut", code="connection", retryable=True)

    world.account().tap.on_call = lose
    with pytest.raises(CloudError):
        world.deploy()
    assert world.deploy().status == "succeeded"
    assert len(world.account().stacks.executions) == 1


def test_after_a_throttled_call_the_failure_is_recorded_and_the_lease_given_back(world: World):
    world.account().tap.throttle("stacks.create_change_set", 1)
    with pytest.raises(CloudError):
        world.deploy()
    assert world.recorded()[-1] == ("deployment", "errored")
    assert world.is_free()


def test_cloudformation_works_as_the_declared_role(world: World):
    role = "arn:aws:iam::111111111111:role/sealift/shop-staging-cloudformation"
    world.change("staging", cloudformation_role=role)
    world.deploy()
    assert world.account().stacks.roles == {"shop-staging": role}


def test_the_embedded_cloud_which_lacks_the_declared_role_works_without_it(world: World):
    world.clouds.local = True
    world.change("staging", cloudformation_role="arn:aws:iam::111111111111:role/not-here")
    world.deploy()
    assert world.account().stacks.roles == {"shop-staging": None}


@pytest.mark.parametrize("changed", [(), ("mail",), ("shop",), ("data", "mail")])
def test_of_several_applications_only_those_whose_content_changed_are_built_and_executed(
    world: World, changed: tuple[str, ...]
):
    for name in ("data", "mail", "shop"):
        world.code(f"# {name}", folder=name)
        world.write({"Hello": function(name)}, file=f"{name}.json")
    stacks = (
        StackSpec(name="shop", template="shop.json", needs=("data",)),
        StackSpec(name="mail", template="mail.json"),
        StackSpec(name="data", template="data.json"),
    )
    world.app = replace(world.app, stacks=stacks, probes=())
    world.deploy()
    before = len(world.account().stacks.executions)
    world.scm.commit("d" * 40)  # a commit that touches other files, too
    for name in changed:
        world.code(f"# {name}, changed", folder=name)
    assert world.deploy().status == "succeeded"
    executed = [stack for stack, _ in world.account().stacks.executions[before:]]
    assert sorted(executed) == sorted(f"shop-staging-{name}" for name in changed)
