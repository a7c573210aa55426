"""Going back to a release that was verified in the same environment."""

import pytest

from sealift.delivery.manifest import blob_key
from sealift.errors import CloudError, IntegrityError, Refused, UserError
from sealift.model.event import EntryRecorded, Noted
from sealift.usecases.release import Outcome
from sealift.usecases.rollback import rollback
from sealift.usecases.store import stored_release
from tests.component.usecases.world import World, function, table
from tests.fakes.http import answer

STACK = "shop-staging"


def back(world: World, to: str | None = None) -> Outcome:
    return rollback(world.app, world.staging, world.services(), to=to)


def deploy(world: World, code: str) -> str:
    world.code(f"print({code!r})")
    return world.deploy().release


def break_api(world: World) -> None:
    world.http.serve("https://api.example.org", answer(500))


def mend_api(world: World) -> None:
    world.http.serve("https://api.example.org", answer(200))


def test_the_release_before_runs_again(world: World):
    first = deploy(world, "one")
    deploy(world, "two")
    assert (back(world).status, world.standing().current.release) == ("succeeded", first)  # type: ignore[union-attr]


def test_it_is_said_beforehand_that_data_is_not_brought_back(world: World):
    deploy(world, "one")
    deploy(world, "two")
    back(world)
    going_back, deployed = (world.events.events.index(e) for e in (_going_back(world), _rollback_began(world)))
    assert "Data that was written meanwhile is not rolled back" in _going_back(world).hint
    assert going_back < deployed


def _going_back(world: World) -> Noted:
    return next(note for note in world.events.of(Noted) if note.name == "going-back")


def _rollback_began(world: World) -> EntryRecorded:
    return next(e for e in world.events.of(EntryRecorded) if e.kind == "rollback")


def test_it_is_recorded_as_a_rollback_with_its_verification(world: World):
    deploy(world, "one")
    deploy(world, "two")
    back(world)
    assert world.recorded()[-3:] == [
        ("rollback", "running"),
        ("rollback", "succeeded"),
        ("verification", "succeeded"),
    ]


def test_a_release_that_was_not_verified_is_skipped(world: World):
    first = deploy(world, "one")
    break_api(world)
    deploy(world, "two")
    mend_api(world)
    deploy(world, "three")
    assert back(world).release == first


def test_going_back_twice_goes_further_back(world: World):
    first = deploy(world, "one")
    deploy(world, "two")
    deploy(world, "three")
    back(world)
    assert back(world).release == first


def killed_at_its_end(world: World) -> Outcome:
    """Go back, with a process that ends before it gives the lease back, and let that lease run out."""

    def cut(call: str, moment: str) -> None:
        kinds = [(e.kind, e.status) for e in world.events.of(EntryRecorded)][-2:]
        ended = kinds == [("rollback", "succeeded"), ("verification", "succeeded")]
        if ended and (call, moment) == ("bucket.put", "before"):
            raise CloudError("The process is gone", code="unreachable", retryable=True)

    world.account().tap.on_call = cut
    outcome = back(world)
    world.account().tap.on_call = None
    world.clock.advance(3600)
    return outcome


def test_a_rollback_that_was_killed_at_its_very_end_is_not_gone_back_from(world: World):
    deploy(world, "one")
    second = deploy(world, "two")
    deploy(world, "three")
    killed_at_its_end(world)
    assert (back(world).release, world.standing().current.release) == (second, second)  # type: ignore[union-attr]
    assert "went-back" in world.notes()


def test_after_that_was_told_going_back_again_goes_further_back(world: World):
    first = deploy(world, "one")
    deploy(world, "two")
    deploy(world, "three")
    killed_at_its_end(world)
    back(world)
    assert back(world).release == first


def test_after_going_back_all_the_way_there_is_nothing_left(world: World):
    deploy(world, "one")
    deploy(world, "two")
    back(world)
    with pytest.raises(Refused) as refused:
        back(world)
    assert refused.value.code == "rollback-nothing"


def test_from_a_bad_release_it_goes_to_the_good_one_that_ran_before(world: World):
    deploy(world, "one")
    good = deploy(world, "two")
    break_api(world)
    deploy(world, "three")
    mend_api(world)
    assert back(world).release == good


def test_a_template_that_was_changed_in_the_bucket_is_not_gone_back_to(world: World):
    world.deliver("print('one')")
    first = world.standing("production").current
    assert first is not None
    world.deliver("print('two')")
    account = world.account("production")
    (stack,) = stored_release(first.release, account.cloud).stacks
    key = blob_key(stack.template_sha256)
    account.bucket.corrupt(key, (account.bucket.peek(key) or b"").replace(b"python3.13", b"python3.10"))
    executed = list(account.stacks.executions)
    with pytest.raises(IntegrityError):
        rollback(world.app, world.production, world.services(), to=None)
    assert account.stacks.executions == executed


@pytest.mark.parametrize("part", ["template", "code"])
@pytest.mark.parametrize("how", ["flipped", "lost"])
def test_every_blob_is_checked_before_anything_is_sent(world: World, part: str, how: str):
    first = world.deliver("print('one')").release
    world.deliver("print('two')")
    account = world.account("production")
    release = stored_release(first, account.cloud)
    key = blob_key(release.stacks[0].template_sha256 if part == "template" else release.artifacts[0].sha256)
    body = account.bucket.peek(key) or b""
    account.bucket.lose(key) if how == "lost" else account.bucket.corrupt(key, bytes([body[0] ^ 1]) + body[1:])
    executed, entries = list(account.stacks.executions), world.entries("production")
    with pytest.raises((IntegrityError, CloudError)):
        rollback(world.app, world.production, world.services(), to=None)
    assert account.stacks.executions == executed
    assert world.entries("production") == entries


def test_before_anything_was_deployed_there_is_nothing_to_go_back_to(world: World):
    with pytest.raises(Refused) as refused:
        back(world)
    assert (refused.value.code, refused.value.exit_code) == ("rollback-nothing", 3)


def test_a_release_can_be_chosen_by_the_beginning_of_its_digest(world: World):
    first = deploy(world, "one")
    deploy(world, "two")
    deploy(world, "three")
    assert back(world, to=first[:10]).release == first


def test_a_chosen_release_that_was_never_verified_is_refused(world: World):
    deploy(world, "one")
    break_api(world)
    bad = deploy(world, "two")
    mend_api(world)
    deploy(world, "three")
    with pytest.raises(Refused) as refused:
        back(world, to=bad)
    assert refused.value.code == "rollback-unverified"


def test_a_chosen_release_that_nobody_knows_is_refused(world: World):
    deploy(world, "one")
    with pytest.raises(UserError) as refused:
        back(world, to="ffff")
    assert refused.value.code == "release-unknown"


def test_what_the_bad_release_added_is_removed_without_a_waiver(world: World):
    deploy(world, "one")
    world.write({"Hello": function(), "Items": table(), "Orders": table()})
    break_api(world)
    world.deploy()
    mend_api(world)
    assert back(world).status == "succeeded"
    assert {r.logical_id for r in world.account().stacks.resources(STACK)} == {"Hello", "Items", "Role"}


def test_a_nested_stack_that_the_bad_release_added_is_removed_without_a_waiver(world: World):
    deploy(world, "one")
    world.write({"Orders": table()}, file="inner.json")
    child = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "inner.json"}}
    world.write({"Hello": function(), "Items": table(), "Child": child})
    break_api(world)
    world.deploy()
    mend_api(world)
    assert back(world).status == "succeeded"


def test_what_a_verified_release_added_is_guarded(world: World):
    deploy(world, "one")
    world.write({"Hello": function(), "Items": table(), "Orders": table()})
    world.deploy()
    with pytest.raises(Refused) as refused:
        back(world)
    assert (refused.value.code, "Orders" in refused.value.message) == ("data-guard", True)


def test_a_rollback_that_is_not_verified_has_failed(world: World):
    deploy(world, "one")
    deploy(world, "two")
    break_api(world)
    assert back(world).status == "failed"


def test_credentials_of_another_account_write_nothing(world: World):
    deploy(world, "one")
    deploy(world, "two")
    before = world.account().bucket.writes[:]
    world.account().identity.account = "999999999999"
    with pytest.raises(Refused):
        back(world)
    assert world.account().bucket.writes == before


def test_the_lease_is_given_back_after_a_refusal(world: World):
    with pytest.raises(Refused):
        back(world)
    assert world.is_free()
