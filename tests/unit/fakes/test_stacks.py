"""The fake CloudFormation keeps to CLOUDFORMATION.md. What the contract suite asserts already is not repeated here."""

import json
from dataclasses import dataclass, field

import pytest

from sealift.delivery.states import NEXT_STEP
from sealift.errors import CloudError
from sealift.model.app import Environment
from sealift.model.stack import ChangeSet, ChangeSetRequest, StackState
from sealift.model.template import Json
from tests.fakes.clock import FakeClock
from tests.fakes.cloud import FakeAccount, make_account

UPDATABLE_OR_NEW = {"REVIEW_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_ROLLBACK_COMPLETE"}
ENVIRONMENT = Environment(name="staging", region="eu-west-1", stack_name="orders")


@dataclass(slots=True)
class Bench:
    """An account and short ways to use it."""

    clock: FakeClock = field(default_factory=FakeClock)
    account: FakeAccount = field(init=False)
    count: int = 0

    def __post_init__(self) -> None:
        self.account = make_account(ENVIRONMENT, self.clock)
        self.account.bucket.ensure()

    def ask(self, resources: dict[str, Json], *, stack: str = "app", **fields: Json) -> ChangeSet:
        """Ask for a change set and let it be computed."""
        self.count += 1
        body = json.dumps({"Resources": resources, **{k: v for k, v in fields.items() if k[0].isupper()}}).encode()
        self.account.bucket.put(f"blobs/{self.count}", body)
        there = self.account.stacks.describe(stack)
        request = ChangeSetRequest(
            name=f"set{self.count}",
            stack_name=stack,
            template_key=f"blobs/{self.count}",
            parameters=fields.get("parameters", {}),  # type: ignore[arg-type]
            tags=fields.get("tags", {}),  # type: ignore[arg-type]
            create=there is None or there.status == "REVIEW_IN_PROGRESS",
        )
        self.account.stacks.create_change_set(request)
        self.clock.advance(1)
        found = self.account.stacks.change_set(stack, request.name)
        assert found is not None
        return found

    def start(self, resources: dict[str, Json], *, stack: str = "app", **fields: Json) -> ChangeSet:
        """Begin to bring a stack to these resources."""
        found = self.ask(resources, stack=stack, **fields)
        self.account.stacks.execute_change_set(stack, found.name, token=found.name)
        return found

    def deploy(self, resources: dict[str, Json], *, stack: str = "app", **fields: Json) -> StackState:
        """Bring a stack to these resources, however that ends."""
        self.start(resources, stack=stack, **fields)
        return self.later(stack)

    def later(self, stack: str = "app") -> StackState:
        """Let enough time pass for everything to end."""
        self.clock.advance(3600)
        state = self.account.stacks.describe(stack)
        assert state is not None
        return state

    def statuses(self, logical_id: str = "app") -> list[str]:
        """Return what events say about a resource or, by its name, the stack."""
        return [e.status for e in self.account.stacks.events("app") if e.logical_id == logical_id]

    def physical(self, logical_id: str) -> str:
        """Return the physical id of a resource."""
        return next(str(r.physical_id) for r in self.account.stacks.resources("app") if r.logical_id == logical_id)


@pytest.fixture
def bench() -> Bench:
    """A bench with nothing on it."""
    return Bench()


def parameter(value: Json = "one", **attributes: Json) -> Json:
    """Return a resource that changes in place."""
    return {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": value}, **attributes}


def table(key: str = "id", name: str | None = None, **attributes: Json) -> Json:
    """Return a resource that a change of its key replaces."""
    properties: dict[str, Json] = {"KeySchema": [{"AttributeName": key, "KeyType": "HASH"}]}
    if name:
        properties["TableName"] = name
    return {"Type": "AWS::DynamoDB::Table", "Properties": properties, **attributes}


def function(code: Json) -> Json:
    """Return a function."""
    return {"Type": "AWS::Lambda::Function", "Properties": {"Code": code}}


def test_an_operation_goes_on_as_the_clock_does(bench: Bench) -> None:
    bench.start({"One": parameter(), "Two": parameter(DependsOn="One")})
    seen: list[tuple[str, int]] = []
    for _ in range(3):
        state = bench.account.stacks.describe("app")
        assert state is not None
        seen.append(
            (
                state.status,
                bench.statuses("One").count("CREATE_COMPLETE") + bench.statuses("Two").count("CREATE_COMPLETE"),
            )
        )
        bench.clock.advance(1)

    assert seen == [("CREATE_IN_PROGRESS", 0), ("CREATE_IN_PROGRESS", 1), ("CREATE_COMPLETE", 2)]


def test_resources_are_made_after_what_they_refer_to(bench: Bench) -> None:
    bench.deploy(
        {
            "Last": parameter({"Fn::Sub": "${Middle}"}),
            "Middle": parameter({"Fn::Join": ["-", [{"Ref": "First"}, "x"]]}),
            "First": parameter(),
        }
    )

    made = [e.logical_id for e in bench.account.stacks.events("app") if e.status == "CREATE_COMPLETE"]
    assert made == ["First", "Middle", "Last", "app"]


def test_a_write_shows_only_after_a_while(bench: Bench) -> None:
    bench.deploy({"One": parameter()})
    bench.account.stacks.lag(5)
    bench.clock.advance(10)
    bench.account.bucket.put("blobs/late", json.dumps({"Resources": {"One": parameter("two")}}).encode())
    request = ChangeSetRequest(
        name="late", stack_name="app", template_key="blobs/late", parameters={}, tags={}, create=False
    )
    bench.account.stacks.create_change_set(request)
    assert bench.account.stacks.change_set("app", "late") is None
    bench.clock.advance(6)
    bench.account.stacks.execute_change_set("app", "late", token="late")

    before = bench.account.stacks.describe("app")
    bench.clock.advance(5)
    after = bench.account.stacks.describe("app")

    assert before is not None
    assert after is not None
    assert (before.status, after.status) == ("CREATE_COMPLETE", "UPDATE_IN_PROGRESS")


def test_one_read_may_lag_while_another_does_not(bench: Bench) -> None:
    bench.deploy({"One": parameter()})
    bench.account.stacks.lag(lambda call: 60 if call == "describe" else 0)
    bench.account.stacks.delete_stack("app", token="t")
    bench.clock.advance(30)
    state = bench.account.stacks.describe("app")
    assert state is not None
    assert (state.status, bench.statuses()[-1]) == ("CREATE_COMPLETE", "DELETE_COMPLETE")


def test_events_after_one_that_a_read_does_not_show_are_none(bench: Bench) -> None:
    bench.deploy({"One": parameter()})
    last = bench.account.stacks.last_event("app")
    bench.account.stacks.lag(lambda call: 60 if call == "events" else 0)
    bench.account.stacks.delete_stack("app", token="t")
    later = bench.account.stacks.last_event("app")
    assert later != last
    assert bench.account.stacks.events("app", after=later) == ()
    bench.clock.advance(120)
    assert bench.account.stacks.events("app", after=later)[-1].status == "DELETE_COMPLETE"


def test_a_throttled_call_has_no_effect_and_the_next_one_has(bench: Bench) -> None:
    found = bench.ask({"One": parameter()})
    bench.account.tap.throttle("stacks.execute_change_set", 1)

    with pytest.raises(CloudError) as caught:
        bench.account.stacks.execute_change_set("app", found.name, token="t")

    assert (caught.value.code, caught.value.retryable) == ("throttled", True)
    assert bench.account.stacks.executions == []
    bench.account.stacks.execute_change_set("app", found.name, token="t")
    assert bench.account.stacks.executions == [("app", found.name)]


def test_a_lost_answer_leaves_the_effect(bench: Bench) -> None:
    found = bench.ask({"One": parameter()})

    def lose(call: str, moment: str) -> None:
        if (call, moment) == ("stacks.execute_change_set", "after"):
            raise ConnectionError

    bench.account.tap.on_call = lose
    with pytest.raises(ConnectionError):
        bench.account.stacks.execute_change_set("app", found.name, token="t")
    bench.account.tap.on_call = None

    assert bench.later().status == "CREATE_COMPLETE"


def test_executing_again_does_not_execute_again(bench: Bench) -> None:
    found = bench.start({"One": parameter()})
    bench.account.stacks.execute_change_set("app", found.name, token=found.name)
    bench.later()
    bench.account.stacks.execute_change_set("app", found.name, token=found.name)

    assert bench.account.stacks.executions == [("app", found.name)]


def test_executing_one_change_set_deletes_the_others(bench: Bench) -> None:
    bench.deploy({"One": parameter()})
    other = bench.ask({"One": parameter("two")})
    executed = bench.start({"One": parameter("three")})

    assert bench.account.stacks.change_set("app", other.name) is None
    during = bench.account.stacks.change_set("app", executed.name)
    bench.later()
    after = bench.account.stacks.change_set("app", executed.name)
    assert during is not None
    assert after is not None
    assert (during.execution_status, after.execution_status) == ("EXECUTE_IN_PROGRESS", "EXECUTE_COMPLETE")


@pytest.mark.parametrize(
    "status",
    [
        s
        for s in NEXT_STEP
        if s.endswith(("_FAILED", "_IN_PROGRESS", "ROLLBACK_COMPLETE")) and s not in UPDATABLE_OR_NEW
    ],
)
def test_a_stack_in_a_bad_state_can_not_be_updated(bench: Bench, status: str) -> None:
    bench.account.stacks.force_status("app", status)

    with pytest.raises(CloudError, match=f"is in {status} state and cannot be updated"):
        bench.ask({"One": parameter()})


@pytest.mark.parametrize(
    ("resources", "message"),
    [
        ({"One": parameter({"Ref": "Nowhere"})}, r"Unresolved resource dependencies \[Nowhere\]"),
        ({"One": parameter(DependsOn="Nowhere")}, r"Unresolved resource dependencies \[Nowhere\]"),
        ({"A": parameter({"Ref": "B"}), "B": parameter({"Ref": "A"})}, r"Circular dependency .*\[A, B\]"),
        ({"One": parameter({"Fn::ImportValue": "none"})}, "No export named none found"),
        ({}, "At least one Resources member"),
    ],
)
def test_a_bad_template_is_refused(bench: Bench, resources: dict[str, Json], message: str) -> None:
    with pytest.raises(CloudError, match=message):
        bench.ask(resources)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, r"Parameters: \[Stage\] must have values"),
        ({"Stage": "dev", "Stgae": "x"}, r"Parameters: \[Stgae\] do not exist in the template"),
        ({"Stage": "nowhere"}, "Parameter 'Stage' must be one of AllowedValues"),
    ],
)
def test_bad_parameters_are_refused(bench: Bench, given: dict[str, Json], message: str) -> None:
    declared: Json = {"Stage": {"Type": "String", "AllowedValues": ["dev", "prod"]}}

    with pytest.raises(CloudError, match=message):
        bench.ask({"One": parameter()}, Parameters=declared, parameters=given)


def test_a_template_that_is_not_in_the_bucket_is_refused(bench: Bench) -> None:
    request = ChangeSetRequest(name="x", stack_name="app", template_key="none", parameters={}, tags={}, create=True)

    with pytest.raises(CloudError, match="S3 error"):
        bench.account.stacks.create_change_set(request)


def test_conditions_decide_what_there_is(bench: Bench) -> None:
    fields: dict[str, Json] = {
        "Parameters": {"Stage": {"Type": "String"}},
        "Conditions": {"Prod": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}},
        "Outputs": {"Only": {"Condition": "Prod", "Value": "x"}},
    }
    resources: dict[str, Json] = {
        "Always": parameter({"Fn::If": ["Prod", "big", {"Ref": "AWS::NoValue"}]}),
        "Only": parameter(Condition="Prod"),
    }

    dev = bench.deploy(resources, stack="app", **fields, parameters={"Stage": "dev"})
    before = [r.logical_id for r in bench.account.stacks.resources("app")]
    prod = bench.deploy(resources, stack="app", **fields, parameters={"Stage": "prod"})

    assert (dev.outputs, before) == ({}, ["Always"])
    assert (prod.outputs, [r.logical_id for r in bench.account.stacks.resources("app")]) == (
        {"Only": "x"},
        ["Always", "Only"],
    )


def test_a_change_of_outputs_alone_is_not_empty(bench: Bench) -> None:
    bench.deploy({"One": parameter()})

    found = bench.ask({"One": parameter()}, Outputs={"New": {"Value": "x"}})

    assert (found.empty, found.changes) == (False, ())


def test_a_key_schema_is_a_certain_replacement(bench: Bench) -> None:
    bench.deploy({"Orders": table()})

    (change,) = bench.ask({"Orders": table("other")}).changes

    (detail,) = change.details
    assert (change.replacement, change.policy_action) == ("True", "ReplaceAndDelete")
    assert (detail.name, detail.path, detail.requires_recreation) == ("KeySchema", "/Properties/KeySchema", "Always")
    assert detail.before is not None
    assert detail.after is not None
    assert (json.loads(detail.before)[0]["AttributeName"], json.loads(detail.after)[0]["AttributeName"]) == (
        "id",
        "other",
    )


def test_what_refers_to_a_replaced_resource_changes_with_it(bench: Bench) -> None:
    role: Json = {"Type": "AWS::Lambda::Permission", "Properties": {"FunctionName": {"Ref": "Orders"}}}
    bench.deploy({"Orders": table(), "Uses": role, "Says": parameter({"Ref": "Orders"})})

    changes = {
        c.logical_id: c
        for c in bench.ask({"Orders": table("x"), "Uses": role, "Says": parameter({"Ref": "Orders"})}).changes
    }

    assert {name: c.replacement for name, c in changes.items()} == {
        "Orders": "True",
        "Uses": "Conditional",
        "Says": "False",
    }
    assert changes["Says"].details[0].after == "{{changeSet:KNOWN_AFTER_APPLY}}"


def test_changed_policies_and_tags_have_scopes_of_their_own(bench: Bench) -> None:
    bench.deploy({"Orders": table(DeletionPolicy="Retain", UpdateReplacePolicy="Retain")}, tags={"a": "1"})

    (policies,) = bench.ask({"Orders": table()}, tags={"a": "1"}).changes
    (tags,) = bench.ask(
        {"Orders": table(DeletionPolicy="Retain", UpdateReplacePolicy="Retain")}, tags={"a": "2"}
    ).changes

    assert (policies.scope, policies.replacement) == (("DeletionPolicy", "UpdateReplacePolicy"), "False")
    assert tags.scope == ("Tags",)


def test_a_change_deep_in_a_nested_stack_is_shown_and_an_unchanged_one_is_not(bench: Bench) -> None:
    def nested(value: str) -> Json:
        key = f"blobs/nested-{value}"
        bench.account.bucket.put(key, json.dumps({"Resources": {"Deep": parameter(value)}}).encode())
        url = f"https://{bench.account.bucket.name}.s3.amazonaws.com/{key}"
        return {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": url}}

    bench.deploy({"Inner": nested("one"), "Same": nested("same")})

    (change,) = bench.ask({"Inner": nested("two"), "Same": nested("same")}).changes

    assert change.logical_id == "Inner"
    assert change.nested is not None
    assert [(c.action, c.logical_id) for c in change.nested.changes] == [("Modify", "Deep")]
    assert bench.deploy({"Inner": nested("two"), "Same": nested("same")}).status == "UPDATE_COMPLETE"


def test_a_creation_that_can_not_be_undone_is_rollback_failed(bench: Bench) -> None:
    bench.account.stacks.fail("Two", "create", "no")
    bench.account.stacks.fail("One", "delete", "stuck")

    state = bench.deploy({"One": parameter(), "Two": parameter(DependsOn="One")})

    assert state.status == "ROLLBACK_FAILED"
    assert "[One]" in state.reason


@pytest.mark.parametrize(("policy", "kept"), [("Retain", True), ("RetainExceptOnCreate", False)])
def test_what_is_retained_outlives_a_failed_creation(bench: Bench, policy: str, kept: bool) -> None:
    bench.account.stacks.fail("Two", "create", "no")

    bench.deploy({"One": parameter(DeletionPolicy=policy), "Two": parameter(DependsOn="One")})

    assert bench.statuses("One")[-1] == ("DELETE_SKIPPED" if kept else "DELETE_COMPLETE")


def test_a_replaced_store_is_new_and_empty_and_the_old_one_goes_last(bench: Bench) -> None:
    bench.deploy({"Orders": table()})
    old = bench.physical("Orders")
    bench.account.contents[old] = ["an order"]

    bench.deploy({"Orders": table("other")})

    assert bench.physical("Orders") != old
    assert bench.account.contents == {}
    assert bench.statuses()[-2:] == ["UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_COMPLETE"]


def test_a_replaced_store_that_is_retained_keeps_what_is_in_it(bench: Bench) -> None:
    bench.deploy({"Orders": table(UpdateReplacePolicy="Retain")})
    old = bench.physical("Orders")
    bench.account.contents[old] = ["an order"]

    bench.deploy({"Orders": table("other", UpdateReplacePolicy="Retain")})

    assert bench.physical("Orders") != old
    assert bench.account.contents == {old: ["an order"]}


def test_a_failed_update_brings_back_the_old_store_with_what_is_in_it(bench: Bench) -> None:
    bench.deploy({"Orders": table(), "One": parameter()})
    old = bench.physical("Orders")
    bench.account.contents[old] = ["an order"]
    bench.account.stacks.fail("Two", "create", "no")

    state = bench.deploy(
        {"Orders": table("other"), "One": parameter("two"), "Two": parameter(DependsOn=["Orders", "One"])}
    )

    assert state.status == "UPDATE_ROLLBACK_COMPLETE"
    assert bench.physical("Orders") == old
    assert bench.account.contents == {old: ["an order"]}
    assert [r.logical_id for r in bench.account.stacks.resources("app")] == ["One", "Orders"]
    assert bench.ask({"Orders": table(), "One": parameter()}).empty


def test_a_rollback_that_fails_can_be_continued_once_its_cause_is_gone(bench: Bench) -> None:
    bench.deploy({"One": parameter(), "Two": parameter(DependsOn="One")})
    bench.account.stacks.fail("Two", "update", "no")
    bench.account.stacks.fail("One", "rollback", "stuck")
    resources: dict[str, Json] = {"One": parameter("x"), "Two": parameter("x", DependsOn="One")}
    assert bench.deploy(resources).status == "UPDATE_ROLLBACK_FAILED"

    bench.account.stacks.continue_rollback("app", token="c1")
    assert bench.later().status == "UPDATE_ROLLBACK_FAILED"
    bench.account.stacks.mend("One", "rollback")
    bench.account.stacks.continue_rollback("app", token="c2")

    assert bench.later().status == "UPDATE_ROLLBACK_COMPLETE"
    bench.account.stacks.continue_rollback("app", token="c3")
    assert bench.ask({"One": parameter(), "Two": parameter(DependsOn="One")}).empty


def test_a_resource_that_is_skipped_counts_as_brought_back_and_is_not(bench: Bench) -> None:
    bench.deploy({"One": parameter(), "Two": parameter(DependsOn="One")})
    bench.account.stacks.fail("Two", "update", "no")
    bench.account.stacks.fail("One", "rollback", "stuck")
    bench.deploy({"One": parameter("x"), "Two": parameter("x", DependsOn="One")})
    with pytest.raises(CloudError, match="Two cannot be skipped"):
        bench.account.stacks.continue_rollback("app", token="c1", skip=["Two"])
    bench.account.stacks.continue_rollback("app", token="c2", skip=["One"])
    assert (bench.later().status, bench.account.stacks.skipped) == ("UPDATE_ROLLBACK_COMPLETE", ["One"])
    assert bench.ask({"One": parameter(), "Two": parameter(DependsOn="One")}).empty


def test_a_rollback_of_a_stack_that_is_well_can_not_be_continued(bench: Bench) -> None:
    bench.deploy({"One": parameter()})

    with pytest.raises(CloudError, match="CREATE_COMPLETE"):
        bench.account.stacks.continue_rollback("app", token="c")


def test_with_rollback_disabled_a_creation_that_failed_keeps_what_was_made(bench: Bench) -> None:
    bench.account.stacks.fail("Broken", "create")
    with bench.account.stacks.rollback_disabled():
        state = bench.deploy({"Orders": table(), "Broken": parameter(DependsOn="Orders")})
    statuses = {r.logical_id: r.status for r in bench.account.stacks.resources("app")}
    assert (state.status, statuses) == ("CREATE_FAILED", {"Orders": "CREATE_COMPLETE", "Broken": "CREATE_FAILED"})


def test_with_rollback_disabled_an_update_that_failed_keeps_what_was_changed(bench: Bench) -> None:
    bench.deploy({"One": parameter("a"), "Two": parameter("a", DependsOn="One")})
    bench.account.stacks.fail("Two", "update")
    with bench.account.stacks.rollback_disabled():
        state = bench.deploy({"One": parameter("b"), "Two": parameter("b", DependsOn="One")})
    statuses = {r.logical_id: r.status for r in bench.account.stacks.resources("app")}
    assert (state.status, statuses) == ("UPDATE_FAILED", {"One": "UPDATE_COMPLETE", "Two": "UPDATE_FAILED"})


def test_a_name_that_is_taken_fails_the_creation(bench: Bench) -> None:
    bench.deploy({"Orders": table(name="orders")})

    state = bench.deploy({"Mine": table(name="orders")}, stack="other")

    assert state.status == "ROLLBACK_COMPLETE"
    assert bench.physical("Orders") == "orders"


def test_a_named_resource_is_not_replaced_under_its_name(bench: Bench) -> None:
    bench.deploy({"Orders": table(name="orders")})

    state = bench.deploy({"Orders": table("other", name="orders")})

    assert state.status == "UPDATE_ROLLBACK_COMPLETE"
    reasons = [e.reason for e in bench.account.stacks.events("app") if e.status == "UPDATE_FAILED"]
    assert reasons == [
        "CloudFormation cannot update a stack when a custom-named resource requires replacing. "
        "Rename orders and update the stack again."
    ]


def test_a_function_gets_its_code_and_gets_it_back(bench: Bench) -> None:
    bench.account.bucket.put("blobs/a", b"first")
    bench.account.bucket.put("blobs/b", b"second")
    bench.deploy({"Work": function({"S3Key": "blobs/a"})})
    name = bench.physical("Work")
    (first,) = bench.account.functions.state([name])
    bench.account.stacks.fail("Two", "create", "no")

    bench.deploy({"Work": function({"S3Key": "blobs/b"}), "Two": parameter(DependsOn="Work")})

    assert bench.account.functions.state([name]) == (first,)


def test_a_function_without_code_can_not_be_made(bench: Bench) -> None:
    assert bench.deploy({"Work": function({"S3Key": "blobs/none"})}).status == "ROLLBACK_COMPLETE"


def test_a_deletion_keeps_what_is_retained(bench: Bench) -> None:
    bench.deploy({"One": table(DeletionPolicy="Retain"), "Two": table()})
    one = bench.physical("One")
    bench.account.contents.update({one: ["kept"], bench.physical("Two"): ["lost"]})

    bench.account.stacks.delete_stack("app", token="d")
    bench.clock.advance(60)

    assert bench.account.stacks.describe("app") is None
    assert bench.account.contents == {one: ["kept"]}


def test_a_deletion_that_fails_can_be_repeated(bench: Bench) -> None:
    bench.deploy({"One": parameter(), "Two": parameter()})
    bench.account.stacks.fail("One", "delete", "stuck")
    bench.account.stacks.delete_stack("app", token="d1")
    state = bench.later()
    assert (state.status, "[One]" in state.reason) == ("DELETE_FAILED", True)

    bench.account.stacks.mend("One", "delete")
    bench.account.stacks.delete_stack("app", token="d2")
    bench.clock.advance(60)

    assert bench.account.stacks.describe("app") is None


def test_a_stack_that_is_being_updated_can_not_be_deleted_and_one_being_made_can(bench: Bench) -> None:
    bench.deploy({"One": parameter()})
    bench.start({"One": parameter("two")})
    with pytest.raises(CloudError):
        bench.account.stacks.delete_stack("app", token="d")
    bench.start({"One": parameter()}, stack="young")

    bench.account.stacks.delete_stack("young", token="d2")
    bench.clock.advance(60)

    assert bench.account.stacks.describe("young") is None
    assert bench.later().status == "UPDATE_COMPLETE"


def test_a_used_token_deletes_nothing_more(bench: Bench) -> None:
    bench.deploy({"One": parameter()})
    bench.account.stacks.delete_stack("app", token="d")
    bench.clock.advance(60)
    bench.deploy({"One": parameter()})

    bench.account.stacks.delete_stack("app", token="d")

    assert bench.later().status == "CREATE_COMPLETE"
    assert bench.account.stacks.deletions == ["app"]


def test_every_status_can_be_forced(bench: Bench) -> None:
    for status in sorted(set(NEXT_STEP) - {"DELETE_COMPLETE"}):
        bench.account.stacks.force_status(f"in-{status}", status, "because")
        state = bench.account.stacks.describe(f"in-{status}")
        assert state is not None
        assert (state.status, state.reason) == (status, "because")


def test_a_type_that_fails_fails_every_resource_of_it_until_it_is_mended(bench: Bench) -> None:
    bench.account.stacks.fail("AWS::DynamoDB::Table", "create", "no tables today")
    table: dict[str, Json] = {"Type": "AWS::DynamoDB::Table", "Properties": {}}
    state = bench.deploy({"One": parameter(), "Items": table})

    assert state.status == "ROLLBACK_COMPLETE"
    failed = [(e.logical_id, e.reason) for e in bench.account.stacks.events("app") if e.status == "CREATE_FAILED"]
    assert failed == [("Items", "no tables today")]
    bench.account.stacks.delete_stack("app", token="again")
    bench.clock.advance(60)
    bench.account.stacks.mend("AWS::DynamoDB::Table", "create")
    assert bench.deploy({"One": parameter(), "Items": table}).status == "CREATE_COMPLETE"


def test_many_events_and_resources_come_in_one_answer(bench: Bench) -> None:
    """AWS answers in pages of 100; the port reads them all, so here there are none."""
    bench.deploy({f"P{number}": parameter() for number in range(150)})

    assert len(bench.account.stacks.resources("app")) == 150
    assert len([e for e in bench.account.stacks.events("app") if e.status == "CREATE_COMPLETE"]) == 151


def test_a_template_with_a_transform_needs_a_renderer(bench: Bench) -> None:
    with pytest.raises(CloudError, match="Transform"):
        bench.ask({"One": parameter()}, Transform="AWS::Serverless-2016-10-31")
