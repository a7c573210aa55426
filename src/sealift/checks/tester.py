"""The Tester port: runs an application's own tests, in an environment made from its own requirements."""

import platform
import posixpath
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from sealift.analysis.allowed import allowed, surroundings
from sealift.analysis.redact import excerpt, redacted, secret_values
from sealift.analysis.suites import Run, acceptance_runs, declared_run, ignored, undeclared, unit_runs
from sealift.checks.bytecode import link_library
from sealift.checks.cache import TextCache
from sealift.checks.environment import EnvironmentBuilder, TestEnvironment, environment_key
from sealift.checks.files import SETTINGS, declares_script, folders_with_settings, project_files, states, text, texts
from sealift.checks.files import report as read_report
from sealift.checks.kept import KeptResult
from sealift.checks.needs import Needs, collect_needs
from sealift.checks.notes import advice, changed_files
from sealift.checks.pythons import Interpreter, find_interpreter, wanted_version
from sealift.checks.tools import Bench
from sealift.errors import BuildError
from sealift.model.app import App, SuiteSpec
from sealift.model.finding import Finding, SuiteResult
from sealift.ports import Completed, Process

if TYPE_CHECKING:
    from sealift.analysis.results import Ended

UNIT = "unit tests"
ACCEPTANCE = "acceptance tests"
_DUMMY_AWS = {
    # boto3 clients that are made at import need a region and credentials. These reach nothing.
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_SESSION_TOKEN": "testing",
    "AWS_SECURITY_TOKEN": "testing",
}
_NO_AWS_FILES = {
    "AWS_CONFIG_FILE": "/dev/null",
    "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    "AWS_EC2_METADATA_DISABLED": "true",
}
_FALLBACK_PATH = "/usr/local/bin:/usr/bin:/bin"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Suite:
    """What is to be run: the declaration, the runs it comes to, and the variables the tests get."""

    name: str
    spec: SuiteSpec
    runs: tuple[Run, ...]
    files: tuple[str, ...]
    env: Mapping[str, str]
    secrets: tuple[str, ...]


class RealTester:
    """Runs test suites. `env` is our own environment; tests, and what installs them, get none of its secrets.

    `process` installs, which needs the network; `testing` runs the tests themselves, and `accepting` those that are
    given a profile of the person, whose files they have to read then. `begun` is called before tests are run.
    """

    def __init__(
        self,
        process: Process,
        cache: Path,
        *,
        env: Mapping[str, str] | None = None,
        testing: Process | None = None,
        accepting: Process | None = None,
        begun: Callable[[], None] = lambda: None,
    ) -> None:
        self._begun = begun
        self._process = process
        self._testing = testing or process
        self._accepting = accepting or self._testing
        self._cache = cache
        self._env = {"PATH": _FALLBACK_PATH, **(env or {})}

    def unit(self, app: App, *, again: bool = False) -> SuiteResult:
        spec = app.unit_tests
        if spec.enabled == "off":
            return _not_tested(UNIT, "switched off: [tests.unit] enabled in the configuration")
        files = project_files(app.root)
        configured = folders_with_settings(app.root, files)
        runs = (declared_run(spec.path, configured),) if spec.path else unit_runs(files, configured)
        if not runs and not spec.command:
            return _nothing_to_run(UNIT, spec, f"there are no unit tests{_those_of_node(app.root, files)}")
        region = app.environments[0].region if app.environments else "us-east-1"
        env = {**_DUMMY_AWS, **_NO_AWS_FILES, "AWS_DEFAULT_REGION": region, "AWS_REGION": region}
        return self._run(app, self._suite(UNIT, spec, runs, files, env), keeps=not again)

    def acceptance(self, app: App, environment: Mapping[str, str]) -> SuiteResult:
        spec = app.acceptance_tests
        if spec.enabled == "off":
            return _not_tested(ACCEPTANCE, "switched off: [tests.acceptance] enabled in the configuration")
        files = project_files(app.root)
        configured = folders_with_settings(app.root, files)
        runs = (declared_run(spec.path, configured),) if spec.path else acceptance_runs(files, configured)
        if not runs and not spec.command:
            others = undeclared(files)
            more = f"; {', '.join(others[:3])} would be run if [tests.acceptance] path named it" if others else ""
            return _nothing_to_run(ACCEPTANCE, spec, f"there are no acceptance tests{more}")
        # Where the caller gives no access to AWS, tests have none: never that of the machine.
        files_off = {} if "AWS_PROFILE" in environment else _NO_AWS_FILES
        return self._run(app, self._suite(ACCEPTANCE, spec, runs, files, {**files_off, **environment}))

    def _suite(
        self, name: str, spec: SuiteSpec, runs: tuple[Run, ...], files: tuple[str, ...], env: Mapping[str, str]
    ) -> _Suite:
        shown = {key: value for key, value in env.items() if value not in _DUMMY_AWS.values()}
        secrets = secret_values(self._env, shown, spec.variables)
        return _Suite(name=name, spec=spec, runs=runs, files=files, env=env, secrets=secrets)

    def bench(self, app: App) -> Bench:
        """Return the environment of the unit tests, for linters that see what is installed. Raises BuildError."""
        spec = app.unit_tests
        files = project_files(app.root)
        configured = folders_with_settings(app.root, files)
        runs = (declared_run(spec.path, configured),) if spec.path else unit_runs(files, configured)
        suite = self._suite(UNIT, spec, runs, files, {})
        python = self._python(app, suite)
        needs = self._needs(app, suite, python)
        environment = self._environment(app, needs, python)
        run = runs[0] if runs else Run(base=".", paths=())
        return Bench(
            folder=environment.folder,
            variables=self._variables(app, suite, run, environment),
            inputs=self._inputs(app, suite, needs, python) or (str(environment.folder), *environment.notes),
        )

    def _python(self, app: App, suite: _Suite) -> Interpreter:
        wanted = wanted_version(app, suite.spec, [run.folder for run in suite.runs])
        return find_interpreter(wanted, self._process, self._env, app.root, TextCache(self._cache / "pythons"))

    def _needs(self, app: App, suite: _Suite, python: Interpreter) -> Needs:
        return collect_needs(app.root, suite.files, suite.spec, python.version)

    def _environment(self, app: App, needs: Needs, python: Interpreter) -> TestEnvironment:
        given = allowed(self._env, app.sandbox.variables)
        builder = EnvironmentBuilder(self._process, self._cache / "environments", given)
        environment = builder.prepare(app.root, needs, python)
        link_library(environment.folder, self._bytecode)
        return environment

    @property
    def _bytecode(self) -> Path:
        return self._cache / "pycache"

    def _run(self, app: App, suite: _Suite, *, keeps: bool = False) -> SuiteResult:
        if suite.spec.path and not (app.root / suite.spec.path).exists():
            finding = _broken("path-not-found", f"there is no {suite.spec.path}, which [tests] path names")
            return SuiteResult(name=suite.name, status="errored", reason=finding.message, findings=(finding,))
        python = self._python(app, suite)
        needs = self._needs(app, suite, python)
        inputs = self._inputs(app, suite, needs, python) if keeps else None
        kept = KeptResult(TextCache(self._cache / "reports"), inputs, app.root.resolve())
        if found := kept.get(suite.name):
            return found
        try:
            environment = self._environment(app, needs, python)
        except BuildError as error:
            return _cannot_install(suite.name, error, other_python=python.instead_of is not None)
        self._begun()
        self._cache.mkdir(parents=True, exist_ok=True)
        before = states(app.root, suite.files)
        scratch = Path(tempfile.mkdtemp(dir=self._cache, prefix="run-"))
        try:
            ended = tuple(
                self._one(app, suite, run, environment, scratch / f"{number}.xml")
                for number, run in enumerate(_runs(suite))
            )
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        from sealift.analysis.results import suite_result  # most suites are not run again

        result = suite_result(suite.name, ended, notes=environment.notes)
        declared = suite.spec.enabled == "on" or bool(suite.spec.path or suite.spec.command)
        if result.status == "not tested" and declared and not result.skipped:
            finding = _broken("no-tests", f"{suite.name}: {result.reason}, though [tests] declares some")
            return replace(result, status="errored", findings=(finding,))
        said = (*_wrote(suite.name, before, states(app.root, suite.files)), *result.findings)
        return kept.put(replace(result, findings=said))

    def _inputs(self, app: App, suite: _Suite, needs: Needs, python: Interpreter) -> tuple[str, ...] | None:
        """Return all that the result of a suite depends on; None where more is read than can be told."""
        if needs.changing:
            return None
        given = surroundings(self._env, app.sandbox.variables)
        # Where the application and its Python are does not matter, so that a result may travel.
        installed = (environment_key(app.root, needs), repr(python.version), sys.platform, platform.machine())
        return (*installed, repr(suite.spec), repr(suite.runs), repr(suite.env), *given)

    def _one(self, app: App, suite: _Suite, run: Run, environment: TestEnvironment, report: Path) -> "Ended":
        """Run pytest, or the declared command, once, and read what it writes to `report`."""
        from sealift.analysis.results import Ended
        from sealift.checks.outcomes import counts_of, counts_with_printed

        measured = report.with_suffix(".coverage")
        options = (
            "-o",
            "junit_family=xunit1",
            f"--junitxml={report}",
            *_measuring(app.root / run.folder, suite, measured),
        )
        home = report.parent / "home"
        home.mkdir(exist_ok=True)
        own = "AWS_PROFILE" in suite.env
        env = self._variables(app, suite, run, environment)
        env["HOME"] = self._env.get("HOME", str(home)) if own else str(home)
        env["COVERAGE_FILE"] = str(report.parent / "coverage")
        process = self._accepting if own else self._testing
        if suite.spec.command:
            argv = suite.spec.command
            # A command that runs pytest somewhere writes the same report.
            env["PYTEST_ADDOPTS"] = " ".join((env.get("PYTEST_ADDOPTS", ""), *options)).strip()
        else:
            out = [f"--ignore={app.root / path}" for path in ignored(run, suite.files)]
            argv = (
                environment.python,
                "-m",
                "pytest",
                *options,
                "-o",
                f"cache_dir={report.parent / 'cache'}",
                *out,
                *(posixpath.relpath(path, run.folder) for path in run.paths),
            )
        done = process.run(argv, cwd=app.root / run.folder, env=env, timeout_s=suite.spec.timeout_s)
        written, shown = redacted(read_report(report), suite.secrets), _output(done)
        counts = counts_of(written, run, app.root)
        if suite.spec.command:
            whole = excerpt(shown, suite.secrets, lines=1_000_000, characters=1_000_000)
            counts = counts_with_printed(counts, whole, app.root, suite.files)
        return Ended(
            returncode=done.returncode,
            timed_out=done.timed_out,
            timeout_s=suite.spec.timeout_s,
            is_pytest=not suite.spec.command or "pytest" in suite.spec.command,
            counts=counts,
            report=written if counts_of(written, run, app.root) else "",
            coverage=read_report(measured),
            output=excerpt(shown, suite.secrets),
        )

    def _variables(self, app: App, suite: _Suite, run: Run, environment: TestEnvironment) -> dict[str, str]:
        """Return the environment of the tests: what is harmless of ours, then the suite's own variables."""
        ours = allowed(self._env, app.sandbox.variables)
        own = suite.spec.variables
        named = [app.root / part for part in own.get("PYTHONPATH", "").split(":") if part]
        folders = dict.fromkeys(
            (*named, app.root / run.base, app.root / run.folder, app.root, *_module_folders(app.root, run.base))
        )
        return {
            **ours,
            **own,
            "PATH": f"{environment.folder / 'bin'}:{ours.get('PATH', _FALLBACK_PATH)}",
            "VIRTUAL_ENV": str(environment.folder),
            "PYTHONPATH": ":".join(str(folder) for folder in folders),
            # Bytecode is kept, but not between the application's files.
            "PYTHONPYCACHEPREFIX": str(self._bytecode),
            **suite.env,
        }


def _measuring(folder: Path, suite: _Suite, report: Path) -> tuple[str, ...]:
    """Return what has pytest-cov write a report: where the settings have it measure, or a minimum is asked for."""
    measures = "--cov" in " ".join((*texts(folder, SETTINGS), *suite.spec.command))
    if not measures and suite.spec.coverage is None:
        return ()
    return (*(() if measures else ("--cov=.",)), f"--cov-report=xml:{report}")


def _runs(suite: _Suite) -> tuple[Run, ...]:
    return (Run(base=".", paths=()),) if suite.spec.command else suite.runs


def _module_folders(root: Path, base: str) -> tuple[Path, ...]:
    """Return `src` folders: where it is not a package, tests import what is in it."""
    found = (root / base / "src", root / "src")
    return tuple(folder for folder in found if folder.is_dir() and not (folder / "__init__.py").exists())


def _output(done: Completed) -> str:
    return done.stdout + ("\n" + done.stderr if done.stderr.strip() else "")


def _those_of_node(root: Path, files: tuple[str, ...]) -> str:
    """Return how tests that a package.json declares would be run, or nothing."""
    for file in files:
        if PurePosixPath(file).name == "package.json" and declares_script(text(root / file), "test"):
            folder = PurePosixPath(file).parent
            command = "npm test" if folder == PurePosixPath(".") else f"npm --prefix {folder} test"
            return f' of Python; [tests.unit] command = "{command}" would run those of {file}'
    return ""


def _not_tested(name: str, reason: str) -> SuiteResult:
    return SuiteResult(name=name, status="not tested", reason=reason)


def _nothing_to_run(name: str, spec: SuiteSpec, reason: str) -> SuiteResult:
    """Tests that are declared to be there and are not are an error, not an omission."""
    if spec.enabled != "on":
        return _not_tested(name, reason)
    finding = _broken("no-tests", f"{reason}, though [tests] enabled says that there are")
    return SuiteResult(name=name, status="errored", reason=finding.message, findings=(finding,))


_UNREACHABLE = ("Failed to fetch", "error sending request", "client error", "Could not connect")
"""What uv says when a package could not be had at all: that is not a property of the Python it was wanted for."""


def _cannot_install(name: str, error: BuildError, *, other_python: bool) -> SuiteResult:
    """On a Python that nobody asked for it proves nothing that requirements cannot be installed."""
    unreachable = any(sign in error.message for sign in _UNREACHABLE)
    if other_python and not unreachable:
        return _not_tested(name, error.message)
    finding = _broken(error.code, error.message, fix=error.hint)
    return SuiteResult(name=name, status="errored", reason=error.message, findings=(finding,))


def _wrote(name: str, before: Mapping[str, object], after: Mapping[str, object]) -> Iterator[Finding]:
    """Yield the finding that files of the application are not as they were: what is built is not what was tested."""
    if changed := changed_files(f"the {name}", before, after):
        message = f"{changed}: what is built may be another state than was tested"
        fix = "Have the tests write into a temporary folder (`tmp_path`)."
        yield replace(advice("tests", "files-changed", message), fix=fix)


def _broken(code: str, message: str, *, fix: str = "") -> Finding:
    return Finding(tool="tests", id=code, severity="high", message=message, fix=fix, stops=True)
