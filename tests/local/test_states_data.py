"""What state machines pass from state to state, choose by and catch, as the States Language says."""

import json
import time
from typing import Any

import pytest

from sealift.local.endpoint import Endpoint
from tests.local.deploying import ROLE, client, deploy, function

PASS: dict[str, Any] = {"Type": "Pass", "End": True}
IN = {"a": 1, "list": [{"id": "x", "n": 1}, {"id": "y", "n": 2}], "s": "text", "t": "2026-01-01T00:00:00Z", "no": None}
PLAY = """
class OutOfStock(Exception): pass
def handler(event, context):
    if event.get("large"): return "x" * 300_000
    if event.get("fail"): raise OutOfStock("none left")
    return {"got": event}
"""


@pytest.fixture(scope="module")
def play(endpoint: Endpoint) -> dict[str, str]:
    """The ARNs of a role and of a function that returns what it gets."""
    body: dict[str, Any] = {
        "Resources": {"Role": ROLE, "Play": function(PLAY)},
        "Outputs": {name: {"Value": {"Fn::GetAtt": [name, "Arn"]}} for name in ("Role", "Play")},
    }
    return dict(deploy(endpoint, "states-data", body).outputs)


def _ran(endpoint: Endpoint, play: dict[str, str], states: dict[str, Any], given: Any = IN, **more: Any) -> Any:
    api = client(endpoint, "stepfunctions")
    definition = json.dumps({"StartAt": "First", "States": states, **more})
    name = f"m{time.monotonic_ns()}"
    arn = api.create_state_machine(name=name, definition=definition, roleArn=play["Role"])["stateMachineArn"]
    execution = api.start_execution(stateMachineArn=arn, input=json.dumps(given))["executionArn"]
    until = time.monotonic() + 20
    while (done := api.describe_execution(executionArn=execution))["status"] == "RUNNING":
        assert time.monotonic() < until
        time.sleep(0.02)
    return done


def _chooses(**rule: Any) -> dict[str, Any]:
    yes = {"Next": "Yes", **rule}
    return {
        "First": {"Type": "Choice", "Choices": [yes], "Default": "No"},
        "Yes": {**PASS, "Result": "yes"},
        "No": {**PASS, "Result": "no"},
    }


def _then(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    return {"First": {"Type": "Pass", "Next": "Second", **first}, "Second": {**PASS, **second}}


ITEMS = {"StartAt": "Each", "States": {"Each": {**PASS, "Parameters": {"id.$": "$.id", "k.$": "$.k"}}}}
OUTPUTS: dict[str, tuple[dict[str, Any], Any]] = {
    "input path": ({"First": {**PASS, "InputPath": "$.list[0]"}}, {"id": "x", "n": 1}),
    "no input": ({"First": {**PASS, "InputPath": None}}, {}),
    "filter": ({"First": {**PASS, "Parameters": {"y.$": "$.list[?(@.id=='y')].n"}}}, {"y": [2]}),
    "first of a filter": ({"First": {**PASS, "Parameters": {"y.$": "$.list[?(@.id=='y')][0].n"}}}, {"y": []}),
    "deep scan": ({"First": {**PASS, "Parameters": {"n.$": "$..n"}}}, {"n": [1, 2]}),
    "slice": ({"First": {**PASS, "InputPath": "$.list[-1:]"}}, [{"id": "y", "n": 2}]),
    "null": ({"First": {**PASS, "Parameters": {"no.$": "$.no"}}}, {"no": None}),
    "empty template": ({"First": {**PASS, "Parameters": {}}}, {}),
    "lists in a template": ({"First": {**PASS, "Parameters": {"l": [[{"a.$": "$.a"}]]}}}, {"l": [[{"a": 1}]]}),
    "place of a result": (
        {"First": {**PASS, "Result": 5, "ResultPath": "$.list[0].n"}},
        {**IN, "list": [{"id": "x", "n": 5}, {"id": "y", "n": 2}]},
    ),
    "new place of a result": ({"First": {**PASS, "Result": 5, "ResultPath": "$['b c'].d"}}, {**IN, "b c": {"d": 5}}),
    "context object": (
        {"First": {**PASS, "Parameters": {"n.$": "$$.State.Name", "a.$": "$$.Execution.Input.a"}}},
        {"n": "First", "a": 1},
    ),
    "variables": (
        _then({"Assign": {"v": {"list.$": "$.list"}, "w": 2}}, {"Parameters": {"n.$": "$v.list[1].n", "w.$": "$w"}}),
        {"n": 2, "w": 2},
    ),
    "variable of a result": (
        _then({"Result": {"r": 1}, "ResultPath": None, "Assign": {"r.$": "$.r"}}, {"Parameters": {"r.$": "$r"}}),
        {"r": 1},
    ),
    "variable of a choice": (
        {
            "First": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.a", "IsPresent": True, "Next": "End", "Assign": {"c.$": "$.s"}}],
            },
            "End": {**PASS, "Parameters": {"c.$": "$c"}},
        },
        {"c": "text"},
    ),
    "items": (
        {
            "First": {
                "Type": "Map",
                "ItemsPath": "$.list",
                "ItemSelector": {"id.$": "$$.Map.Item.Value.id", "k.$": "$.s"},
                "ItemProcessor": ITEMS,
                "End": True,
            }
        },
        [{"id": "x", "k": "text"}, {"id": "y", "k": "text"}],
    ),
    "numbers by a path": (_chooses(Variable="$.list[1].n", NumericGreaterThanPath="$.a"), "yes"),
    "texts by a path": (_chooses(Variable="$.s", StringLessThanPath="$.t"), "no"),
    "another type": (_chooses(Variable="$.a", StringEquals="1"), "no"),
    "no truth": (_chooses(Variable="$.a", BooleanEquals=True), "no"),
    "a star": (_chooses(Variable="$.s", StringMatches="t*t"), "yes"),
    "a star itself": (_chooses(Variable="$.s", StringMatches="te\\*t"), "no"),
    "null is there": (_chooses(Variable="$.no", IsPresent=True), "yes"),
    "what is not there": (_chooses(Variable="$.nothing.at.all", IsPresent=False), "yes"),
    "a time": (_chooses(Variable="$.t", TimestampLessThan="2026-01-01T00:00:01Z"), "yes"),
    "a time by a path": (_chooses(Variable="$.t", TimestampEqualsPath="$.t"), "yes"),
    "all and not": (
        _chooses(And=[{"Variable": "$.a", "IsNumeric": True}, {"Not": {"Variable": "$.s", "IsNull": True}}]),
        "yes",
    ),
}


@pytest.mark.parametrize("name", OUTPUTS)
def test_a_state_passes_on_what_its_fields_say(endpoint: Endpoint, play: dict[str, str], name: str) -> None:
    states, output = OUTPUTS[name]
    done = _ran(endpoint, play, states)
    assert (done["status"], json.loads(done.get("output", "null"))) == ("SUCCEEDED", output), done.get("cause")


NOWHERE = "An error occurred while executing the state 'First' (entered at the event id #2). The JSONPath '$.x.y'"
FAILURES: dict[str, tuple[dict[str, Any], str, str]] = {
    "input path": ({"First": {**PASS, "InputPath": "$.x"}}, "States.Runtime", "Invalid path '$.x'"),
    "output path": ({"First": {**PASS, "OutputPath": "$.x"}}, "States.Runtime", "Invalid path '$.x'"),
    "template": ({"First": {**PASS, "Parameters": {"q.$": "$.x.y"}}}, "States.Runtime", NOWHERE),
    "function": (
        {"First": {**PASS, "Parameters": {"q.$": "States.Format('{}', $.x)"}}},
        "States.Runtime",
        "The function 'States.Format('{}', $.x)' had the following error",
    ),
    "broken function": (
        {"First": {**PASS, "Parameters": {"q.$": "States.StringToJson($.s)"}}},
        "States.IntrinsicFailure",
        "The function 'States.StringToJson($.s)'",
    ),
    "place of a result": (
        {"First": {**PASS, "Result": 1, "ResultPath": "$.a.b"}},
        "States.ResultPathMatchFailure",
        "'$.a.b'",
    ),
    "choice": (_chooses(Variable="$.x", StringEquals="1"), "States.Runtime", "Invalid path '$.x'"),
    "no choice": (
        {"First": {"Type": "Choice", "Choices": [{"Variable": "$.a", "IsNull": True, "Next": "E"}]}, "E": PASS},
        "States.NoChoiceMatched",
        "First",
    ),
    "variable": ({"First": {**PASS, "Parameters": {"q.$": "$v"}}}, "States.Runtime", "'$v'"),
    "no list": (
        {"First": {"Type": "Map", "ItemsPath": "$.s", "ItemProcessor": ITEMS, "End": True}},
        "States.Runtime",
        "Reference path '$.s' must point to array",
    ),
    "wait": ({"First": {"Type": "Wait", "SecondsPath": "$.x", "End": True}}, "States.Runtime", "Invalid path '$.x'"),
}


@pytest.mark.parametrize("name", FAILURES)
def test_what_cannot_be_read_fails_the_execution_which_has_no_output(
    endpoint: Endpoint, play: dict[str, str], name: str
) -> None:
    states, error, cause = FAILURES[name]
    done = _ran(endpoint, play, states)
    assert (done["status"], done.get("error")) == ("FAILED", error), done
    assert cause in done["cause"]
    assert "output" not in done


CATCH = [{"ErrorEquals": ["States.ALL"], "Next": "Caught", "ResultPath": "$.error", "Assign": {"why.$": "$.Error"}}]
CAUGHT = {**PASS, "Parameters": {"kept.$": "$.fail", "error.$": "$.error.Error", "why.$": "$why"}}


def test_what_a_function_raises_is_caught_with_the_input_and_kept(endpoint: Endpoint, play: dict[str, str]) -> None:
    states = {"First": {"Type": "Task", "Resource": play["Play"], "Catch": CATCH, "End": True}, "Caught": CAUGHT}
    done = _ran(endpoint, play, states, {"fail": True})
    assert json.loads(done["output"]) == {"kept": True, "error": "OutOfStock", "why": "OutOfStock"}


@pytest.mark.parametrize(
    ("task", "error"),
    [
        ({"Parameters": {"large": True}}, "States.DataLimitExceeded"),
        ({"ResultSelector": {"x.$": "$.nothing"}}, "States.Runtime"),
    ],
)
def test_some_errors_are_caught_by_no_rule_for_all(
    endpoint: Endpoint, play: dict[str, str], task: dict[str, Any], error: str
) -> None:
    first = {"Type": "Task", "Resource": play["Play"], "Catch": CATCH, "End": True, **task}
    done = _ran(endpoint, play, {"First": first, "Caught": PASS}, {})
    assert (done["status"], done["error"]) == ("FAILED", error)


def test_the_result_of_a_task_is_selected_placed_and_kept(endpoint: Endpoint, play: dict[str, str]) -> None:
    first = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": play["Play"], "Payload": {"s.$": "$.s"}},
        "ResultSelector": {"said.$": "$.Payload.got.s"},
        "ResultPath": "$.task",
        "Assign": {"code.$": "$.StatusCode"},
        "Next": "Second",
    }
    second = {**PASS, "Parameters": {"said.$": "$.task.said", "a.$": "$.a", "code.$": "$code"}}
    done = _ran(endpoint, play, {"First": first, "Second": second})
    assert json.loads(done["output"]) == {"said": "text", "a": 1, "code": 200}


def test_an_execution_that_takes_too_long_times_out(endpoint: Endpoint, play: dict[str, str]) -> None:
    states = {"First": {"Type": "Wait", "Seconds": 3, "Next": "Second"}, "Second": PASS}
    done = _ran(endpoint, play, states, TimeoutSeconds=1)
    assert (done["status"], "output" in done) == ("TIMED_OUT", False)


def test_an_express_execution_that_fails_is_answered_without_output(endpoint: Endpoint, play: dict[str, str]) -> None:
    api = client(endpoint, "stepfunctions")
    definition = {"StartAt": "First", "States": {"First": {"Type": "Fail", "Error": "Mine", "Cause": "by me"}}}
    arn = api.create_state_machine(
        name="express-failing", type="EXPRESS", definition=json.dumps(definition), roleArn=play["Role"]
    )["stateMachineArn"]
    done = api.start_sync_execution(stateMachineArn=arn, input="{}")
    assert (done["status"], done["error"], done["cause"]) == ("FAILED", "Mine", "by me")
    assert "output" not in done
