"""Functions that can not be loaded: the emulator answers with the error, and writes nothing to their log."""

from typing import Any

from sealift.local.patches.prelude import END_MARK

_PREFIX = "Worker init failed: "


def logged_load_failures() -> None:
    """Write to a function's log why it can not be loaded, as Lambda does, and take our mark out of the answer."""
    from ministack.services import lambda_svc

    execute = lambda_svc._execute_function_warm

    def executed(*args: Any, **kwargs: Any) -> Any:
        result = execute(*args, **kwargs)
        body = result.get("body")
        if result.get("error") and not result.get("log") and isinstance(body, dict):
            said = str(body.get("errorMessage", "")).partition(END_MARK)[0].removeprefix(_PREFIX).strip()
            if said:
                result = {
                    **result,
                    "body": {**body, "errorMessage": said},
                    "log": f"[ERROR] The function can not be loaded: {said}",
                }
        return result

    lambda_svc._execute_function_warm = executed
