"""What `status`, `history` and `diff` print for people, on standard output."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from sealift.cli.columns import fitting
from sealift.cli.screen import Screen, screen
from sealift.cli.text import Text
from sealift.cli.view import MARKS, about, duration
from sealift.delivery.health import Judgement, summary
from sealift.delivery.history import Deployed, Overtaken
from sealift.model import records
from sealift.model.ledger import Entry, Record, Status
from sealift.usecases.history import Difference
from sealift.usecases.status import Lane

_STATUS = ("environment", "release", "commit", "since", "verified", "proof", "soak")
_HISTORY = ("at (UTC)", "environment", "#", "what", "status", "release", "commit", "by")
_WIDE = 100
"""Columns from which on a time is written with its year."""


def show_status(app: str, lanes: Sequence[Lane], *, now: datetime) -> None:
    """Print a lane per environment, then their addresses."""
    out = screen(sys.stdout)
    cells = [_lane_cells(lane, now) for lane in lanes]
    columns = {name: [row[number] for row in cells] for number, name in enumerate(_STATUS)}
    out.line(app, "bold")
    for line in fitting(columns, width=out.width, spare=("commit", "since")):
        out.line(line)
    for lane in lanes:
        rows = list(_lane_rows(lane, now))
        if rows:
            out.line(f"\n{lane.environment.name}", "bold")
        longest = max((len(name) for name, _ in rows), default=0)
        for name, value in rows:
            out.line(Text(f"  {name:<{max(longest, 10)}}  ", "dim") + value)


def _lane_rows(lane: Lane, now: datetime) -> Iterator[tuple[str, Text]]:
    if lane.next:
        yield "next", Text(lane.next)
    if lane.error:
        yield "error", Text(lane.error)
    for one in lane.stuck:
        mark, style = MARKS["failed"]
        yield "stuck", Text.assemble((mark, style), f" {one!s}")
    for name in lane.undeclared:
        told = f"stack {name} still exists, but sealift.toml does not declare it"
        yield "undeclared", Text(told, style="yellow")
    if lane.health is not None:
        yield "health", _health(lane.health)
    if lane.current is not None and lane.current.watch is not None:
        yield "watch", _watch(lane.current, now)
    for gate in lane.gates:
        if gate.status == "open" and gate.gate not in _declared_gates(lane):
            continue
        mark, style = MARKS["succeeded" if gate.status == "open" else "waiting"]
        yield gate.gate, Text.assemble((mark, style), f" {gate.message}")
    if lane.override is not None:
        told = f"{_decided(lane.override.record.details)}, by {by_whom(lane.override)}"
        yield "override", Text(told, style="yellow")
    if lane.overtaken:
        last = lane.overtaken[-1]
        took = duration((last.at - last.verified_at).total_seconds())
        yield "overtaken", Text(f"{last.release[:12]} after {took}, by {last.by[:12]}", style="dim")
    yield from ((name, Text(url)) for name, url in lane.urls.items())


def _declared_gates(lane: Lane) -> tuple[str, ...]:
    """Return the gates that are shown when they are open, too."""
    environment = lane.environment
    windows = ("window",) if environment.windows or environment.freezes else ()
    return (*windows, "approval") if environment.approvals else windows


def _health(judgement: Judgement) -> Text:
    status: Status = "succeeded" if judgement.verdict in {"healthy", "off"} else "failed"
    mark, style = MARKS["waiting" if judgement.verdict == "waiting" else status]
    reasons = judgement.reasons if judgement.verdict != "unknown" else ()
    told = "; ".join((summary(judgement), *reasons))
    remarks = "".join(f"; {remark}" for remark in judgement.remarks)
    return Text.assemble((mark, style), f" {told}", (remarks, "dim"))


def _watch(current: Deployed, now: datetime) -> Text:
    status = current.watch or "running"
    mark, style = MARKS[status]
    if status == "running" and current.watch_until is not None:
        left_s = (current.watch_until - now).total_seconds()
        when = f"{duration(left_s)} left" if left_s > 0 else "no outcome yet: the next command concludes it"
        return Text.assemble((mark, style), f" watched until {current.watch_until:%Y-%m-%d %H:%M:%S} UTC, {when}")
    until = f" {current.watch_until:%Y-%m-%d %H:%M:%S} UTC" if current.watch_until else ""
    return Text.assemble((mark, style), f" {status}" + (f", watched until{until}" if status == "succeeded" else ""))


def _lane_cells(lane: Lane, now: datetime) -> list[Text]:
    current = lane.current
    name = Text(lane.environment.name, style="bold")
    if lane.status == "errored" and lane.error:
        return [name, Text("unknown", style="red"), *[Text("–", style="dim")] * 5]
    if current is None:
        last = f"{lane.last.status}: {lane.last.release[:12]}" if lane.last else "nothing yet"
        return [name, Text(last, style="dim"), *[Text("–", style="dim")] * 5]
    broken = "gone" if lane.missing else "stuck" if lane.stuck else ""
    verified = "failed" if broken else current.verified
    mark, style = MARKS[verified or "running"]
    return [
        name,
        Text(current.release[:12]),
        Text((current.commit or "–")[:8]),
        Text(_ago(now - current.at)),
        Text(f"{mark} {broken or verified or 'not yet'}", style=style),
        _proof(current.proof),
        _soak(lane, now),
    ]


def _proof(level: str) -> Text:
    """Return the verdict on the isolation of what runs, as it was when it was deployed."""
    return Text(level or "–", style={"": "dim", "L0": "red"}.get(level, "green"))


def _soak(lane: Lane, now: datetime) -> Text:
    if lane.environment.soak_s == 0:
        return Text("–", style="dim")
    if lane.soak_until is None:
        return Text("not started", style="yellow")
    if now < lane.soak_until:
        return Text(f"{about((lane.soak_until - now).total_seconds())} left", style="cyan")
    return Text("✓ soaked", style="green")


def _ago(passed: timedelta) -> str:
    return f"{about(max(passed.total_seconds(), 0))} ago"


def show_history(entries: Sequence[Entry], overtaken: Mapping[str, Overtaken]) -> None:
    """Print one line an entry."""
    out = screen(sys.stdout)
    if not entries:
        out.line("Nothing has happened yet.")
        return
    when = "%m-%d %H:%M:%S" if 0 < out.width < _WIDE else "%Y-%m-%d %H:%M:%S"
    cells = [_entry_cells(entry, overtaken, when) for entry in entries]
    columns = {name: [row[number] for row in cells] for number, name in enumerate(_HISTORY)}
    for line in fitting(columns, width=out.width, spare=("by", "#", "commit")):
        out.line(line)


def _entry_cells(entry: Entry, overtaken: Mapping[str, Overtaken], when: str) -> list[Text]:
    record = entry.record
    mark, style = MARKS.get(record.status, ("?", ""))
    return [
        Text(f"{entry.at:{when}}"),
        Text(entry.environment),
        Text(str(entry.seq)),
        Text(what(record, overtaken)),
        Text(f"{mark} {record.status}", style=style),
        Text((record.release or "–")[:12]),
        Text((record.commit or "–")[:8]),
        Text(by_whom(entry)),
    ]


def what(record: Record, overtaken: Mapping[str, Overtaken]) -> str:
    """Return the kind of an entry and, when it is a step, which one, of what, and how it ended."""
    if record.kind == "verification" and record.operation in overtaken:
        return f"{record.kind}, overtaken"
    if isinstance(record.details, records.Override):
        return f"{record.kind} {_decided(record.details)}"
    parts = [getattr(record.details, key, None) for key in ("step", "name", "store", "bucket", "stack", "outcome")]
    told = " ".join(str(part) for part in parts if part)
    return f"{record.kind}: {told}" if isinstance(record.details, records.Step) else record.kind


def _decided(details: records.Details) -> str:
    """Return the gates that an override passed."""
    return ", ".join(details.overrides) if isinstance(details, records.Override) else ""


def by_whom(entry: Entry) -> str:
    """Return the actor, and for a decision the reason."""
    said = entry.record.details
    reason = said.reason if isinstance(said, records.Approval | records.Override | records.Waiver) else ""
    return f"{entry.actor}: {reason}" if reason else entry.actor


def show_difference(found: Difference, *, source: str, target: str) -> None:
    """Print what the target lacks."""
    out = screen(sys.stdout)
    ends = [(source, found.source), (target, found.target)]
    for name, deployed in ends:
        out.line(f"{name:<14} {deployed.release[:12] if deployed else 'nothing yet'}")
    if not (found.functions or found.resources or found.commits):
        out.line(f"{target} lacks nothing.")
        return
    _section(out, f"commits that {target} lacks", found.commits, unknown="this clone does not know the commits")
    _section(out, "functions whose code differs", found.functions)
    _section(out, "resources that differ", found.resources)


def _section(out: Screen, title: str, listed: Sequence[str] | None, *, unknown: str = "") -> None:
    if listed is None:
        out.line(f"\n{title}: {unknown}", "dim")
    elif listed:
        out.line(f"\n{title}", "bold")
        for line in listed:
            out.line(f"  {line}")
