"""Judges a running release by its alarms, its errors and its latency, alone and against the release before. Pure.

The tests and their thresholds are told in docs/explanation/soak.md; who changes them here changes them there.
"""

from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from datetime import datetime
from typing import Literal

from sealift.delivery.statistics import binomial_tail, fisher_tail, mann_whitney_tail
from sealift.model.app import Health
from sealift.model.health import FUNCTION, Observation, Traffic
from sealift.model.template import Json
from sealift.model.values import value

SIGNIFICANCE = 0.01
"""All tests of one judgement together call a release that is as it should be broken less often than this."""
MUCH_SLOWER = 1.2
"""How many times slower a release must be to be called slower than the one before."""
LEAST_MINUTES = 8
"""With less on either side, latency is not compared."""
LEAST_REQUESTS = 20
"""With less, the average latency says more about cold starts than about the release."""

Verdict = Literal["healthy", "unhealthy", "waiting", "unknown", "off"]
TestName = Literal["error-rate", "latency", "error-rate-before", "latency-before"]


@value
class Test:
    """One statistical test of one resource. `p` is the probability of this result for a healthy release."""

    name: TestName
    resource: str
    now: float
    bound: float
    """What was declared, or what the release before had."""
    p: float | None = None
    broken: bool = False


@value
class Judgement:
    """The observations of a release, and the verdict on its health."""

    verdict: Verdict
    start: datetime
    end: datetime
    requests: int = 0
    synthetic: int = 0
    """Probes that were sent to make up for traffic that did not come."""
    failures: int = 0
    latency_ms: float | None = None
    alarms: Mapping[str, str] = field(default_factory=dict)
    tests: tuple[Test, ...] = ()
    reasons: tuple[str, ...] = ()
    """Why it is not healthy."""
    remarks: tuple[str, ...] = ()

    @property
    def error_rate(self) -> float:
        """Return the share of requests that failed."""
        return self.failures / self.requests if self.requests else 0.0


def judge(
    seen: Observation, health: Health, *, synthetic: int = 0, problems: tuple[str, ...] = (), looks: int = 1
) -> Judgement:
    """Evaluate the health of a release.

    `synthetic` probes were answered well, `problems` says what was wrong with the others. A release that is looked at
    `looks` times is judged more mildly each time, so that looking often does not make it look bad.
    """
    if not health.enabled:
        return Judgement(verdict="off", start=seen.start, end=seen.end)
    if seen.unknown:
        return Judgement(verdict="unknown", start=seen.start, end=seen.end, reasons=(seen.unknown,))
    tests = _tested(seen, health, looks=looks)
    requests, failures, latency_ms = _totals(seen.traffic)
    reasons = (*_ringing(seen), *problems, *(_said(test) for test in tests if test.broken))
    few = requests + synthetic < health.min_requests
    if few and not reasons:
        reasons = (f"{_counted(requests + synthetic)} seen, at least {health.min_requests:,} are needed",)
        verdict: Verdict = "waiting"
    else:
        verdict = "unhealthy" if reasons else "healthy"
    return Judgement(
        verdict=verdict,
        start=seen.start,
        end=seen.end,
        requests=requests,
        synthetic=synthetic,
        failures=failures,
        latency_ms=latency_ms,
        alarms=dict(seen.alarms),
        tests=tests,
        reasons=reasons,
        remarks=_remarks(seen, health, tests),
    )


def summary(judgement: Judgement) -> str:
    """Return the evidence in a line, such as `1,204 requests, 0.1 % errors, alarms quiet`."""
    match judgement.verdict:
        case "off":
            return "health is switched off"
        case "unknown":
            return f"health unknown: {judgement.reasons[0]}"
        case _:
            parts = [_counted(judgement.requests)]
            parts += [f"{judgement.synthetic:,} synthetic"] if judgement.synthetic else []
            parts += [f"{_percent(judgement.error_rate)} errors"] if judgement.requests else []
            return ", ".join((*parts, _alarms(judgement.alarms)))


def evidence(judgement: Judgement) -> dict[str, Json]:
    """Return a judgement in the form in which it is recorded and printed."""
    latency = judgement.latency_ms
    return {
        "verdict": judgement.verdict,
        "summary": summary(judgement),
        "from": judgement.start.isoformat(),
        "to": judgement.end.isoformat(),
        "requests": judgement.requests,
        "synthetic": judgement.synthetic,
        "failures": judgement.failures,
        "error_rate": round(judgement.error_rate, 6),
        "latency_ms": None if latency is None else round(latency, 1),
        "alarms": dict(judgement.alarms),
        "tests": [_as_json(test) for test in judgement.tests],
        "reasons": list(judgement.reasons),
        "remarks": list(judgement.remarks),
    }


def _tested(seen: Observation, health: Health, *, looks: int) -> tuple[Test, ...]:
    """Run every test on every resource, with the level of significance corrected for their number (Bonferroni)."""
    tests = [test for traffic in seen.traffic if traffic.requests for test in _tests(traffic, seen, health)]
    asked = sum(test.p is not None for test in tests)
    level = SIGNIFICANCE / max(1, asked) / max(1, looks)
    return tuple(replace(test, broken=_is_broken(test, level)) for test in tests)


def _is_broken(test: Test, level: float) -> bool:
    if test.p is None:
        return test.now > test.bound
    if test.name == "latency-before" and test.now < MUCH_SLOWER * test.bound:
        return False
    return test.p < level


def _tests(traffic: Traffic, seen: Observation, health: Health) -> Iterator[Test]:
    name, failures, requests = traffic.name, traffic.failures, traffic.requests
    rate, most = failures / requests, health.max_error_rate
    yield Test(name="error-rate", resource=name, now=rate, bound=most, p=binomial_tail(failures, requests, most))
    if health.max_latency_ms is not None and traffic.latency_ms is not None and requests >= LEAST_REQUESTS:
        yield Test(name="latency", resource=name, now=traffic.latency_ms, bound=float(health.max_latency_ms))
    before = next((t for t in seen.before if (t.name, t.type) == (name, traffic.type)), None)
    if not health.compare or before is None or not before.requests:
        return
    p = fisher_tail(failures, requests, before.failures, before.requests)
    yield Test(name="error-rate-before", resource=name, now=rate, bound=before.failures / before.requests, p=p)
    now, then = _latencies(traffic), _latencies(before)
    if min(len(now), len(then)) >= LEAST_MINUTES:
        from statistics import median

        p = mann_whitney_tail(now, then)
        yield Test(name="latency-before", resource=name, now=median(now), bound=median(then), p=p)


def _latencies(traffic: Traffic) -> list[float]:
    return [m.latency_ms for m in traffic.minutes if m.latency_ms is not None]


def _totals(traffic: tuple[Traffic, ...]) -> tuple[int, int, float | None]:
    """Return requests, failures and latency: of the APIs, or of the functions when those had more to do.

    A request through an API is an invocation of the function behind it too, and is not counted twice.
    """
    functions = tuple(t for t in traffic if t.type == FUNCTION)
    apis = tuple(t for t in traffic if t.type != FUNCTION)
    chosen = max(apis, functions, key=lambda kind: sum(t.requests for t in kind))
    together = Traffic(name="", type="", minutes=tuple(m for t in chosen for m in t.minutes))
    failures = max(sum(t.failures for t in functions), sum(t.failures for t in apis))
    return together.requests, failures, together.latency_ms


def _ringing(seen: Observation) -> Iterator[str]:
    for name in seen.absent_alarms:
        yield f"alarm {name} is not there"
    for name, state in seen.alarms.items():
        if state == "ALARM":
            yield f"alarm {name} rings"


def _said(test: Test) -> str:
    chance = "" if test.p is None else f" (p {_p(test.p)})"
    match test.name:
        case "error-rate":
            what = f"{_percent(test.now)} of requests failed, allowed are {_percent(test.bound)}"
        case "error-rate-before":
            what = f"{_percent(test.now)} of requests failed, {_percent(test.bound)} with the release before"
        case "latency":
            what = f"takes {test.now:,.0f} ms on average, allowed are {test.bound:,.0f} ms"
        case "latency-before":
            what = f"takes {test.now:,.0f} ms in the middle, {test.bound:,.0f} ms with the release before"
    return f"{test.resource}: {what}{chance}"


def _remarks(seen: Observation, health: Health, tests: tuple[Test, ...]) -> tuple[str, ...]:
    """Return remarks about what could not be compared: neither a failure nor evidence of health."""
    asked = {test.name for test in tests}
    if not health.compare:
        return ()
    if not any(t.requests for t in seen.before):
        return ("no traffic before it to compare with",)
    if "latency-before" in asked:
        return ()
    return (f"not enough traffic to compare {'latency' if 'error-rate-before' in asked else 'with before'}",)


def _as_json(test: Test) -> Json:
    return {
        "test": test.name,
        "resource": test.resource,
        "now": round(test.now, 6),
        "bound": round(test.bound, 6),
        "p": None if test.p is None else float(f"{test.p:.3g}"),
        "broken": test.broken,
    }


def _counted(requests: int) -> str:
    return f"{requests:,} request{'' if requests == 1 else 's'}" if requests else "no requests"


def _alarms(alarms: Mapping[str, str]) -> str:
    states = list(alarms.values())
    ringing, silent = states.count("ALARM"), states.count("INSUFFICIENT_DATA")
    if ringing:
        return f"{ringing} of {len(alarms)} alarms ring{'s' if ringing == 1 else ''}"
    if not alarms:
        return "no alarm declared"
    return "alarms quiet" + (f" ({silent} without data)" if silent else "")


def _percent(share: float) -> str:
    percent = share * 100
    return f"{percent:.2g} %" if percent < 10 else f"{percent:.0f} %"


def _p(chance: float) -> str:
    return f"= {chance:.2g}" if chance >= 1e-4 else "< 0.0001"
