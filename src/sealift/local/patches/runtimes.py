"""Python runtimes: the emulator runs all of them in its own interpreter, where its packages are visible."""

import io
import threading
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

from sealift.local.interpreters import Places, declared_version
from sealift.local.patches.prelude import prelude
from sealift.local.runtimes import OLDEST_WITH_BOTO3, chosen


def declared_runtimes(where: Places, runtime_packages: str) -> None:
    """Run each Python function on the interpreter that `sealift.local.runtimes.chosen` says."""
    from ministack.core import lambda_runtime

    detect: Callable[[str], tuple[str, str]] = lambda_runtime._detect_runtime_binary
    spawn = lambda_runtime.Worker._spawn
    spawning = threading.local()

    def spawned(self: Any) -> None:
        spawning.worker = self
        try:
            spawn(self)
        except RuntimeError as error:
            # The emulator looks for the reason where its own thread has read it away.
            raise RuntimeError(f"{error}{_last_words(self)}") from error
        finally:
            spawning.worker = None

    def detected(runtime: str) -> tuple[str, str]:
        binary, script = detect(runtime)
        version = declared_version(runtime)
        if version is None:
            return binary, script
        worker = getattr(spawning, "worker", None)
        interpreter = chosen(version, list(_file_names(worker)) if worker else [], where)
        packages = runtime_packages if interpreter.version >= OLDEST_WITH_BOTO3 else None
        return str(interpreter.path), prelude(packages) + script

    lambda_runtime.Worker._spawn = spawned
    lambda_runtime._detect_runtime_binary = detected


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
