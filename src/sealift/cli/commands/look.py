"""`status`, `history`, `diff` and `ledger`: they read, and write nothing."""

import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import click

from sealift.cli.arguments import environment_names
from sealift.cli.jsonlines import fields_of
from sealift.cli.session import Session, options
from sealift.delivery.health import evidence
from sealift.delivery.history import Overtaken
from sealift.model.app import GatesRead
from sealift.model.finding import Finding
from sealift.model.ledger import Entry
from sealift.usecases.status import Lane


@click.command("status")
@click.argument("environments", nargs=-1, shell_complete=environment_names)
@options()
def status_command(session: Session, environments: tuple[str, ...]) -> int:
    """Show the state of ENVIRONMENTS, or of all: release, commit, age, verification, soak, and what comes next."""
    from sealift.usecases.status import status

    only = [session.looked_at(name) for name in environments]
    previews = tuple(one for one in only if session.app.environment(one.name) is None)
    app = replace(session.app, environments=(*session.app.environments, *previews))
    lanes = session.said(status(app, session.services))
    lanes = tuple(lane for lane in lanes if not only or lane.environment in only)
    if session.json:
        body = {"app": session.app.name, "gates": _gates_read(session.app.gates)}
        return session.show({**body, "environments": [_lane(lane) for lane in lanes]})
    from sealift.cli.tables import show_status

    show_status(session.app.name, lanes, now=session.services.clock.now())
    return 0


@click.command("history")
@click.option(
    "--environment", "-e", "name", metavar="NAME", shell_complete=environment_names, help="Show only this environment."
)
@click.option("--limit", "-n", type=click.IntRange(min=1), metavar="N", help="Show only the newest N entries.")
@click.option("--dora", is_flag=True, help="Show the DORA metrics of NAME. Default: production.")
@click.option("--html", "page", type=click.Path(path_type=Path), metavar="FILE", help="With --dora: also write a page.")
@options()
def history_command(session: Session, name: str | None, limit: int | None, dora: bool, page: Path | None) -> int:
    """Show what happened, when, and by whom."""
    if page is not None and not dora:
        raise click.UsageError("--html goes with --dora.")
    if dora:
        from sealift.cli.commands.record import show_dora

        return show_dora(session, name, page)
    from sealift.usecases.history import history, overtaken_operations

    environments = [session.looked_at(name)] if name else list(session.app.environments)
    entries = history(session.app, session.services, environments=environments)
    overtaken = overtaken_operations(entries, environments)
    if not session.json and not session.verbose:
        # One line an operation's outcome; the newest N are counted among the lines that are shown.
        entries = tuple(e for e in entries if e.record.status != "running")
    entries = entries[-limit:] if limit else entries
    if session.json:
        return session.show({"entries": [_entry(e, overtaken) for e in entries]})
    from sealift.cli.tables import show_history

    show_history(entries, overtaken)
    return 0


@click.command("drift")
@click.argument("environment", shell_complete=environment_names)
@options()
def drift_command(session: Session, environment: str) -> int:
    """Detect changes made by hand in ENVIRONMENT since its last deployment.

    Exits with 1 if there is drift, or if Sealift could not determine it.
    """
    from sealift.usecases.stacks.drift import drift, summary

    report = session.said(drift(session.app, session.looked_at(environment), session.services))
    session.close()
    code = 1 if report.findings or report.problems else 0
    if session.json:
        drifted = [_drifted(f) for f in report.findings]
        body = {"environment": environment, "checked": report.checked, "drifted": drifted}
        return session.show({**body, "unchecked": report.unchecked, "problems": report.problems}, exit_code=code)
    from sealift.cli.screen import screen

    unchecked = [f"  not checked: {name}" for name in report.unchecked] if session.verbose else []
    lines = screen(sys.stdout)
    for line in (*(f.message for f in report.findings), *report.problems, summary(report), *unchecked):
        lines.line(line)
    return code


@click.command("diff")
@click.argument("source", shell_complete=environment_names)
@click.argument("target", shell_complete=environment_names)
@options()
def diff_command(session: Session, source: str, target: str) -> int:
    """Show the commits and changes of SOURCE that TARGET does not have."""
    from sealift.usecases.history import difference

    found = difference(
        session.app, session.services, source=session.environment(source), target=session.environment(target)
    )
    if session.json:
        body = {
            "source": {"environment": source, "release": found.source.release if found.source else None},
            "target": {"environment": target, "release": found.target.release if found.target else None},
            **fields_of(found, "commits", "functions", "resources"),
        }
        return session.show(body)
    from sealift.cli.tables import show_difference

    show_difference(found, source=source, target=target)
    return 0


@click.group("ledger")
def ledger_command() -> None:
    """Check the append-only ledgers."""


@ledger_command.command("verify")
@options()
def ledger_verify_command(session: Session) -> int:
    """Check the hash chain of every environment's ledger. Exits with 1 if a chain is broken."""
    from sealift.usecases.history import verify_ledgers

    checked = verify_ledgers(session.app, session.services)
    sound = not any(faults for _, faults in checked.values())
    ledgers, lines = [], []
    for name, (count, faults) in checked.items():
        rows = [fields_of(fault, "seq", "reason") for fault in faults]
        ledgers.append({"environment": name, "entries": count, "faults": rows})
        lines.append(f"{name:<14} {count} entries, " + ("the chain holds" if not faults else "DAMAGED:"))
        lines += [f"  entry {fault.seq}: {fault.reason}" for fault in faults]
    body = {"status": "succeeded" if sound else "failed", "ledgers": ledgers}
    return session.show(body, lines, exit_code=int(not sound))


def _drifted(finding: Finding) -> dict[str, object]:
    """Return what drifted, each property with what was deployed and what is."""
    properties = {k.partition(":")[2]: v for k, v in finding.data.items() if k.startswith("property:")}
    rest = {k: v for k, v in finding.data.items() if not k.startswith("property:")}
    return {**rest, "properties": properties, "message": finding.message}


def _gates_read(gates: GatesRead) -> dict[str, object]:
    return {
        "from": gates.reference or "work tree",
        **fields_of(gates, "commit", "differences", "left_out"),
        "problem": gates.problem or None,
    }


def _lane(lane: Lane) -> dict[str, object]:
    current = lane.current
    return {
        "name": lane.environment.name,
        "kind": lane.environment.kind,
        "release": current.release if current else None,
        "commit": current.commit if current else None,
        "since": _time(current.at) if current else None,
        "status": lane.status,
        "isolation": current.proof or None if current else None,
        "verified": bool(current and current.verified == "succeeded" and not lane.stuck and not lane.missing),
        "soak_until": _time(lane.soak_until),
        "health": evidence(lane.health) if lane.health else None,
        "watch": {"status": current.watch, "until": _time(current.watch_until)} if current and current.watch else None,
        "overtaken": [fields_of(one, "release", "commit", "verified_at", "at", "by") for one in lane.overtaken],
        "gates": [fields_of(gate, "gate", "status", "message", "until") for gate in lane.gates],
        "override": _entry(lane.override, {}) if lane.override else None,
        "stuck": [
            {
                "stack": one.state.name,
                "status": one.state.status,
                "resources": [fields_of(resource, "logical_id", "type", "reason") for resource in one.resources],
            }
            for one in lane.stuck
        ],
        **fields_of(lane, "urls", "outputs", "missing", "undeclared", "next"),
        "error": lane.error or None,
    }


def _entry(entry: Entry, overtaken: Mapping[str, Overtaken]) -> dict[str, object]:
    record = entry.record
    by = overtaken.get(record.operation) if record.kind == "verification" else None
    return {
        "seq": entry.seq,
        "kind": record.kind,
        "environment": entry.environment,
        "release": record.release,
        "commit": record.commit,
        "actor": entry.actor,
        "at": _time(entry.at),
        "status": record.status,
        "operation": record.operation,
        "data": dict(entry.data),
        "overtaken_by": by.by if by else None,
        "hash": entry.hash,
        "previous": entry.previous,
    }


def _time(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
