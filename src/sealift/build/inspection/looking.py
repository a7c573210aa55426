"""Looks at a finished function: its handler is there, its compiled modules fit, its imports lead somewhere.

A handler that is missing for certain is an error. What may come from a layer that is not known here is a warning.
"""

import re
import zipfile
from collections.abc import Iterator

from sealift.analysis.handlers import handler_files, handler_parts, lacks_export, lacks_function
from sealift.build.inspection import node_imports, python_imports
from sealift.build.inspection.contents import Contents, contents
from sealift.build.inspection.native import misfits, of_elsewhere
from sealift.errors import BuildError
from sealift.model.release import Finished

_HINT = "Correct Handler (file, a dot, function), CodeUri, or what builds the package."


def look(function: Finished) -> tuple[str, ...]:
    """Return a warning for each thing that may fail. Raises BuildError for what fails at every call."""
    runtime = function.runtime or ""
    try:
        found = contents(
            function.package, function.layers, python=runtime.startswith("python"), foreign=function.foreign
        )
    except (zipfile.BadZipFile, OSError):
        return ()
    return tuple(f"{function.logical_id}: {told}" for told in _told(function, runtime, found))


def _told(function: Finished, runtime: str, found: Contents) -> Iterator[str]:
    for package in (function.package, *function.layers):
        yield from misfits(package, runtime, function.architecture or "")
    if runtime.startswith("provided"):
        yield from _bootstrap(function, found)
    yield from _started(function, found)
    file = None
    handler = function.handler or ""
    files = handler_files(handler, runtime)
    if files and not handler.startswith("/"):
        file = next((name for name in files if name in found.names), None)
        if file is None:
            yield from _fails(function, found, f"its Handler is {handler}, but the package has no {files[0]}")
        else:
            yield from _name(function, found, file, handler_parts(handler, runtime)[1])
    own = frozenset(function.own)
    if file is None or file not in own or found.foreign:
        return
    for at, line, module in _imports(runtime, file, found, own):
        yield f"{at}:{line} imports {module}, which is not in the package, a layer or the runtime"


def _imports(runtime: str, file: str, found: Contents, own: frozenset[str]) -> Iterator[tuple[str, int, str]]:
    if match := re.fullmatch(r"python3\.(\d+)", runtime):
        return python_imports.missing_imports(file, found, own, int(match[1]))
    if match := re.fullmatch(r"nodejs(\d+)\.x", runtime):
        return node_imports.missing_imports(file, found, own, int(match[1]))
    return iter(())


def _name(function: Finished, found: Contents, file: str, name: str) -> Iterator[str]:
    with zipfile.ZipFile(found.package) as archive:
        if file not in archive.namelist():
            return  # in a layer
    text = found.text(file)
    python = file.endswith(".py") and lacks_function(text, name)
    if python or (file.endswith((".js", ".mjs", ".cjs")) and lacks_export(text, name)):
        yield from _fails(function, found, f"its Handler is {function.handler}, but {file} has no {name}")


def _bootstrap(function: Finished, found: Contents) -> Iterator[str]:
    if "/var/task/bootstrap" in found.files:
        if "/var/task/bootstrap" not in found.executable:
            why = "the file bootstrap is not executable: run `git update-index --chmod=+x`, or `chmod +x` in its build"
            yield from _fails(function, found, why)
        foreign = of_elsewhere(found.head("bootstrap"), function.architecture or "")
        if foreign:
            yield from _fails(function, found, f"the file bootstrap is {foreign}")
    elif "/opt/bootstrap" not in found.files:
        yield from _fails(
            function, found, "a custom runtime starts the file bootstrap, which the package does not have"
        )


def _started(function: Finished, found: Contents) -> Iterator[str]:
    """Yield what is wrong with what Lambda starts beside the runtime: a wrapper, and extensions of layers.

    https://docs.aws.amazon.com/lambda/latest/dg/runtimes-modify.html#runtime-wrapper and
    https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html
    """
    wrapper = function.variables.get("AWS_LAMBDA_EXEC_WRAPPER", "")
    if wrapper.startswith(("/opt/", "/var/task/")) and wrapper not in found.executable:
        what = "is not executable" if wrapper in found.files else "is in neither the package nor a layer"
        yield from _fails(function, found, f"AWS_LAMBDA_EXEC_WRAPPER names {wrapper}, which {what}")
    for name in sorted(found.files - found.executable):
        folder, _, base = name.rpartition("/")
        if folder == "/opt/extensions" and base:
            yield f"the extension {base} of a layer is not executable, so Lambda cannot start it"


def _fails(function: Finished, found: Contents, why: str) -> Iterator[str]:
    if found.foreign:
        yield f"{why}; a layer or a file system that is not built here may have it"
        return
    raise BuildError(
        f"{function.logical_id} would fail at every call: {why}",
        code="handler-missing",
        hint=_HINT,
        context={"logical_id": function.logical_id, "handler": function.handler or ""},
    )
