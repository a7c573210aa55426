"""What is asked of a live deployment, how long, and what is written down of the answers."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from sealift.errors import Refused, UserError
from sealift.model.app import Probe, SuiteSpec
from sealift.model.event import Noted, ProbeAnswered
from sealift.model.finding import SuiteResult
from sealift.ports import HttpAnswer
from sealift.usecases.verify import acceptance_tests
from tests.component.usecases.world import URL, World, function
from tests.fakes.clock import START
from tests.fakes.http import answer
from tests.fakes.suites import failed, passed


def probe(world: World, **fields: object) -> None:
    """Let the application have this probe only."""
    given = {"name": "hello", "url": f"{URL}/${{Name}}", **fields}
    world.app = replace(world.app, probes=(Probe(**given),))  # type: ignore[arg-type]


def test_the_address_of_a_probe_holds_an_output(world: World):
    world.deploy()
    assert [r.url for r in world.http.requests] == [f"{URL}/shop-staging"]


def test_an_api_that_answers_later_is_asked_again(world: World):
    world.http.serve(URL, answer(503), HttpAnswer(status=0, body="", latency_ms=0, error="refused"), answer(200))
    assert world.deploy().status == "succeeded"
    assert [(e.ok, e.attempt) for e in world.events.of(ProbeAnswered)] == [(True, 3)]


def test_an_api_that_never_answers_fails_after_the_declared_time(world: World):
    world.http.serve(URL, answer(503))
    before = world.clock.slept_s
    outcome = world.deploy()
    assert (outcome.status, "answered 503, expected 200" in outcome.message) == ("failed", True)
    assert world.clock.slept_s - before < world.app.verify_timeout_s + 30


def test_a_failed_verification_is_recorded_with_its_reason(world: World):
    world.http.serve(URL, answer(503))
    world.deploy()
    last = world.entries()[-1]
    assert (last.record.kind, last.record.status) == ("verification", "failed")
    assert last.data["failures"] == ['probe "hello": answered 503, expected 200']


def test_an_answer_that_is_too_slow_fails(world: World):
    probe(world, max_latency_ms=100)
    world.http.serve(URL, answer(200, latency_ms=250.0))
    assert "250 ms" in world.deploy().message


def test_an_answer_without_the_declared_text_fails(world: World):
    probe(world, contains="welcome")
    assert 'does not contain "welcome"' in world.deploy().message


def test_an_expected_error_status_is_a_success(world: World):
    probe(world, status=403)
    world.http.serve(URL, answer(403))
    assert world.deploy().status == "succeeded"


def test_a_probe_sends_what_is_declared(world: World):
    probe(world, method="POST", headers={"x-key": "1"}, body="{}")
    world.deploy()
    (request,) = world.http.requests
    assert (request.method, dict(request.headers), request.body) == ("POST", {"x-key": "1"}, "{}")


def test_a_probe_for_another_environment_is_not_sent(world: World):
    probe(world, environments=("production",))
    world.deploy()
    assert world.http.requests == ()


def test_an_output_that_the_stack_does_not_have_is_named_with_those_it_has(world: World):
    probe(world, url="${Address}/x")
    with pytest.raises(UserError) as refused:
        world.deploy()
    assert (refused.value.code, "Address" in refused.value.message, "Name" in refused.value.hint) == (
        "probe-output",
        True,
        True,
    )


def test_a_verification_that_could_not_be_made_is_recorded(world: World):
    probe(world, url="${Address}/x")
    with pytest.raises(UserError):
        world.deploy()
    assert world.recorded()[-1] == ("verification", "errored")


def test_every_probe_that_fails_is_named(world: World):
    world.app = replace(world.app, probes=tuple(Probe(name=n, url=f"{URL}/{n}") for n in ("a", "b", "c")))
    world.http.serve(f"{URL}/a", answer(500))
    world.http.serve(f"{URL}/c", answer(500))
    message = world.deploy().message
    assert ('"a"' in message, '"b"' in message, '"c"' in message) == (True, False, True)


def test_acceptance_tests_are_not_run_after_a_probe_failed(world: World):
    world.http.serve(URL, answer(500))
    world.deploy()
    assert world.tester.environments == []


def test_acceptance_tests_get_outputs_and_environment(world: World):
    world.deploy()
    (given,) = world.tester.environments
    assert (given["SEALIFT_ENV"], given["SEALIFT_OUTPUT_Name"], given["AWS_REGION"]) == (
        "staging",
        "shop-staging",
        "eu-west-1",
    )


@pytest.mark.parametrize(
    ("protected", "reading", "key"),
    [
        (True, {"AWS_ACCESS_KEY_ID": "reads"}, "reads"),
        (False, {"AWS_ACCESS_KEY_ID": "reads"}, "all"),
        (True, None, "all"),
    ],
)
def test_acceptance_tests_of_a_protected_environment_only_read_where_credentials_can_be_narrowed(
    world: World, protected: bool, reading: dict[str, str] | None, key: str
):
    world.change("staging", protected=protected)
    world.clouds.credentials, world.clouds.reading = {"AWS_ACCESS_KEY_ID": "all"}, reading
    world.deploy()
    (given,) = world.tester.environments
    assert given["AWS_ACCESS_KEY_ID"] == key


def test_a_red_acceptance_test_fails_the_deployment_with_its_message(world: World):
    world.tester.acceptance_result = failed("acceptance", "the order was lost")
    outcome = world.deploy()
    assert (outcome.status, "the order was lost" in outcome.message) == ("failed", True)


def test_acceptance_tests_that_break_are_no_success(world: World):
    world.tester.acceptance_result = SuiteResult(name="acceptance", status="errored", reason="pytest crashed")
    outcome = world.deploy()
    assert (outcome.status, "pytest crashed" in outcome.message) == ("failed", True)


def test_acceptance_tests_are_run_only_where_they_are_declared(world: World):
    world.app = replace(world.app, acceptance_tests=SuiteSpec(environments=("production",)))
    world.deploy()
    assert world.tester.environments == []


def test_a_deployment_that_nothing_asked_about_says_so(world: World):
    def nothing(_given: Mapping[str, str]) -> SuiteResult:
        return SuiteResult(name="acceptance", status="not tested", reason="there are none")

    world.app = replace(world.app, probes=())
    world.tester.acceptance_result = nothing
    world.deploy()
    assert "verified-by-hash-only" in world.notes()


def test_what_was_not_tested_is_not_recorded_as_passed(world: World):
    world.tester.acceptance_result = SuiteResult(name="acceptance", status="not tested", reason="switched off")
    world.deploy()
    assert world.entries()[-1].data["acceptance"] == "not tested"


def test_a_tested_deployment_says_nothing_of_the_kind(world: World):
    world.app = replace(world.app, probes=())
    world.tester.acceptance_result = passed("acceptance", 3)
    world.deploy()
    assert "verified-by-hash-only" not in world.notes()
    assert world.entries()[-1].data["passed"] == 3


def failing_with(world: World, *lines: str) -> None:
    """Let the API fail, and its function say why, when it is asked."""
    stacks, functions = world.account().stacks, world.account().functions

    def say(call: str, moment: str) -> None:
        if (call, moment) != ("stacks.describe", "after"):
            return
        made = [e.physical_id for e in stacks.events("shop-staging") if e.logical_id == "Hello" and e.physical_id]
        if made and not functions.logs(made[0], since=START):
            for line in lines:
                functions.log(made[0], START + timedelta(days=1), line)

    world.account().tap.on_call = say
    world.http.serve(URL, answer(502))


def logs_told(world: World) -> list[str]:
    return [note.message for note in world.events.of(Noted) if note.name == "function-log"]


def test_the_log_of_a_function_that_failed_is_told_with_the_probe_that_found_it(world: World):
    failing_with(
        world, "START RequestId: 1", "[ERROR] Runtime.ImportModuleError: No module named 'requests'", "END RequestId: 1"
    )
    assert world.deploy().status == "failed"
    (told,) = logs_told(world)
    assert told.endswith("ends with:\n        [ERROR] Runtime.ImportModuleError: No module named 'requests'")


@pytest.mark.parametrize(
    ("line", "at_once"),
    [
        ("[ERROR] Runtime.ImportModuleError: No module named 'requests'", True),
        ("[ERROR] KeyError: 'TABLE'", True),
        ("[ERROR] ClientError: An error occurred (AccessDeniedException)", False),
        ("Task timed out after 3.00 seconds", False),
    ],
)
def test_the_wait_ends_at_once_when_a_log_says_that_waiting_does_not_help(world: World, line: str, at_once: bool):
    failing_with(world, line)
    before = world.clock.slept_s
    assert world.deploy().status == "failed"
    assert (world.clock.slept_s - before < 10) == at_once


def test_a_log_without_trouble_is_not_told(world: World):
    failing_with(world, "a customer came")
    assert (world.deploy().status, logs_told(world)) == ("failed", [])


def test_logs_that_may_not_be_read_change_nothing(world: World):
    world.http.serve(URL, answer(502))
    world.account().functions.unreadable = True
    assert (world.deploy().status, logs_told(world)) == ("failed", [])


def test_a_secret_parameter_that_a_function_prints_is_not_told(world: World):
    secret = {"Type": "String", "NoEcho": True}
    world.write({"Hello": function()}, Parameters={"Password": secret})
    world.change("staging", parameters={"Password": "hunter2hunter2"})
    failing_with(world, "[ERROR] RuntimeError: hunter2hunter2 is wrong")
    assert world.deploy().status == "failed"
    assert "*** is wrong" in logs_told(world)[0]
    assert "hunter2" not in logs_told(world)[0]


def test_acceptance_tests_run_on_their_own_and_count_as_no_verification(world: World):
    world.deploy()
    before = world.entries("staging")
    world.tester.acceptance_result = failed("acceptance", "the order was lost")
    result = acceptance_tests(world.app, world.staging, world.services())
    assert (result.status, world.entries("staging")) == ("failed", before)
    assert world.tester.environments[-1]["SEALIFT_ENV"] == "staging"


def test_they_do_not_run_where_they_are_not_declared_nor_where_nothing_is_deployed(world: World):
    with pytest.raises(UserError):
        acceptance_tests(world.app, world.production, world.services())
    world.app = replace(world.app, acceptance_tests=SuiteSpec(environments=("staging",)))
    world.deploy()
    world.soak()
    world.promote()
    ran = len(world.tester.environments)
    assert acceptance_tests(world.app, world.production, world.services()).status == "not tested"
    assert len(world.tester.environments) == ran


def test_tests_know_whether_their_environment_is_protected(world: World):
    world.deploy()
    world.soak()
    world.promote()
    told = {given["SEALIFT_ENV"]: given["SEALIFT_PROTECTED"] for given in world.tester.environments}
    assert told == {one.name: "1" if one.protected else "0" for one in (world.staging, world.production)}
    assert told["production"] == "1"


def test_what_nobody_merged_does_not_run_with_the_access_of_an_environment(world: World):
    world.deploy()
    world.app = replace(world.app, gates=replace(world.app.gates, pull_request="12"))
    ran = len(world.tester.environments)
    with pytest.raises(Refused):
        acceptance_tests(world.app, world.staging, world.services())
    assert len(world.tester.environments) == ran
