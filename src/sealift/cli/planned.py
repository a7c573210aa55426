"""`sealift promote ENV --plan`: what runs beside what would come, and every gate with the act that opens it."""

import json
import sys
from collections.abc import Iterator, Sequence

import click

from sealift.cli.hints import said_locally, with_local
from sealift.cli.jsonlines import fields_of
from sealift.cli.screen import screen
from sealift.cli.session import Session
from sealift.usecases.planned import PlannedPromotion, Side, plan_promotion
from sealift.usecases.promote import PromotionOptions

_MARKS = {"open": "✓", "waiting": "…", "refused": "✗"}


def show_plan(session: Session, environment: str, options: PromotionOptions) -> int:
    """Print what a promotion would do and return the exit code that it would have now."""
    session.streaming = False  # one document on standard output, no lines of events before it
    found = plan_promotion(session.app, session.environment(environment), session.services, options)
    session.close()
    if session.json:
        body = _body(found)
        click.echo(json.dumps(said_locally(body) if session.local else body))
    else:
        lines = screen(sys.stdout)
        for line in _lines(found):
            lines.line(with_local(line) if session.local else line)
    return found.refusal.exit_code if found.refusal is not None else 0


def _body(found: PlannedPromotion) -> dict[str, object]:
    lacks = found.difference
    return {
        "environment": found.environment,
        "source": found.source,
        "status": next((gate.status for gate in found.gates if gate.status != "open"), "open"),
        "running": _side(found.running) if found.running is not None else None,
        "incoming": _side(found.incoming),
        **fields_of(lacks, "commits", "functions", "resources", "stores"),
        **fields_of(found, "configuration"),
        "gates": [fields_of(gate, "gate", "status", "message", "hint", "until") for gate in found.gates],
    }


def _side(side: Side) -> dict[str, object]:
    return {
        "release": side.release,
        "commit": side.commit,
        "configuration": side.config or None,
        "isolation": side.isolation or None,
    }


def _lines(found: PlannedPromotion) -> Iterator[str]:
    running, incoming, lacks = found.running, found.incoming, found.difference
    yield f"{'':<15}{'runs in ' + found.environment:<26}comes from {found.source}"
    rows = (
        ("release", running.release[:12] if running else "nothing yet", incoming.release[:12]),
        ("commit", _short(running.commit if running else None), _short(incoming.commit)),
        ("configuration", _short(running.config if running else None), _short(incoming.config)),
        ("isolation", (running.isolation if running else "") or "-", incoming.isolation or "not proved"),
    )
    for name, there, comes in rows:
        yield f"{name:<15}{there:<26}{comes}"
    yield from _section("commits", lacks.commits, unknown="this clone does not know the commits")
    yield from _section("functions", lacks.functions)
    yield from _section("template", [line for line in lacks.resources if line not in lacks.stores])
    yield from _section("data stores", lacks.stores)
    yield from _section("parameters", found.configuration, unknown="the values that run were not kept")
    yield ""
    for gate in found.gates:
        yield f"{_MARKS[gate.status]} {gate.gate:<14} {gate.message}"
        if gate.status != "open" and gate.hint:
            yield f"  {'':<14} {gate.hint}"


def _section(title: str, lines: Sequence[str] | None, *, unknown: str = "") -> Iterator[str]:
    if lines is None:
        yield f"{title:<15}{unknown}"
    elif not lines:
        yield f"{title:<15}no change"
    else:
        yield f"{title:<15}{lines[0]}"
        yield from (f"{'':<15}{line}" for line in lines[1:])


def _short(digest: str | None) -> str:
    return digest[:12] if digest else "-"
