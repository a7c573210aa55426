"""Python runtimes: the emulator runs all of them in its own interpreter, where its packages are visible."""

import io
import re
import subprocess
import threading
import zipfile
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from sealift.local.interpreters import Places, declared_version
from sealift.local.patches.parents import Child, Parent, Parents
from sealift.local.patches.prelude import prelude
from sealift.local.runtimes import OLDEST_WITH_BOTO3, chosen

_LAYER = re.compile(r"^python/(lib/python[\d.]+/site-packages/)?")


def declared_runtimes(where: Places, runtime_packages: str) -> Callable[[str], None]:
    """Run each Python function on the interpreter that `sealift.local.runtimes.chosen` says.

    Returns what prepares for a function of some runtime that was just made: it takes a while to be called.
    """
    from ministack.core import lambda_runtime

    detect: Callable[[str], tuple[str, str]] = lambda_runtime._detect_runtime_binary
    spawn = lambda_runtime.Worker._spawn
    spawning = threading.local()
    parents = Parents(runtime_packages)

    def spawned(self: Any) -> None:
        spawning.worker, spawning.parent = self, None
        try:
            spawn(self)
        except RuntimeError as error:
            # The emulator looks for the reason where its own thread has read it away.
            raise RuntimeError(f"{error}{_last_words(self)}") from error
        finally:
            spawning.worker = spawning.parent = None

    def detected(runtime: str) -> tuple[str, str]:
        binary, script = detect(runtime)
        version = declared_version(runtime)
        if version is None:
            return binary, script
        worker = getattr(spawning, "worker", None)
        names = list(_file_names(worker)) if worker else []
        interpreter = chosen(version, names, where)
        if worker and interpreter.version >= OLDEST_WITH_BOTO3:
            variables = (worker.config.get("Environment") or {}).get("Variables") or {}
            spawning.parent = parents.of(interpreter.path, _modules(names), variables)
        packages = runtime_packages if interpreter.version >= OLDEST_WITH_BOTO3 else None
        return str(interpreter.path), prelude(packages) + script

    def started(argv: list[str], **options: Any) -> "subprocess.Popen[str] | Child":
        parent: Parent | None = getattr(spawning, "parent", None)
        if parent is not None:
            try:
                return parent.start(argv[1], cwd=options["cwd"], env=options["env"])
            except (OSError, ValueError):
                parents.forget(parent)
        return subprocess.Popen(argv, **options)

    def prepare(runtime: str) -> None:
        version = declared_version(runtime)
        if version is not None:
            path = chosen(version, (), where).path
            threading.Thread(target=parents.of, args=(path, (), {}), daemon=True).start()

    lambda_runtime.subprocess = _Instead(started)
    lambda_runtime.Worker._spawn = spawned
    lambda_runtime._detect_runtime_binary = detected
    return prepare


def functions_made(provisioners: ModuleType, prepare: Callable[[str], None]) -> None:
    """Let `prepare` know the runtime of each function that a stack makes."""
    handlers: dict[str, dict[str, Any]] = provisioners._RESOURCE_HANDLERS
    function = handlers["AWS::Lambda::Function"]
    create = function["create"]

    def created(logical_id: str, props: Any, stack_name: str) -> Any:
        prepare(str(props.get("Runtime", "")))
        return create(logical_id, props, stack_name)

    function["create"] = created


class _Instead:
    """Stands for the module subprocess where the emulator starts functions."""

    def __init__(self, started: Callable[..., Any]) -> None:
        self.Popen = started

    def __getattr__(self, name: str) -> Any:
        return getattr(subprocess, name)


def _modules(names: list[str]) -> Iterator[str]:
    """Yield the top-level modules among the files of a function and of its layers."""
    for name in names:
        yield _LAYER.sub("", name).partition("/")[0].partition(".")[0]


def _last_words(worker: Any) -> str:
    """Return what a process printed that ended before it was ready."""
    thread = worker._stderr_thread
    if thread is not None:
        thread.join(timeout=1.0)
    lines = str(worker._drain_stderr()).splitlines()[-5:]
    return "\n".join(["", *lines]) if lines else ""


def _file_names(worker: Any) -> Iterator[str]:
    """Yield the names of a function's files and of those of its layers."""
    from ministack.services import lambda_svc

    archives = [worker.code_zip]
    for layer in worker.config.get("Layers") or []:
        archives.append(lambda_svc._resolve_layer_zip(layer))
    for data in archives:
        if data:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                yield from archive.namelist()
