"""Hooks run around a deployment, each recorded before and after it, and what they do when something goes wrong."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from sealift.errors import CloudError, ConfigError, LeaseError, Refused, UserError
from sealift.model.app import Hooks, StackSpec
from sealift.model.event import ChangePlanned, FindingReported, HookRan
from sealift.model.stack import Invocation
from sealift.model.template import Json
from sealift.usecases.resume import resume
from sealift.usecases.rollback import rollback
from sealift.usecases.stacks.ownership import judged_name
from tests.component.usecases.test_data_guard import forget_what_runs
from tests.component.usecases.world import Body, World, function, table
from tests.fakes.process import Run, completed

BEFORE, AFTER = "python expand.py --quiet", "python 'fill in.py'"


@pytest.fixture(autouse=True)
def hooks(world: World) -> None:
    world.process.install("python", does=completed("done"))
    declare(world, before_deploy=(BEFORE,), after_deploy=(AFTER,))


def declare(world: World, **hooks: tuple[str, ...]) -> None:
    world.app = replace(world.app, hooks=Hooks(**hooks))  # type: ignore[arg-type]


def commands(world: World) -> list[tuple[str, ...]]:
    return [run.argv for run in world.process.runs]


def steps(world: World, name: str = "staging") -> list[Mapping[str, Json]]:
    return [e.data for e in world.entries(name) if e.data.get("step") == "hook"]


def kill_in(world: World, *argv: str) -> None:
    """Let the process die while this command runs: its outcome is never recorded."""

    def die(_run: Run) -> None:
        raise SystemExit

    world.process.install(*argv, does=die)  # type: ignore[arg-type]
    with pytest.raises(SystemExit):
        world.deploy()
    world.clock.advance(3600)
    world.process.install(*argv, does=completed())
    world.process.runs.clear()


def test_hooks_run_before_and_after_the_stacks_split_without_a_shell(world: World):
    world.deploy()
    assert commands(world) == [("python", "expand.py", "--quiet"), ("python", "fill in.py")]


def test_hooks_run_in_the_applications_folder_with_the_declared_timeout(world: World):
    world.deploy()
    assert {(run.cwd, run.timeout_s) for run in world.process.runs} == {(world.app.root, 900.0)}


def test_the_hook_after_the_deployment_gets_its_outputs(world: World):
    world.deploy()
    env = world.process.runs[-1].env or {}
    assert (env["SEALIFT_ENV"], env["SEALIFT_HOOK"]) == ("staging", "after_deploy")
    assert env["SEALIFT_OUTPUT_Name"] == "shop-staging"


def test_the_hook_before_a_first_deployment_gets_no_outputs(world: World):
    world.deploy()
    assert not [name for name in world.process.runs[0].env or {} if name.startswith("SEALIFT_OUTPUT_")]


def test_the_hook_before_a_second_deployment_gets_the_outputs_of_the_first(world: World):
    world.deploy()
    world.code("print('two')")
    world.deploy()
    assert (world.process.runs[2].env or {})["SEALIFT_OUTPUT_Name"] == "shop-staging"


def test_hooks_get_our_own_variables(world: World):
    world.variables["PATH"] = "/usr/bin"
    world.deploy()
    assert (world.process.runs[0].env or {})["PATH"] == "/usr/bin"


def test_a_hook_is_recorded_before_it_runs_and_after_it(world: World):
    seen: list[Json] = []

    def look(_run: Run) -> object:
        seen.append(steps(world)[-1]["outcome"])
        return completed()

    world.process.install("python", does=look)  # type: ignore[arg-type]
    world.deploy()
    assert seen == ["running", "running"]
    assert [(s["name"], s["outcome"]) for s in steps(world)] == [
        ("python expand.py", "running"),
        ("python expand.py", "succeeded"),
        ("python fill in.py", "running"),
        ("python fill in.py", "succeeded"),
    ]


def test_a_process_that_was_overtaken_after_it_recorded_a_hook_does_not_run_it(world: World):
    def overtake(_call: str, _moment: str) -> None:
        newest = world.entries()[-1].data if world.entries() else {}
        if (newest.get("hook"), newest.get("outcome")) == ("before_deploy", "running"):
            world.account().tap.on_call = None
            world.clock.advance(600)
            assert world.is_free()
        else:
            world.account().tap.on_call = quiet

    def quiet(call: str, moment: str) -> None:
        if (call, moment) == ("bucket.put", "after"):
            world.account().tap.on_call = None
            overtake(call, moment)

    world.account().tap.on_call = quiet
    with pytest.raises(LeaseError):
        world.deploy()
    assert commands(world) == []


def test_the_record_of_a_hook_holds_neither_its_arguments_nor_its_environment(world: World):
    world.variables["STRIPE_TOKEN"] = "sk-planted-secret"
    declare(world, before_deploy=("python expand.py --password=planted-argument",))
    world.deploy()
    assert "planted" not in str(steps(world))


def test_secrets_of_the_environment_do_not_show_in_the_output(world: World):
    world.variables["STRIPE_TOKEN"] = "sk-planted-secret"
    world.process.install("python", does=completed("using sk-planted-secret"))
    world.deploy()
    assert [e.output for e in world.events.of(HookRan)] == [("using ***",)] * 2


def test_a_hook_that_fails_before_the_deployment_stops_it_before_anything_is_sent(world: World):
    world.process.install("python", "expand.py", does=completed("no such table", returncode=3))
    with pytest.raises(UserError) as failed:
        world.deploy()
    assert (failed.value.code, "exit code 3" in failed.value.message) == ("hook-failed", True)
    assert world.stack_status() is None
    assert world.recorded()[-1] == ("deployment", "failed")


def test_what_the_data_guard_refuses_runs_no_hook(world: World):
    world.deploy()
    world.process.runs.clear()
    world.write({"Hello": function()})
    with pytest.raises(Refused) as refused:
        world.deploy()
    assert (refused.value.code, commands(world)) == ("data-guard", [])
    assert [e.finding.id for e in world.events.of(FindingReported) if e.finding.stops] == ["data-removed"]


def test_what_aws_refuses_runs_no_hook(world: World):
    world.deploy()
    world.process.runs.clear()
    queue: Body = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Fn::ImportValue": "nobody-exports-this"}}}
    world.write({"Hello": function(), "Items": table(), "Queue": queue})
    with pytest.raises(CloudError) as refused:
        world.deploy()
    assert (refused.value.code, commands(world)) == ("aws-refused", [])


def test_a_stack_that_can_not_be_deployed_to_runs_no_hook(world: World):
    world.deploy()
    world.process.runs.clear()
    world.account().stacks.force_status("shop-staging", "UPDATE_FAILED")
    world.code("print('two')")
    with pytest.raises(Refused) as refused:
        world.deploy()
    assert (refused.value.code, commands(world)) == ("stack-state", [])


def test_what_is_judged_before_the_hooks_is_shown_once_and_executed_once(world: World):
    world.deploy()
    before = len(world.events.of(ChangePlanned))
    world.code("print('two')")
    world.deploy()
    assert [e.logical_id for e in world.events.of(ChangePlanned)[before:]] == ["Hello"]
    assert len(world.account().stacks.executions) == 2


def test_the_change_set_that_is_judged_before_the_hooks_is_gone_when_they_run(world: World):
    world.deploy()
    seen: list[bool] = []

    def look(_run: Run) -> object:
        name = judged_name(world.entries()[-1].record.operation)
        seen.append(world.account().stacks.change_set("shop-staging", name) is None)
        return completed()

    world.process.install("python", "expand.py", does=look)  # type: ignore[arg-type]
    world.code("print('two')")
    world.deploy()
    assert seen == [True]


def test_a_hook_may_make_the_setting_that_the_template_reads(world: World):
    world.deploy()
    queue: Body = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "{{resolve:ssm:/shop/q}}"}}
    world.write({"Hello": function(), "Items": table(), "Queue": queue})

    def make(_run: Run) -> object:
        world.account().settings.known = {"ssm:/shop/q"}
        return completed()

    world.process.install("python", "expand.py", does=make)  # type: ignore[arg-type]
    assert world.deploy().status == "succeeded"
    assert "judged-after-hooks" in world.notes()


def test_a_stack_that_needs_one_that_changes_is_judged_after_the_hooks(world: World):
    stacks = (StackSpec(name="data", template="data.json"), StackSpec(name="api", template="template.json"))
    world.app = replace(world.app, stacks=(stacks[0], replace(stacks[1], needs=("data",))))
    world.write({"Jobs": {"Type": "AWS::SQS::Queue"}}, file="data.json")
    world.deploy()
    world.process.runs.clear()
    world.write({"Jobs": {"Type": "AWS::SQS::Queue"}, "More": {"Type": "AWS::SQS::Queue"}}, file="data.json")
    world.write({"Hello": function()})
    forget_what_runs(world)
    with pytest.raises(Refused) as refused:
        world.deploy()
    assert (refused.value.code, len(commands(world))) == ("data-guard", 1)
    assert "judged-after-hooks" in world.notes()


def test_a_stack_that_needs_one_that_stays_is_judged_before_the_hooks(world: World):
    stacks = (StackSpec(name="data", template="data.json"), StackSpec(name="api", template="template.json"))
    world.app = replace(world.app, stacks=(stacks[0], replace(stacks[1], needs=("data",))))
    world.write({"Jobs": {"Type": "AWS::SQS::Queue"}}, file="data.json")
    world.deploy()
    world.process.runs.clear()
    world.write({"Hello": function()})
    with pytest.raises(Refused):
        world.deploy()
    assert commands(world) == []


def test_the_end_of_what_a_failed_hook_printed_is_shown(world: World):
    world.process.install("python", "expand.py", does=completed("no such table", returncode=3))
    with pytest.raises(UserError):
        world.deploy()
    assert world.events.of(HookRan)[-1].output == ("no such table",)


def test_a_hook_that_takes_too_long_fails(world: World):
    world.process.install("python", "expand.py", does=completed(timed_out=True, returncode=-9))
    with pytest.raises(UserError) as failed:
        world.deploy()
    assert "within 900 s" in failed.value.message


def test_a_program_that_is_not_there_fails_the_deployment(world: World):
    declare(world, before_deploy=("nowhere --now",))
    with pytest.raises(UserError) as failed:
        world.deploy()
    assert failed.value.code == "program-not-found"
    assert world.recorded()[-1] == ("deployment", "failed")


def test_production_goes_back_when_the_hook_after_its_deployment_fails(world: World):
    world.deliver("print('one')")
    first = world.standing("production").current
    assert first is not None

    def fail_in_production(run: Run) -> object:
        return completed(returncode=int((run.env or {})["SEALIFT_ENV"] == "production"))

    world.process.install("python", "fill in.py", does=fail_in_production)  # type: ignore[arg-type]
    outcome = world.deliver("print('two')")
    assert (outcome.status, outcome.restored) == ("failed", first.release)


def test_no_hook_runs_on_the_way_back(world: World):
    world.deploy()
    world.code("print('two')")
    world.deploy()
    world.process.runs.clear()
    assert rollback(world.app, world.staging, world.services(), to=None).status == "succeeded"
    assert commands(world) == []


def test_after_a_kill_a_hook_that_had_succeeded_is_not_run_again(world: World):
    kill_in(world, "python", "fill in.py")
    world.deploy()
    assert commands(world) == [("python", "fill in.py")]


def test_after_two_kills_a_hook_that_had_succeeded_is_still_known(world: World):
    kill_in(world, "python", "fill in.py")
    kill_in(world, "python", "fill in.py")
    world.deploy()
    assert commands(world) == [("python", "fill in.py")]


def test_after_a_kill_a_hook_that_was_changed_runs_again(world: World):
    kill_in(world, "python", "fill in.py")
    declare(world, before_deploy=("python expand.py --more",), after_deploy=(AFTER,))
    world.deploy()
    assert commands(world)[0] == ("python", "expand.py", "--more")


def test_after_a_kill_another_release_runs_all_its_hooks(world: World):
    kill_in(world, "python", "fill in.py")
    world.code("print('two')")
    world.deploy()
    assert len(commands(world)) == 2


def test_a_hook_that_failed_runs_again_and_so_do_those_before_it(world: World):
    world.process.install("python", "fill in.py", does=completed(returncode=1))
    with pytest.raises(UserError):
        world.deploy()
    world.process.install("python", "fill in.py", does=completed())
    world.process.runs.clear()
    world.deploy()
    assert len(commands(world)) == 2


def test_a_function_of_the_release_is_called_with_where_it_is(world: World):
    declare(world, after_deploy=("lambda:Hello",))
    world.deploy()
    ((name, payload),) = world.account().functions.invoked
    assert name.startswith("shop-staging-Hello")
    assert (payload["hook"], payload["environment"]) == ("after_deploy", "staging")


def test_a_function_that_raises_fails_the_deployment_in_its_words(world: World):
    world.account().functions.answers("Hello", Invocation(error="KeyError: 'id'", log=("item 7",)))
    declare(world, after_deploy=("lambda:app/Hello",))
    with pytest.raises(UserError) as failed:
        world.deploy()
    assert "KeyError: 'id'" in failed.value.message
    assert world.events.of(HookRan)[-1].output == ("item 7",)


def test_a_function_that_the_release_does_not_hold_is_refused_before_anything_is_written(world: World):
    declare(world, after_deploy=("lambda:Helo",))
    with pytest.raises(ConfigError) as refused:
        world.deploy()
    assert refused.value.code == "hook-function"
    assert world.entries() == ()


def test_promotion_runs_commands_only_from_the_commit_of_the_release(world: World):
    world.deploy()
    world.soak()
    world.scm.commit("d" * 40, "Change the migration")
    with pytest.raises(Refused) as refused:
        world.promote()
    assert (refused.value.code, f"git checkout {'c' * 40}" in refused.value.hint) == ("hook-code", True)
    assert world.writes() == []


def test_promotion_does_not_run_commands_from_a_work_tree_with_changes(world: World):
    world.deploy()
    world.soak()
    world.scm.dirty = True
    with pytest.raises(Refused) as refused:
        world.promote()
    assert refused.value.code == "hook-code"


def test_promotion_from_the_commit_of_the_release_runs_its_commands(world: World):
    world.deploy()
    world.soak()
    world.process.runs.clear()
    assert world.promote().status == "succeeded"
    assert len(commands(world)) == 2


def test_functions_are_sealed_so_promotion_calls_them_from_any_work_tree(world: World):
    declare(world, after_deploy=("lambda:Hello",))
    world.deploy()
    world.soak()
    world.scm.commit("d" * 40)
    assert world.promote().status == "succeeded"
    assert len(world.account("production").functions.invoked) == 1


def test_promotion_says_beforehand_that_hooks_are_not_undone(world: World):
    world.deploy()
    world.soak()
    world.promote()
    assert "hooks-are-not-undone" in world.notes()


def test_a_deployment_is_resumed_only_with_the_commands_of_its_commit(world: World):
    kill_in(world, "python", "fill in.py")
    world.scm.commit("d" * 40)
    with pytest.raises(Refused) as refused:
        resume(world.app, world.staging, world.services())
    assert refused.value.code == "hook-code"
    assert commands(world) == []


def test_a_deployment_is_resumed_with_the_hooks_that_had_not_succeeded(world: World):
    kill_in(world, "python", "fill in.py")
    assert resume(world.app, world.staging, world.services()).status == "succeeded"
    assert commands(world) == [("python", "fill in.py")]
