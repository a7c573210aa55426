"""Production gets exactly what was verified and soaked in staging, or nothing."""

from dataclasses import replace

import pytest

from sealift.delivery.manifest import blob_key, release_key
from sealift.errors import CloudError, ConfigError, IntegrityError, LeaseError, Refused, UserError, Waiting
from sealift.model.app import StackSpec
from sealift.model.event import EntryRecorded
from sealift.model.finding import SuiteResult
from sealift.usecases.approve import approve
from sealift.usecases.resume import resume
from sealift.usecases.rollback import rollback
from tests.component.usecases.world import SOAK_S, World, function, table
from tests.fakes.http import answer
from tests.fakes.suites import failed, passed

STACK = "shop-production"


def soaked(world: World) -> str:
    """Deploy to staging and let it soak; return the release."""
    digest = world.deploy().release
    world.soak()
    return digest


def fail_in_production(world: World) -> None:
    """Let the acceptance tests fail in production only."""

    def outcome(environment: object) -> SuiteResult:
        assert isinstance(environment, dict)
        return failed("acceptance") if environment["SEALIFT_ENV"] == "production" else passed("acceptance")

    world.tester.acceptance_result = outcome


def code_in(world: World, name: str) -> str:
    account = world.account(name)
    (physical,) = (r.physical_id for r in account.stacks.resources(f"shop-{name}") if r.logical_id == "Hello")
    assert physical is not None
    return account.functions.state([physical])[0].code_sha256


def test_what_soaked_is_promoted(world: World):
    digest = soaked(world)
    outcome = world.promote()
    assert (outcome.status, outcome.release) == ("succeeded", digest)


def test_production_runs_the_bytes_of_staging(world: World):
    soaked(world)
    world.promote()
    assert code_in(world, "production") == code_in(world, "staging")


def test_production_gets_the_manifest_of_staging(world: World):
    digest = soaked(world)
    world.promote()
    stored = [world.account(name).bucket.peek(release_key(digest, "manifest")) for name in ("staging", "production")]
    assert stored[0] is not None
    assert stored[0] == stored[1]


def test_a_promotion_is_recorded_as_one(world: World):
    soaked(world)
    world.promote()
    assert world.recorded("production") == [
        ("promotion", "running"),
        ("promotion", "succeeded"),
        ("verification", "succeeded"),
    ]


def test_what_changed_in_the_folder_since_does_not_matter(world: World):
    digest = soaked(world)
    world.code("print('not committed')")
    assert world.promote().release == digest


def test_before_anything_was_deployed_there_is_nothing_to_promote(world: World):
    with pytest.raises(Refused) as refused:
        world.promote()
    assert (refused.value.code, refused.value.exit_code) == ("gate-release", 3)


def test_a_release_that_staging_does_not_run_any_more_is_refused(world: World):
    old = soaked(world)
    world.code("print('two')")
    soaked(world)
    with pytest.raises(Refused) as refused:
        world.promote(release=old[:12])
    assert refused.value.code == "gate-release"


def test_a_release_that_nobody_knows_is_refused(world: World):
    soaked(world)
    with pytest.raises(UserError) as refused:
        world.promote(release="0000")
    assert refused.value.code == "release-unknown"


def test_a_release_that_was_not_verified_is_refused(world: World):
    world.http.serve("https://api.example.org", answer(500))
    soaked(world)
    with pytest.raises(Refused) as refused:
        world.promote()
    assert (refused.value.code, refused.value.exit_code) == ("gate-verified", 3)


def test_a_release_that_soaks_waits_with_a_time(world: World):
    world.deploy()
    with pytest.raises(Waiting) as waiting:
        world.promote()
    verified = world.standing().current
    assert verified is not None
    assert verified.verified_at is not None
    assert (waiting.value.code, waiting.value.exit_code) == ("gate-soak", 4)
    assert "until" in waiting.value.context


def test_the_soak_begins_again_with_another_configuration(world: World):
    soaked(world)
    world.change("staging", tags={"team": "shop"})
    world.deploy()
    with pytest.raises(Waiting):
        world.promote()


def test_the_soak_does_not_begin_again_when_nothing_changed(world: World):
    soaked(world)
    world.deploy(force=True)
    assert world.promote().status == "succeeded"


def test_a_soak_is_waited_for_on_request(world: World):
    world.deploy()
    world.clock.slept_s = 0.0
    assert world.promote(wait=True).status == "succeeded"
    assert world.clock.slept_s >= SOAK_S - 1


def test_a_shorter_soak_can_not_be_asked_for_on_aws(world: World):
    world.deploy()
    with pytest.raises(Waiting):
        world.promote(soak_s=0.0)


@pytest.mark.parametrize("gate", ["verified", "soak", "release"])
def test_a_closed_gate_writes_nothing_to_production(world: World, gate: str):
    if gate == "verified":
        world.http.serve("https://api.example.org", answer(500))
    if gate != "release":
        world.deploy()
    with pytest.raises(Refused):
        world.promote()
    account = world.account("production")
    assert (account.bucket.exists, account.bucket.writes, account.stacks.executions) == (False, [], [])


def test_staging_that_failed_after_it_closes_the_gate(world: World):
    digest = soaked(world)
    world.code("print('two')")
    world.account().stacks.fail("Hello", "update")
    with pytest.raises(CloudError):
        world.deploy()
    with pytest.raises(Refused) as refused:
        world.promote(release=digest)
    assert refused.value.code == "gate-verified"


def test_an_environment_without_a_source_is_not_promoted_into(world: World):
    world.change("production", promotes_from=None)
    with pytest.raises(ConfigError) as refused:
        world.promote()
    assert refused.value.code == "no-promotion"


def test_credentials_of_another_account_write_nothing(world: World):
    soaked(world)
    world.account("production").identity.account = "111111111111"
    with pytest.raises(Refused) as refused:
        world.promote()
    assert refused.value.code == "wrong-account"
    assert world.account("production").bucket.writes == []


def test_without_the_approval_it_waits(world: World):
    world.change("production", approvals=1)
    soaked(world)
    with pytest.raises(Waiting) as waiting:
        world.promote()
    assert (waiting.value.code, waiting.value.exit_code) == ("gate-approval", 4)


def test_an_approval_by_somebody_else_opens_the_gate(world: World):
    world.change("production", approvals=1)
    digest = soaked(world)
    approve(world.app, world.production, world.services(actor="bob@desk"), release=digest[:12], reason="seen")
    assert world.promote().status == "succeeded"


@pytest.mark.parametrize("author", ["Ann Smith <ann@example.org>", "ann", "Ann <12345+Ann@users.noreply.github.com>"])
def test_an_approval_by_the_author_does_not_count(world: World, author: str):
    world.scm.author = author
    world.change("production", approvals=1)
    digest = soaked(world)
    approve(world.app, world.production, world.services(actor="ann@laptop"), release=digest, reason="it is mine")
    with pytest.raises(Waiting) as waiting:
        world.promote()
    assert "author does not count" in waiting.value.message


def approved_by_bob(world: World, digest: str) -> str:
    done = approve(world.app, world.production, world.services(actor="bob@laptop"), release=digest, reason="seen")
    with pytest.raises(Waiting) as waiting:
        world.promote()
    assert waiting.value.message == done.gate.message
    return waiting.value.message


def test_another_name_of_the_author_is_not_another_person(world: World):
    world.change("production", approvals=1)
    world.wrote["c" * 40] = ("bob@github",)
    assert "bob@laptop: the commit's author does not count" in approved_by_bob(world, soaked(world))


def test_who_opened_the_pull_request_is_not_another_person(world: World):
    world.change("production", approvals=1)
    world.wrote["c" * 40] = ("ann@github", "bob@github")
    assert "the commit's author does not count" in approved_by_bob(world, soaked(world))


def test_where_no_account_is_known_for_an_author_nobody_is_known_to_be_another_person(world: World):
    world.change("production", approvals=1)
    world.wrote["c" * 40] = ()
    assert "no account is known for who wrote ann" in approved_by_bob(world, soaked(world))


def test_the_author_of_any_commit_that_comes_does_not_count(world: World):
    world.deliver("print('one')")
    world.change("production", approvals=1)
    for commit in ("d" * 40, "e" * 40):
        world.scm.commit(commit)
    world.wrote["d" * 40] = ("bob@github",)
    world.code("print('two')")
    digest = world.deploy().release
    world.soak()
    assert "the commit's author does not count" in approved_by_bob(world, digest)


def test_accounts_are_kept_with_the_approval(world: World):
    world.change("production", approvals=1)
    digest = soaked(world)
    done = approve(world.app, world.production, world.services(actor="bob@desk"), release=digest, reason="seen")
    kept = done.entry.data
    assert (kept["account"], kept["authors"], kept["unknown"]) == ("bob@github", ["ann@github"], [])


def test_a_forged_note_on_the_origin_does_not_make_an_author_an_approver(world: World):
    world.change("production", approvals=1)
    digest = soaked(world)
    bucket = world.account().bucket
    note = bucket.peek(release_key(digest, "origin")) or b""
    bucket.corrupt(release_key(digest, "origin"), note.replace(b'"ann"', b'"eve"'))
    assert b"eve" in (bucket.peek(release_key(digest, "origin")) or b"")
    approve(world.app, world.production, world.services(actor="ann@laptop"), release=digest, reason="it is mine")
    with pytest.raises(Waiting) as waiting:
        world.promote()
    assert "author does not count" in waiting.value.message


def test_nobody_approves_a_release_that_any_of_his_commits_made(world: World):
    world.change("production", approvals=1)
    world.deploy()
    world.scm.author = "eve"
    world.deploy(force=True)
    world.soak()
    digest = world.standing().current.release  # type: ignore[union-attr]
    approve(world.app, world.production, world.services(actor="ann@laptop"), release=digest, reason="it was mine")
    with pytest.raises(Waiting) as waiting:
        world.promote()
    assert "author does not count" in waiting.value.message


def test_a_forged_note_on_the_origin_does_not_change_what_a_rollback_records(world: World):
    good = world.deliver("print('one')").release
    world.deliver("print('two')")
    bucket = world.account("production").bucket
    bucket.corrupt(
        release_key(good, "origin"), (bucket.peek(release_key(good, "origin")) or b"").replace(b"c" * 40, b"e" * 40)
    )
    rollback(world.app, world.production, world.services(), to=None)
    assert world.entries("production")[-1].record.commit == "c" * 40


@pytest.mark.parametrize("named", ["", " ", "a", "*", "../", "ABCDEF012345", "x" * 500])
def test_what_names_no_release_approves_promotes_and_brings_back_none(world: World, named: str):
    world.change("production", approvals=1)
    soaked(world)  # the only one that is stored
    services = world.services(actor="bob@desk")
    for act in (
        lambda: approve(world.app, world.production, services, release=named, reason="not seen"),
        lambda: world.promote(release=named),
        lambda: rollback(world.app, world.production, services, to=named),
    ):
        with pytest.raises(UserError) as refused:
            act()
        assert refused.value.code == "release-unknown"
    assert world.entries("production") == ()


def test_an_approval_of_another_release_does_not_count(world: World):
    world.change("production", approvals=1)
    digest = soaked(world)
    approve(world.app, world.production, world.services(actor="bob@desk"), release=digest, reason="seen")
    world.code("print('two')")
    soaked(world)
    with pytest.raises(Waiting):
        world.promote()


def test_where_no_approval_is_asked_for_none_is_taken(world: World):
    digest = soaked(world)
    with pytest.raises(UserError) as refused:
        approve(world.app, world.production, world.services(), release=digest, reason="seen")
    assert refused.value.code == "approval-needless"


def flip(body: bytes, at: int) -> bytes:
    """Flip the lowest bit of one byte."""
    return body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]


@pytest.mark.parametrize("part", ["template", "code", "manifest"])
@pytest.mark.parametrize("where", [0, 40, -1])
def test_a_flipped_bit_in_staging_is_refused_before_any_write_to_production(world: World, part: str, where: int):
    digest = soaked(world)
    release = world.build().release
    key = {
        "template": blob_key(release.stacks[0].template_sha256),
        "code": blob_key(release.artifacts[0].sha256),
        "manifest": release_key(digest, "manifest"),
    }[part]
    bucket = world.account().bucket
    body = bucket.peek(key)
    assert body is not None
    bucket.corrupt(key, flip(body, where % len(body)))
    with pytest.raises(IntegrityError):
        world.promote()
    assert world.writes("production") == []
    assert world.is_free("production")


@pytest.mark.parametrize("part", ["template", "code"])
def test_a_blob_that_staging_lost_is_refused_before_any_write_to_production(world: World, part: str):
    soaked(world)
    release = world.build().release
    lost = release.stacks[0].template_sha256 if part == "template" else release.artifacts[0].sha256
    world.account().bucket.lose(blob_key(lost))
    with pytest.raises(UserError):
        world.promote()
    assert world.writes("production") == []


def test_a_damaged_blob_in_production_is_replaced_by_the_right_one(world: World):
    world.deliver("print('one')")
    world.code("print('two')")
    soaked(world)
    sha256 = world.build().release.stacks[0].template_sha256
    bucket = world.account("production").bucket
    good = world.account().bucket.peek(blob_key(sha256))
    bucket.corrupt(blob_key(sha256), b"damaged long ago")
    world.promote()
    assert bucket.peek(blob_key(sha256)) == good


def test_a_release_that_fails_in_production_is_taken_back(world: World):
    good = world.deliver("print('one')").release
    fail_in_production(world)
    world.tester.environments.clear()
    world.code("print('two')")
    bad = soaked(world)
    before = code_in(world, "production")

    def only_new(environment: object) -> SuiteResult:
        assert isinstance(environment, dict)
        runs_new = code_in(world, str(environment["SEALIFT_ENV"])) != before
        is_production = environment["SEALIFT_ENV"] == "production"
        return failed("acceptance") if is_production and runs_new else passed("acceptance")

    world.tester.acceptance_result = only_new
    outcome = world.promote()
    assert (outcome.status, outcome.release, outcome.restored) == ("failed", bad, good)
    assert code_in(world, "production") == before


def test_a_release_that_fails_with_another_configuration_alone_is_told_apart(world: World):
    world.deliver("print('one')")
    world.code("print('two')")
    world.deliver("print('two')")
    changed = tuple(replace(e, tags={"cost": "7"}) if e.name == "production" else e for e in world.app.environments)
    world.app = replace(world.app, environments=changed)
    fail_in_production(world)
    outcome = world.promote()
    assert outcome.status == "failed"
    assert "did well in production with another configuration" in outcome.hint


def test_a_release_that_never_did_well_is_not_excused_by_its_configuration(world: World):
    world.deliver("print('one')")
    world.code("print('two')")
    soaked(world)
    fail_in_production(world)
    assert "another configuration" not in world.promote().hint


def bad_second(world: World) -> None:
    """Deliver a first release, then promote a second whose stack update fails in production."""
    world.write({"Hello": function(), "Items": {**table(), "DependsOn": ["Hello"]}})
    world.deliver("print('one')")
    world.account("production").stacks.fail("Items", "update", "throughput is limited")
    world.code("print('two')")
    changed = table()
    changed["Properties"]["BillingMode"] = "PROVISIONED"  # type: ignore[index,call-overload]
    world.write({"Hello": function(), "Items": {**changed, "DependsOn": ["Hello"]}})
    soaked(world)


def test_going_back_is_recorded_with_its_verification(world: World):
    bad_second(world)
    world.promote()
    assert world.recorded("production")[3:] == [
        ("promotion", "running"),
        ("promotion", "failed"),
        ("rollback", "running"),
        ("rollback", "succeeded"),
        ("verification", "succeeded"),
    ]


def test_the_outcome_of_going_back_names_the_cause(world: World):
    bad_second(world)
    assert "throughput is limited" in world.promote().message


def test_a_first_promotion_that_fails_says_that_there_is_nothing_to_go_back_to(world: World):
    soaked(world)
    fail_in_production(world)
    outcome = world.promote()
    assert (outcome.status, outcome.restored) == ("failed", None)
    assert "no verified release before it" in outcome.message


def test_a_failure_before_anything_was_sent_takes_nothing_back(world: World):
    world.deliver("print('one')")
    world.code("print('two')")
    soaked(world)
    world.account("production").tap.throttle("stacks.create_change_set", 1)
    with pytest.raises(CloudError):
        world.promote()
    assert ("rollback", "running") not in world.recorded("production")


def test_when_going_back_fails_too_both_causes_are_told(world: World):
    bad_second(world)
    stacks = world.account("production").stacks
    stacks.fail("Hello", "rollback", "the role is gone")
    outcome = world.promote()
    assert (outcome.status, outcome.restored) == ("failed", None)
    assert "throughput is limited" in outcome.message
    assert "the role is gone" in outcome.message


def test_a_refusal_after_the_first_stack_was_changed_takes_that_back(world: World):
    world.write({"Hello": function()}, file="api.json")
    world.write({"Items": table(), "Topic": {"Type": "AWS::SNS::Topic"}}, file="data.json")
    stacks = (StackSpec(name="api", template="api.json"), StackSpec(name="data", template="data.json"))
    world.app = replace(world.app, stacks=stacks)
    world.deliver("print('one')")
    account = world.account("production")
    account.stacks.adopt("shop-production-data", {})  # somebody takes the second stack away from us
    world.code("print('two')")
    soaked(world)
    before = account.functions.state([str(account.stacks.resources("shop-production-api")[0].physical_id)])
    outcome = world.promote()
    after = account.functions.state([str(account.stacks.resources("shop-production-api")[0].physical_id)])
    assert (outcome.status, after) == ("failed", before)


def break_after_the_execution(world: World, code: str = "throttled") -> None:
    """Promote a second release; once its change set was executed, AWS fails at whatever else it is asked."""
    world.deliver("print('one')")
    world.code("print('two')")
    soaked(world)
    tap, executed = world.account("production").tap, False

    def strike(call: str, moment: str) -> None:
        nonlocal executed
        if executed and call.startswith(("stacks.", "functions.")):
            raise CloudError(f"AWS refused to {call}", code=code, retryable=code == "throttled")
        executed = executed or (call, moment) == ("stacks.execute_change_set", "after")

    tap.on_call = strike
    with pytest.raises(CloudError) as broken:
        world.promote()
    assert broken.value.code == code
    tap.on_call = None


@pytest.mark.parametrize("code", ["throttled", "access-denied"])
def test_a_promotion_that_aws_breaks_off_is_left_as_it_is(world: World, code: str):
    break_after_the_execution(world, code)
    assert world.recorded("production")[-1] == ("promotion", "errored")
    assert "going-back" not in world.notes()
    assert "left-as-it-is" in world.notes()


def test_the_next_promotion_goes_on_where_aws_broke_one_off(world: World):
    break_after_the_execution(world)
    assert world.promote().status == "succeeded"
    assert len(world.account("production").stacks.executions) == 2
    assert code_in(world, "production") == code_in(world, "staging")


def test_a_promotion_that_aws_broke_off_is_resumed(world: World):
    break_after_the_execution(world)
    assert resume(world.app, world.production, world.services()).status == "succeeded"
    assert world.recorded("production")[-1] == ("verification", "succeeded")


def test_a_promotion_that_aws_broke_off_can_be_gone_back_from(world: World):
    break_after_the_execution(world)
    assert rollback(world.app, world.production, world.services(), to=None).status == "succeeded"
    assert code_in(world, "production") != code_in(world, "staging")


def test_what_a_broken_off_promotion_executed_is_taken_back_when_the_next_one_finds_it_bad(world: World):
    break_after_the_execution(world)
    account = world.account("production")
    (hello,) = (r.physical_id for r in account.stacks.resources(STACK) if r.logical_id == "Hello")
    world.clock.advance(600)
    account.stacks.describe(STACK)
    account.functions.set_code(str(hello), "0" * 64)
    outcome = world.promote()
    assert (outcome.status, outcome.restored is not None) == ("failed", True)


def test_a_refusal_after_a_promotion_that_executed_nothing_takes_nothing_back(world: World):
    world.deliver("print('one')")
    world.code("print('two')")
    soaked(world)
    account = world.account("production")
    account.tap.throttle("stacks.create_change_set", 1)
    with pytest.raises(CloudError):
        world.promote()
    account.stacks.adopt(STACK, {})  # somebody takes the stack away from us
    with pytest.raises(Refused) as refused:
        world.promote()
    assert refused.value.code == "stack-owner"
    assert "going-back" not in world.notes()


def test_going_back_that_aws_breaks_off_is_resumed(world: World):
    bad_second(world)
    tap = world.account("production").tap

    def strike(call: str, _moment: str) -> None:
        if "going-back" in world.notes() and call.startswith("stacks."):
            raise CloudError(f"AWS refused to {call}", code="throttled", retryable=True)

    tap.on_call = strike
    outcome = world.promote()
    assert (outcome.status, "sealift resume production" in outcome.hint) == ("failed", True)
    tap.on_call = None
    assert resume(world.app, world.production, world.services()).status == "succeeded"
    assert world.recorded("production")[-2:] == [("rollback", "succeeded"), ("verification", "succeeded")]


def test_the_lease_of_production_is_given_back(world: World):
    soaked(world)
    world.promote()
    assert world.is_free("production")


def test_what_is_there_already_is_not_promoted_again(world: World):
    soaked(world)
    world.promote()
    entries = len(world.entries("production"))
    assert (world.promote().message, len(world.entries("production"))) == ("already there", entries)


def soaks_again(world: World) -> str:
    """Have a release in production whose soak in staging began again; return its digest."""
    digest = soaked(world)
    world.promote()
    world.change("staging", tags={"team": "shop"})
    world.deploy()
    return digest


@pytest.mark.parametrize("after", ["promote", "resume"])
def test_no_lease_is_left_of_a_process_that_was_killed_at_its_very_end(world: World, after: str):
    def cut(call: str, moment: str) -> None:
        recorded = [(e.environment, e.kind, e.status) for e in world.events.of(EntryRecorded)]
        if recorded[-1:] == [("production", "verification", "succeeded")] and (call, moment) == (
            "bucket.put",
            "before",
        ):
            raise CloudError("The process is gone", code="unreachable", retryable=True)

    world.account("production").tap.on_call = cut
    world.deliver("print('one')")
    world.account("production").tap.on_call = None
    leases = world.services().ledgers.leases(world.account("production").cloud)
    assert leases.current() is not None
    world.clock.advance(3600)
    if after == "promote":
        assert world.promote().message == "already there"
    else:
        assert resume(world.app, world.production, world.services()).message == "nothing is open"
    assert leases.current() is None


def test_what_is_there_already_waits_for_no_soak(world: World):
    digest = soaks_again(world)
    entries = len(world.entries("production"))
    outcome = world.promote()
    assert (outcome.status, outcome.release, outcome.message) == ("succeeded", digest, "already there")
    assert ("already-there" in world.notes(), len(world.entries("production"))) == (True, entries)


def test_another_configuration_of_what_is_there_waits_for_the_soak(world: World):
    soaks_again(world)
    world.change("production", tags={"team": "shop"})
    with pytest.raises(Waiting):
        world.promote()


def test_what_was_forced_to_come_again_waits_for_the_soak(world: World):
    soaks_again(world)
    with pytest.raises(Waiting):
        world.promote(force=True)


def test_a_promotion_that_was_broken_off_is_not_called_there_while_it_soaks(world: World):
    soaks_again(world)
    world.soak()
    world.account("production").tap.throttle("stacks.create_change_set", 1)
    with pytest.raises(CloudError):
        world.promote(force=True)
    world.change("staging", tags={"team": "other"})
    world.deploy()
    with pytest.raises(Waiting):
        world.promote()


@pytest.mark.parametrize("moment", ["bucket.ensure", "stacks.create_change_set"])
def test_a_button_that_is_pushed_twice_at_the_same_moment_deploys_once(world: World, moment: str):
    soaked(world)
    ended: list[str] = []

    def push() -> None:
        try:
            ended.append(world.promote().status)
        except LeaseError as lost:  # the other one had waited until this one counted as dead
            ended.append(lost.code)

    def again(call: str, when: str) -> None:
        if (call, when) == (moment, "before"):
            world.account("production").tap.on_call = None
            push()

    world.account("production").tap.on_call = again
    push()
    assert set(ended) <= {"succeeded", "skipped", "lease-lost"}
    assert ended[0] == "succeeded"
    assert len(world.account("production").stacks.executions) == 1
    assert world.is_free("production")
