"""Functions that raise: the emulator starts them anew, and with it goes what their modules hold."""

import threading
from typing import Any


def survived_errors() -> None:
    """Keep the process of a function whose handler raised, as Lambda keeps its execution environment.

    One that timed out or ended is started anew:
    https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html (documented, not observed).
    """
    from ministack.core import lambda_runtime

    invoke, signal, collect = lambda_runtime.Worker.invoke, lambda_runtime._signal, lambda_runtime._collect
    invoking = threading.local()

    def invoked(self: Any, *args: Any, **kwargs: Any) -> Any:
        given_up: list[tuple[Any, float]] = []
        invoking.given_up = given_up
        result: Any = {}
        try:
            result = invoke(self, *args, **kwargs)
        finally:
            del invoking.given_up
            for process, deadline in given_up:
                # Only a handler that raised has a trace; its process waits for the next event.
                if result.get("trace") and self._proc is None and process.poll() is None:
                    self._proc = process
                else:
                    signal(process)
                    collect(process, deadline)
        return result

    def signalled(process: Any) -> None:
        if not hasattr(invoking, "given_up"):
            signal(process)

    def collected(process: Any, deadline: float) -> None:
        if hasattr(invoking, "given_up") and process is not None:
            invoking.given_up.append((process, deadline))
        else:
            collect(process, deadline)

    lambda_runtime.Worker.invoke = invoked
    lambda_runtime._signal, lambda_runtime._collect = signalled, collected
