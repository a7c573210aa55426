"""Send declared probes to an environment and judge the answers: for its verification, its soak and its watch."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

from sealift.delivery.outputs import ProbeText
from sealift.errors import UserError
from sealift.model.app import Probe
from sealift.model.event import ProbeAnswered
from sealift.ports import HttpAnswer
from sealift.usecases.site import Site

PARALLEL_PROBES = 4
_LOOKS = 4
"""After each so many attempts it is asked whether more of them are of any use."""
Hopeless = Callable[[], bool]
"""Says whether it is known already that a server error stays."""


def _unknown() -> bool:
    return False


def probes_of(site: Site) -> tuple[Probe, ...]:
    """Return the probes that are sent to this environment."""
    return tuple(probe for probe in site.app.probes if site.environment.is_among(probe.environments))


def probe_all(site: Site, outputs: Mapping[str, str], *, hopeless: Hopeless = _unknown) -> tuple[str, ...]:
    """Send every declared probe, several at once; return what was wrong, as sentences."""
    deadline = site.services.clock.monotonic() + site.app.verify_timeout_s

    def ask(probe: Probe) -> str:
        left_s = deadline - site.services.clock.monotonic()
        answered = ask_probe(site, probe, outputs, patience_s=left_s, hopeless=hopeless)
        site.emit(answered)
        return "" if answered.ok else f'probe "{probe.name}": {answered.detail}'

    with ThreadPoolExecutor(max_workers=PARALLEL_PROBES) as pool:
        return tuple(wrong for wrong in pool.map(ask, probes_of(site)) if wrong)


def ask_probe(
    site: Site, probe: Probe, outputs: Mapping[str, str], *, patience_s: float, hopeless: Hopeless = _unknown
) -> ProbeAnswered:
    """Send a probe until it is answered as declared, patience is at its end or it is hopeless; return the last."""
    try:
        url = ProbeText(probe.url).substitute(outputs)
    except (KeyError, ValueError) as error:
        raise UserError(
            f'Probe "{probe.name}" uses {error}, which {site.name} does not output',
            code="probe-output",
            hint=f"The stack outputs: {', '.join(sorted(outputs)) or 'nothing'}.",
        ) from None
    attempt, pause_s = 0, 0.1
    deadline = site.services.clock.monotonic() + patience_s
    while True:
        attempt += 1
        answer = site.services.http.request(
            probe.method, url, headers=probe.headers, body=probe.body, timeout_s=probe_timeout_s(probe)
        )
        wrong = judge_answer(probe, answer)
        over = site.services.clock.monotonic() + pause_s > deadline
        if wrong is None or over or (answer.status >= 500 and attempt % _LOOKS == 0 and hopeless()):
            return ProbeAnswered(
                environment=site.name,
                name=probe.name,
                ok=wrong is None,
                detail=site.secrets.masked(wrong or "") or f"{answer.status} in {answer.latency_ms:.0f} ms",
                attempt=attempt,
                latency_ms=round(answer.latency_ms, 1),
            )
        site.services.clock.sleep(pause_s)
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
