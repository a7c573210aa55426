"""No value of a NoEcho parameter is shown or kept, whichever port it comes back through."""

import ast
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import sealift
from sealift.errors import CloudError, SealiftError
from sealift.model.app import Hooks
from sealift.model.live import LiveFunction
from sealift.model.stack import Drift, Invocation
from sealift.ports import HttpAnswer
from sealift.usecases.destroy import destroy
from sealift.usecases.logs import read_log
from sealift.usecases.masking import Secrets
from sealift.usecases.stacks.drift import drift
from sealift.usecases.status import status
from sealift.usecases.waive import Waiver, waive
from tests.component.usecases.world import URL, World, function, table
from tests.fakes.process import completed
from tests.fakes.suites import failed

SECRET = "hunter2-hunter2"
NO_ECHO = {"Password": {"Type": "String", "NoEcho": True}}


@pytest.fixture(autouse=True)
def secret(world: World) -> None:
    world.write({"Hello": function(), "Items": table()}, Parameters=NO_ECHO)
    for name in ("staging", "production"):
        world.change(name, parameters={"Password": SECRET})


def said(world: World, act: Callable[[], object]) -> str:
    """Return everything that an act shows, raises or keeps in the ledger."""
    try:
        raised = repr(act())
    except SealiftError as error:
        raised = f"{error} {error.message} {error.hint} {error.context}"
    kept = [world.account().bucket.peek(key) or b"" for key in world.account().bucket.writes if "ledger" in key]
    return " ".join([raised, *(repr(event) for event in world.events.events), repr(kept)])


def test_what_a_hooks_function_raises_and_prints(world: World):
    world.app = replace(world.app, hooks=Hooks(after_deploy=("lambda:Hello",)))
    world.account().functions.answers("Hello", Invocation(error=f"no user {SECRET}", log=(f"trying {SECRET}",)))
    told = said(world, world.deploy)
    assert "no user ***" in told
    assert SECRET not in told


def test_what_a_hooks_command_prints(world: World):
    world.process.install("python", does=completed(f"trying {SECRET}", returncode=1))
    world.app = replace(world.app, hooks=Hooks(before_deploy=("python expand.py",)))
    told = said(world, world.deploy)
    assert "trying ***" in told
    assert SECRET not in told


def test_what_an_output_says_in_status(world: World):
    world.write(
        {"Hello": function(), "Items": table()}, Parameters=NO_ECHO, Outputs={"Leak": {"Value": {"Ref": "Password"}}}
    )
    world.app = replace(world.app, probes=())
    world.deploy()
    assert SECRET in world.account().stacks.describe("shop-staging").outputs.values()  # type: ignore[union-attr]
    (shown,) = (lane.outputs for lane in status(world.app, world.services()) if lane.environment.name == "staging")
    assert shown["Leak"] == "***"


def test_what_acceptance_tests_say(world: World):
    suite = failed("acceptance", f"test_it[{SECRET}]: expected {SECRET}")
    world.tester.acceptance_result = replace(suite, output=f"seen {SECRET}")
    told = said(world, world.deploy)
    assert "test_it[***]: expected ***" in told
    assert SECRET not in told


def test_what_a_probe_is_answered(world: World):
    world.http.serve(URL, HttpAnswer(status=0, body="", latency_ms=0, error=f"no host {SECRET}"))
    told = said(world, world.deploy)
    assert "no host ***" in told
    assert SECRET not in told


def test_what_a_function_prints_of_its_own_variables(world: World):
    world.deploy()
    account = world.account()
    (name,) = (r.physical_id for r in account.stacks.resources("shop-staging") if r.logical_id == "Hello")
    assert name is not None
    account.cloud.inventory.functions[name] = LiveFunction(role="r", variables={"DB_PASSWORD": "resolved-9"})  # type: ignore[attr-defined]
    account.functions.log(name, world.clock.now(), "connecting with resolved-9 failed")
    (line,) = read_log(name, world.site().cloud, since=world.clock.now())
    assert line == "connecting with *** failed"


def test_what_was_changed_by_hand(world: World):
    world.deploy()
    drifted = Drift(
        logical_id="Hello",
        type="AWS::Lambda::Function",
        status="MODIFIED",
        differences=(("/Environment/Variables/GREETING", SECRET, f"{SECRET}-changed"),),
    )
    world.account().stacks.drift = lambda _name: (drifted,)  # type: ignore[method-assign]
    told = said(world, lambda: drift(world.app, world.staging, world.services()))
    assert "GREETING is ***-changed" in told
    assert SECRET not in told


@pytest.mark.parametrize("call", ["create_change_set", "execute_change_set", "describe", "events", "resources"])
def test_what_aws_refuses_in_its_own_words(world: World, call: str):
    world.deploy()
    world.code("print('two')")

    def refuse(*_args: object, **_options: object) -> None:
        raise CloudError(f"Value {SECRET} is not allowed", code="aws-refused", context={"value": SECRET})

    setattr(world.account().stacks, call, refuse)
    told = said(world, world.deploy)
    assert "Value *** is not allowed" in told
    assert SECRET not in told


def test_what_destroy_is_told_by_a_stack(world: World):
    world.deploy()
    stacks = world.account().stacks
    describe = stacks.describe

    def unwilling(name: str) -> object:
        state = describe(name)
        return (
            None if state is None else replace(state, status="IMPORT_IN_DOUBT", reason=f"role {SECRET} was not found")
        )

    stacks.describe = unwilling  # type: ignore[method-assign, assignment]
    told = said(world, lambda: destroy(world.app, world.staging, world.services(), confirmed_name="staging"))
    assert "role *** was not found" in told
    assert SECRET not in told


def test_what_a_backup_says(world: World):
    world.deploy()
    world.write({"Hello": function()}, Parameters=NO_ECHO)
    waiver = Waiver(key="app/Items:data-removed", release=world.build().release.digest, reason="moved")
    waive(world.app, world.staging, world.services(), waiver)

    def refuse(call: str, moment: str) -> None:
        if (call, moment) == ("backups.begin", "before"):
            raise CloudError(f"no vault {SECRET}", code="aws-refused")

    world.account().tap.on_call = refuse
    told = said(world, world.deploy)
    assert "no vault ***" in told
    assert SECRET not in told


def test_an_item_of_a_list_that_is_secret(world: World):
    world.write({"Hello": function()}, Parameters={"Password": {"Type": "CommaDelimitedList", "NoEcho": True}})
    world.change("staging", parameters={"Password": f"first-one,{SECRET}"})
    world.app = replace(world.app, hooks=Hooks(after_deploy=("lambda:Hello",)))
    world.account().functions.answers("Hello", Invocation(error=f"no user {SECRET}"))
    assert "no user ***" in said(world, world.deploy)


def test_a_value_that_holds_a_shorter_one_is_masked_whole():
    secrets = Secrets(lambda: ("hunter2", "hunter2-hunter2"))
    assert secrets.masked("hunter2-hunter2 and hunter2") == "*** and ***"


def test_no_use_case_but_the_site_opens_a_cloud():
    room = Path(sealift.__file__).parent
    opening = [
        str(path.relative_to(room))
        for folder in ("usecases", "cli")
        for path in (room / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and ast.unparse(node).endswith("clouds.open")
    ]
    assert set(opening) == {"usecases/site.py"}
