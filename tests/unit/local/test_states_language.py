"""Definitions of state machines: what Step Functions refuses, and what it takes."""

import json
from typing import Any

import pytest

from sealift.local.states_language import fault_in

TASK = "arn:aws:lambda:eu-west-1:111111111111:function:f"


def _only(state: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"StartAt": "A", "States": {"A": state, **more}}


def _task(**more: Any) -> dict[str, Any]:
    return _only({"Type": "Task", "Resource": TASK, "End": True, **more})


END: dict[str, Any] = {"Type": "Pass", "End": True}
WRONG: list[tuple[Any, str]] = [
    ("{", "INVALID_JSON_DESCRIPTION"),
    ([], "INVALID_JSON_DESCRIPTION"),
    ({"StartAt": "A"}, "at /States"),
    ({"StartAt": "B", "States": {"A": END}}, "Missing 'StartAt' target: B"),
    ({"States": {"A": END}}, "StartAt"),
    (_only({"Type": "Pass", "Next": "Z"}), "Missing 'Next' target: Z at /States/A/Next"),
    (_only({"Type": "Pass"}), "[End] or [Next]"),
    (_only({"Type": "Pass", "End": True, "Next": "A"}), "[End] or [Next]"),
    (_only({"Type": "Nope", "End": True}), "'Nope' is not a type"),
    (_only(END, B=END), 'State "B" is not reachable'),
    (_only({"Type": "Task", "End": True}), "['Resource']"),
    (_only({"Type": "Choice", "Choices": []}), "['Choices']"),
    (_only({"Type": "Wait", "End": True}), "['Seconds', "),
    (_only({"Type": "Map", "End": True}), "['ItemProcessor', 'Iterator']"),
    (_only({"Type": "Parallel", "Branches": [], "End": True}), "['Branches']"),
    (_only({"Type": "Choice", "Choices": [{"Variable": "$.x", "IsNull": True, "Next": "Z"}]}), "target: Z"),
    (_task(Catch=[{"ErrorEquals": ["X"], "Next": "Z"}]), "target: Z at /States/A/Catch[0]/Next"),
    (_task(Retry=[{"ErrorEquals": ["States.ALL"]}, {"ErrorEquals": ["X"]}]), "States.ALL has to be alone"),
    (_task(Retry=[{"ErrorEquals": ["States.ALL", "X"]}]), "States.ALL has to be alone"),
    (_task(Retry=[{"MaxAttempts": 1}]), "[ErrorEquals]"),
    (_task(Parameters={"a": {"x.$": "nope"}}), "'x.$' must be a valid JSONPath"),
    (_only({"Type": "Parallel", "Branches": [_only({"Type": "Pass"})], "End": True}), "at /States/A/Branches[0]"),
    (_only({"Type": "Map", "ItemProcessor": _only({"Type": "Pass"}), "End": True}), "at /States/A/ItemProcessor"),
]
RIGHT: list[dict[str, Any]] = [
    _only(END),
    _task(Retry=[{"ErrorEquals": ["X"]}, {"ErrorEquals": ["States.ALL"]}]),
    _task(Parameters={"x.$": "$.a", "y.$": "States.UUID()", "z.$": "$$.Execution.Id", "plain": "nope"}),
    _task(QueryLanguage="JSONata", Arguments={"x": "{% $states.input %}"}),
    _only(
        {"Type": "Choice", "Choices": [{"Variable": "$.x", "IsNull": True, "Next": "B"}], "Default": "C"}, B=END, C=END
    ),
    _only({"Type": "Choice", "Choices": [{"And": [{"Variable": "$.x", "IsNull": True}], "Next": "B"}]}, B=END),
    _only({"Type": "Wait", "Seconds": 0, "Next": "B"}, B={"Type": "Succeed"}),
    _only({"Type": "Fail"}),
    _only({"Type": "Map", "Iterator": _only(END), "End": True}),
    _only({"Type": "Map", "ItemProcessor": {"ProcessorConfig": {"Mode": "INLINE"}, **_only(END)}, "Next": "A"}),
    _only({"Type": "Parallel", "Branches": [_only(END), _only({"Type": "Succeed"})], "End": True}),
]


@pytest.mark.parametrize(("definition", "said"), WRONG, ids=[said for _, said in WRONG])
def test_a_wrong_definition_has_a_fault(definition: Any, said: str) -> None:
    text = definition if isinstance(definition, str) else json.dumps(definition)
    assert said in str(fault_in(text))


@pytest.mark.parametrize("definition", RIGHT, ids=range(len(RIGHT)))
def test_a_right_definition_has_none(definition: dict[str, Any]) -> None:
    assert fault_in(json.dumps(definition)) is None
