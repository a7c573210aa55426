"""What states of a state machine take, choose by and pass on, in JSONPath; the emulator passes over what it cannot.

https://states-language.net/spec.html, https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
(documented, not observed)
"""

import contextvars
import json
import operator
import re
import threading
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from sealift.local.json_paths import PathError, placed, read

MOST_BYTES = 262_144
"""Of what a task returns: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"""
_CONTEXT: contextvars.ContextVar[Mapping[str, Any]] = contextvars.ContextVar("state", default=MappingProxyType({}))
"""The context object of the state that is under way, with the variables."""
_VARIABLE = re.compile(r"\$([A-Za-z_]\w*)")
_NEVER_CAUGHT = "States.Runtime"
_NOT_BY_ALL = "States.DataLimitExceeded"
_OF_THE_EMULATOR = ("QueryLanguage", "variables")
_RULE = re.compile(
    r"(?P<kind>String|Numeric|Boolean|Timestamp)"
    r"(?P<compared>Equals|LessThan|LessThanEquals|GreaterThan|GreaterThanEquals|Matches)(?P<path>Path)?"
)
_COMPARED: dict[str, Callable[[Any, Any], object]] = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "LessThanEquals": operator.le,
    "GreaterThan": operator.gt,
    "GreaterThanEquals": operator.ge,
}


def state_data() -> None:
    """Read paths, fill templates, place results, keep variables and evaluate rules as Step Functions does."""
    from ministack.services import stepfunctions as asl

    def with_context(ctx: Any, read_it: Callable[..., Any], *given: Any) -> Any:
        if ctx:
            _CONTEXT.set(ctx)
        return read_it(*given)

    asl._apply_input_path = lambda state, data, ctx=None: with_context(ctx, _of_path, state, "InputPath", data)
    asl._apply_output_path = lambda state, data, _ctx=None: _of_path(state, "OutputPath", data)
    asl._apply_parameters = lambda state, data, _ctx=None: (
        _filled(state["Parameters"], data) if "Parameters" in state else data
    )
    asl._apply_result_selector = _selected
    asl._apply_result_path_raw = _put
    asl._resolve_path = _value
    asl._resolve_ctx_path = lambda path, ctx: with_context(ctx, _value, path, None)
    asl._resolve_params_obj = lambda template, data, ctx=None: with_context(ctx, _filled, template, data)
    asl._error_matches = matches
    _states_with_variables(asl)


def _states_with_variables(asl: Any) -> None:
    """Let Choice, Wait and Map states, and what is caught, read and keep variables in JSONPath, too."""
    choose, wait, catch, map_items = asl._execute_choice, asl._execute_wait, asl._apply_catcher, asl._run_map_items

    def is_by_path(state: Any, ctx: Any) -> bool:
        return bool(asl._state_query_language(state, ctx) != "JSONata")

    def chosen(state: Any, data: Any, ctx: Any = None) -> Any:
        if not is_by_path(state, ctx):
            return choose(state, data, ctx)
        effective = asl._apply_input_path(state, data, ctx)
        found = next((rule for rule in state.get("Choices", []) if _holds(rule, effective)), state)
        target = found.get("Next") or state.get("Default")
        if target is None:
            raise asl._ExecutionError("States.NoChoiceMatched", f"{_where()}No choice rule matched, and no Default")
        _assign(found, effective)
        return _of_path(state, "OutputPath", effective), target

    def waited(state: Any, data: Any, ctx: Any = None) -> Any:
        done = wait(state, data, ctx)
        if is_by_path(state, ctx):
            _assign(state, _of_path(state, "InputPath", data))
        return done

    def caught(catcher: Any, data: Any, ctx: Any, language: str, error: Any) -> Any:
        if language != "JSONata":
            _assign(catcher, error)
        return catch(catcher, data, ctx, language, error)

    def mapped(state: Any, data: Any, execution: Any, ctx: Any) -> Any:
        path = str(state.get("ItemsPath", "$"))
        reads = "ItemReader" in state or not is_by_path(state, ctx)
        if not reads and not isinstance(_value(path, asl._apply_input_path(state, data, ctx)), list):
            raise asl._ExecutionError(_NEVER_CAUGHT, f"{_where()}Reference path '{path}' must point to array.")
        return map_items(state, data, execution, ctx)

    asl._execute_choice, asl._execute_wait, asl._apply_catcher, asl._run_map_items = chosen, waited, caught, mapped


def ends_of_executions() -> None:
    """Give an execution that fails no output, let what ended stay so, and end what takes too long."""
    from ministack.services import stepfunctions as asl

    run, fail, start_sync = asl._run_execution, asl._fail_execution, asl._start_sync_execution

    def failed(execution: Any, error: Any, cause: Any) -> None:
        if execution["status"] != "RUNNING":
            return  # it was stopped meanwhile
        fail(execution, error, cause)
        execution["output"] = None

    def ran(arn: str) -> None:
        execution = asl._executions.get(arn) or {}
        machine = asl._state_machines.get(execution.get("stateMachineArn")) or {}
        timer = threading.Timer(_seconds(machine.get("definition")), _time_out, args=(asl, execution))
        timer.daemon = True
        timer.start()
        try:
            run(arn)
        finally:
            timer.cancel()

    def started(data: Any) -> Any:
        status, headers, body = start_sync(data)
        answer = json.loads(body)
        if answer.get("status") in ("FAILED", "TIMED_OUT"):
            answer.pop("output", None)
        return status, headers, json.dumps(answer).encode()

    asl._fail_execution, asl._run_execution, asl._start_sync_execution = failed, ran, started


def matches(names: list[str], error: str) -> bool:
    """Return whether a rule for these errors is one for this error."""
    if error == _NEVER_CAUGHT:
        return False
    every = "States.ALL" in names and error != _NOT_BY_ALL
    return every or error in names or ("States.TaskFailed" in names and error not in ("States.Timeout", _NOT_BY_ALL))


def _seconds(definition: Any) -> float:
    """Return how long an execution may take."""
    try:
        return min(float(json.loads(definition)["TimeoutSeconds"]), threading.TIMEOUT_MAX)
    except (KeyError, TypeError, ValueError):
        return threading.TIMEOUT_MAX


def _time_out(asl: Any, execution: Any) -> None:
    if execution.get("status") == "RUNNING":
        execution.update(status="TIMED_OUT", stopDate=asl.now_iso())
        asl._add_event(execution, "ExecutionTimedOut", {"executionTimedOutEventDetails": {}})
        asl._emit_execution_status_event(execution)


def _selected(state: Any, result: Any) -> Any:
    """Return what a result passes on; keep what it assigns."""
    from ministack.services.stepfunctions import _ExecutionError

    if state.get("Type") == "Task" and len(json.dumps(result).encode()) > MOST_BYTES:
        said = "returned a result with a size exceeding the maximum number of bytes service limit"
        raise _ExecutionError(_NOT_BY_ALL, f"The state/task '{_name()}' {said}.")
    _assign(state, result)
    return _filled(state["ResultSelector"], result) if "ResultSelector" in state else result


def _put(path: Any, original: Any, result: Any) -> Any:
    from ministack.services.stepfunctions import _ExecutionError

    if path is None:
        return original
    try:
        return placed(path, original, result)
    except PathError as error:
        raise _ExecutionError("States.ResultPathMatchFailure", f"{_where()}{error}") from error


def _of_path(state: Any, field: str, data: Any) -> Any:
    path = state.get(field, "$")
    return {} if path is None else _value(path, data)


def _value(path: Any, data: Any) -> Any:
    """Return what a path leads to. Raises the emulator's error when it leads nowhere."""
    from ministack.services.stepfunctions import _ExecutionError

    if not isinstance(path, str) or not path.startswith("$"):
        return data
    try:
        return _read(path, data)
    except PathError as error:
        raise _ExecutionError(_NEVER_CAUGHT, f"{_where()}{error}") from error


def _read(path: str, data: Any) -> Any:
    ctx = _CONTEXT.get()
    if path.startswith("$$"):
        return read(path[1:], {name: value for name, value in ctx.items() if name not in _OF_THE_EMULATOR})
    if variable := _VARIABLE.match(path):
        known = ctx.get("variables", {})
        if variable[1] not in known:
            raise PathError(f"The variable '{variable[0]}' is not assigned")
        return read(f"${path[variable.end() :]}", known[variable[1]])
    return read(path, data)


def _filled(template: Any, data: Any) -> Any:
    """Return a payload template with its paths and intrinsic functions replaced."""
    if isinstance(template, list):
        return [_filled(one, data) for one in template]
    if not isinstance(template, dict):
        return template
    filled = {}
    for key, value in template.items():
        if key.endswith(".$"):
            filled[key.removesuffix(".$")] = _field(key, value, data)
        else:
            filled[key] = _filled(value, data)
    return filled


def _field(key: str, value: Any, data: Any) -> Any:
    from ministack.services import stepfunctions as asl

    try:
        if isinstance(value, str) and value.startswith("States."):
            return asl._evaluate_intrinsic(value, data, _CONTEXT.get())
        return _read(value, data)
    except PathError as error:
        said = f"The JSONPath '{value}' specified for the field '{key}' could not be found in the input"
        raise asl._ExecutionError(_NEVER_CAUGHT, f"{_where()}{said} '{json.dumps(data)}'") from error
    except asl._ExecutionError as error:
        said = f"The function '{value}' had the following error: {error.cause.removeprefix(_where())}"
        raise asl._ExecutionError(error.error, f"{_where()}{said}") from error
    except Exception as error:  # whatever an intrinsic function does with what it is given
        said = f"The function '{value}' had the following error: {error}"
        raise asl._ExecutionError("States.IntrinsicFailure", f"{_where()}{said}") from error


def _assign(rule: Any, data: Any) -> None:
    """Keep the variables that a state, a rule or a catcher assigns; all are evaluated before any is kept."""
    if isinstance(rule.get("Assign"), dict) and (ctx := _CONTEXT.get()):
        ctx["variables"].update(_filled(rule["Assign"], data))


def _name() -> str:
    return str((_CONTEXT.get().get("State") or {}).get("Name"))


def _where() -> str:
    """Return how Step Functions begins what it says of a fault in the data of a state."""
    from ministack.services import stepfunctions as asl

    execution = asl._executions.get((_CONTEXT.get().get("Execution") or {}).get("Id")) or {}
    entered = (
        event["id"]
        for event in reversed(execution.get("events") or [])
        if (event.get("stateEnteredEventDetails") or {}).get("name") == _name()
    )
    number = next(entered, None)
    at = "" if number is None else f" (entered at the event id #{number})"
    return f"An error occurred while executing the state '{_name()}'{at}. "


def _holds(rule: Mapping[str, Any], data: Any) -> bool:
    """Return whether a rule of a Choice state holds."""
    if "And" in rule:
        return all(_holds(one, data) for one in rule["And"])
    if "Or" in rule:
        return any(_holds(one, data) for one in rule["Or"])
    if "Not" in rule:
        return not _holds(rule["Not"], data)
    if "IsPresent" in rule:
        return _is_present(rule["Variable"], data) is rule["IsPresent"]
    value = _value(rule["Variable"], data)
    if kind := next((key for key in rule if key.startswith("Is")), None):
        return _is(kind, value) is rule[kind]
    found = next(filter(None, map(_RULE.fullmatch, rule)), None)
    if found is None:
        return False
    other = _value(rule[found[0]], data) if found["path"] else rule[found[0]]
    return _compares(found["kind"], found["compared"], value, other)


def _is_present(path: str, data: Any) -> bool:
    try:
        _read(path, data)
    except PathError:
        return False
    return True


def _is(kind: str, value: Any) -> bool:
    from ministack.services import stepfunctions as asl

    number = isinstance(value, int | float) and not isinstance(value, bool)
    return {
        "IsNull": value is None,
        "IsNumeric": number,
        "IsString": isinstance(value, str),
        "IsBoolean": isinstance(value, bool),
        "IsTimestamp": isinstance(value, str) and bool(asl._is_timestamp(value)),
    }[kind]


def _compares(kind: str, compared: str, value: Any, other: Any) -> bool:
    from ministack.services import stepfunctions as asl

    if not all(_is(f"Is{kind}", one) for one in (value, other)):
        return False
    if compared == "Matches":
        parts = re.findall(r"\\.|\*|[^\\*]+|\\", other)
        pattern = "".join(".*" if one == "*" else re.escape(one.removeprefix("\\") or one) for one in parts)
        return re.fullmatch(pattern, value, re.DOTALL) is not None
    if kind == "Timestamp":
        value, other = asl._parse_ts(value), asl._parse_ts(other)
    return bool(_COMPARED[compared](value, other))
