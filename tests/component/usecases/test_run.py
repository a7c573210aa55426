"""The journey of one commit: how far its branch takes it, and what stops it."""

from dataclasses import replace

import pytest

from sealift.errors import Refused, UserError
from sealift.model.app import PREVIEW, Environment
from sealift.model.event import FindingReported, PhaseFinished, PhaseStarted
from sealift.model.finding import SuiteResult
from sealift.template.templates import SamTemplates
from sealift.usecases.build import load_templates
from sealift.usecases.check import audit
from sealift.usecases.proof.prove import prove_built
from sealift.usecases.proof.views import render_ahead
from sealift.usecases.run import RunOptions, RunResult, run
from tests.component.usecases.world import World, function
from tests.fakes.http import answer
from tests.fakes.suites import failed

FUNCTION = {"Handler": "app.handler", "Runtime": "python3.13"}


def go(world: World, *, local: bool = False, **options: object) -> RunResult:
    return run(world.app, world.services(), RunOptions(local=local, **options))  # type: ignore[arg-type]


def untouched(world: World, name: str = "staging") -> bool:
    account = world.account(name)
    return (account.bucket.writes, account.stacks.executions) == ([], [])


def test_a_commit_on_main_is_deployed_to_staging_and_no_further(world: World):
    result = go(world)
    assert (result.status, dict(result.environments)) == (
        "succeeded",
        {"staging": "succeeded", "production": "pending"},
    )
    assert untouched(world, "production")


def test_the_result_says_what_is_next(world: World):
    assert "sealift promote production" in go(world).message


def test_a_journey_on_the_embedded_cloud_says_how_to_look_at_it_and_how_to_stop_it(world: World):
    message = go(world, local=True).message
    assert ("status --local" in message, "local down" in message) == (True, True)


def test_a_verification_without_anything_declared_claims_no_checks(world: World):
    world.app = replace(world.app, probes=())
    world.tester.acceptance_result = SuiteResult(name="acceptance", status="not tested", reason="there are none")
    go(world)
    verified = next(e for e in world.events.of(PhaseFinished) if e.phase == "verify")
    assert (verified.status, verified.detail) == ("succeeded", "nothing declared to check")


def test_the_phases_come_in_their_order(world: World):
    go(world)
    phases = [e.phase for e in world.events.of(PhaseStarted)]
    order = ["analyse", "test", "build", "prove", "upload", "deploy", "verify"]
    assert [p for p in phases if p in order] == order


def test_a_local_run_goes_all_the_way(world: World):
    result = go(world, local=True)
    assert dict(result.environments) == {"staging": "succeeded", "production": "succeeded"}


def test_a_local_run_that_fails_in_staging_does_not_reach_production(world: World):
    world.http.serve("https://api.example.org", answer(500))
    result = go(world, local=True)
    assert (result.status, dict(result.environments)) == ("failed", {"staging": "failed"})
    assert untouched(world, "production")


def test_a_local_run_waits_for_the_soak(world: World):
    go(world, local=True)
    (verified,) = [e.at for e in world.entries() if e.record.kind == "verification"]
    promoted = world.entries("production")[0].at
    assert (promoted - verified).total_seconds() >= 5.0


def test_a_local_run_that_needs_an_approval_ends_waiting(world: World):
    world.change("production", approvals=1)
    result = go(world, local=True)
    assert (result.status, result.environments["production"]) == ("waiting", "waiting")


def test_a_red_test_stops_the_journey(world: World):
    world.tester.unit_result = failed("unit")
    assert (go(world).status, untouched(world)) == ("failed", True)


def test_a_finding_that_stops_hides_no_failing_test(world: World):
    world.analyzer.result = failed("analysis")
    assert go(world).status == "failed"
    assert [e.phase for e in world.events.of(PhaseStarted)] == ["analyse", "test"]


def test_a_tool_that_breaks_is_no_verdict(world: World):
    world.analyzer.result = SuiteResult(name="analysis", status="errored", reason="ruff crashed")
    assert (go(world).status, untouched(world)) == ("errored", True)


def test_tests_that_are_not_there_are_told_as_not_tested(world: World):
    world.tester.unit_result = SuiteResult(name="unit", status="not tested", reason="there are none")
    assert go(world).status == "succeeded"
    assert "not-tested" in world.notes()


def test_a_dirty_tree_is_refused(world: World):
    world.scm.dirty = True
    with pytest.raises(UserError) as refused:
        go(world)
    assert (refused.value.code, untouched(world)) == ("dirty-tree", True)


def test_a_folder_without_a_repository_is_refused(world: World):
    world.scm.commits.clear()
    with pytest.raises(UserError) as refused:
        go(world)
    assert (refused.value.code, untouched(world)) == ("not-a-repository", True)


def test_a_dirty_tree_is_a_warning_when_it_is_local(world: World):
    world.scm.dirty = True
    assert go(world, local=True).status == "succeeded"
    assert "dirty-tree" in world.notes()


def test_a_local_run_needs_no_repository(world: World):
    world.scm.commits.clear()
    assert go(world, local=True).status == "succeeded"


def test_a_pull_request_deploys_nothing(world: World):
    result = go(world, pull_request="7")
    assert (result.status, dict(result.environments)) == ("succeeded", {})
    assert result.release is not None
    assert untouched(world)


def test_another_branch_deploys_nothing(world: World):
    world.scm.branch = "feature"
    assert (dict(go(world).environments), untouched(world)) == ({}, True)


def test_a_deployment_that_fails_its_verification_fails_the_run(world: World):
    world.http.serve("https://api.example.org", answer(500))
    result = go(world)
    assert (result.status, result.message.startswith("staging: ")) == ("failed", True)


def test_environments_that_are_not_isolated_are_refused_before_anything_is_written(world: World):
    hello = function()
    hello["Properties"]["Role"] = "arn:aws:iam::222222222222:role/shared"  # type: ignore[index,call-overload]
    world.write({"Hello": hello})
    with pytest.raises(Refused) as refused:
        go(world)
    assert (refused.value.code, untouched(world)) == ("gate-isolation", True)


def test_previews_of_strangers_in_the_account_of_production_stop_a_run(world: World):
    previews = Environment(
        name=PREVIEW, kind="preview", region="eu-west-1", account="222222222222", stack_name="shop-pr-*", untrusted=True
    )
    world.app = replace(world.app, previews=previews)
    with pytest.raises(Refused) as refused:
        go(world)
    assert (refused.value.code, untouched(world)) == ("gate-isolation", True)
    assert "pr-*" in refused.value.message


def test_running_the_same_commit_again_deploys_nothing(world: World):
    go(world)
    executed = len(world.account().stacks.executions)
    assert go(world).status == "succeeded"
    assert len(world.account().stacks.executions) == executed


def test_two_environments_of_one_branch_are_both_deployed_to(world: World):
    world.app = replace(world.app, environments=(*world.app.environments, _second(world)))
    assert dict(go(world).environments)["second"] == "succeeded"


def _second(world: World) -> Environment:
    return replace(world.staging, name="second", account="333333333333", stack_name="shop-second")


def test_what_the_proof_needs_is_rendered_before_anything_is_built(world: World, tmp_path):
    code = {"Type": "AWS::Serverless::Function", "Properties": {**FUNCTION, "CodeUri": "src"}}
    world.write({"Hello": code}, Transform="AWS::Serverless-2016-10-31")
    services = replace(world.services(), templates=SamTemplates(cache=tmp_path / "rendered"))
    templates = load_templates(world.app, services)
    render_ahead(world.app, templates, services)
    ahead = set((tmp_path / "rendered").rglob("*.json"))
    prove_built(world.app, world.build(), services, templates=templates, local=True)
    assert (len(ahead), set((tmp_path / "rendered").rglob("*.json"))) == (1, ahead)


def test_what_the_stores_of_a_protected_environment_lack_is_advice(world: World):
    assert run(world.app, world.services(), RunOptions(local=False)).status == "succeeded"
    advised = [e.finding for e in world.events.of(FindingReported) if e.finding.id == "production-defaults"]
    assert [(f.data["logical_id"], f.stops) for f in advised] == [("Items", False)]


def test_nothing_is_advised_where_no_environment_is_protected(world: World):
    world.change("production", protected=False)
    run(world.app, world.services(), RunOptions(local=False))
    assert not [e for e in world.events.of(FindingReported) if e.finding.id == "production-defaults"]


def test_what_a_release_holds_is_looked_up_once_each(world: World):
    built = world.build()
    (one, *rest) = built.artifacts
    python = replace(one, dependencies=(("six==1.17.0", 1), ("idna==3.7", 1)))
    node = replace(one, artifact=replace(one.artifact, runtime="nodejs20.x"), dependencies=(("left-pad==1.0.0", 1),))
    audit(world.app, replace(built, artifacts=(python, python, node, *rest)), world.services())
    assert world.analyzer.audited == ["idna==3.7", "six==1.17.0"]
    (ended,) = (e for e in world.events.of(PhaseFinished) if e.phase == "audit")
    assert ended.detail == "0 known in 3 packages"
    world.analyzer.known = SuiteResult(name="vulnerabilities", status="succeeded", reason="npm: not checked: no answer")
    audit(world.app, replace(built, artifacts=(python, node, *rest)), world.services())
    assert world.events.of(PhaseFinished)[-1].detail == "0 known in 2 packages; npm: not checked: no answer"


def test_what_could_not_be_looked_up_is_never_called_clean(world: World):
    built = world.build()
    (one, *rest) = built.artifacts
    world.analyzer.known = SuiteResult(name="vulnerabilities", status="not tested", reason="not checked: no network")
    audit(
        world.app, replace(built, artifacts=(replace(one, dependencies=(("six==1.17.0", 1),)), *rest)), world.services()
    )
    (ended,) = (e for e in world.events.of(PhaseFinished) if e.phase == "audit")
    assert (ended.status, ended.detail) == ("skipped", "not checked: no network")


def test_a_local_run_may_stop_before_the_promotion_as_one_on_aws_does(world: World):
    result = go(world, local=True, promotes=False)
    assert result.environments == {"staging": "succeeded", "production": "pending"}
    assert "sealift promote production" in result.message
    assert untouched(world, "production")
