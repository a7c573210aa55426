"""Loads functions as Lambda does, without an event: a program of its own, for any Python from 3.10 on.

Argument: a file with a JSON object: `functions`, each with `argv` (another program that loads it) or none for one of
Python, `parallel`, `timeout_s`, and `packages` with `preload`, modules of what Lambda brings that are loaded once for
all. It prints a JSON list with one answer a function. Each is loaded in a copy of this process, with folders of its own
where the kernel allows them; what it prints is thrown away.
"""

import contextlib
import importlib
import json
import linecache
import os
import select
import signal
import sys
import time
import traceback

from sealift_waits import waited_s

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_MOST_FRAMES = 20


def main() -> None:
    """Load all functions, some at a time, and print what came of each."""
    with open(sys.argv[1], encoding="utf-8") as file:
        job = json.load(file)
    _preload(job["packages"], job["preload"])
    waiting = list(enumerate(job["functions"]))
    answers: dict[int, Any] = {}
    running: dict[int, tuple[int, int, float, bytes]] = {}
    while waiting or running:
        while waiting and len(running) < job["parallel"]:
            number, function = waiting.pop(0)
            pid, line = _started(function)
            running[line] = (number, pid, time.monotonic() + job["timeout_s"], b"")
        ready = select.select(list(running), [], [], 0.5)[0]
        for line in list(running):
            number, pid, until, said = running[line]
            part = os.read(line, 1 << 16) if line in ready else b""
            late = time.monotonic() > until and time.monotonic() > until + waited_s(pid)
            if part and not late:
                running[line] = (number, pid, until, said + part)
            elif line in ready or late:
                answers[number] = _ended(pid, said, late)
                os.close(line)
                del running[line]
    print(json.dumps([answers[number] for number in sorted(answers)]))


def _preload(packages: str, names: "list[str]") -> None:
    sys.path[:] = [p for p in sys.path if not p.rstrip("/").endswith(("site-packages", "dist-packages"))]
    if names:
        sys.path.append(packages)
        for name in names:
            importlib.import_module(name)
        sys.path.remove(packages)
    sys.dont_write_bytecode = True  # of what functions bring; that of boto3 serves the next trial


def _started(function: "dict[str, Any]") -> "tuple[int, int]":
    ours, theirs = os.pipe()
    pid = os.fork()
    if pid:
        os.close(theirs)
        return pid, ours
    os.close(ours)
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)
    try:
        answer = _loaded(function, theirs)
    except BaseException as error:
        answer = _told(error)
    os.write(theirs, json.dumps(answer).encode())
    os._exit(0)


def _ended(pid: int, said: bytes, late: bool) -> "dict[str, Any]":
    with contextlib.suppress(OSError):
        os.killpg(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    if late:
        return {"type": "Sandbox.Timedout", "message": "it was not loaded in time of its own", "trace": []}
    try:
        answer = json.loads(said)
    except ValueError:
        return {"type": "Runtime.ExitError", "message": "the process ended while it was loaded", "trace": []}
    return answer if isinstance(answer, dict) else {"type": "Runtime.ExitError", "message": str(answer), "trace": []}


def _loaded(function: "dict[str, Any]", line: int) -> "dict[str, Any]":
    real, view = function["real"], {"task": "/var/task", "opt": "/opt", "tmp": "/tmp", "runtime": "/var/runtime"}
    import sealift_mounts as mounts

    try:
        mounts.enter(real, function["keep"])
    except (OSError, AttributeError):
        view = real
    preset, env = (
        {name: value.format_map(_Places(view)) for name, value in function[part].items()} for part in ("preset", "set")
    )
    os.environ.clear()
    os.environ.update({**preset, **function["variables"], **env})
    os.chdir(view["task"])
    if function["argv"]:
        os.set_inheritable(line, True)
        argv = [part.format_map(_Places(view)) for part in function["argv"]]
        os.execv(argv[0], [*argv, str(line)])
    time.tzset()
    _search(view)
    return _handler(function["handler"], view, assumed=function["assumed"])


class _Places(dict):  # type: ignore[type-arg]
    """Folders by name, for texts that name some."""

    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


def _search(view: "dict[str, str]") -> None:
    """Set the search path: https://docs.aws.amazon.com/lambda/latest/dg/python-package.html#python-package-searchpath"""
    import site

    python = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    own = os.path.dirname(os.path.abspath(__file__))
    rest = [path for path in sys.path if path not in ("", own)]
    sys.path[:] = [view["task"]]
    for layer in (view["opt"] + "/python/lib/" + python + "/site-packages", view["opt"] + "/python"):
        if os.path.isdir(layer):
            site.addsitedir(layer)
    named = os.environ.get("PYTHONPATH", "").replace("/var/task", view["task"]).replace("/opt", view["opt"])
    sys.path += [*filter(None, named.split(":")), view["runtime"], *rest]
    sys.dont_write_bytecode = True


def _handler(handler: str, view: "dict[str, str]", *, assumed: bool) -> "dict[str, Any]":
    """Find the handler as AWS's client does: https://github.com/aws/aws-lambda-python-runtime-interface-client"""
    module, dot, name = handler.rpartition(".")
    if not dot:
        return {"type": "Runtime.MalformedHandlerName", "message": "Bad handler '" + handler + "'", "trace": []}
    try:
        found = importlib.import_module(module.replace("/", "."))
    except ImportError as error:
        told = _told(error)
        if _is_sure(error, view) and not (assumed and _is_conditional(error, view)):
            told["type"] = "Runtime.ImportModuleError"
            told["message"] = f"Unable to import module '{module}': {error}"
        return told
    except SyntaxError as error:
        inside = str(error.filename).startswith((view["task"], view["opt"]))
        told = _told(error)
        told["type"] = "Runtime.UserCodeSyntaxError" if inside else "SyntaxError"
        told["message"] = f"Syntax error in module '{module}': {error}"
        told["trace"] = [f'  File "{error.filename}" Line {error.lineno}']
        return told
    if not hasattr(found, name):
        message = f"Handler '{name}' missing on module '{module}'"
        return {"type": "Runtime.HandlerNotFound", "message": message, "trace": []}
    return {"type": "", "message": "", "trace": []}


def _is_sure(error: ImportError, view: "dict[str, str]") -> bool:
    """Whether a package lacks something for certain: not a library of the machine, nor what Lambda brings."""
    if isinstance(error, ModuleNotFoundError):
        top = (error.name or "").partition(".")[0]
        stdlib: frozenset[str] = getattr(sys, "stdlib_module_names", frozenset())
        file = getattr(sys.modules.get(top), "__file__", None) or view["task"]
        return bool(top) and top not in stdlib and file.startswith((view["task"], view["opt"]))
    if str(error).startswith("attempted relative import"):
        return True
    return str(error).startswith("cannot import name") and str(error.path).startswith((view["task"], view["opt"]))


def _is_conditional(error: ImportError, view: "dict[str, str]") -> bool:
    """Whether an import on the way to an error is indented: a value that only a deployment knows may decide on it."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if frame.filename.startswith((view["task"], view["opt"]))]
    return any(linecache.getline(frame.filename, frame.lineno or 0)[:1].isspace() for frame in own)


def _told(error: BaseException) -> "dict[str, Any]":
    frames = traceback.format_list(traceback.extract_tb(error.__traceback__))[-_MOST_FRAMES:]
    return {"type": type(error).__name__, "message": str(error)[:2000], "trace": frames}


if __name__ == "__main__":
    main()
