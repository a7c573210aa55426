"""Leads every invocation of the emulator to our execution environments, and what they print into its logs."""

import base64
import contextvars
import hashlib
import json
import math
import threading
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import cloudwatch_logs, lambda_svc

from sealift.local.feed import FEED
from sealift.local.functions.environments import Ended, Environment
from sealift.local.functions.runtime_api import Chunks
from sealift.local.functions.starting import Debugged, Workshop
from sealift.local.functions.variables import log_group

_AT_ONCE = 4
_KEPT_WARM = 16
"""More functions than these are ended again once they were loaded: each is a process."""
_GONE: dict[str, Any] = {"error": {"errorType": "ResourceNotFoundException", "errorMessage": "it is not there"}}
_debugging: dict[str, threading.Lock] = {}
_called_at: dict[str, float] = {}
_releases: dict[str, threading.Condition] = {}
"""Told of each environment of a function that becomes free."""
_start_s: dict[str, float] = {}
"""How long environments of a function take to start."""
_FIRST_START_S = 0.3
streamed_to: contextvars.ContextVar[Chunks | None] = contextvars.ContextVar("streamed_to", default=None)
"""Who takes the parts of a streamed answer of this invocation as they come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Log:
    """What one invocation printed, and where it belongs."""

    stream: str
    lines: Sequence[str]
    """With those of the platform."""


def own_runtimes(workshop: Workshop) -> None:
    """Run functions on their runtimes' own code. What has no code is an error, never a made-up answer."""
    emit = lambda_svc._emit_lambda_logs
    Environment.workshop = workshop

    def executed(func: Any, event: Any, request_id: str) -> Any:
        config = func.get("config") or func
        if not func.get("code_zip"):
            return _no_code(config)
        lambda_svc._ensure_reaper_thread()
        began = time.monotonic()
        _called_at[config.get("FunctionName", "")] = began
        with _one_at_a_time(config), _leased(config, func["code_zip"]) as environment:
            ended = environment.run(
                event,
                request_id,
                arn=str(config.get("FunctionArn", "")),
                trace_id=_trace_id(config),
                chunks=streamed_to.get(),
            )
            if FEED.is_seen:
                environment.keep_spare()
        took_ms = (time.monotonic() - began) * 1000
        _tell(config, ended, took_ms)
        return _shaped(ended, _Log(stream=ended.stream, lines=_lines(config, request_id, took_ms, ended)))

    def emitted(
        func: Any, request_id: str, log_text: str, error: bool, duration_ms: int, *, log_source: Any = None
    ) -> None:
        if isinstance(log_source, _Log):
            _write(func.get("config") or func, log_source)
        else:
            emit(func, request_id, log_text, error, duration_ms, log_source=log_source)

    lambda_runtime._worker_class_for = lambda _config: Environment
    lambda_runtime.get_or_create_worker = _OfWebSocket
    lambda_runtime.kill_workers = _retire
    lambda_svc._execute_function_warm = executed
    lambda_svc._execute_function_provided_warm = executed
    lambda_svc._execute_function_provided = executed
    lambda_svc._execute_function_docker = lambda func, _event, _request_id: _not_run(func.get("config") or func)
    lambda_svc._emit_lambda_logs = emitted
    lambda_svc._inbound_invoke_depth = _depth


def _tell(config: dict[str, Any], ended: Ended, took_ms: float) -> None:
    """Tell who looks on how a call ended."""
    error = ended.result.error if ended.result.is_error else None
    about = {"ms": took_ms, "init_ms": ended.init_ms, "error": error}
    FEED.tell("call", function=config.get("FunctionName", ""), **about)


def _retire(environments: Iterable[Environment | None]) -> None:
    """End environments whose function got new code or is gone; each finishes what it is called for just now."""
    for one in environments:
        if one is not None:
            one.retire()


class _OfWebSocket:
    """What calls a function for a route of a WebSocket API, which the emulator has done by its own worker."""

    def __init__(self, _name: str, config: dict[str, Any], code: bytes, qualifier: str = "$LATEST") -> None:
        del qualifier
        self._function = {"config": config, "code_zip": code}

    def invoke(self, event: Any, _request_id: str) -> dict[str, Any]:
        """Call the function as every other event does, so that it is logged and counted."""
        done = lambda_svc._execute_function(self._function, event)
        return {"status": "ok", "result": lambda_svc.lambda_execute_result_to_api_proxy_response(done)[0]}


def load(names: Sequence[str]) -> list[dict[str, Any]]:
    """Start each of these functions without an event; say of each why it cannot be loaded."""
    found = {key[2]: func for key, func in lambda_svc._functions.all_items() if key[2] in names}

    def loaded_and_ended(at: int) -> dict[str, Any]:
        name = names[at]
        said = _loaded(found[name]) if name in found else _GONE
        if at >= _KEPT_WARM:
            lambda_runtime.invalidate_worker(name)
        return said

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        loaded = list(pool.map(loaded_and_ended, range(len(names))))
    return [{"name": name, **one} for name, one in zip(names, loaded, strict=True)]


def swap(codes: Mapping[str, str]) -> None:
    """Give functions, by their names, the code in these zips; calls that are under way end with what they have.

    Then they are started, those that were called last first, and who looks on is told what cannot be loaded.
    """
    packed = {path: Path(path).read_bytes() for path in set(codes.values())}
    changed = {}
    for key, func in lambda_svc._functions.all_items():
        if key[2] in codes:
            code, config = packed[codes[key[2]]], func["config"]
            Environment.workshop.unpacked.renew(func["code_zip"], code)
            func["code_zip"] = code
            config["CodeSize"], config["LastModified"] = len(code), lambda_svc._now_iso()
            config["CodeSha256"] = base64.b64encode(hashlib.sha256(code).digest()).decode()
            lambda_runtime.invalidate_worker(key[2], qualifier="$LATEST", account=key[0], region=key[1])
            changed[key[2]] = func
    names = sorted(changed, key=lambda name: -_called_at.get(name, 0.0))
    threading.Thread(target=_warm, args=([changed[name] for name in names[:_KEPT_WARM]],), daemon=True).start()


def debug(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Start a function under a debugger that waits on a port; without a port only say what runs the function.

    `packages` is a zip with debugpy, for functions of Python.
    """
    func = next((func for key, func in lambda_svc._functions.all_items() if key[2] == wanted["name"]), None)
    if func is None:
        return {"family": ""}
    runtime = Environment.workshop.runtimes.of(func["config"], func["code_zip"])
    if wanted.get("port"):
        packed = Path(wanted["packages"]).read_bytes() if wanted.get("packages") else None
        packages = str(Environment.workshop.unpacked.of(packed)) if packed else ""
        Environment.debugged[wanted["name"]] = Debugged(port=int(wanted["port"]), packages=packages)
        lambda_runtime.invalidate_worker(wanted["name"])
        threading.Thread(target=_warm, args=([func],), daemon=True).start()
    return {"family": runtime.family, "program": str(runtime.program)}


def is_debugging() -> bool:
    """Say whether a function runs under a debugger just now."""
    return any(lock.locked() for lock in _debugging.values())


def _warm(functions: Sequence[dict[str, Any]]) -> None:
    for func in functions:
        if FEED.is_seen:
            FEED.tell("load", name=func["config"]["FunctionName"], **_loaded(func))


def _loaded(func: dict[str, Any]) -> dict[str, Any]:
    config = func.get("config") or func
    if not func.get("code_zip"):
        return {"error": _no_code(config)["body"]}

    def start() -> dict[str, Any]:
        with _one_at_a_time(config), _leased(config, func["code_zip"]) as environment:
            loaded = environment.load()
            if FEED.is_seen:
                environment.keep_spare()
            return loaded

    said: dict[str, Any] = lambda_svc._run_with_function_config_scope(config, start)
    return said


@contextmanager
def _leased(config: dict[str, Any], code: bytes) -> Iterator[Environment]:
    name, version = config.get("FunctionName", "unknown"), config.get("Version", "$LATEST")
    key = lambda_runtime._worker_key(name, config, version)
    environment = _freed(key) or lambda_runtime.acquire_worker(name, config, code, qualifier=version)[0]
    try:
        # Who read the function before it got new code may come with the old one after the environments were ended.
        newest = (lambda_svc._functions.get(name) or {}).get("code_zip")
        if version == "$LATEST" and newest is not None:
            environment.run_code(newest)
        yield environment
    finally:
        lambda_runtime.release_worker(environment)
        with lambda_runtime._lock:
            _releases[key].notify()


def _freed(key: str) -> Environment | None:
    """Lease a free environment of a function; wait for it as long as a new one would take to start.

    On Lambda, too, a call goes to whichever is ready first. Here a new one is not started meanwhile: it takes much of
    this machine, and a burst of short calls would be answered by nothing but starts.
    """

    def taken() -> Environment | None:
        environment: Environment | None = next((one for one in _environments(key) if not one.in_use), None)
        if environment is not None:
            environment.in_use, environment.last_used = True, time.time()
        return environment

    with lambda_runtime._lock:
        released = _releases.setdefault(key, threading.Condition(lambda_runtime._lock))
        there = _environments(key)
        if there:
            _start_s[key] = max(one.start_s for one in there) or _start_s.get(key, _FIRST_START_S)
        return released.wait_for(taken, timeout=_start_s[key] if there else 0.0)


def _environments(key: str) -> list[Environment]:
    found: list[Environment] = lambda_runtime._workers.get(key, [])
    return found


def _one_at_a_time(config: dict[str, Any]) -> AbstractContextManager[object]:
    """Let calls of a function under a debugger wait for each other: one environment has the port."""
    name = str(config.get("FunctionName", ""))
    return _debugging.setdefault(name, threading.Lock()) if name in Environment.debugged else nullcontext()


def _no_code(config: dict[str, Any]) -> dict[str, Any]:
    said = f"The code of {config.get('FunctionName')} is not there"
    return {"body": {"errorType": "Runtime.InvalidEntrypoint", "errorMessage": said}, "error": True, "log": said}


def _not_run(config: dict[str, Any]) -> dict[str, Any]:
    what = config.get("Runtime") or config.get("PackageType")
    said = f"The embedded cloud does not run {what} functions"
    return {"body": {"errorType": "Runtime.InvalidRuntime", "errorMessage": said}, "error": True, "log": said}


def _shaped(ended: Ended, log: _Log) -> dict[str, Any]:
    """Return the result as the emulator passes it on; the end of `log` is for who asks for the log with the answer."""
    common = {"log": "\n".join([*log.lines, ""]), "log_source": log}
    if ended.result.is_error:
        return {"body": ended.result.error, "error": True, **common}
    if ended.result.content_type.startswith("application/json"):
        try:
            return {"body": json.loads(ended.result.body or b"null"), **common}
        except ValueError:
            pass
    return {"body": ended.result.body, **common}


def _trace_id(config: dict[str, Any]) -> str:
    """Return a tracing header with the lineage that Lambda detects loops by.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
    """
    sampled = int((config.get("TracingConfig") or {}).get("Mode") == "Active")
    root = f"Root=1-{int(time.time()):08x}-{token_hex(12)};Parent={token_hex(8)};Sampled={sampled}"
    function = f"{zlib.crc32(str(config.get('FunctionArn', '')).encode()):08x}"
    return f"{root};Lineage=1:{function}:{lambda_svc._invoke_depth.get()}"


def _depth(headers: dict[str, str]) -> int:
    """Return through how many functions a request has come."""
    last = str(headers.get("x-amzn-trace-id") or headers.get("X-Amzn-Trace-Id") or "").rpartition("Lineage=")[2]
    depth = last.partition(";")[0].rpartition(":")[2]
    own = str(headers.get(lambda_svc._INVOKE_DEPTH_HEADER, ""))
    return max(int(text) if text.isdigit() else 0 for text in (depth, own))


def _write(config: dict[str, Any], log: _Log) -> None:
    """Write the entries of an invocation to the function's log stream."""
    now = int(time.time() * 1000)
    group_name = log_group(config)
    groups = cloudwatch_logs._log_groups
    if group_name not in groups:
        groups[group_name] = _group(group_name, now)
    stream = groups[group_name]["streams"].setdefault(log.stream, _empty_stream(now))
    entries = [{"timestamp": now, "message": line, "ingestionTime": now} for line in log.lines]
    cloudwatch_logs._append_log_events(stream, entries)
    shown = [{"timestamp": one["timestamp"], "message": one["message"]} for one in entries]
    cloudwatch_logs._fanout_to_subscription_filters(group_name, log.stream, shown)


def _group(name: str, now: int) -> dict[str, Any]:
    return {
        "arn": cloudwatch_logs._make_group_arn(name),
        "creationTime": now,
        "retentionInDays": None,
        "tags": {},
        "subscriptionFilters": {},
        "streams": {},
    }


def _empty_stream(now: int) -> dict[str, Any]:
    return {
        "events": [],
        "uploadSequenceToken": "1",
        "creationTime": now,
        "firstEventTimestamp": None,
        "lastEventTimestamp": None,
        "lastIngestionTime": None,
    }


def _lines(config: dict[str, Any], request_id: str, duration_ms: float, ended: Ended) -> list[str]:
    """Return what an invocation printed between the lines of the platform."""
    took_ms = max(1.0, duration_ms - (ended.init_ms or 0.0))  # Lambda tells the start apart
    memory_mb, version = config.get("MemorySize", 128), config.get("Version", "$LATEST")
    if (config.get("LoggingConfig") or {}).get("LogFormat") == "JSON":
        metrics = {
            "durationMs": round(took_ms, 3),
            "billedDurationMs": math.ceil(took_ms),
            "memorySizeMB": memory_mb,
            "maxMemoryUsedMB": ended.peak_mb,
            **({"initDurationMs": round(ended.init_ms, 2)} if ended.init_ms is not None else {}),
        }
        status = "error" if ended.result.is_error else "success"
        start = _platform("start", requestId=request_id, version=version)
        return [start, *ended.lines, _platform("report", requestId=request_id, metrics=metrics, status=status)]
    report = (
        f"REPORT RequestId: {request_id}\tDuration: {took_ms:.2f} ms\tBilled Duration: {math.ceil(took_ms)} ms\t"
        f"Memory Size: {memory_mb} MB\tMax Memory Used: {ended.peak_mb} MB"
    )
    init = f"\tInit Duration: {ended.init_ms:.2f} ms" if ended.init_ms is not None else ""
    start = f"START RequestId: {request_id} Version: {version}"
    return [start, *ended.lines, f"END RequestId: {request_id}", report + init]


def _platform(kind: str, **record: object) -> str:
    at = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
    return json.dumps({"time": at, "type": f"platform.{kind}", "record": record})
