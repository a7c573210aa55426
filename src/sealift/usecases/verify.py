"""Verify a deployment against its live endpoint: declared probes first, then the acceptance tests."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial

from sealift.errors import UserError
from sealift.model.app import App, Environment
from sealift.model.event import FindingReported
from sealift.model.finding import SuiteResult
from sealift.model.ledger import Status
from sealift.model.records import Verified
from sealift.usecases.deploy import Deployment
from sealift.usecases.logs import stays_broken, tell_trouble
from sealift.usecases.probes import probe_all, probes_of
from sealift.usecases.reach import outputs_of
from sealift.usecases.reading_back import Codes
from sealift.usecases.services import Services, phase
from sealift.usecases.site import Site, open_site
from sealift.usecases.surroundings import variables
from sealift.usecases.writing import Operation, Writer, check_account, check_pull_request


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What verification found. `failures` are sentences; `checks` counts what was asked."""

    status: Status
    checks: int
    failures: tuple[str, ...] = ()


def verify_deployment(deployment: Deployment, writer: Writer) -> Verification:
    """Send the probes, run the acceptance tests, and record the outcome in the ledger."""
    name, began = writer.site.name, writer.services.clock.now()
    operation = replace(deployment.operation, kind="verification")
    with phase(writer.services, "verify", environment=name) as outcome, _recorded(operation, writer):
        stacks = [writer.app.stack_name(writer.site.environment, stack) for stack in writer.app.stacks]
        hopeless = partial(stays_broken, stacks, writer.site, since=began)
        failures = list(probe_all(writer.site, deployment.outputs, hopeless=hopeless))
        probes = len(probes_of(writer.site))
        suite = _acceptance(writer.site, deployment.outputs) if not failures else None
        if suite is not None and suite.status in {"failed", "errored"}:
            failures.append(_suite_failure(suite))
        tested = suite is not None and suite.status == "succeeded"
        if not failures and probes == 0 and not tested:
            _warn_unproven(deployment.codes, writer.site)
        if failures:
            tell_trouble(stacks, writer.site, since=began)
        verification = Verification(
            status="failed" if failures else "succeeded",
            checks=probes + (suite.passed + suite.failed if suite else 0),
            failures=tuple(failures),
        )
        outcome.status = verification.status
        count = verification.checks
        passed = f"{count} check{'s' * (count != 1)} passed" if verification.checks else "nothing declared to check"
        outcome.detail = "; ".join(failures) or passed
    found = Verified(
        probes=probes,
        acceptance=suite.status if suite else "skipped",
        passed=suite.passed if suite else 0,
        failures=tuple(failures),
    )
    writer.record(operation, verification.status, found)
    return verification


def acceptance_tests(app: App, environment: Environment, services: Services) -> SuiteResult:
    """Run the acceptance tests against what an environment runs. Nothing is recorded: it does not count as verified.

    They get the environment's access, so what nobody merged does not run there. Raises Refused, and UserError where
    nothing is deployed.
    """
    site = open_site(app, environment, services)
    check_account(site)
    check_pull_request(site)
    outputs = outputs_of(site)
    with phase(services, "test", environment=environment.name) as outcome:
        result = _acceptance(site, outputs)
        outcome.status = "skipped" if result.status == "not tested" else result.status
        outcome.detail = result.reason or f"{result.passed} passed, {result.failed} failed"
    return result


@contextmanager
def _recorded(operation: Operation, writer: Writer) -> Iterator[None]:
    """Record a verification that is interrupted."""
    try:
        yield
    except KeyboardInterrupt:
        writer.record(operation, "aborted", Verified())
        raise
    except UserError as error:
        writer.record(operation, "errored", Verified(error=error.code, message=error.message))
        raise


def _acceptance(site: Site, outputs: Mapping[str, str]) -> SuiteResult:
    if not site.environment.is_among(site.app.acceptance_tests.environments):
        return SuiteResult(name="acceptance", status="not tested", reason="not declared for this environment")
    given = variables(site, outputs, only_reads=site.environment.protected)
    result = site.secrets.said(site.services.tester.acceptance(site.app, given))
    for finding in result.findings:
        site.emit(FindingReported(finding=replace(finding), environment=site.name))
    return result


def _suite_failure(suite: SuiteResult) -> str:
    first = suite.findings[0].message if suite.findings else suite.reason
    return f"acceptance tests: {suite.failed} failed, {suite.passed} passed" + (f" ({first})" if first else "")


def _warn_unproven(codes: Codes, site: Site) -> None:
    checked = f"only {codes.count} {'was' if len(codes.compared) == 1 == codes.functions else 'were'} checked"
    site.note(
        "verified-by-hash-only",
        "No probe and no acceptance test is declared: "
        + (checked if codes.compared else "nothing was checked, not even the code hash of a function"),
        level="warning",
        hint="Add [[probes]] or tests/acceptance; `sealift init` shows how.",
    )
