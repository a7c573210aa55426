"""`check` and `test`."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import click

from sealift.cli.arguments import environment_names
from sealift.cli.jsonlines import fields_of, finding_fields
from sealift.cli.session import Session, options
from sealift.model.finding import SuiteResult

Function = TypeVar("Function", bound=Callable[..., Any])


def _reports(command: Function) -> Function:
    """Add the options that write reports to files."""
    for name, what in (
        ("--codequality", "Also write the findings as a GitLab code quality report."),
        ("--junit", "Also write the results as JUnit XML."),
        ("--sarif", "Also write the findings as SARIF, for code review."),
    ):
        kind = click.Path(dir_okay=False, path_type=Path)
        command = click.option(name, type=kind, metavar="FILE", help=what)(command)
    return command


@click.command("check")
@click.option("--no-tests", is_flag=True, help="Without the unit tests.")
@_reports
@click.option("--baseline", is_flag=True, help="Also write the findings of now down, not to be shown again.")
@click.option("--fix", is_flag=True, help="First add missing production settings of data stores to the template.")
@options(judging=True)
def check_command(session: Session, no_tests: bool, fix: bool, baseline: bool, **files: Path | None) -> int:
    """Analyse source and template, run the unit tests, prove the isolation, look for missing settings and build.

    Nothing is deployed, and one fault hides no other.

    With --baseline, commit the file that it writes: what it lists is counted from then on, and neither shown nor
    stopped at. The protected branch's file counts, so a pull request cannot add to it.
    """
    from sealift.usecases.check import harden
    from sealift.usecases.review import readable, review

    session.all_findings = True
    templates, unbuildable = readable(session.app, session.services)
    if fix:
        harden(session.app, session.services, templates=templates)
        templates, unbuildable = readable(session.app, session.services)
    status, results = review(
        session.app,
        session.services,
        templates=templates,
        local=session.local,
        tests=not no_tests,
        unbuildable=unbuildable,
    )
    if baseline:
        _write_baseline(session, results[0])
    return _show(session, status, results, files)


@click.command("test")
@click.option(
    "--env",
    "environment",
    metavar="ENVIRONMENT",
    shell_complete=environment_names,
    help="Run the acceptance tests instead, against what this environment runs.",
)
@_reports
@options(judging=True)
def test_command(session: Session, environment: str | None, **files: Path | None) -> int:
    """Run the unit tests only, as `check` does after its analysis; or the acceptance tests of an environment.

    The acceptance tests run where `environments` under [tests.acceptance] lets them. Nothing is recorded.
    """
    from sealift.usecases.check import unit_tests
    from sealift.usecases.verify import acceptance_tests

    session.all_findings = True
    if environment is None:
        result = unit_tests(session.app, session.services)
    else:
        result = acceptance_tests(session.app, session.environment(environment), session.services)
    status = "succeeded" if result.status in {"succeeded", "not tested"} else result.status
    return _show(session, status, [result], files)


def _show(session: Session, status: str, results: list[SuiteResult], files: Mapping[str, Path | None]) -> int:
    """Write the reports, show what analysis and tests found, and return the exit code."""
    if any(files.values()):
        from sealift.config.pipeline import part_of_repository
        from sealift.pipelines.report import placed

        part = part_of_repository(session.directory)
        named = [replace(one, findings=tuple(placed(f, part) for f in one.findings)) for one in results]
        for kind, file in files.items():
            if file is not None:
                _write(kind, file, named)
    session.close()
    results = session.said(results)
    if session.json:
        findings = [finding_fields(f) for r in results for f in r.findings]
        suites = [fields_of(result, "name", "status", "reason", "passed", "failed") for result in results]
        click.echo(json.dumps({"status": status, "findings": findings, "suites": suites}))
    return 0 if status == "succeeded" else 1


def _write_baseline(session: Session, analysis: SuiteResult) -> None:
    from sealift.analysis.baseline import NAME, written
    from sealift.cli.files import write_report

    said_of_itself = ("baseline", "configuration-not-merged")
    findings = [f for f in (*analysis.findings, *analysis.known) if f.id not in said_of_itself]
    write_report(session.app.root / NAME, written(findings))


def _write(kind: str, file: Path, results: list[SuiteResult]) -> None:
    from sealift import __version__
    from sealift.cli.files import write_report
    from sealift.pipelines.report import code_quality
    from sealift.reports.checked import checked_junit, checked_sarif

    findings = [finding for result in results for finding in result.findings]
    match kind:
        case "sarif":
            text = json.dumps(checked_sarif(findings, __version__))
        case "junit":
            text = checked_junit(results)
        case _:
            text = json.dumps(code_quality(findings))
    write_report(file, text)
