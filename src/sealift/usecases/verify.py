"""Verify a deployment against its live endpoint: declared probes first, then the acceptance tests."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

from sealift.errors import UserError
from sealift.model.event import FindingReported, Noted
from sealift.model.finding import SuiteResult
from sealift.model.ledger import Status
from sealift.usecases.deploy import Deployment
from sealift.usecases.logs import tell_trouble
from sealift.usecases.probes import probe_all, probes_of
from sealift.usecases.services import Services, phase
from sealift.usecases.surroundings import variables
from sealift.usecases.target import Target
from sealift.usecases.writing import Writer


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What verification found. `failures` are sentences; `checks` counts what was asked."""

    status: Status
    checks: int
    failures: tuple[str, ...] = ()


def verify_deployment(target: Target, deployment: Deployment, writer: Writer, services: Services) -> Verification:
    """Send the probes, run the acceptance tests, and record the outcome in the ledger."""
    name, began = target.environment.name, services.clock.now()
    with phase(services, "verify", environment=name) as outcome, _recorded(deployment, writer):
        failures = list(probe_all(target, deployment.outputs, services))
        probes = len(probes_of(target))
        suite = _acceptance(target, deployment.outputs, services) if not failures else None
        if suite is not None and suite.status in {"failed", "errored"}:
            failures.append(_suite_failure(suite))
        tested = suite is not None and suite.status == "succeeded"
        if not failures and probes == 0 and not tested:
            _warn_unproven(target, services)
        if failures:
            stacks = [target.app.stack_name(target.environment, stack) for stack in target.app.stacks]
            tell_trouble(stacks, writer.cloud, services, since=began)
        verification = Verification(
            status="failed" if failures else "succeeded",
            checks=probes + (suite.passed + suite.failed if suite else 0),
            failures=tuple(failures),
        )
        outcome.status = verification.status
        count = verification.checks
        passed = f"{count} check{'s' * (count != 1)} passed" if verification.checks else "nothing declared to check"
        outcome.detail = "; ".join(failures) or passed
    writer.note(
        "verification",
        deployment.operation,
        verification.status,
        {
            "probes": probes,
            "acceptance": suite.status if suite else "skipped",
            "passed": suite.passed if suite else 0,
            "failures": list(failures),
        },
    )
    return verification


@contextmanager
def _recorded(deployment: Deployment, writer: Writer) -> Iterator[None]:
    """Record a verification that does not come to its end."""
    try:
        yield
    except KeyboardInterrupt:
        writer.note("verification", deployment.operation, "aborted", {})
        raise
    except UserError as error:
        writer.note("verification", deployment.operation, "errored", {"error": error.code, "message": error.message})
        raise


def _acceptance(target: Target, outputs: Mapping[str, str], services: Services) -> SuiteResult:
    wanted = target.app.acceptance_tests.environments
    if wanted and target.environment.name not in wanted:
        return SuiteResult(name="acceptance", status="not tested", reason="not declared for this environment")
    result = services.tester.acceptance(target.app, variables(target.app, target.cloud, outputs))
    for finding in result.findings:
        services.events.emit(FindingReported(finding=replace(finding), environment=target.environment.name))
    return result


def _suite_failure(suite: SuiteResult) -> str:
    first = suite.findings[0].message if suite.findings else suite.reason
    return f"acceptance tests: {suite.failed} failed, {suite.passed} passed" + (f" ({first})" if first else "")


def _warn_unproven(target: Target, services: Services) -> None:
    services.events.emit(
        Noted(
            level="warning",
            name="verified-by-hash-only",
            message="No probe and no acceptance test is declared: only the functions' code hashes were checked",
            hint="Add [[probes]] or tests/acceptance; `sealift init` shows how.",
            environment=target.environment.name,
        )
    )
