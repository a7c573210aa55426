"""Events as JSON lines on standard output, for machines."""

import json
import sys
import threading
from dataclasses import fields, is_dataclass
from datetime import datetime

from sealift.cli.pipes import let_go
from sealift.model.event import Event
from sealift.model.finding import Finding
from sealift.ports import Clock


class JsonLines:
    """Writes each event as one line: code, sequence number, time, level, then the event's own fields."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seq = 0
        self._lock = threading.Lock()

    def emit(self, event: Event) -> None:
        """Write one event."""
        with self._lock:
            self._seq += 1
            line = {
                "code": event.code,
                "seq": self._seq,
                "at": self._clock.now().isoformat(),
                "level": event.level,
                **{f.name: plain(getattr(event, f.name)) for f in fields(event) if f.name not in {"level", "code"}},
            }
            try:
                sys.stdout.write(json.dumps(line) + "\n")
                sys.stdout.flush()
            except BrokenPipeError:
                let_go(sys.stdout)


def plain(value: object) -> object:
    """Return a value made of JSON's types."""
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def fields_of(value: object, *names: str) -> dict[str, object]:
    """Return these fields of a value by name, made of JSON's types; a time as ISO 8601 writes it."""
    return {name: plain(getattr(value, name)) for name in names}


def finding_fields(finding: Finding) -> dict[str, object]:
    """Return a finding as the commands that check print it."""
    return {
        "tool": finding.tool,
        "rule": finding.id,
        "severity": finding.severity,
        "file": finding.location.file if finding.location else None,
        "line": finding.location.line if finding.location else None,
        "message": finding.message,
        "fix": finding.fix,
        "stops": finding.stops,
        "data": plain(dict(finding.data)),
    }
