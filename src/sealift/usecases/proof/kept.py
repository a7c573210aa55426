"""What the gate of isolation says in a check: kept, so that the proof is not made again of the same environments.

No deployment asks this: its gate makes the proof anew, for a kept one is only as good as the cache that it is in.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from sealift.isolation.model import EnvironmentView
from sealift.model.app import App
from sealift.model.event import FindingReported, Noted
from sealift.model.finding import Finding
from sealift.model.template import Location
from sealift.usecases.services import Services

_ROOMS = ("isolation", "cfn", "usecases/proof")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What the gate says: its message, the verdict in a few words, and what is to be shown."""

    open: bool
    message: str
    summary: str
    events: tuple[FindingReported | Noted, ...]


def kept_gate(app: App, views: Sequence[EnvironmentView], services: Services, *, local: bool) -> Said:
    """Return what the gate says of these views; on the embedded cloud it only says what AWS's would refuse."""
    today = services.clock.now().date().isoformat()
    parts = ("isolation", repr(views), repr(app.accepted), app.not_looked_at, today, str(local))
    make = partial(_worked_out, app, views, services, local=local)
    try:
        return _read(services.memory.kept(_ROOMS, parts, make))
    except (ValueError, KeyError, TypeError):  # nothing that this version wrote
        return _read(make())


def _worked_out(app: App, views: Sequence[EnvironmentView], services: Services, *, local: bool) -> str:
    from sealift.usecases.proof.prove import isolation_gate, judged, summary

    proof = judged(app, views, services, local=local)
    gate = isolation_gate(proof, strict=not local)
    events = [asdict(event) for event in gate.events if isinstance(event, FindingReported | Noted)]
    said = {"open": gate.status == "open", "message": gate.message, "summary": summary(proof.verdict)}
    return json.dumps({**said, "events": events})


def _read(text: str) -> Said:
    said = json.loads(text)
    return Said(
        open=said["open"], message=said["message"], summary=said["summary"], events=tuple(map(_event, said["events"]))
    )


def _event(said: Mapping[str, Any]) -> FindingReported | Noted:
    if "finding" not in said:
        return Noted(**said)
    finding = said["finding"]
    place = finding["location"]
    return FindingReported(finding=Finding(**{**finding, "location": Location(**place) if place else None}))
