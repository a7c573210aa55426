"""Starts the processes of one execution environment: its function's on the function's own runtime, and its extensions'.

Where the kernel allows it they see Lambda's folders, and a function of Python is a copy of a parent.
"""

import contextlib
import json
import os
import subprocess
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from ministack.core import lambda_runtime

from sealift.local.functions.parents import Child, Parent, Parents, Start
from sealift.local.functions.runtime_api import RuntimeApi
from sealift.local.functions.runtimes import Runtime, Runtimes
from sealift.local.functions.spares import Spares
from sealift.local.functions.unpacking import Unpacked, names_in
from sealift.local.functions.variables import Places, variables

Process = Child | subprocess.Popen[bytes]
Printing = tuple[Process, int]
"""A process, and the descriptor where what it prints can be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """What all environments of one emulator share."""

    folder: Path
    runtimes: Runtimes
    parents: Parents = field(default_factory=Parents)
    spares: Spares[Any] = field(default_factory=Spares)

    @property
    def unpacked(self) -> Unpacked:
        """Code of functions and layers."""
        return self.runtimes.unpacked

    def prepare(self, runtime: str) -> None:
        """Start what functions of a runtime are copied from: it takes a while to be called."""
        threading.Thread(target=self._prepare, args=(runtime,), daemon=True).start()

    def _prepare(self, runtime: str) -> None:
        self.parents.bare()
        interpreter = self.runtimes.interpreter(runtime)
        if interpreter is not None:
            self.parents.of(interpreter.path, str(self.runtimes.brought(interpreter)), (), {})

    def has_mounts(self) -> bool:
        """Say whether functions have folders of their own here."""
        parent = self.parents.bare()
        return parent is not None and parent.has_mounts


@dataclass(frozen=True, slots=True, kw_only=True)
class Debugged:
    """Where a debugger of a function waits, and the folder with debugpy."""

    port: int
    packages: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """What one environment has alone: a folder, and its log stream."""

    folder: Path
    stream: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Starting:
    """What the processes of one environment are started from."""

    workshop: Workshop
    config: Mapping[str, Any]
    packed: bytes
    debugger: Debugged | None

    def runtime(self) -> Runtime:
        """Return what runs the function, under its debugger. Raises ValueError when nothing here does."""
        runtime = self.workshop.runtimes.of(self.config, self.packed)
        if self.debugger is None:
            return runtime
        flags = (f"--inspect-brk=127.0.0.1:{self.debugger.port}",) if runtime.family == "nodejs" else ()
        keep = tuple(filter(None, (*runtime.keep, self.debugger.packages)))
        return replace(runtime, flags=(*runtime.flags, *flags), keep=keep)

    def run(self, runtime: Runtime, api: RuntimeApi, own: Own, beside: Callable[[Process, int], None]) -> Printing:
        """Start the process of the function, and its extensions before it: `beside` is told each. Raises OSError."""
        real = _places(runtime, own.folder)
        bare = self.workshop.parents.bare()
        mounts = bare is not None and bare.has_mounts
        places = Places() if mounts else real
        start = Start(
            env=self._variables(runtime, places, api.address, own.stream),
            cwd=places.task,
            folders={
                "task": places.task,
                "opt": places.opt,
                "runtime": places.runtime,
                "cache": str(runtime.cache),
                **self._where_to_debug(runtime),
            },
            view={**asdict(real), "root": f"{own.folder}/root"} if mounts else {},
            keep=runtime.keep,
        )
        argv = runtime.argv(places, json.dumps(dict(start.folders)))
        wrapper = start.env.get("AWS_LAMBDA_EXEC_WRAPPER", "")
        if wrapper and runtime.family != "provided":
            argv = (wrapper if mounts else wrapper.replace("/opt", places.opt, 1), *argv)
        api.extensions.expected = runtime.extensions
        copied = None if wrapper else self._copied(runtime)
        for name in runtime.extensions:
            extension = replace(start, argv=(f"{places.opt}/extensions/{name}",), cwd="/")
            beside(*(_copy(bare, extension) if bare else _fresh(extension)))
        for parent, command in ((copied, ()), (bare, argv)):
            if parent is not None:
                with contextlib.suppress(OSError, ValueError):
                    return _copy(parent, replace(start, argv=command))
                self.workshop.parents.forget(parent)
        if mounts:  # the paths were those of a view of its own
            raise OSError("the process of the function could not be started")
        return _fresh(replace(start, argv=argv))

    def _where_to_debug(self, runtime: Runtime) -> dict[str, str]:
        if self.debugger is None or not runtime.is_python:
            return {}
        return {"debug": f"{self.debugger.packages}/python", "port": str(self.debugger.port)}

    def _variables(self, runtime: Runtime, places: Places, api: str, stream: str) -> dict[str, str]:
        _, region = lambda_runtime._account_region_from_function_config(self.config)
        programs = str(runtime.program.parent)
        given = variables(self.config, places, api=api, stream=stream, region=region, programs=programs)
        return {**given, **lambda_runtime.execution_credentials(self.config)}

    def _copied(self, runtime: Runtime) -> Parent | None:
        """Return whose copy the function can be, if any."""
        if not runtime.is_python or runtime.has_libraries:
            return None
        own = (self.config.get("Environment") or {}).get("Variables") or {}
        modules = runtime.modules(names_in([self.packed, *runtime.layers]))
        return self.workshop.parents.of(runtime.program, str(runtime.packages), modules, own)


def _places(runtime: Runtime, folder: Path) -> Places:
    """Make what this environment alone has; return where everything really lies."""
    for name in ("tmp", "root"):
        (folder / name).mkdir(parents=True)
    (folder / "tmp").chmod(0o1777)
    return Places(task=str(runtime.task), opt=str(runtime.opt), runtime=str(runtime.packages), tmp=str(folder / "tmp"))


def kill(process: Process) -> None:
    """End a process and wait for its end, but not long."""
    with contextlib.suppress(OSError, ProcessLookupError):
        process.kill()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=2.0)


def status_mb(pid: int, name: str) -> int | None:
    """Return a size that Linux tells of a process; None where it does not."""
    with contextlib.suppress(OSError, ValueError, StopIteration):
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
        return int(next(line for line in status.splitlines() if line.startswith(name)).split()[1]) // 1024
    return None


def _copy(parent: Parent, start: Start) -> Printing:
    child = parent.start(start)
    return child, child.output


def _fresh(start: Start) -> Printing:
    """Start a process without a parent's help, as where there is no fork to be had."""
    ours, theirs = os.pipe()
    try:
        process = subprocess.Popen(
            start.argv,
            env=start.env,
            cwd=start.cwd,
            stdin=subprocess.DEVNULL,
            stdout=theirs,
            stderr=theirs,
            umask=0o022,
        )
    except OSError:
        os.close(ours)
        raise
    finally:
        os.close(theirs)
    return process, ours
