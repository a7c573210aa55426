"""Runs the type checkers and linters that an application configures, and the commands of [lint].

What is only configured advises: whether its own CI stops for it is not known. A declared command stops by its exit
code. Each runs in the environment of the unit tests; a tool that is not installed there is named, not brought along.
"""

import posixpath
import re
import shlex
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path, PurePosixPath

from sealift.analysis.redact import excerpt, tail
from sealift.analysis.suites import NOT_TESTS
from sealift.analysis.tools import (
    MOST_FINDINGS,
    SETUP,
    TOOLS,
    Tool,
    is_configured,
    is_report,
    report_findings,
    warnings,
)
from sealift.checks.cache import TextCache, content_key
from sealift.checks.files import only_end, states, text
from sealift.checks.notes import TIMEOUT_S, advice, changed_files, could_not_run, ending
from sealift.errors import BuildError, UserError
from sealift.model.app import App
from sealift.model.finding import Finding
from sealift.model.template import Location
from sealift.ports import Completed, Process

_HERE = "\0the application"
"""Stands in a kept report for the folder of the application."""
_THEN = "\0its errors"
"""Stands in a kept report between what was printed on the two streams."""
_SHOWN = 300
_REFERS = re.compile(r'"references"\s*:\s*\[\s*\{')


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
    run = _Runner(app.root, files, made, process, cache, tree)
    return tuple(finding for call in calls for finding in run.found(call))


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
    names = (*tool.files, "pyproject.toml", SETUP)
    return any(is_configured(tool, name, text(folder / name)) for name in names if (folder / name).is_file())


@dataclass(frozen=True)
class _Runner:
    """Runs each tool over the same files, in the same environment."""

    root: Path
    files: Sequence[str]
    bench: Bench
    process: Process
    cache: TextCache
    tree: Callable[[], str | None]

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(self.files)

    def found(self, call: _Call) -> Iterator[Finding]:
        """Yield what a tool reports, from its report on the same files where that is kept."""
        program = _program(self.root, call, self.bench)
        if program is None:
            brings = "`npm ci`" if TOOLS[call.name].node else "the requirements of the tests"
            message = f"{call.name} is configured and was not run: {brings} would bring it"
            yield advice(call.name, "not-installed", message)
            return
        files, place = self.tree(), str(self.root.resolve())
        version = _version(self.root, program, self.bench)
        key = content_key(("both streams", *call.argv, call.folder, version, *self.bench.inputs, files or ""))
        kept = self.cache.get(key) if files else None
        if kept is not None:
            stdout, stderr = kept.replace(_HERE, place).split(_THEN)
            yield from self._read(call, Completed(returncode=0, stdout=stdout, stderr=stderr))
            return
        before = states(self.root, self.files)
        done = self._run(call, program)
        yield from self._read(call, done)
        wrote = tuple(_wrote(call, before, states(self.root, self.files)))
        yield from wrote
        if files and not wrote and done.returncode == 0 and not done.left_out_bytes:
            streams = (stream.replace(_THEN, "").replace(place, _HERE) for stream in (done.stdout, done.stderr))
            self.cache.put(key, _THEN.join(streams))

    def _run(self, call: _Call, program: str) -> Completed:
        argv = (program, *call.argv[1:], *_more(self.root, call, self.bench))
        try:
            return self.process.run(argv, cwd=self.root / call.folder, env=self.bench.variables, timeout_s=TIMEOUT_S)
        except UserError as error:
            return Completed(returncode=127, stdout="", stderr=error.message)

    def _read(self, call: _Call, done: Completed) -> Iterator[Finding]:
        """Yield what a run that is over found, and that it said nothing where it should have."""
        found = [] if done.timed_out else list(self._said(call, done))
        yield from found
        broke = done.timed_out or (not found and (done.returncode != 0 or not is_report(call.name, done.stdout)))
        if broke and (done.timed_out or not call.declared):
            last = "" if done.stderr.strip() else tail(done.stdout, lines=1)
            why = replace(done, stderr=f"{ending(done)}: {last}") if last else done
            yield replace(could_not_run(call.name, why), stops=call.declared)
        elif done.returncode < 0 and not call.declared:
            yield advice(call.name, "ended-early", f"{call.name} did not come to its end: {ending(done)}")
        elif not call.declared and (besides := warnings(excerpt(done.stderr))):
            message = f"{call.name} warned, beside its report: {besides[:_SHOWN]}"
            yield replace(advice(call.name, "tool-warning", message), severity="low")
        if call.name == "tsc" and not call.declared and _REFERS.search(text(self.root / call.folder / "tsconfig.json")):
            yield replace(advice("tsc", "references-not-checked", _REFERENCES), fix=_BUILDS, location=_place(call))
        if len(found) >= MOST_FINDINGS or (found and done.left_out_bytes):
            yield advice(call.name, "more-findings", f"{call.name} reported more than the {len(found)} that are read")

    def _said(self, call: _Call, done: Completed) -> Iterator[Finding]:
        stops = call.declared and done.returncode != 0
        folder = str((self.root / call.folder).resolve())
        # Some print what they found on the error stream; a tool that we call ourselves says other things there.
        both = f"{done.stdout}\n{done.stderr}" if call.declared and done.stderr.strip() else done.stdout
        found = False
        for finding in report_findings(call.name, both, folder=folder, stops=stops):
            at = finding.location
            file = at and self._file(posixpath.normpath(posixpath.join(call.folder, at.file)), declared=call.declared)
            if at is not None and file:
                found = True
                yield replace(finding, location=replace(at, file=file))
        if stops and not found:
            output = excerpt(f"{done.stdout}\n{done.stderr}".strip()) or "it printed nothing"
            yield Finding(
                tool=call.name,
                id="command-failed",
                severity="high",
                message=f"`{' '.join(call.argv)}`: {ending(done)}: {output.splitlines()[-1][:_SHOWN]}",
                fix="Run it in the application's folder to see all of it.",
                stops=True,
            )

    def _file(self, name: str, *, declared: bool) -> str | None:
        """Return the application's file that a tool names; None for what is installed, built or elsewhere.

        A command may look at hidden files, and may have been started by a script in another folder.
        """
        if name in self._known:
            return name
        if not declared or name.startswith(("../", "node_modules/")) or "/node_modules/" in name:
            return None
        return name if _is_file(self.root / name) else only_end(name, self.files)


def _version(root: Path, program: str, bench: Bench) -> str:
    """Return what stands for the version of a program: nothing where requirements or a lock file do."""
    found = shutil.which(program, path=bench.variables.get("PATH"))
    if found is None or Path(found).is_relative_to(bench.folder) or Path(found).is_relative_to(root.resolve()):
        return "" if bench.inputs else str(bench.folder)
    told = Path(found).stat()
    return f"{found} {told.st_size} {told.st_mtime_ns}"


def _wrote(call: _Call, before: Mapping[str, object], after: Mapping[str, object]) -> Iterator[Finding]:
    if changed := changed_files(call.name, before, after):
        message = f"{changed}: what ran beside it may have read either state"
        fix = "Have it only check (such as `ruff format --check`); run what rewrites files before `sealift check`."
        yield replace(advice(call.name, "files-changed", message), fix=fix)


def _configures(root: Path, name: str) -> bool:
    return is_configured(TOOLS["bandit"], name, text(root / name)) and (root / name).is_file()


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name that no file can have
        return False


def _place(call: _Call) -> Location:
    return Location(file=posixpath.normpath(posixpath.join(call.folder, "tsconfig.json")), line=0)


_REFERENCES = "tsconfig.json refers to other projects, which `tsc --noEmit` does not check"
_BUILDS = 'Have them checked by a command: `commands = ["tsc -b"]` under [lint] in sealift.toml.'


def _more(root: Path, call: _Call, bench: Bench) -> tuple[str, ...]:
    """Return what is needed besides: a cache of mypy outside of the work tree, what to check unless its settings say.

    bandit looks for its settings in `.bandit` alone: https://bandit.readthedocs.io/en/latest/config.html
    """
    if call.declared:
        return ()
    if call.name == "bandit":
        named = next((name for name in ("bandit.yaml", "pyproject.toml") if _configures(root, name)), None)
        # Without this it reads all that is installed in the folder.
        leaves = () if (root / ".bandit").exists() else ("-x", ",".join(f"*/{name}/*" for name in sorted(NOT_TESTS)))
        return (*(("-c", named) if named else ()), *leaves)
    if call.name != "mypy":
        return ()
    said = "\n".join(text(root / name) for name in ("mypy.ini", ".mypy.ini", "pyproject.toml", SETUP))
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
