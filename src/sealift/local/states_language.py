"""What Step Functions refuses in a definition of a state machine before any execution. Pure.

https://states-language.net/spec.html and
https://docs.aws.amazon.com/step-functions/latest/apireference/API_ValidateStateMachineDefinitionDiagnostic.html
(documented, not observed)
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

_NEXT_OR_END = ("Task", "Pass", "Wait", "Parallel", "Map")
_TYPES = (*_NEXT_OR_END, "Choice", "Succeed", "Fail")
_ONE_OF = {
    "Task": ("Resource",),
    "Choice": ("Choices",),
    "Wait": ("Seconds", "SecondsPath", "Timestamp", "TimestampPath"),
    "Parallel": ("Branches",),
    "Map": ("ItemProcessor", "Iterator"),
}
_ALL = "States.ALL"
_PATH = re.compile(r"\$|States\.\w+\(")


def fault_in(definition: str) -> str | None:
    """Return the first fault of a definition, as Step Functions words it, or None."""
    try:
        machine = json.loads(definition)
    except ValueError as error:
        return f"INVALID_JSON_DESCRIPTION: {error}"
    if not isinstance(machine, dict):
        return "INVALID_JSON_DESCRIPTION: The definition is not a JSON object"
    return next(_faults(machine, "", str(machine.get("QueryLanguage", "JSONPath"))), None)


def _faults(machine: Mapping[str, Any], where: str, language: str) -> Iterator[str]:
    states = machine.get("States")
    if not isinstance(states, dict) or not states:
        yield f"SCHEMA_VALIDATION_FAILED: Property States has to be a non-empty object at {where}/States"
        return
    start = machine.get("StartAt")
    if start not in states:
        kind = "MISSING_TRANSITION_TARGET" if start else "SCHEMA_VALIDATION_FAILED"
        yield f"{kind}: Missing 'StartAt' target: {start} at {where}/StartAt"
    for name, state in states.items():
        here = f"{where}/States/{name}"
        if not isinstance(state, dict) or state.get("Type") not in _TYPES:
            found = state.get("Type") if isinstance(state, dict) else state
            yield f"SCHEMA_VALIDATION_FAILED: Value {found!r} is not a type of a state at {here}/Type"
            continue
        yield from _of_state(state, here, str(state.get("QueryLanguage", language)))
        for key, target in _targets(state):
            if target not in states:
                yield f"MISSING_TRANSITION_TARGET: Missing 'Next' target: {target} at {here}/{key}"
    reached = _reached(str(start), states)
    for name in states:
        if name not in reached:
            yield f'MISSING_TRANSITION_TARGET: State "{name}" is not reachable at {where}/States/{name}'


def _of_state(state: Mapping[str, Any], here: str, language: str) -> Iterator[str]:
    kind = state["Type"]
    if kind in _NEXT_OR_END and ("Next" in state) == (state.get("End") is True):
        yield f"SCHEMA_VALIDATION_FAILED: These fields are required: [End] or [Next], one of both at {here}"
    wanted = _ONE_OF.get(kind, ())
    if wanted and not any(state.get(name) not in (None, "", [], {}) for name in wanted):
        yield f"SCHEMA_VALIDATION_FAILED: One of these fields is required: {list(wanted)} at {here}"
    for name in ("Retry", "Catch"):
        yield from _of_rules(state.get(name) or [], f"{here}/{name}")
    if language == "JSONPath":
        for name in ("Parameters", "ResultSelector", "ItemSelector"):
            yield from _of_template(state.get(name), f"{here}/{name}")
    inner = [(state.get("ItemProcessor") or state.get("Iterator"), "ItemProcessor")] if kind == "Map" else []
    if kind == "Parallel":
        inner = [(branch, f"Branches[{number}]") for number, branch in enumerate(state.get("Branches") or [])]
    for machine, part in inner:
        if isinstance(machine, dict):
            yield from _faults(machine, f"{here}/{part}", language)


def _of_rules(rules: Any, here: str) -> Iterator[str]:
    for number, rule in enumerate(rules):
        errors = rule.get("ErrorEquals") if isinstance(rule, dict) else None
        if not errors:
            yield f"SCHEMA_VALIDATION_FAILED: These fields are required: [ErrorEquals] at {here}[{number}]"
        elif _ALL in errors and (len(errors) > 1 or number < len(rules) - 1):
            yield f"SCHEMA_VALIDATION_FAILED: {_ALL} has to be alone, and in the last rule at {here}[{number}]"


def _of_template(value: Any, here: str) -> Iterator[str]:
    """Yield each field that says its value is a path and gives none."""
    for key, inner in value.items() if isinstance(value, dict) else ():
        if key.endswith(".$") and not (isinstance(inner, str) and _PATH.match(inner)):
            said = f"The value for the field '{key}' must be a valid JSONPath or a valid intrinsic function call"
            yield f"SCHEMA_VALIDATION_FAILED: {said} at {here}/{key}"
        yield from _of_template(inner, f"{here}/{key}")
    for inner in value if isinstance(value, list) else ():
        yield from _of_template(inner, here)


def _targets(state: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key in ("Next", "Default"):
        if key in state:
            yield key, state[key]
    for key in ("Choices", "Catch"):
        for number, rule in enumerate(state.get(key) or []):
            if isinstance(rule, dict):
                yield f"{key}[{number}]/Next", rule.get("Next")


def _reached(start: str, states: Mapping[str, Any]) -> set[str]:
    reached: set[str] = set()
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name not in reached and isinstance(states.get(name), dict):
            reached.add(name)
            waiting += [str(target) for _, target in _targets(states[name])]
    return reached
