"""`changelog` and `history --dora`: what the record of an environment adds up to. They write nothing."""

import sys
from pathlib import Path

import click

from sealift.cli.arguments import environment_names
from sealift.cli.jsonlines import fields_of
from sealift.cli.session import Session, options
from sealift.delivery.dora import PERIOD, Dora
from sealift.usecases.record import Change

UNKNOWN = "unknown"


@click.command("changelog")
@click.argument("environment", shell_complete=environment_names)
@options()
def changelog_command(session: Session, environment: str) -> int:
    """Show the commits and pull requests of each deployment to ENVIRONMENT, newest first."""
    from sealift.usecases.record import changelog

    changes = changelog(session.app, session.environment(environment), session.services)
    session.close()
    if session.json:
        return session.show({"environment": environment, "deployments": [_change(one) for one in changes]})
    from sealift.cli.screen import screen

    out = screen(sys.stdout)
    for change in changes:
        deployed = change.deployed
        pulls = "".join(f"  #{number}" for number in change.pull_requests)
        out.line(f"{deployed.at:%Y-%m-%d %H:%M:%S}  {deployed.kind}  {deployed.release[:12]}{pulls}", "bold")
        for commit in change.commits or ():
            out.line(f"  {commit.sha[:8]}  {commit.subject} ({commit.author})")
        if change.commits is None:
            out.line("  this clone lacks its commits; if the clone is shallow: git fetch --unshallow origin", "dim")
    if not changes:
        out.line("Nothing has been deployed yet.")
    return 0


def show_dora(session: Session, name: str | None, page: Path | None) -> int:
    """Show the measures of DORA for the environment of this name, else for production; write them to `page`, too."""
    from sealift.cli.screen import screen
    from sealift.errors import UserError
    from sealift.usecases.record import first_protected, measure

    chosen = session.environment(name) if name else first_protected(session.app.environments)
    if chosen is None:
        hint = "Name an environment: sealift history --dora --environment NAME"
        raise UserError("No environment is named production and none is protected", code="no-production", hint=hint)
    found = measure(session.app, chosen, session.services)
    session.close()
    if page is not None:
        from sealift.cli.files import write_report
        from sealift.cli.view import about
        from sealift.reports.dora import dora_page

        write_report(page, dora_page(chosen.name, found, _rows(found), told=about))
    if session.json:
        return session.show({"environment": chosen.name, **_measures(found)})
    out = screen(sys.stdout)
    out.line(f"{chosen.name}, the last {PERIOD.days} days", "bold")
    for title, value in _rows(found):
        out.line(f"  {title:<33}{value}")
    return 0


def _rows(found: Dora) -> tuple[tuple[str, str], ...]:
    from sealift.cli.view import about

    def time(value: float | None) -> str:
        return UNKNOWN if value is None else about(value)

    def share(value: float | None, count: int) -> str:
        return UNKNOWN if value is None else f"{value:.0%} ({count})"

    missing = f"; {found.unknown_commits} with unknown commits" if found.unknown_commits else ""
    waiting = f"; {found.open_failures} not recovered yet" if found.open_failures else ""
    often = UNKNOWN if found.per_week is None else f"{found.per_week:.1f} a week ({found.deployments})"
    return (
        ("deployment frequency", often),
        ("lead time for changes", f"{time(found.lead_time_s)}{missing}"),
        ("change failure rate", share(found.failure_rate, found.failed)),
        ("failed deployment recovery time", f"{time(found.recovery_time_s)}{waiting}"),
        ("rework rate", share(found.rework_rate, found.reworked)),
    )


def _measures(found: Dora) -> dict[str, object]:
    return {
        "since": found.since.isoformat(),
        "until": found.until.isoformat(),
        "deployments": found.deployments,
        "deployments_per_week": found.per_week,
        "lead_time_s": found.lead_time_s,
        "deployments_with_unknown_commits": found.unknown_commits,
        "change_failures": found.failed,
        "change_failure_rate": found.failure_rate,
        "recovery_time_s": found.recovery_time_s,
        "not_recovered": found.open_failures,
        "reworks": found.reworked,
        "rework_rate": found.rework_rate,
    }


def _change(change: Change) -> dict[str, object]:
    written = [{"commit": one.sha, **fields_of(one, "at", "author", "subject")} for one in change.commits or ()]
    return {
        **fields_of(change.deployed, "at", "kind", "release", "commit", "actor", "verified"),
        **fields_of(change, "pull_requests"),
        "commits": None if change.commits is None else written,
    }
