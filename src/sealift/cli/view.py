"""Events for people, on standard error: finished phases as lines, and the running one as a living last line."""

import threading
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from sealift.cli.artifacts import artifact_lines
from sealift.cli.screen import Screen
from sealift.cli.text import Text
from sealift.cli.told import Told
from sealift.delivery.stateful import IDENTITIES, STORES
from sealift.model.event import (
    ArtifactBuilt,
    ChangePlanned,
    EntryRecorded,
    Event,
    FindingReported,
    Finished,
    HealthJudged,
    HookRan,
    Noted,
    PhaseFinished,
    PhaseStarted,
    ProbeAnswered,
    Progressed,
    ResourceProgressed,
)
from sealift.model.finding import Finding
from sealift.ports import Clock

MARKS = {
    "succeeded": ("✓", "green"),
    "failed": ("✗", "red"),
    "errored": ("✗", "red"),
    "refused": ("■", "yellow"),
    "waiting": ("…", "cyan"),
    "skipped": ("–", "yellow"),
    "aborted": ("✗", "yellow"),
    "running": ("·", "cyan"),
    "pending": ("·", "dim"),
}
LEVELS = {"debug": "dim", "info": "cyan", "warning": "yellow", "error": "red"}
ADVICE_SHOWN = 3
PLACES_SHOWN = 30
MOST_SHOWN = 100
"""Findings of one phase: nobody reads more of them at a terminal, and what stands before them is gone."""
INDENT = "  "


def duration(seconds: float) -> str:
    """Return a duration as people read it."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s"


def about(seconds: float) -> str:
    """Return a time in one unit, as one says how long ago something was or how long it still takes."""
    for unit, length, next_length in (("s", 1, 60), ("min", 60, 3600), ("h", 3600, 172_800)):
        if seconds < next_length:
            return f"{seconds // length:.0f} {unit}"
    return f"{seconds // 86_400:.0f} days"


def untold(text: str, told: Iterable[str]) -> str:
    """Return a text without what stands in brackets in it and was told before."""
    for message in told:
        text = text.replace(f" ({message})", "")
    return text


def finished_lines(finished: Finished, told: Iterable[str] = ()) -> Iterator[Text]:
    """Yield the last lines of a delivery: how it ended, each environment, what to do next; `told` is not repeated."""
    mark, style = MARKS[finished.status]
    release = f"  release {finished.release[:12]}" if finished.release else ""
    yield Text.assemble("\n", (f"{mark} {finished.status}", f"bold {style}"), release)
    for name, status in finished.environments.items():
        mark, style = MARKS[status]
        yield Text.assemble("  ", (mark, style), f" {name:<14}", (status, style))
    if finished.message:
        yield Text(f"  {untold(finished.message, told)}")
    if finished.hint:
        yield Text(f"  → {finished.hint}", style="dim")


class View:
    """Renders events. On a terminal the running phase has a spinner and its elapsed time; elsewhere only lines."""

    def __init__(
        self,
        screen: Screen,
        clock: Clock,
        *,
        verbose: bool = False,
        all_findings: bool = False,
        remembered: Told | None = None,
    ) -> None:
        self._remembered = remembered or Told()
        self._notes_before = 0
        self._screen = screen
        self._clock = clock
        self._verbose = verbose
        self._all_findings = verbose or all_findings
        self._lock = threading.Lock()
        self._running: Running | None = None
        self._environment: str | None = None
        self._resources: dict[str, str] = {}
        self._advice = 0
        self._shown = 0
        self._lines = 0
        self._repeated = False
        self._printed = self._passed_over = 0
        self._cure = ""
        self.messages: set[str] = set()
        """What findings said."""
        self._minor: dict[tuple[str, str], list[Finding]] = {}
        """Small advice that is not shown yet, by tool and rule."""
        self._told: set[str] = set()
        self._telling: set[str] = set()
        self._planned = 0
        self._artifacts: list[ArtifactBuilt] = []

    def emit(self, event: Event) -> None:
        """Show one event."""
        with self._lock:
            self._show(event)

    def close(self) -> None:
        """Give the terminal back."""
        with self._lock:
            self._stop()
            self._show_minor()
            self._remembered.keep()

    def _show(self, event: Event) -> None:
        match event:
            case PhaseStarted():
                self._phase_started(event)
            case PhaseFinished():
                self._phase_finished(event)
            case Progressed():
                total = f"/{event.total}" if event.total is not None else ""
                self._update(event.detail or f"{event.done}{total} {event.unit}")
            case Noted():
                self._note(event)
            case FindingReported():
                self._finding(event)
            case ArtifactBuilt():
                self._artifacts.append(event)
            case ChangePlanned():
                self._change(event)
            case ResourceProgressed():
                self._resource(event)
            case ProbeAnswered():
                self._probe(event)
            case HookRan():
                self._hook(event)
            case EntryRecorded() | HealthJudged() | Finished():
                pass

    def _phase_started(self, event: PhaseStarted) -> None:
        if event.environment is not None and event.environment != self._environment:
            self._line(Text.assemble("\n", (event.environment, "bold")))
        self._environment = event.environment or self._environment
        self._resources.clear()
        self._planned = 0
        self._start(event.phase)

    def _phase_finished(self, event: PhaseFinished) -> None:
        self._stop()
        self._show_minor()
        for line in artifact_lines(self._artifacts, every=self._verbose):
            self._line(Text(f"{INDENT}  {line}", style="dim"))
        self._artifacts.clear()
        if self._passed_over:
            more = f"and {self._passed_over} more findings; --json, --sarif and -v give them all"
            self._line(Text(f"{INDENT}  {more}", style="dim"))
        self._printed = self._passed_over = 0
        mark, style = MARKS[event.status]
        took = f"{duration(event.duration_s):>9}"
        detail = untold(event.detail, self.messages) + (", as reported above" if self._repeated else "")
        self._line(Text.assemble(INDENT, (mark, style), f" {event.phase:<9}", (took, "dim"), "  ", (detail, "dim")))
        if self._advice > self._shown and event.phase == "analyse" and not self._all_findings:
            more = f"and {self._advice - self._shown} more" if self._shown else "as before"
            self._line(Text(f"{INDENT}  {more}; `sealift check` lists them", style="dim"))
        if self._notes_before:
            said = "1 note" if self._notes_before == 1 else f"{self._notes_before} notes"
            self._line(Text(f"{INDENT}  {said} on the embedded cloud as before; -v shows them", style="dim"))
        self._notes_before = 0
        self._advice = self._shown = self._lines = 0
        self._repeated = False
        self._told |= self._telling

    def _was_told(self, text: str) -> bool:
        """Whether the same finding was shown before in this run: a second evaluation repeats it."""
        self._telling.add(text)
        return text in self._told and not self._verbose

    def _note(self, event: Noted) -> None:
        if self._was_told(event.message) and event.level != "error":
            return
        if event.name == "embedded-cloud" and self._remembered.before(event.message) and not self._verbose:
            self._notes_before += 1
            return
        mark = {"warning": "!", "error": "✗"}.get(event.level, "·")
        self._line(Text.assemble(INDENT + "  ", (mark, LEVELS[event.level]), " ", event.message))
        if event.hint:
            self._line(Text(f"{INDENT}    → {event.hint}", style="dim"))

    def _finding(self, event: FindingReported) -> None:
        finding = event.finding
        self.messages.add(finding.message)
        if _is_minor(finding) and not self._verbose:
            self._minor.setdefault((finding.tool, finding.id), []).append(finding)
        else:
            self._tell(finding)

    def _show_minor(self) -> None:
        """Show small advice, once for each rule with all its places."""
        for first, *others in self._minor.values():
            self._tell(first, others)
        self._minor.clear()

    def _tell(self, finding: Finding, alike: Sequence[Finding] = ()) -> None:
        text = f"{finding.id} {finding.message}"
        if not finding.stops and finding.tool != "drift":
            self._advice += 1 + len(alike)
            known = text in self._telling or self._lines == ADVICE_SHOWN or self._remembered.before(text)
            if (known or self._was_told(text)) and not self._all_findings:
                return
            self._lines += 1
            self._shown += 1 + len(alike)
        if self._was_told(text) and not self._all_findings:
            self._repeated = True
            return
        if self._printed == MOST_SHOWN and not self._verbose:
            self._passed_over += 1 + len(alike)
            return
        self._printed += 1
        mark, style = ("✗", "red") if finding.stops else ("!", "yellow")
        where = f"{finding.location}  " if finding.location else ""
        also = f", and {len(alike)} more like it: {_places(alike)}" if alike else ""
        said = f" {where}{finding.message}{also}  "
        self._line(Text.assemble(INDENT + "  ", (mark, style), said, (finding.id, "dim")))
        cure = finding.fix if finding.stops or finding.severity in ("critical", "high") else ""
        if cure and cure != self._cure:
            self._line(Text(f"{INDENT}    → {cure}", style="dim"))
        self._cure = cure

    def _probe(self, event: ProbeAnswered) -> None:
        mark, style = MARKS["succeeded" if event.ok else "failed"]
        self._line(Text.assemble(INDENT + "  ", (mark, style), f" {event.name}  {event.detail}"))

    def _hook(self, event: HookRan) -> None:
        mark, style = MARKS[event.status]
        took = f"  {duration(event.duration_s)}" if event.status != "skipped" else ""
        self._line(Text.assemble(INDENT + "  ", (mark, style), f" {event.hook}  {event.name}", (took, "dim")))
        for line in event.output:
            self._line(Text(f"{INDENT}      {line}", style="dim"))

    def _change(self, event: ChangePlanned) -> None:
        """Show a change that takes something away; the others only count, unless all are asked for."""
        self._planned += 1
        if not (self._verbose or event.action == "Remove" or _replaces(event)):
            return
        replaced = f" (replacement: {event.replacement})" if event.replacement in {"True", "Conditional"} else ""
        style = "yellow" if replaced or event.action == "Remove" else "dim"
        self._line(
            Text(f"{INDENT}  {event.action} {event.logical_id} {event.type}{replaced} in {event.stack}", style=style)
        )

    def _resource(self, event: ResourceProgressed) -> None:
        self._resources[f"{event.stack}/{event.logical_id}"] = event.status
        done = sum(1 for s in self._resources.values() if s.endswith("_COMPLETE"))
        if event.status.endswith("_FAILED"):
            text = f"{INDENT}  ✗ {event.logical_id} {event.type} in {event.stack} {event.status}: {event.reason}"
            self._line(Text(text, style="red"))
        elif self._verbose:
            self._line(Text(f"{INDENT}  {event.stack} {event.logical_id} {event.type} {event.status}", style="dim"))
        self._update(f"{done}/{max(self._planned, len(self._resources))} {event.logical_id} {event.status}")

    def _start(self, phase: str) -> None:
        self._running = Running(phase, self._clock)
        self._screen.start(self._running.text)

    def _update(self, detail: str) -> None:
        if self._running is not None:
            self._running.detail = detail

    def _stop(self) -> None:
        self._running = None
        self._screen.stop()

    def _line(self, text: Text) -> None:
        self._screen.line(text)


def _replaces(event: ChangePlanned) -> bool:
    """Whether a resource is replaced, or may be with an effect; possible replacements of other types are ignored."""
    matters = event.type in STORES or event.type in IDENTITIES
    return event.replacement == "True" or (event.replacement == "Conditional" and matters)


def _is_minor(finding: Finding) -> bool:
    """Whether a finding is small advice about a place that the change does not touch."""
    small = finding.severity in ("low", "info") and finding.tool != "drift"
    return small and not finding.stops and finding.location is not None and "changed" not in finding.data


def _places(findings: Iterable[Finding]) -> str:
    """Return the places of findings, each file once with its lines."""
    at = [one.location for one in findings if one.location]
    files = groupby(at[:PLACES_SHOWN], key=lambda place: place.file)
    named = "; ".join(f"{file}:{', '.join(str(place.line) for place in places)}" for file, places in files)
    return f"{named}; …" if len(at) > PLACES_SHOWN else named


class Running:
    """The living last line: the phase, the elapsed time and what it is doing."""

    def __init__(self, phase: str, clock: Clock) -> None:
        self.detail = ""
        self._phase = phase
        self._clock = clock
        self._since = clock.monotonic()

    def text(self) -> Text:
        """Return the line as of now."""
        elapsed = duration(self._clock.monotonic() - self._since)
        return Text.assemble(f"{self._phase:<9}", (f"{elapsed:>9}", "dim"), f"  {self.detail}")
