"""What runs a function: interpreter, program, unpacked code and layers, and what Lambda's runtime brings."""

import io
import os
import shutil
import subprocess
import tempfile
import threading
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from sealift.local.functions.parents import PROGRAMS
from sealift.local.functions.settings_extension import LAYER as SETTINGS_LAYER
from sealift.local.functions.unpacking import Unpacked, names_in
from sealift.local.functions.variables import Places
from sealift.local.interpreters import Interpreter, declared_version
from sealift.local.interpreters import Places as Interpreters
from sealift.local.layers import install
from sealift.local.runtimes import OLDEST_WITH_BOTO3, chosen

BROUGHT = (
    *("awslambdaric", "boto3", "botocore", "dateutil", "jmespath", "s3transfer", "simplejson", "six.py"),
    *("snapshot_restore_py.py", "urllib3"),
)
"""Pure Python packages that Lambda's Python runtimes bring."""
_TIMEOUT_S = 20.0
_LAST_WITH_SETUPTOOLS = (3, 11)
"""Later ones come without: https://docs.aws.amazon.com/lambda/latest/dg/lambda-python.html (documented)."""
_SETUPTOOLS = ("pkg_resources", "setuptools", "_distutils_hack")


_SWITCHED_OFF = {"nodejs20.x": ("require-module",), "nodejs22.x": ("require-module", "detect-module")}
"""Features of Node.js that Lambda switches off unless NODE_OPTIONS asks for them.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-nodejs.html
"""
ASK_NODE = (
    "process.version + ' ' + ['require-module', 'detect-module']"
    ".filter((name) => process.allowedNodeEnvironmentFlags.has(`--no-experimental-${name}`)).join()"
)
"""What a Node.js says of itself: its version, and which of these features it can switch off."""


def node_flags(runtime: str, options: str, said: str) -> tuple[str, ...]:
    """Return the flags that Lambda starts a Node.js with; `options` are NODE_OPTIONS, `said` answers `ASK_NODE`."""
    known = said.strip().partition(" ")[2].split(",")
    wanted = (name for name in _SWITCHED_OFF.get(runtime, ()) if name in known)
    return tuple(f"--no-experimental-{name}" for name in wanted if f"--experimental-{name}" not in options.split())


@dataclass(frozen=True, kw_only=True)
class Runtime:
    """What runs one function."""

    program: Path
    """The interpreter, or the function's own `bootstrap`."""
    family: str
    task: Path
    opt: Path
    packages: Path
    """A folder with what the runtime brings."""
    cache: Path
    layers: tuple[bytes, ...]
    keep: tuple[str, ...]
    """What has to stay visible where folders are replaced."""
    flags: tuple[str, ...] = ()
    """What the interpreter is started with."""
    held: bool = False
    """Whether the process waits until its function is wanted."""

    @property
    def is_python(self) -> bool:
        """Whether a Python runs it."""
        return self.family == "python"

    @cached_property
    def has_libraries(self) -> bool:
        """Whether the dynamic linker has to know where libraries lie, which it reads as a process starts."""
        return any((folder / "lib").is_dir() for folder in (self.task, self.opt))

    @cached_property
    def extensions(self) -> tuple[str, ...]:
        """The names of the programs that run beside it."""
        folder = self.opt / "extensions"
        found = sorted(folder.iterdir()) if folder.is_dir() else ()
        return tuple(path.name for path in found if path.is_file() and os.access(path, os.X_OK))

    def modules(self, names: Sequence[str]) -> Iterator[str]:
        """Yield the top-level modules among the files of a function and of its layers."""
        for name in names:
            rest = name
            if rest.startswith("python/lib/") and "/site-packages/" in rest:
                rest = rest.partition("/site-packages/")[2]
            elif rest.startswith("python/"):
                rest = rest.removeprefix("python/")
            yield rest.partition("/")[0].partition(".")[0]

    def argv(self, places: Places, folders: str) -> tuple[str, ...]:
        """Return the command of a fresh process."""
        match self.family:
            case "python":
                return (str(self.program), str(PROGRAMS / "sealift_start.py"), folders)
            case "nodejs":
                own = (f"{places.runtime}/index.cjs", f"{places.runtime}/sdk.cjs")
                return (str(self.program), *self.flags, *own, *(("held",) if self.held else ()))
            case _:
                first = next((f for f in (self.task, self.opt) if (f / "bootstrap").is_file()), None)
                if first is None:
                    raise ValueError("Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]")
                return (f"{places.task if first == self.task else places.opt}/bootstrap",)


class Runtimes:
    """The runtimes of one emulator, below a folder of its own. `packages` is where our own dependencies lie."""

    def __init__(self, folder: Path, where: Interpreters, packages: Path, node_stand_in: str) -> None:
        self._folder, self._where, self._packages = folder, where, packages
        self.unpacked = Unpacked(folder / "code")
        self._of_node = folder / "runtime" / "node"
        self._of_node.mkdir(parents=True)
        (self._of_node / "sdk.cjs").write_text(node_stand_in, encoding="utf-8")
        shutil.copy(PROGRAMS / "node.cjs", self._of_node / "index.cjs")
        shutil.copy(PROGRAMS / "handlers.cjs", self._of_node)
        self._empty = folder / "runtime" / "empty"
        self._empty.mkdir()
        self._making = threading.Lock()

    def of(self, config: Mapping[str, Any], code: bytes) -> Runtime:
        """Return what runs a function. Raises ValueError when nothing here does."""
        name = str(config.get("Runtime", ""))
        layers = tuple(packed for _, packed in _attached(config) if packed is not None)
        task = self.unpacked.of(code)
        opt = self.unpacked.of(*layers)
        flags: tuple[str, ...] = ()
        interpreter = self.interpreter(name, names_in([code, *layers]))
        if interpreter is not None:
            program, packages, family = interpreter.path, self.brought(interpreter), "python"
        elif name.startswith("nodejs"):
            found = shutil.which("node")
            if found is None:
                raise ValueError("there is no node on PATH")
            program, packages, family = Path(found).resolve(), self._of_node, "nodejs"
            options = (config.get("Environment") or {}).get("Variables", {}).get("NODE_OPTIONS", "")
            flags = node_flags(name, str(options), _said_by(program))
        else:
            program, packages, family = task / "bootstrap", self._empty, "provided"
        cache = self._folder / "bytecode" / task.name
        return Runtime(
            program=program,
            family=family,
            task=task,
            opt=opt,
            packages=packages,
            cache=cache,
            layers=layers,
            flags=flags,
            keep=tuple({str(p) for p in (prefix_of(program), self._packages, PROGRAMS, self._folder) if p}),
        )

    def interpreter(self, runtime: str, names: Sequence[str] = ()) -> Interpreter | None:
        """Return the Python that runs functions of a runtime with these files; None when it is not one of Python."""
        version = declared_version(runtime)
        return chosen(version, names, self._where) if version is not None else None

    def absent_layers(self, config: Mapping[str, Any]) -> list[str]:
        """Return the ARNs of a function's layers whose content is not to be had."""
        return [arn for arn, packed in _attached(config) if packed is None and not SETTINGS_LAYER.search(arn)]

    def brought(self, interpreter: Interpreter) -> Path:
        """Return the folder with what Lambda's runtime of this version brings, made when it is first asked for."""
        folder = self._folder / "runtime" / interpreter.name
        with self._making:  # functions start at once, and half a runtime serves nobody
            if not folder.is_dir():
                self._make(folder, interpreter)
        return folder

    def _make(self, folder: Path, interpreter: Interpreter) -> None:
        being_made = folder.with_suffix(".new")
        shutil.rmtree(being_made, ignore_errors=True)
        being_made.mkdir(parents=True)
        bring(being_made, interpreter, self._packages)
        shutil.copy(PROGRAMS / "runtime_client.py", being_made)
        being_made.rename(folder)


def bring(
    folder: Path, interpreter: Interpreter, packages: Path, install: Callable[..., bytes | None] = install
) -> None:
    """Put into a folder what Lambda's Python runtime of this version brings; `packages` is where ours lie.

    Packages can be built for a Python alone that our boto3 does not load on: it gets the last one that does.
    """
    own = install("boto3", interpreter.version) if interpreter.version < OLDEST_WITH_BOTO3 else None
    if own is not None:
        with tempfile.TemporaryDirectory(dir=folder.parent) as unpacked:
            zipfile.ZipFile(io.BytesIO(own)).extractall(unpacked)
            for path in (Path(unpacked) / "python").iterdir():
                path.rename(folder / path.name)
    for name in BROUGHT:
        if not (folder / name).exists():
            (folder / name).symlink_to(packages / name)
    if interpreter.version <= _LAST_WITH_SETUPTOOLS:
        for name in _SETUPTOOLS:
            found = prefix_of(interpreter.path) / "lib" / f"python{interpreter.name}" / "site-packages" / name
            if found.is_dir():
                (folder / name).symlink_to(found)


@lru_cache
def _said_by(node: Path) -> str:
    try:
        done = subprocess.run([node, "-p", ASK_NODE], capture_output=True, text=True, check=False, timeout=_TIMEOUT_S)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout


def prefix_of(program: Path) -> Path:
    """Return the folder that an installed program lies in with its libraries."""
    return program.parent.parent if program.parent.name == "bin" else program.parent


def _attached(config: Mapping[str, Any]) -> Iterator[tuple[str, bytes | None]]:
    """Yield ARN and content of each layer of a function, in their order."""
    from ministack.services import lambda_svc

    for layer in config.get("Layers") or ():
        arn = str(layer["Arn"] if isinstance(layer, dict) else layer)
        yield arn, lambda_svc._resolve_layer_zip(layer)
