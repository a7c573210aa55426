"""What is told when a stack fails: the resource, its place in the template, the function's log, and what to do."""

import json
from datetime import timedelta

import pytest

from sealift.errors import CloudError
from sealift.model.event import Noted
from sealift.model.stack import StackEvent
from sealift.model.template import Json
from tests.component.usecases.world import World, function, table
from tests.fakes.clock import START
from tests.fakes.refusals import refusal

SEED: Json = {"Type": "Custom::Seed", "Properties": {"ServiceToken": {"Fn::GetAtt": ["Hello", "Arn"]}}}
REPORTED = "Received response status [FAILED] from custom resource. Message returned: no file"


def fail(world: World, logical_id: str, reason: str = "it is broken") -> CloudError:
    world.account().stacks.fail(logical_id, "create", reason)
    with pytest.raises(CloudError) as failed:
        world.deploy()
    return failed.value


def spread(world: World) -> None:
    """Write the template over many lines."""
    file = world.app.root / "template.json"
    file.write_text(json.dumps(json.loads(file.read_text()), indent=1))


def test_the_place_in_the_users_template_is_named(world: World):
    spread(world)
    lines = (world.app.root / "template.json").read_text().splitlines()
    line = next(number for number, text in enumerate(lines, 1) if '"Items"' in text)
    failed = fail(world, "Items")
    assert f"template.json:{line}" in failed.message
    assert (failed.context["file"], failed.context["line"]) == ("template.json", line)


def test_the_place_is_found_in_a_nested_template(world: World):
    world.write({"Items": table()}, file="inner.json")
    world.write({"Child": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "inner.json"}}})
    assert fail(world, "Items").context["file"] == "inner.json"


def test_no_line_is_named_when_the_work_tree_is_another_commit(world: World):
    world.deploy()
    world.soak()
    world.scm.commit("d" * 40)
    world.account("production").stacks.fail("Items", "create", "it is broken")
    assert "Items (AWS::DynamoDB::Table, template.json): it is broken" in world.promote().message


def test_a_template_that_is_gone_takes_nothing_from_the_reason(world: World):
    world.deploy()
    world.soak()
    (world.app.root / "template.json").unlink()
    world.account("production").stacks.fail("Items", "create", "it is broken")
    assert "Items (AWS::DynamoDB::Table): it is broken" in world.promote().message


def test_the_log_of_the_function_behind_a_custom_resource_is_told(world: World):
    world.write({"Hello": function(), "Seed": SEED})
    stacks, functions = world.account().stacks, world.account().functions

    def write_log(call: str, moment: str) -> None:
        if (call, moment) != ("stacks.describe", "after"):
            return
        made = [e.physical_id for e in stacks.events("shop-staging") if e.logical_id == "Hello" and e.physical_id]
        if made and not functions.logs(made[0], since=START):
            functions.log(made[0], START + timedelta(days=1), "START RequestId: 1")
            functions.log(made[0], START + timedelta(days=1), "seeds.csv is not there, key AKIAABCDEFGHIJKLMNOP")

    world.account().tap.on_call = write_log
    failed = fail(world, "Seed", REPORTED)
    assert failed.context["log"] == ["seeds.csv is not there, key ***"]
    assert "function-log" in world.notes()
    assert "seeds.csv" in next(n.message for n in world.events.of(Noted) if n.name == "function-log")


def test_a_custom_resource_whose_function_wrote_nothing_says_no_more_than_its_reason(world: World):
    world.write({"Hello": function(), "Seed": SEED})
    assert fail(world, "Seed", REPORTED).context["log"] == []
    assert "function-log" not in world.notes()


@pytest.mark.parametrize(
    ("reason", "what"),
    [
        ("shop already exists in stack arn:aws:cloudformation:eu-west-1:1:stack/other/1", "leave the name out"),
        ("User: arn:aws:iam::1:user/ci is not authorized to perform: dynamodb:CreateTable", "lack a permission"),
        ("No export named other-vpc found. Rollback requested by user.", "[[stacks]]"),
        ("Export 'other-vpc' not found", "[[stacks]]"),
        ("You have exceeded your quota: LimitExceeded", "quota"),
        (
            "1 validation error detected: Value 'python3.99' at 'runtime' failed to satisfy constraint: Member must",
            "does not take this value",
        ),
        ("Unzipped size must be smaller than 262144000 bytes", "larger than Lambda takes"),
        ("Resource handler returned message: Exceeded attempts to wait", "timed out before"),
        (REPORTED, "function behind the custom resource"),
    ],
)
def test_what_to_do_is_said_where_it_is_known(world: World, reason: str, what: str):
    assert what in fail(world, "Items", reason).hint


def taken(
    world: World, logical_id: str = "Items", reason: str = "Resource of identifier 'items' already exists."
) -> None:
    """Let AWS find out beforehand that a name is taken."""
    world.account().stacks.invalid.append(
        StackEvent(
            id=f"v-{logical_id}",
            at=world.clock.now(),
            stack_name="shop-staging",
            logical_id=logical_id,
            physical_id=None,
            type="AWS::DynamoDB::Table",
            status="VALIDATION_FAILED",
            reason=reason,
        )
    )


@pytest.mark.parametrize("deployed_before", [False, True])
def test_a_name_that_is_taken_is_told_with_resource_and_line(world: World, deployed_before: bool):
    if deployed_before:
        world.deploy()
        world.write({"Hello": function(), "Items": table(), "More": table()})
    taken(world)
    with pytest.raises(CloudError) as caught:
        world.deploy()
    assert (caught.value.code, "already exists." in caught.value.message) == ("change-set-failed", True)
    assert "Items (AWS::DynamoDB::Table, template.json" in caught.value.message
    assert "put the environment's name into it" in caught.value.hint


def test_every_early_validation_is_told(world: World):
    taken(world)
    taken(world, "Hello", "BillingMode: #/BillingMode: failed validation constraint for keyword [enum]")
    with pytest.raises(CloudError) as caught:
        world.deploy()
    assert caught.value.context["resources"] == ["Items", "Hello"]


def test_who_may_not_ask_gets_the_reason_there_is_and_a_note(world: World):
    taken(world)

    def on_call(name: str, moment: str) -> None:
        if (name, moment) == ("stacks.validations", "before"):
            raise refusal("ask", "AccessDenied", "not authorized to perform: cloudformation:DescribeEvents", status=403)

    world.account().tap.on_call = on_call
    with pytest.raises(CloudError) as caught:
        world.deploy()
    assert "Call DescribeEvents" in caught.value.message
    assert "validation-unread" in world.notes()


def test_no_secret_is_in_what_aws_finds_wrong(world: World):
    world.write({"Items": table()}, Parameters={"Pass": {"Type": "String", "NoEcho": True}})
    world.change("staging", parameters={"Pass": "planted-secret"})
    taken(world, reason="'planted-secret' is not valid")
    with pytest.raises(CloudError) as caught:
        world.deploy()
    assert "planted-secret" not in caught.value.message
