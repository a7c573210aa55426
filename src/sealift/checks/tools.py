"""Runs the type checkers and linters that an application configures, and the commands of [lint].

What is only configured advises: whether its own CI stops for it is not known. A declared command stops by its exit
code. Each runs in the environment of the unit tests; a tool that is not installed there is named, not brought along.
"""

import posixpath
import shlex
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from sealift.analysis.redact import tail
from sealift.analysis.tools import TOOLS, Tool, is_configured, report_findings
from sealift.checks.cache import TextCache, content_key
from sealift.checks.files import text
from sealift.checks.notes import TIMEOUT_S, advice, could_not_run
from sealift.errors import BuildError, UserError
from sealift.model.app import App
from sealift.model.finding import Finding
from sealift.ports import Completed, Process

_HERE = "\0the application"
"""Stands in a kept report for the folder of the application."""
_BROKE = 2
"""From here on an exit code without a finding says that a tool could not run; tsc has 2 for faults, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """The environment of the unit tests: its folder, and the variables that programs get there."""

    folder: Path
    variables: Mapping[str, str]
    inputs: tuple[str, ...] = ()
    """What is installed and given there, wherever it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    name: str
    folder: str
    argv: tuple[str, ...]
    declared: bool


def tool_findings(
    app: App,
    files: Sequence[str],
    *,
    process: Process,
    bench: Callable[[App], Bench],
    cache: TextCache,
    tree: Callable[[], str | None],
) -> tuple[Finding, ...]:
    """Return what the application's own tools report; a report is kept under `tree`, the content of all files.

    None is kept where `tree` is None.
    """
    calls = list(_calls(app, files))
    if not calls:
        return ()
    try:
        made = bench(app)
    except BuildError as error:
        names = ", ".join(call.name for call in calls)
        return (replace(advice("sealift", "tools-not-run", f"{names} could not be run: {error}"), stops=False),)
    return tuple(finding for call in calls for finding in _found(app, call, made, process, cache, tree))


def _calls(app: App, files: Sequence[str]) -> Iterator[_Call]:
    """Yield the declared commands, and each configured tool that none of them runs."""
    commands = [tuple(shlex.split(line)) for line in app.lint_commands]
    declared = {PurePosixPath(word).name for command in commands for word in command}
    for command in commands:
        yield _Call(name=PurePosixPath(command[0]).name, folder=".", argv=command, declared=True)
    packages = {posixpath.dirname(file) or "." for file in files if posixpath.basename(file) == "package.json"}
    for name, tool in TOOLS.items():
        if name in declared:
            continue
        for folder in sorted(packages) if tool.node else (".",):
            if _configured(app.root / folder, tool) and (not tool.node or _named(app.root, folder, tool.package)):
                yield _Call(name=name, folder=folder, argv=tool.argv, declared=False)


def _named(root: Path, folder: str, package: str) -> bool:
    """Whether a package.json, here or above, names a package: the configuration alone may be for an editor."""
    here = PurePosixPath(folder)
    return any(f'"{package}"' in text(root / one / "package.json") for one in (here, *here.parents))


def _configured(folder: Path, tool: Tool) -> bool:
    names = (*tool.files, "pyproject.toml")
    return any(is_configured(tool, name, text(folder / name)) for name in names if (folder / name).is_file())


def _found(
    app: App, call: _Call, bench: Bench, process: Process, cache: TextCache, tree: Callable[[], str | None]
) -> Iterator[Finding]:
    program = _program(app.root, call, bench)
    if program is None:
        brings = "`npm ci`" if TOOLS[call.name].node else "the requirements of the tests"
        yield advice(call.name, "not-installed", f"{call.name} is configured and was not run: {brings} would bring it")
        return
    files, place = tree(), str(app.root.resolve())
    key = content_key((*call.argv, call.folder, _version(app.root, program, bench), *bench.inputs, files or ""))
    kept = cache.get(key) if files else None
    if kept is None:
        argv = (program, *call.argv[1:], *_more(app.root, call, bench))
        try:
            done = process.run(argv, cwd=app.root / call.folder, env=bench.variables, timeout_s=TIMEOUT_S)
        except UserError as error:
            done = Completed(returncode=127, stdout="", stderr=error.message)
        found = () if done.timed_out else tuple(_said(app.root, call, done))
        if done.timed_out or (not found and done.returncode >= _BROKE):
            found = (replace(could_not_run(call.name, done), stops=call.declared),)
        yield from found
        if done.returncode == 0 and files:
            cache.put(key, done.stdout.replace(place, _HERE))
        return
    yield from _said(app.root, call, Completed(returncode=0, stdout=kept.replace(_HERE, place), stderr=""))


def _version(root: Path, program: str, bench: Bench) -> str:
    """Return what stands for the version of a program: nothing where requirements or a lock file do."""
    found = shutil.which(program, path=bench.variables.get("PATH"))
    if found is None or Path(found).is_relative_to(bench.folder) or Path(found).is_relative_to(root.resolve()):
        return "" if bench.inputs else str(bench.folder)
    told = Path(found).stat()
    return f"{found} {told.st_size} {told.st_mtime_ns}"


def _said(root: Path, call: _Call, done: Completed) -> Iterator[Finding]:
    stops = call.declared and done.returncode != 0
    folder = str((root / call.folder).resolve())
    found = False
    for finding in report_findings(call.name, done.stdout, folder=folder, stops=stops):
        at = finding.location
        if at is not None and (root / call.folder / at.file).is_file():
            found = True
            yield replace(finding, location=replace(at, file=posixpath.normpath(posixpath.join(call.folder, at.file))))
    if stops and not found:
        output = tail(f"{done.stdout}\n{done.stderr}".strip()) or "it printed nothing"
        yield Finding(
            tool=call.name,
            id="command-failed",
            severity="high",
            message=f"`{' '.join(call.argv)}` ended with exit code {done.returncode}: {output.splitlines()[-1]}",
            fix="Run it in the application's folder to see all of it.",
            stops=True,
        )


def _more(root: Path, call: _Call, bench: Bench) -> tuple[str, ...]:
    """Return what mypy needs besides: a cache outside of the work tree, and what to check unless its settings say."""
    if call.name != "mypy" or call.declared:
        return ()
    said = "\n".join(text(root / name) for name in ("mypy.ini", ".mypy.ini", "pyproject.toml"))
    names = any(line.split("=")[0].strip() in ("files", "packages", "modules") for line in said.splitlines())
    return ("--cache-dir", str(bench.folder.parent / "mypy"), *(() if names else (".",)))


def _program(root: Path, call: _Call, bench: Bench) -> str | None:
    """Return the program of a call: that of the environment or of `node_modules`; a declared one may be any."""
    if call.declared:
        return call.argv[0]
    if not TOOLS[call.name].node:
        found = bench.folder / "bin" / call.name
        return str(found) if found.exists() else None
    folder = (root / call.folder).resolve()
    for above in (folder, *folder.parents):
        found = above / "node_modules" / ".bin" / call.name
        if found.exists():
            return str(found)
        if above == root.resolve():
            break
    return None
