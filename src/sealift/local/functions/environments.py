"""Execution environments: each has a process of its function, which is given one event after another.

They take the place of the emulator's workers in its pool, which leases one for each invocation and ends those that
idle: https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
"""

import contextlib
import json
import shutil
import subprocess
import threading
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from ministack.core import lambda_runtime

from sealift.local.feed import FEED
from sealift.local.functions.output import Output
from sealift.local.functions.programs.sealift_waits import waited_s
from sealift.local.functions.runtime_api import Chunks, Event, Result, RuntimeApi
from sealift.local.functions.runtimes import Runtime
from sealift.local.functions.starting import Debugged, Own, Process, Starting, Workshop, kill, status_mb
from sealift.local.functions.variables import log_stream

_INIT_S = 30.0
"""Lambda gives 10 s, and the whole timeout when those are over; this machine may be slower."""
_WITH_DEBUGGER_S = 24 * 3600.0
_LOOK_S = 0.05
_OF_CODE = ("CodeSha256", "CodeSize", "LastModified", "RevisionId")
"""What of a configuration says nothing of how a process starts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What came of one invocation."""

    result: Result
    lines: Sequence[str]
    stream: str
    init_ms: float | None
    peak_mb: int


class Environment(lambda_runtime.Worker):  # type: ignore[misc]
    """One environment. The pool of the emulator uses `in_use`, `last_used`, `_proc` and `_spawn`."""

    workshop: Workshop
    debugged: ClassVar[dict[str, Debugged]] = {}
    """By the names of functions: nothing is waited for in vain while a person looks at their code."""

    def __init__(self, name: str, config: dict[str, Any], code: bytes) -> None:
        super().__init__(name, config, code)
        self.code_zip: bytes = code
        self._proc: Any = None
        self._api: RuntimeApi | None = None
        self._output: Output | None = None
        self._folder: Path | None = None
        self._runtime: Runtime | None = None
        self._extensions: list[tuple[Process, Output]] = []
        self._stream = log_stream(config)
        self._init_ms: float | None = None
        self._killed = False
        self.start_s = 0.0
        """How long its process took to start the last time."""

    def run(self, event: object, request_id: str, *, arn: str, trace_id: str, chunks: Chunks | None = None) -> Ended:
        """Invoke the function, starting its process first when there is none."""
        with self._lock:
            failed = self._ready()
            if failed is not None:
                return self._ended({**failed, "requestId": request_id})
            timeout_s = _WITH_DEBUGGER_S if self._debugger else float(self.config.get("Timeout", 3))
            assert self._api is not None
            self._api.hand_out(
                Event(
                    request_id=request_id,
                    payload=json.dumps(event, ensure_ascii=False).encode(),
                    deadline_ms=int((time.time() + timeout_s) * 1000),
                    arn=arn,
                    trace_id=trace_id,
                    chunks=chunks,
                )
            )
            self._wait(timeout_s)
            result = self._api.result
            if result is not None and self._api.extensions.are_waiting:
                ended = self._ended(result)
                if self._proc is None or self._proc.poll() is not None:
                    self.discard()
                return ended
            if fault := self._fault_beside(f"RequestId: {request_id} Error: "):
                return self._given_up(fault, reason="failure")
            if self._proc is None or self._proc.poll() is None:
                said = f"Task timed out after {timeout_s:.2f} seconds"
                error = {"errorType": "Sandbox.Timedout", "errorMessage": f"RequestId: {request_id} Error: {said}"}
                return self._given_up(
                    error,
                    [f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {request_id} {said}"],
                    reason="timeout",
                )
            kind, said = "Runtime.ExitError", "Runtime exited without providing a reason"
            if self._killed:
                kind, said = "Runtime.OutOfMemory", "Runtime exited with error: signal: killed"
            error = {"errorType": kind, "errorMessage": f"RequestId: {request_id} Error: {said}"}
            return self._given_up(error, reason="failure")

    @property
    def _debugger(self) -> Debugged | None:
        return self.debugged.get(str(self.config.get("FunctionName", "")))

    def run_code(self, code: bytes) -> None:
        """Run this code from the next event on."""
        if self.code_zip is not code:
            with self._lock:
                self.discard()
                self.code_zip = code

    def retire(self) -> None:
        """End the process: at once, or when the invocation that is under way has ended."""
        if self._extensions or not self._lock.acquire(blocking=False):  # who is told of the end may take a while
            threading.Thread(target=self._retire_later, daemon=True).start()
            return
        try:
            self.discard()
        finally:
            self._lock.release()

    def _retire_later(self) -> None:
        with self._lock:
            self.discard()

    def load(self) -> dict[str, Any]:
        """Start the process without an event; return why the function cannot be loaded, if so, and what it lacks."""
        with self._lock:
            error = self._ready()
            if self._output is not None:
                self._output.lines()
            trace = self._api.import_trace if self._api is not None else []
        absent = self.workshop.runtimes.absent_layers(self.config) if error is not None else []
        found = {"error": error, "trace": trace, "absent_layers": absent}
        real = str(self.workshop.unpacked.of(self.code_zip))
        plain: dict[str, Any] = json.loads(json.dumps(found).replace(real, "/var/task"))
        return plain

    def _ready(self) -> dict[str, Any] | None:
        """Have a process that waits for an event; return the error when it could not be started."""
        if self._proc is not None and self._proc.poll() is None:
            self._init_ms = None
            return None
        began = time.monotonic()
        try:
            self._start()
        except (OSError, ValueError, RuntimeError) as error:
            self.discard()
            return {"errorType": "Runtime.InvalidEntrypoint", "errorMessage": str(error)}
        return self._started_well(began)

    def _started_well(self, began: float) -> dict[str, Any] | None:
        """Wait until the runtime has loaded the function; return the error when it has not."""
        self._wait(_WITH_DEBUGGER_S if self._debugger else _INIT_S, own=True)
        self.start_s = time.monotonic() - began
        self._init_ms = self.start_s * 1000
        assert self._api is not None
        assert self._output is not None
        fault = self._fault_beside()
        if self._api.is_ready and self._api.init_error is None and fault is None and self._api.extensions.are_waiting:
            return None
        if fault is not None:
            reason = fault
        elif self._api.init_error is not None:
            reason = self._api.init_error.error
        elif self._proc is not None and self._proc.poll() is None:
            reason = {
                "errorType": "Sandbox.Timedout",
                "errorMessage": f"The function was not loaded in {_INIT_S:.0f} s of its own",
            }
        else:
            last = "\n".join(["", *self._output.last_lines()[-5:]])
            reason = {"errorType": "Runtime.ExitError", "errorMessage": f"Runtime exited while it was loaded{last}"}
        self._end_process()
        return reason

    def _wait(self, timeout_s: float, *, own: bool = False) -> None:
        """Wait until the process is ready, has answered, or has ended.

        With `own`, the time that it waited for a processor of a busy machine does not count.
        """
        assert self._api is not None
        until = time.monotonic() + timeout_s
        while not self._api.moved.wait(_LOOK_S if own else max(0.0, min(_LOOK_S, until - time.monotonic()))):
            if self._proc is None or self._proc.poll() is not None or self._has_too_much() or self._fault_beside():
                self._api.moved.wait(_LOOK_S)  # its last words may be on their way
                return
            if time.monotonic() >= until + (waited_s(self._proc.pid) if own else 0.0):
                return

    def _has_too_much(self) -> bool:
        """Kill a process that has more memory of its own than its function is given; say whether that was so."""
        own_mb = status_mb(self._proc.pid, "RssAnon")
        self._killed = own_mb is not None and own_mb > int(self.config.get("MemorySize", 128))
        if self._killed:
            self._proc.kill()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._proc.wait(timeout=2.0)
        return self._killed

    def _fault_beside(self, where: str = "") -> dict[str, Any] | None:
        """Return the error of an extension that failed, if one did."""
        if self._api is not None and self._api.extensions.fault is not None:
            return self._api.extensions.fault
        if any(process.poll() is not None for process, _ in self._extensions):
            return {"errorType": "Extension.Crash", "errorMessage": f"{where}an extension has ended"}
        return None

    def _given_up(self, error: dict[str, Any], lines: Sequence[str] = (), *, reason: str) -> Ended:
        self._end_process(reason)
        return self._ended(error, lines)

    def _ended(self, result: Result | dict[str, Any], more: Sequence[str] = ()) -> Ended:
        if isinstance(result, dict):
            result = Result(body=json.dumps(result).encode(), is_error=True)
        heard = [output for _, output in self._extensions] + ([self._output] if self._output else [])
        lines = [line for output in heard for line in output.lines()]
        return Ended(
            result=result, lines=[*lines, *more], stream=self._stream, init_ms=self._init_ms, peak_mb=self._peak_mb()
        )

    def _peak_mb(self) -> int:
        peak = None if self._proc is None else status_mb(self._proc.pid, "VmHWM")
        return int(self.config.get("MemorySize", 128)) // 2 if peak is None else peak

    def _spawn(self) -> None:
        """Have a process, as the emulator asks for when a version is published. Raises RuntimeError."""
        failed = self._ready()
        if failed is not None:
            raise RuntimeError(str(failed.get("errorMessage", failed)))

    def _start(self) -> None:
        self.discard()
        self._killed, self._cold = False, False
        runtime = self._starting.runtime()
        spare = self.workshop.spares.take(self.func_name)
        if spare is None or not self._takes_over(spare, runtime):
            self._begin(runtime)

    def _begin(self, runtime: Runtime) -> None:
        about = {
            "functionName": str(self.config.get("FunctionName", "")),
            "functionVersion": str(self.config.get("Version", "$LATEST")),
            "handler": str(self.config.get("Handler", "")),
        }
        self._stream, self._api, self._runtime = log_stream(self.config), RuntimeApi(about), runtime
        self._folder = self.workshop.folder / "environments" / uuid.uuid4().hex[:12]
        own = Own(folder=self._folder, stream=self._stream)
        started = self._starting.run(runtime, self._api, own, lambda *it: self._extensions.append(self._heard(*it)))
        self._proc, self._output = self._heard(*started)

    @property
    def _starting(self) -> Starting:
        return Starting(workshop=self.workshop, config=self.config, packed=self.code_zip, debugger=self._debugger)

    def _heard(self, process: Process, descriptor: int) -> tuple[Process, Output]:
        """Listen to what a process prints."""
        name = str(self.config.get("FunctionName", ""))
        return process, Output(descriptor, lambda text: FEED.tell("line", function=name, text=text))

    def keep_spare(self) -> None:
        """Have a process ready for the next environment of this function, where that is worth while."""
        runtime = self._runtime
        if runtime is None or runtime.family != "nodejs" or runtime.extensions or self._debugger:
            return
        config = dict(self.config)

        def made() -> Environment:
            spare = Environment(self.func_name, config, self.code_zip)
            with contextlib.suppress(OSError, ValueError):
                spare._begin(replace(runtime, held=True))
            return spare

        self.workshop.spares.keep(self.func_name, made)

    def _takes_over(self, spare: "Environment", runtime: Runtime) -> bool:
        """Take the process of a spare, if it is that of this function as it is now; else end it."""
        about, other = ({k: v for k, v in one.config.items() if k not in _OF_CODE} for one in (self, spare))
        fits = spare._runtime == replace(runtime, held=True) and about == other
        if not fits or spare._proc is None or spare._proc.poll() is not None:
            spare.discard()
            return False
        self._proc, self._api, self._output = spare._proc, spare._api, spare._output
        self._folder, self._stream, self._runtime = spare._folder, spare._stream, runtime
        assert self._api is not None
        self._api.begin.set()
        return True

    def _end_process(self, reason: str = "spindown") -> None:
        process, self._proc = self._proc, None
        if process is not None:
            kill(process)
        if self._extensions and self._api is not None:
            self._api.extensions.shut_down(reason)
            beside, self._extensions = self._extensions, []
            for one, _ in beside:
                kill(one)
        if self._api is not None:
            self._api.close()

    def discard(self) -> None:
        """End the process of one that is not in use."""
        self._end_process()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    _discard_tmpdir = discard
    """What the emulator's pool calls to give it up."""
