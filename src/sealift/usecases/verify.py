"""Verify a deployment against its live endpoint: declared probes first, then the acceptance tests."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from string import Template as StringTemplate

from sealift.errors import UserError
from sealift.model.app import Probe
from sealift.model.event import FindingReported, Noted, ProbeAnswered
from sealift.model.finding import SuiteResult
from sealift.model.ledger import Status
from sealift.ports import HttpAnswer
from sealift.usecases.deploy import Deployment, Target
from sealift.usecases.services import Services, phase
from sealift.usecases.surroundings import variables
from sealift.usecases.writing import Writer

PARALLEL_PROBES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What verification found. `failures` are sentences; `checks` counts what was asked."""

    status: Status
    checks: int
    failures: tuple[str, ...] = ()


def verify_deployment(target: Target, deployment: Deployment, writer: Writer, services: Services) -> Verification:
    """Send the probes, run the acceptance tests, and record the outcome in the ledger."""
    name = target.environment.name
    with phase(services, "verify", environment=name) as outcome, _recorded(deployment, writer):
        failures = list(_probe_all(target, deployment.outputs, services))
        probes = len(probes_of(target))
        suite = _acceptance(target, deployment.outputs, services) if not failures else None
        if suite is not None and suite.status in {"failed", "errored"}:
            failures.append(_suite_failure(suite))
        tested = suite is not None and suite.status == "succeeded"
        if not failures and probes == 0 and not tested:
            _warn_unproven(target, services)
        verification = Verification(
            status="failed" if failures else "succeeded",
            checks=probes + (suite.passed + suite.failed if suite else 0),
            failures=tuple(failures),
        )
        outcome.status = verification.status
        passed = f"{verification.checks} checks passed" if verification.checks else "nothing declared to check"
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


def probes_of(target: Target) -> tuple[Probe, ...]:
    """Return the probes that are sent to this environment."""
    name = target.environment.name
    return tuple(p for p in target.app.probes if not p.environments or name in p.environments)


def _probe_all(target: Target, outputs: Mapping[str, str], services: Services) -> tuple[str, ...]:
    deadline = services.clock.monotonic() + target.app.verify_timeout_s

    def ask(probe: Probe) -> str:
        left_s = deadline - services.clock.monotonic()
        answered = ask_probe(target, probe, outputs, services, patience_s=left_s)
        services.events.emit(answered)
        return "" if answered.ok else f'probe "{probe.name}": {answered.detail}'

    with ThreadPoolExecutor(max_workers=PARALLEL_PROBES) as pool:
        return tuple(wrong for wrong in pool.map(ask, probes_of(target)) if wrong)


def ask_probe(
    target: Target, probe: Probe, outputs: Mapping[str, str], services: Services, *, patience_s: float
) -> ProbeAnswered:
    """Send a probe until it is answered as declared or patience is at its end; return the last answer."""
    try:
        url = StringTemplate(probe.url).substitute(outputs)
    except (KeyError, ValueError) as error:
        raise UserError(
            f'Probe "{probe.name}" uses {error}, which {target.environment.name} does not output',
            code="probe-output",
            hint=f"The stack outputs: {', '.join(sorted(outputs)) or 'nothing'}.",
        ) from None
    attempt, pause_s = 0, 0.1
    deadline = services.clock.monotonic() + patience_s
    while True:
        attempt += 1
        answer = services.http.request(
            probe.method, url, headers=probe.headers, body=probe.body, timeout_s=probe_timeout_s(probe)
        )
        wrong = judge_answer(probe, answer)
        if wrong is None or services.clock.monotonic() + pause_s > deadline:
            return ProbeAnswered(
                environment=target.environment.name,
                name=probe.name,
                ok=wrong is None,
                detail=wrong or f"{answer.status} in {answer.latency_ms:.0f} ms",
                attempt=attempt,
                latency_ms=round(answer.latency_ms, 1),
            )
        services.clock.sleep(pause_s)
        pause_s = min(pause_s * 1.6, 5.0)


def probe_timeout_s(probe: Probe) -> float:
    """Return how long to wait for one answer."""
    return max(10.0, (probe.max_latency_ms or 0) / 1000 * 2)


def judge_answer(probe: Probe, answer: HttpAnswer) -> str | None:
    """Return what is wrong with an answer, or None."""
    if answer.error:
        return answer.error
    if answer.status != probe.status:
        return f"answered {answer.status}, expected {probe.status}"
    if probe.contains is not None and probe.contains not in answer.body:
        return f'the answer does not contain "{probe.contains}"'
    if probe.max_latency_ms is not None and answer.latency_ms > probe.max_latency_ms:
        return f"answered after {answer.latency_ms:.0f} ms, allowed are {probe.max_latency_ms} ms"
    return None


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
