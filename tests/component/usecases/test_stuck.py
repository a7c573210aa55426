"""A failed rollback is unfinished: `resume` and `rollback` try the same target again, `status` names the stack.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-continueupdaterollback.html
"""

import json
from collections.abc import Callable

import pytest

from sealift.delivery.history import open_waivers
from sealift.errors import CloudError, IntegrityError, Refused
from sealift.model.ledger import Record
from sealift.model.records import Delivery, StackDeletion
from sealift.usecases.release import Outcome
from sealift.usecases.resume import resume
from sealift.usecases.rollback import rollback
from sealift.usecases.stacks.stuck import look_at
from sealift.usecases.status import Lane, status
from sealift.usecases.waive import Waiver, waive
from tests.component.usecases.world import World, function, table, template
from tests.fakes.http import answer

WHY = "the role is gone"


def resumed(world: World, name: str = "production") -> Outcome:
    environment = world.app.environment(name)
    assert environment is not None
    return resume(world.app, environment, world.services())


def rolled_back(world: World, name: str = "production") -> Outcome:
    environment = world.app.environment(name)
    assert environment is not None
    return rollback(world.app, environment, world.services(), to=None)


def lane(world: World, name: str = "production") -> Lane:
    return next(one for one in status(world.app, world.services()) if one.environment.name == name)


def break_stack(world: World, name: str) -> None:
    """Let the next update fail, and its rollback as well."""
    stacks = world.account(name).stacks
    stacks.fail("Items", "update")
    stacks.fail("Hello", "rollback", WHY)
    changed = table()
    changed["Properties"]["BillingMode"] = "PROVISIONED"  # type: ignore[index,call-overload]
    world.write({"Hello": function(), "Items": {**changed, "DependsOn": ["Hello"]}})


def mend(world: World, name: str) -> None:
    world.account(name).stacks.mend("Items", "update")
    world.account(name).stacks.mend("Hello", "rollback")


def stuck(world: World, *releases: str) -> list[str]:
    """Deliver releases, then one that fails in production and cannot be rolled back; return the good ones."""
    world.write({"Hello": function(), "Items": {**table(), "DependsOn": ["Hello"]}})
    good = [world.deliver(f"print({code!r})").release for code in releases]
    break_stack(world, "production")
    outcome = world.deliver("print('bad')")
    assert (outcome.status, world.stack_status("production")) == ("failed", "UPDATE_ROLLBACK_FAILED")
    return good


AGAIN = pytest.mark.parametrize("again", [resumed, rolled_back])


@AGAIN
def test_after_its_cause_is_mended_the_same_release_comes_back(world: World, again: Callable[[World], Outcome]):
    _, before = stuck(world, "zero", "one")
    mend(world, "production")
    outcome = again(world)
    now = world.standing("production").current
    assert now is not None
    assert (outcome.status, outcome.release, now.release, now.is_good) == ("succeeded", before, before, True)


@AGAIN
def test_the_only_good_release_comes_back(world: World, again: Callable[[World], Outcome]):
    (only,) = stuck(world, "one")
    mend(world, "production")
    assert (again(world).release, world.stack_status("production")) == (only, "UPDATE_ROLLBACK_COMPLETE")


@AGAIN
def test_while_its_cause_lasts_the_stack_and_the_reason_are_named(world: World, again: Callable[[World], Outcome]):
    stuck(world, "zero", "one")
    for _ in range(2):
        with pytest.raises(Refused) as refused:
            again(world)
        assert (refused.value.code, refused.value.context["stack"]) == ("stack-state", "shop-production")
        assert "Hello (AWS::Lambda::Function): the role is gone" in refused.value.message


def test_the_outcome_says_how_to_go_on(world: World):
    world.write({"Hello": function(), "Items": {**table(), "DependsOn": ["Hello"]}})
    world.deliver("print('one')")
    break_stack(world, "production")
    assert "sealift resume production" in world.deliver("print('bad')").hint


def test_status_names_the_stack_and_says_resume(world: World):
    stuck(world, "zero", "one")
    seen = lane(world)
    assert [(one.state.name, one.resources[0].logical_id) for one in seen.stuck] == [("shop-production", "Hello")]
    assert (seen.status, seen.next, WHY in str(seen.stuck[0])) == ("failed", "sealift resume production", True)


def test_after_it_came_back_status_names_no_stack(world: World):
    stuck(world, "zero", "one")
    mend(world, "production")
    resumed(world)
    assert (lane(world).stuck, lane(world).status) == ((), "succeeded")


def test_going_back_again_after_it_came_to_its_end_goes_further_back(world: World):
    first, _ = stuck(world, "zero", "one")
    mend(world, "production")
    rolled_back(world)
    assert rolled_back(world).release == first


def test_a_return_whose_verification_failed_is_tried_again(world: World):
    for code in ("zero", "one", "two"):
        world.deliver(f"print({code!r})")
    before = world.standing("production").deployments[1].release
    world.http.serve("https://api.example.org", answer(500))
    assert rolled_back(world).status == "failed"
    assert lane(world).next == "sealift resume production"
    world.http.serve("https://api.example.org", answer(200))
    assert (rolled_back(world).release, lane(world).status) == (before, "succeeded")


def test_a_return_that_failed_can_be_left_for_another_release(world: World):
    first, _ = stuck(world, "zero", "one")
    mend(world, "production")
    assert rollback(world.app, world.production, world.services(), to=first).release == first


@AGAIN
def test_a_return_that_failed_before_it_began_is_tried_again(world: World, again: Callable[[World], Outcome]):
    (only,) = (world.deliver("print('one')").release,)
    key = next(k for k in world.account("production").bucket.keys("blobs/"))
    kept = world.account("production").bucket.peek(key) or b""
    world.http.serve("https://api.example.org/shop-production", answer(500))

    def damage(call: str, _moment: str) -> None:
        if call == "stacks.execute_change_set":
            world.account("production").bucket.corrupt(key, b"other")

    world.account("production").tap.on_call = damage
    outcome = world.deliver("print('bad')")
    assert (outcome.status, outcome.restored) == ("failed", None)
    world.account("production").tap.on_call = None
    world.account("production").bucket.corrupt(key, kept)
    world.http.serve("https://api.example.org", answer(200))
    world.http.serve("https://api.example.org/shop-production", answer(200))
    assert (again(world).release, lane(world).status) == (only, "succeeded")


def stuck_in_staging(world: World) -> str:
    """Leave the stack of an environment that does not go back by itself in UPDATE_ROLLBACK_FAILED."""
    world.write({"Hello": function(), "Items": {**table(), "DependsOn": ["Hello"]}})
    good = world.deploy().release
    world.code("print('bad')")
    break_stack(world, "staging")
    with pytest.raises(CloudError):
        world.deploy()
    return good


@pytest.mark.parametrize("again", [resumed, rolled_back])
def test_where_nothing_goes_back_by_itself_it_is_brought_back_too(world: World, again: Callable[[World, str], Outcome]):
    good = stuck_in_staging(world)
    assert lane(world, "staging").next == "sealift resume staging"
    mend(world, "staging")
    assert (again(world, "staging").release, world.stack_status()) == (good, "UPDATE_ROLLBACK_COMPLETE")


def test_a_resumption_does_not_succeed_while_a_stack_is_stuck(world: World):
    stuck_in_staging(world)
    with pytest.raises(Refused) as refused:
        resumed(world, "staging")
    assert WHY in refused.value.message


@pytest.mark.parametrize("state", ["UPDATE_FAILED", "ROLLBACK_FAILED", "DELETE_FAILED", "IMPORT_ROLLBACK_FAILED"])
def test_a_stack_that_a_person_has_to_mend_is_named_by_resume_and_status(world: World, state: str):
    world.deploy()
    world.account().stacks.force_status("shop-staging", state, "by hand")
    with pytest.raises(Refused) as refused:
        resumed(world, "staging")
    assert (refused.value.code, state in refused.value.message) == ("stack-state", True)
    assert "stack shop-staging: " in lane(world, "staging").next


def test_a_stack_that_somebody_else_left_stuck_is_brought_back_to_what_was_deployed(world: World):
    world.deploy()
    world.code("print('two')")
    second = world.deploy().release
    world.account().stacks.force_status("shop-staging", "UPDATE_ROLLBACK_FAILED", "by hand")
    assert resumed(world, "staging").release == second


def test_a_first_deployment_that_failed_leaves_nothing_open(world: World):
    world.account().stacks.fail("Items", "create")
    with pytest.raises(CloudError):
        world.deploy()
    assert resumed(world, "staging").message == "nothing is open"
    assert lane(world, "staging").next == "a commit on main"


def test_a_lease_that_ran_out_is_not_a_live_one(world: World):
    world.deploy()
    leases = world.services().ledgers.leases(world.account().cloud)
    lease = leases.acquire(purpose="deployment", ttl_s=60)
    ledger = world.services().ledgers.ledger(world.account().cloud)
    ledger.append(
        Record(kind="deployment", status="running", operation="x", release="r", details=Delivery()), fence=lease.fence
    )
    assert "ann@laptop is at work" in lane(world, "staging").next
    world.clock.advance(120)
    assert lane(world, "staging").next == "sealift resume staging"


def test_destroy_without_an_end_is_ended_by_destroy(world: World):
    world.deploy()
    ledger = world.services().ledgers.ledger(world.account().cloud)
    record = Record(kind="teardown", status="running", operation="x", details=StackDeletion(stack="shop-staging"))
    ledger.append(record, fence=9)
    assert lane(world, "staging").next == "sealift destroy staging"


SKIP = "app/Hello:rollback-skipped"


def refused(world: World, name: str = "production") -> Refused:
    with pytest.raises(Refused) as raised:
        resumed(world, name)
    return raised.value


def let_skip(world: World, key: str = SKIP) -> None:
    last = world.standing("production").last
    assert last is not None
    waiver = Waiver(key=key, release=last.release, reason="the role is gone for good")
    waive(world.app, world.production, world.services(), waiver)


def test_skipping_is_offered_with_what_it_means_and_never_done_unasked(world: World):
    stuck(world, "zero", "one")
    offer = refused(world)
    assert offer.context["waivers"] == [SKIP]
    assert f"sealift waive production {SKIP}" in offer.hint
    assert "takes it for rolled back although it is not" in offer.hint
    assert world.account("production").stacks.skipped == []


def test_what_was_waived_is_skipped_once_and_recorded(world: World):
    stuck(world, "zero", "one")
    refused(world)
    let_skip(world)
    with pytest.raises(
        IntegrityError
    ) as wrong:  # nothing was done to the function: it runs the code of the bad release
        resumed(world)
    steps = [e.data for e in world.entries("production") if e.data.get("step") == "continue-rollback"]
    assert (wrong.value.code, steps[-1]["waivers"]) == ("code-mismatch", [SKIP])
    assert (world.account("production").stacks.skipped, "rollback-skipped" in world.notes()) == (["Hello"], True)
    assert world.stack_status("production") == "UPDATE_ROLLBACK_COMPLETE"
    now = world.standing("production")
    assert open_waivers(world.entries("production"), release=now.deployments[0].release) == frozenset()


def test_a_waiver_for_another_resource_skips_nothing(world: World):
    stuck(world, "zero", "one")
    refused(world)
    let_skip(world, "app/Items:rollback-skipped")
    assert "Hello" in refused(world).message
    assert world.account("production").stacks.skipped == []


def test_a_resource_of_a_nested_stack_is_skipped_by_the_name_that_aws_gives_it(world: World):
    (world.app.root / "inner.json").write_text(json.dumps(template({"Items": table()})))
    inner = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "inner.json"}}
    world.write({"Inner": inner})
    world.deploy()
    stacks = world.account().stacks
    (child,) = (str(r.physical_id) for r in stacks.resources("shop-staging"))
    stacks.force_status(child, "UPDATE_ROLLBACK_FAILED")
    stacks.force_resource(child, "Items", "UPDATE_FAILED", "the key is gone")
    stacks.force_resource("shop-staging", "Inner", "UPDATE_FAILED", "Embedded stack was not rolled back")
    stacks.force_status("shop-staging", "UPDATE_ROLLBACK_FAILED")
    (one,) = lane(world, "staging").stuck
    assert dict(one.skippable) == {"Inner/Items": f"{child.split('/')[1]}.Items"}


@pytest.mark.parametrize("status", ["CREATE_FAILED", "DELETE_FAILED"])
def test_only_what_failed_to_be_updated_is_offered_to_be_skipped(world: World, status: str):
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-continueupdaterollback.html"""
    world.deploy()
    stacks = world.account().stacks
    stacks.force_status("shop-staging", "UPDATE_ROLLBACK_FAILED")
    stacks.force_resource("shop-staging", "Items", status, "it is in use")
    state = stacks.describe("shop-staging")
    assert state is not None
    found = look_at(state, stacks)
    assert ([r.logical_id for r in found.resources], dict(found.skippable)) == (["Items"], {})
    stacks.force_resource("shop-staging", "Items", "UPDATE_FAILED", "it is in use")
    assert dict(look_at(state, stacks).skippable) == {"Items": "Items"}
