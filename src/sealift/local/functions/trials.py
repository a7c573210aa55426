"""Loads finished functions once, before they are sealed: in their runtime, without network, credentials and settings.

What a function needs of these as it is loaded cannot be decided here, and neither can what this machine has no runtime
for.
"""

import fcntl
import importlib.util
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sealift.local.functions.parents import PROGRAMS
from sealift.local.functions.runtimes import ASK_NODE, BROUGHT, bring, node_flags, prefix_of
from sealift.local.functions.unpacking import Unpacked, names_in
from sealift.local.interpreters import Interpreter, Places, declared_version, find, ours
from sealift.local.runtimes import OLDEST_WITH_BOTO3, Package, report
from sealift.model.loading import Loading
from sealift.model.release import STAND_IN, Finished
from sealift.ports import Process

_TIMEOUT_S = 20.0
"""For each function, without the time that it waits for a processor of a busy machine."""
_MOST_S = 120.0
_AT_ONCE = 4
"""At least: each waits for the kernel, which gives it folders, longer than it computes."""
_PREFIX = "trial-"
_PRELOADED = ("boto3", "botocore.session", "botocore.handlers")
_VARIABLES = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_SESSION_TOKEN": "testing",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_REGION": "us-east-1",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
    "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
    "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
    "AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:2000",
    "LANG": "C.UTF-8",
    "TZ": ":UTC",
}
_SET = {"LAMBDA_TASK_ROOT": "{task}", "LAMBDA_RUNTIME_DIR": "{runtime}"}
_PRESET = {
    "LD_LIBRARY_PATH": "{runtime}:{runtime}/lib:{task}:{task}/lib:{opt}/lib",
    "PATH": "/usr/local/bin:/usr/bin:/bin:{opt}/bin",
    "TMPDIR": "{tmp}",
    "HOME": "{tmp}",
}
_NODE = "{opt}/nodejs/node%s/node_modules:{opt}/nodejs/node_modules:{runtime}:{task}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Loader:
    """What loads one function: a program, or none: the Python that runs the trial."""

    interpreter: Interpreter
    argv: tuple[str, ...] = ()
    stand_in: str = ""
    """What it is, when it is not the declared runtime."""


class Trials:
    """Loads functions in processes of a sandbox. `folder` is where their packages are unpacked meanwhile.

    `begun` is called before any is loaded.
    """

    def __init__(
        self, process: Process, folder: Path, where: Places, *, machine: str, begun: Callable[[], None] = lambda: None
    ) -> None:
        self._process = process
        self._folder = folder
        self._where = where
        self._machine = machine
        self._begun = begun
        self._known: dict[str, str] = {}
        self._node_said = ""

    def runtime(self, name: str) -> str:
        if name not in self._known:
            self._known[name] = self._found(name)
        return self._known[name]

    def _found(self, name: str) -> str:
        version = declared_version(name)
        if version is not None:
            interpreter = find(version, self._where)
            return str(interpreter.path) if interpreter else ""
        node = self._program() if name.startswith("nodejs") else None
        return f"{node} {node.stat().st_mtime_ns}" if node else ""

    def _program(self) -> Path | None:
        found = shutil.which("node", path=os.pathsep.join(str(folder) for folder in self._where.programs))
        return Path(found).resolve() if found else None

    def load(self, functions: Sequence[Finished]) -> tuple[Loading, ...]:
        """Load each, in the order given. What cannot be looked at here has `skipped`."""
        found: dict[int, Loading] = {}
        batches: dict[tuple[Interpreter, bool], list[tuple[int, Finished, _Loader]]] = {}
        for number, function in enumerate(functions):
            loader = self._loader(function)
            if isinstance(loader, str):
                found[number] = Loading(name=function.logical_id, skipped=loader)
                continue
            batch = (loader.interpreter, self._may_share(function, loader))
            batches.setdefault(batch, []).append((number, function, loader))
        if batches:
            self._begun()
        for (interpreter, shares), batch_of in batches.items():
            found |= self._run(interpreter, batch_of, preload=shares and len(batch_of) > 1)
        return tuple(found[number] for number in range(len(functions)))

    def _loader(self, function: Finished) -> _Loader | str:
        """Return what loads a function, or why nothing here does."""
        runtime, version = function.runtime or "", declared_version(function.runtime)
        if sys.platform != "linux":
            return "functions are loaded on Linux alone"
        if version is not None:
            interpreter = find(version, self._where) if version >= OLDEST_WITH_BOTO3 else None
            if interpreter is None:
                return f"{runtime} is not on this machine"
            packed = (function.package, *function.layers)
            package = Package(
                logical_id=function.logical_id, runtime=runtime, architecture=function.architecture or "", zips=packed
            )
            errors = report([package], self._where, machine=self._machine).errors
            return errors[0].removeprefix(f"{function.logical_id} ") if errors else _Loader(interpreter=interpreter)
        if runtime.startswith("nodejs"):
            return self._node(function, runtime) or f"{runtime} is not on this machine"
        return f"{runtime or 'a function without a runtime'} is not loaded before it is deployed"

    def _node(self, function: Finished, runtime: str) -> _Loader | None:
        """Return the Node.js of this machine, which stands in for the other major versions."""
        found = self._program()
        if found is None:
            return None
        if not self._node_said:
            done = self._process.run([str(found), "-p", ASK_NODE], cwd=Path("/"), env={}, timeout_s=_TIMEOUT_S)
            self._node_said = done.stdout
        here = f"nodejs{self._node_said[1:].partition('.')[0]}.x"
        flags = node_flags(runtime, function.variables.get("NODE_OPTIONS", ""), self._node_said)
        return _Loader(
            interpreter=ours(),
            argv=(str(found), *flags, "{runtime}/trial.cjs"),
            stand_in="" if here == runtime else here,
        )

    def _may_share(self, function: Finished, loader: _Loader) -> bool:
        """Whether it may be loaded by a copy of a process that has loaded boto3: not when it brings one of its own."""
        if loader.argv:
            return False
        names = names_in([path.read_bytes() for path in (function.package, *function.layers)])
        brought = {name.partition(".")[0] for name in BROUGHT}
        return not any(part in brought for name in names for part in name.replace(".py", "").split("/")[:5])

    def _run(
        self, interpreter: Interpreter, batch: Sequence[tuple[int, Finished, _Loader]], *, preload: bool
    ) -> Mapping[int, Loading]:
        self._folder.mkdir(parents=True, exist_ok=True)
        swept(self._folder)
        scratch, held = own_folder(self._folder)
        try:
            runtime = _runtime(scratch, interpreter)
            unpacked = Unpacked(scratch / "code")
            job = {
                "packages": str(runtime),
                "preload": list(_PRELOADED) if preload else [],
                "parallel": max(_AT_ONCE, os.cpu_count() or 1),
                "timeout_s": _TIMEOUT_S,
                "functions": [_request(f, loader, runtime, unpacked, scratch, str(n)) for n, f, loader in batch],
            }
            (scratch / "job.json").write_text(json.dumps(job), encoding="utf-8")
            argv = [str(interpreter.path), str(PROGRAMS / "trial.py"), str(scratch / "job.json")]
            env = {"PATH": os.defpath, "LANG": "C.UTF-8"}
            done = self._process.run(argv, cwd=scratch, env=env, timeout_s=_MOST_S * (len(batch) + 2))
            answers: list[Any] = json.loads(done.stdout) if done.returncode == 0 else [None] * len(batch)
        except (OSError, ValueError):
            answers = [None] * len(batch)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
            os.close(held)
        return {n: _loading(f, loader, answer) for (n, f, loader), answer in zip(batch, answers, strict=True)}


def swept(parent: Path) -> None:
    """Remove what killed commands left in a folder."""
    for left in parent.glob(f"{_PREFIX}*"):
        with suppress(OSError):
            held = _locked(left)
            if held is not None:
                shutil.rmtree(left, ignore_errors=True)
                os.close(held)


def own_folder(parent: Path) -> tuple[Path, int]:
    """Make a folder that no other command sweeps while the returned handle is open."""
    while True:
        folder = Path(tempfile.mkdtemp(dir=parent, prefix=_PREFIX))
        with suppress(FileNotFoundError):  # swept before it was held
            held = _locked(folder)
            if held is not None:
                if folder.exists():
                    return folder, held
                os.close(held)


def _locked(folder: Path) -> int | None:
    """Return a handle that holds a folder for as long as this process lives, or None when another one holds it."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        return None
    return handle


def _runtime(scratch: Path, interpreter: Interpreter) -> Path:
    """Make a folder with what Lambda's runtimes bring."""
    folder = scratch / "runtime"
    folder.mkdir()
    spec = importlib.util.find_spec("boto3")
    assert spec is not None
    assert spec.origin is not None
    bring(folder, interpreter, Path(spec.origin).parent.parent)
    for name in ("trial.cjs", "handlers.cjs"):
        shutil.copy(PROGRAMS / name, folder)
    return folder


def _request(
    function: Finished, loader: _Loader, runtime: Path, unpacked: Unpacked, scratch: Path, name: str
) -> dict[str, object]:
    """Return what the program has to know of a function."""
    own = scratch / name
    for folder in ("tmp", "root"):
        (own / folder).mkdir(parents=True)
    major = (function.runtime or "").removeprefix("nodejs").partition(".")[0]
    is_node = (function.runtime or "").startswith("nodejs")
    packages = (runtime / "boto3").resolve().parent
    keep = {prefix_of(loader.interpreter.path), PROGRAMS, scratch, packages}
    keep |= {prefix_of(Path(loader.argv[0]))} if loader.argv else set()
    return {
        "handler": function.handler or "",
        "argv": list(loader.argv),
        "real": {
            "task": str(unpacked.of(function.package.read_bytes())),
            "opt": str(unpacked.of(*(layer.read_bytes() for layer in function.layers))),
            "runtime": str(runtime),
            "tmp": str(own / "tmp"),
            "root": str(own / "root"),
        },
        "keep": sorted(map(str, keep)),
        "assumed": STAND_IN in function.variables.values(),
        "variables": {
            **_VARIABLES,
            "AWS_LAMBDA_FUNCTION_NAME": function.logical_id,
            **function.variables,
            "_HANDLER": function.handler or "",
        },
        "preset": {**_PRESET, **({"NODE_PATH": _NODE % major} if is_node else {})},
        "set": {**_SET, "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.runtime}"},
    }


def _loading(function: Finished, loader: _Loader, answer: Any) -> Loading:
    if not isinstance(answer, dict):
        return Loading(name=function.logical_id, skipped="the process that loads functions could not be started")
    return Loading(
        name=function.logical_id,
        error_type=str(answer.get("type", "")),
        message=str(answer.get("message", "")),
        trace=tuple(map(str, answer.get("trace", ()))),
        absent_layers=("one that is not part of the release",) if function.foreign else (),
        stand_in=loader.stand_in,
    )
