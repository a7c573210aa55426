"""The gates of the source's ledger: it runs the release, verified it, and let it soak."""

from dataclasses import replace
from datetime import datetime

from sealift.delivery.evidence import read
from sealift.delivery.gates import GateName, GateResult, promotion_gates
from sealift.delivery.history import Standing
from sealift.errors import CloudError
from sealift.model.event import Noted
from sealift.model.setting import UNREADABLE
from sealift.usecases.gates.entering import Entering
from sealift.usecases.needs import setting_name
from sealift.usecases.settings import own_versions, prefix_of
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
    outside, events = _changed_outside(entering, source) if gate == "soak" else (None, ())
    written_at = _written_at(source, entering.soaked) if gate == "soak" and outside is None else None
    soaked = entering.soaked if outside is None else replace(entering.soaked, soaking_since=outside)
    results = promotion_gates(
        source.environment,
        soaked,
        release=entering.release,
        now=source.services.clock.now(),
        soak_s=source.environment.soak_s if shorter is None else shorter,
        broken=tuple(map(str, broken_stacks(source))) if gate == "release" else (),
        written_at=written_at,
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
    said = found or runs
    return replace(said, about=source.name, events=(*said.events, *events))


def _changed_outside(entering: Entering, source: Site) -> tuple[datetime | None, tuple[Noted, ...]]:
    """Return when a setting that the release reads was last changed in the source without Sealift, and what to say.

    Only what is under the environment's own path is looked at: stores say of nothing else when it was changed.
    """
    since, current = entering.soaked.soaking_since, entering.soaked.current
    evidence = read(entering.evidence) if entering.evidence is not None else None
    read_by_code = evidence.settings.get(source.name, ()) if evidence is not None else ()
    read_by_templates = (current.settings or {}) if current is not None else {}
    wanted = {setting_name(one) for one in (*read_by_code, *read_by_templates)}
    prefix = prefix_of(source)
    if since is None or not any(name.startswith(prefix) for name in wanted):
        return None, ()
    try:
        listed = source.cloud.settings.listed(prefix)
    except CloudError as error:
        if error.code not in UNREADABLE:
            raise
        message = f"whether settings of {source.name} were changed since it soaks is not known: {error.message}"
        return None, (_noted(source, "settings-not-looked-at", message),)
    own = own_versions(source.ledger.entries())
    changed = [
        (one.changed_at, one.name.removeprefix(prefix))
        for one in listed
        if one.name in wanted and one.changed_at is not None and one.changed_at > since
        if one.version not in own.get(one.name.removeprefix(prefix), ())
    ]
    if not changed:
        return None, ()
    at, _ = max(changed)
    names = ", ".join(sorted({name for _, name in changed}))
    message = f"{names} of {source.name} changed without Sealift at {at:%Y-%m-%d %H:%M} UTC: the soak counts from then"
    return at, (_noted(source, "settings-changed-outside", message),)


def _noted(source: Site, name: str, message: str) -> Noted:
    return Noted(level="warning", name=name, message=message, environment=source.name)


def _written_at(source: Site, now: Standing) -> datetime | None:
    """Return when the store says that the entry was written with which the soak began."""
    entries = (e for e in source.ledger.entries() if e.record.kind in {"verification", "configuration"})
    began = next((e.seq for e in entries if e.at == now.soaking_since), None)
    return source.ledger.written_at(began) if began is not None else None
