"""State machines: the emulator takes any definition, and dates of nested executions are texts."""

from types import ModuleType
from typing import Any

from sealift.local.states_language import fault_in


def checked_definitions(provisioners: ModuleType) -> None:
    """Refuse a definition that Step Functions refuses, from a stack or by its own API."""
    from ministack.services import stepfunctions

    check, definition_of = stepfunctions._validate_definition_jsonata, provisioners._sfn_definition

    def checked(definition: Any) -> Any:
        return check(definition) or (fault_in(definition) if isinstance(definition, str) else None)

    def taken(props: Any) -> Any:
        definition = definition_of(props)
        if fault := checked(definition):
            raise ValueError(f"Invalid State Machine Definition: '{fault}'")
        return definition

    stepfunctions._validate_definition_jsonata = checked
    vars(provisioners)["_sfn_definition"] = taken


def dates_of_nested_executions() -> None:
    """Give `startExecution.sync` its dates as Step Functions does: in milliseconds (documented, not observed)."""
    from ministack.services import stepfunctions

    run = stepfunctions._invoke_nested_start_execution_sync

    def ran(resource: Any, input_data: Any) -> Any:
        result = run(resource, input_data)
        dates = {name: _milliseconds(result.get(name)) for name in ("StartDate", "StopDate")}
        return {**result, **dates}

    stepfunctions._invoke_nested_start_execution_sync = ran


def _milliseconds(date: Any) -> Any:
    from ministack.services import stepfunctions

    if isinstance(date, int | float):
        return int(date * 1000)
    return stepfunctions._iso_to_epoch_ms(date)
