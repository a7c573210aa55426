"""The gates of the source's ledger: it runs the release, verified it, and let it soak."""

from dataclasses import replace
from datetime import datetime

from sealift.delivery.gates import GateName, GateResult, promotion_gates
from sealift.delivery.history import Standing
from sealift.usecases.gates.entering import Entering
from sealift.usecases.site import Site
from sealift.usecases.stacks.missing import broken_stacks


def release(entering: Entering) -> GateResult:
    """Return whether the source runs the release."""
    return _said("release", entering)


def verified(entering: Entering) -> GateResult:
    """Return whether the release was verified in the source."""
    return _said("verified", entering)


def soak(entering: Entering) -> GateResult:
    """Return whether the release soaked in the source for the declared time."""
    return _said("soak", entering)


def _said(gate: GateName, entering: Entering) -> GateResult:
    source = entering.source
    if source is None:
        return GateResult(gate=gate, status="open", message="it is deployed, not promoted")
    shorter = entering.soak_s if source.cloud.local else None
    results = promotion_gates(
        source.environment,
        entering.soaked,
        release=entering.release,
        now=source.services.clock.now(),
        soak_s=source.environment.soak_s if shorter is None else shorter,
        broken=tuple(broken_stacks(source)) if gate == "release" else (),
        written_at=_written_at(source, entering.soaked) if gate == "soak" else None,
    )
    found = next((result for result in results if result.gate == gate), None)
    if found is None and gate != "release":
        return GateResult(
            gate=gate,
            status="refused",
            message=f"{source.name} does not run release {entering.release[:12]}",
            hint=f"Promote what {source.name} runs, or deploy {entering.release[:12]} there first.",
            about=source.name,
        )
    runs = GateResult(gate=gate, status="open", message=f"{source.name} runs release {entering.release[:12]}")
    return replace(found or runs, about=source.name)


def _written_at(source: Site, now: Standing) -> datetime | None:
    """Return when the store says that the entry was written with which the soak began."""
    entries = (e for e in source.ledger.entries() if e.record.kind in {"verification", "configuration"})
    began = next((e.seq for e in entries if e.at == now.soaking_since), None)
    return source.ledger.written_at(began) if began is not None else None
