"""The environment variables of a function, as Lambda sets them.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
"""

import os
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

_RESERVED = frozenset(
    """
_HANDLER _X_AMZN_TRACE_ID AWS_ACCESS_KEY AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_REGION
AWS_DEFAULT_REGION AWS_EXECUTION_ENV AWS_LAMBDA_FUNCTION_MEMORY_SIZE AWS_LAMBDA_FUNCTION_NAME
AWS_LAMBDA_FUNCTION_VERSION AWS_LAMBDA_INITIALIZATION_TYPE AWS_LAMBDA_LOG_GROUP_NAME AWS_LAMBDA_LOG_STREAM_NAME
AWS_LAMBDA_RUNTIME_API LAMBDA_RUNTIME_DIR LAMBDA_TASK_ROOT
""".split()  # noqa: SIM905
)
_LIBRARIES = "/var/lang/lib:/lib64:/usr/lib64:{runtime}:{runtime}/lib:{task}:{task}/lib:{opt}/lib"
_NODE = "{opt}/nodejs/node{major}/node_modules:{opt}/nodejs/node_modules:{runtime}/node_modules:{runtime}:{task}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where a function finds its own code, its layers and what Lambda brings, and a folder to write to."""

    task: str = "/var/task"
    opt: str = "/opt"
    runtime: str = "/var/runtime"
    tmp: str = "/tmp"

    @property
    def are_ours(self) -> bool:
        """Whether these are Lambda's own paths."""
        return self.task == "/var/task"


def log_group(config: Mapping[str, Any]) -> str:
    """Return the log group of a function."""
    return str((config.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{config.get('FunctionName')}")


def log_stream(config: Mapping[str, Any]) -> str:
    """Return a name for the log stream of a new environment of a function."""
    return f"{datetime.now(UTC):%Y/%m/%d}/[{config.get('Version', '$LATEST')}]{uuid.uuid4().hex}"


def variables(
    config: Mapping[str, Any], places: Places, *, api: str, stream: str, region: str, programs: str
) -> dict[str, str]:
    """Return all variables but the credentials. `programs` is the folder of the interpreter."""
    runtime = str(config.get("Runtime", ""))
    where = {"task": places.task, "opt": places.opt, "runtime": places.runtime}
    logging = config.get("LoggingConfig") or {}
    snap_start = (config.get("SnapStart") or {}).get("OptimizationStatus") == "On"
    own = ((config.get("Environment") or {}).get("Variables") or {}).items()
    given = {key: str(value) for key, value in own if key not in _RESERVED}
    set_by_lambda = {
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{runtime}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(config.get("MemorySize", 128)),
        "AWS_LAMBDA_FUNCTION_NAME": str(config.get("FunctionName", "")),
        "AWS_LAMBDA_FUNCTION_VERSION": str(config.get("Version", "$LATEST")),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start" if snap_start else "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": log_group(config),
        "AWS_LAMBDA_LOG_STREAM_NAME": stream,
        "AWS_LAMBDA_RUNTIME_API": api,
        "AWS_DEFAULT_REGION": region,
        "AWS_REGION": region,
        "LAMBDA_RUNTIME_DIR": places.runtime,
        "LAMBDA_TASK_ROOT": places.task,
        "_HANDLER": str(config.get("Handler", "")),
    }
    defaults = {
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:2000",
        "HOME": "/home/sbx_user1051",
        "LANG": "en_US.UTF-8",
        "LD_LIBRARY_PATH": _LIBRARIES.format(**where),
        "PATH": f"{programs}:/usr/local/bin:/usr/bin:/bin:{places.opt}/bin",
        "TZ": ":UTC",
        # Not Lambda's: they lead the SDKs to the embedded cloud.
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{os.environ['GATEWAY_PORT']}",
        "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
    }
    if not places.are_ours:
        defaults["TMPDIR"] = places.tmp
    if runtime.startswith("nodejs"):
        major = runtime.removeprefix("nodejs").partition(".")[0]
        defaults["NODE_PATH"] = _NODE.format(**where, major=major)
    if logging.get("LogFormat") == "JSON":
        set_by_lambda["AWS_LAMBDA_LOG_FORMAT"] = "JSON"
        set_by_lambda["AWS_LAMBDA_LOG_LEVEL"] = str(logging.get("ApplicationLogLevel", "INFO"))
    return {**defaults, **given, **set_by_lambda}
