"""What was changed alone, a secret or a setting that the template reads, is deployed; and what was not is left."""

import json
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sealift.errors import ConfigError, Refused
from sealift.model.release import Release, SealedStack
from sealift.model.template import Json, ParameterSpec
from sealift.usecases.approve import approve
from sealift.usecases.configuration import secrets_of
from sealift.usecases.promote import PromotionOptions, promote
from sealift.usecases.site import Site
from tests.component.usecases.world import Body, World, function, make_app
from tests.fakes.site import bare_site

SECRET: Body = {"Pass": {"Type": "String", "NoEcho": True}}
STORED: Body = {"Tax": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/shop/tax"}}


def with_parameter(world: World, parameters: Body, reference: Json) -> None:
    """Let the function read a parameter."""
    hello = function()
    properties = hello["Properties"]
    assert isinstance(properties, dict)
    hello["Properties"] = {**properties, "Environment": {"Variables": {"IT": reference}}}
    world.write({"Hello": hello}, Parameters=parameters)


def password_of(world: World) -> str:
    (state,) = world.account().stacks.tagged("sealift:environment")
    stack = world.account().stacks.peek(state.name)
    assert stack is not None
    return stack.parameters["Pass"]


def executed(world: World, name: str = "staging") -> int:
    return len(world.account(name).stacks.executions)


def test_a_secret_that_was_changed_alone_is_deployed(world: World):
    with_parameter(world, SECRET, {"Ref": "Pass"})
    world.change("staging", parameters={"Pass": "first-secret"})
    world.deploy()
    world.change("staging", parameters={"Pass": "other-secret"})
    world.deploy()
    assert executed(world) == 2
    assert world.deploy().message == "already there"


def test_no_secret_is_in_the_bucket(world: World):
    with_parameter(world, SECRET, {"Ref": "Pass"})
    world.change("staging", parameters={"Pass": "first-secret"})
    world.deploy()
    bucket = world.account().bucket
    assert not any(b"first-secret" in (bucket.peek(key) or b"") for key in bucket.keys(""))


def test_a_changed_secret_goes_to_production_by_another_promotion(world: World):
    with_parameter(world, SECRET, {"Ref": "Pass"})
    for name in ("staging", "production"):
        world.change(name, parameters={"Pass": f"first-secret-of-{name}"})
    world.deliver("print('one')")
    world.change("production", parameters={"Pass": "other-secret"})
    assert world.promote().message != "already there"
    assert executed(world, "production") == 2


def test_going_back_does_not_take_another_secret_for_another_configuration(world: World):
    with_parameter(world, SECRET, {"Ref": "Pass"})
    world.change("staging", parameters={"Pass": "first-secret"})
    world.deploy()
    world.change("staging", parameters={"Pass": "other-secret"})
    world.deploy()
    last = world.standing().last
    assert last is not None
    assert world.standing().good_before(last.release, last.config) is None


@pytest.mark.parametrize("reference", ["{{resolve:ssm:/shop/tax}}", "{{resolve:secretsmanager:shop/key}}"])
def test_a_setting_that_was_changed_alone_is_deployed(world: World, reference: str):
    with_parameter(world, {}, reference)
    setting = reference.removeprefix("{{resolve:").removesuffix("}}")
    settings = world.account().settings
    settings.known.add(setting)
    world.deploy()
    assert world.deploy().message == "already there"
    settings.change(setting)
    assert world.deploy().message != "already there"
    assert world.deploy().message == "already there"


def test_a_changed_setting_that_no_stack_noticed_is_not_said_to_run(world: World):
    pieces: Json = ["{{resolve:secretsmanager:shop", "/key}}"]
    with_parameter(world, {}, {"Fn::Join": ["", [*pieces, "{{resolve:ssm:/shop/tax:1}}"]]})
    world.account().settings.known.add("secretsmanager:shop/key")
    settings = world.account().settings
    settings.known.add("ssm:/shop/tax")
    world.deploy()
    assert "settings-not-reached" not in world.notes()
    settings.change("ssm:/shop/tax")
    world.deploy()
    assert "settings-not-reached" in world.notes()


@pytest.mark.parametrize(
    ("written", "setting", "first", "second"),
    [
        ("{{resolve:ssm:/shop/tax}}", "ssm:/shop/tax", ":1", ":2"),
        ("{{resolve:secretsmanager:shop/key}}", "secretsmanager:shop/key", ":SecretString:::1", ":SecretString:::2"),
        ("{{resolve:secretsmanager:shop/key:SecretString:user}}", "secretsmanager:shop/key", "::1", "::2"),
        ({"Fn::Sub": "u:{{resolve:ssm:/${Shop}/tax}}"}, "ssm:/orders/tax", ":1", ":2"),
        ({"Fn::Join": ["/", ["{{resolve:ssm:", {"Ref": "Shop"}, "tax}}"]]}, "ssm:/orders/tax", ":1", ":2"),
        ({"Fn::Sub": ["{{resolve:ssm:/${Name}/tax}}", {"Name": {"Ref": "Shop"}}]}, "ssm:/orders/tax", ":1", ":2"),
    ],
)
def test_a_changed_setting_that_a_template_names_reaches_its_function(
    world: World, written: Json, setting: str, first: str, second: str
):
    with_parameter(world, {"Shop": {"Type": "String", "Default": "orders"}}, written)
    settings = world.account().settings
    settings.known.add(setting)
    for expected in (first, second):
        world.deploy()
        (state,) = world.account().stacks.tagged("sealift:environment")
        assert [v for k, v in state.parameters.items() if k.startswith("SealiftVersion")] == [expected]
        assert world.deploy().message == "already there"
        settings.change(setting)
    assert executed(world) == 2
    assert "settings-not-reached" not in world.notes()


@pytest.mark.parametrize(
    ("given", "first", "second"),
    [
        ("{{resolve:ssm:/shop/key}}", "{{resolve:ssm:/shop/key:1}}", "{{resolve:ssm:/shop/key:2}}"),
        (
            "{{resolve:secretsmanager:shop/key}}",
            "{{resolve:secretsmanager:shop/key:SecretString:::1}}",
            "{{resolve:secretsmanager:shop/key:SecretString:::2}}",
        ),
        (
            "https://u:{{resolve:secretsmanager:shop/key:SecretString:password}}@db",
            "https://u:{{resolve:secretsmanager:shop/key:SecretString:password::1}}@db",
            "https://u:{{resolve:secretsmanager:shop/key:SecretString:password::2}}@db",
        ),
    ],
)
def test_a_changed_setting_that_a_parameter_names_reaches_the_stack(world: World, given: str, first: str, second: str):
    with_parameter(world, SECRET, {"Ref": "Pass"})
    world.change("staging", parameters={"Pass": given})
    setting = given.partition("{{resolve:")[2].partition("}}")[0]
    settings = world.account().settings
    settings.known.add(setting)
    world.deploy()
    assert password_of(world) == first
    assert world.deploy().message == "already there"
    settings.change(setting)
    world.deploy()
    assert password_of(world) == second
    assert executed(world) == 2
    assert "settings-not-reached" not in world.notes()
    assert world.deploy().message == "already there"


def test_a_setting_behind_a_parameter_that_was_changed_is_deployed(world: World):
    with_parameter(world, STORED, {"Ref": "Tax"})
    world.change("staging", parameters={"Tax": "/shop/staging/tax"})
    settings = world.account().settings
    settings.known.add("ssm:/shop/staging/tax")
    world.deploy()
    settings.change("ssm:/shop/staging/tax")
    assert world.deploy().message != "already there"


def test_a_setting_that_the_release_makes_itself_is_not_taken_for_changed(world: World):
    made: Body = {"Type": "AWS::SSM::Parameter", "Properties": {"Name": "/shop/made", "Type": "String", "Value": "1"}}
    world.write({"Made": made, "Hello": function()}, Parameters={})
    world.deploy()
    assert world.deploy().message == "already there"


def test_the_value_of_an_ssm_parameter_names_the_setting_that_is_missing(world: World):
    with_parameter(world, STORED, {"Ref": "Tax"})
    world.change("staging", parameters={"Tax": "/shop/staging/tax"})
    with pytest.raises(ConfigError) as caught:
        world.deploy()
    assert caught.value.context["missing"] == ["ssm:/shop/staging/tax"]


def test_an_approval_is_for_the_secrets_of_then(world: World):
    with_parameter(world, SECRET, {"Ref": "Pass"})
    for name in ("staging", "production"):
        world.change(name, parameters={"Pass": f"first-secret-of-{name}"})
    world.change("production", approvals=1)
    world.deploy()
    world.soak()
    current = world.standing().current
    assert current is not None
    approve(world.app, world.production, world.services(actor="bob@x"), release=current.release, reason="seen")
    world.change("production", parameters={"Pass": "other-secret"})
    with pytest.raises(Refused) as refused:
        promote(world.app, world.production, world.services(), PromotionOptions())
    assert refused.value.code == "gate-approval"


SPEC = ParameterSpec(name="A", no_echo=True)
OPEN = ParameterSpec(name="B")
STACK = SealedStack(name="app", template_sha256="0" * 64, needs=(), parameters=(SPEC, OPEN), settings=(), functions=())


@settings(max_examples=20)  # a fingerprint takes 30 ms on purpose
@given(first=st.text(min_size=1, max_size=20), second=st.text(min_size=1, max_size=20), beside=st.text(max_size=5))
@example(first="a", second="a", beside="b").via("the same secret")
def test_the_fingerprint_changes_exactly_when_a_secret_does(first: str, second: str, beside: str):
    release = Release(app="shop", digest="1" * 64, stacks=(STACK,), artifacts=(), manifest=b"")

    def made(secret: str, other: str) -> str:
        return secrets_of(_site(), release, {"app": {"A": secret, "B": other}})

    before, after = made(first, ""), made(second, beside)
    assert (before == after) == (first == second)
    assert json.dumps(first) not in before or len(first) < 3


def _site() -> Site:
    app = make_app(Path("/nowhere"))
    return bare_site(app, app.environments[0])
