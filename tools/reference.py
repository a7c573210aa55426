"""Writes the generated pages of docs/reference: `python -m tools.reference`.

The pages are made of the code itself: the commands, the table of configuration keys, the places that raise errors, the
event classes, the rules. tests/unit/docs fails when a page on disk is out of date.
"""

from collections.abc import Iterator
from dataclasses import MISSING, Field, fields
from functools import cache
from pathlib import Path
from typing import Any, get_args

import click

from sealift.cli.main import cli
from sealift.config.reference import reference_page
from sealift.isolation.rules import RULES
from sealift.model.event import Event, PhaseName
from sealift.model.ledger import Status
from tools import left_out
from tools.aws_rights import rights_page
from tools.isolation_rules import rules_page
from tools.raised import Raised, errors_raised, notes_emitted
from tools.stack_states import states_page

FOLDER = Path(__file__).parents[1] / "docs" / "reference"
_MADE = "<!-- Made from the code by `python -m tools.reference`; a test fails when this page is out of date. -->\n"
_WIDTH = 100
_HOW_EXITS_END = {
    1: "Exit code 1: the user can fix it",
    3: "Exit code 3: a gate refuses",
    4: "Exit code 4: a gate waits",
    2: "Exit code 2: wrong usage",
    70: "Exit code 70: Sealift itself failed",
}


@cache
def pages() -> dict[str, str]:
    """Return every generated page by its file name."""
    return {
        "aws-rights.md": rights_page(),
        "cli.md": cli_page(),
        "configuration.md": reference_page(),
        "errors.md": errors_page(),
        "events.md": events_page(),
        "findings.md": findings_page(),
        "isolation-rules.md": rules_page(),
        "stack-states.md": states_page(),
    }


def cli_page() -> str:
    """Return the help of every command."""
    parts = ["# Commands\n", _MADE, "What the exit codes mean: [promises.md](promises.md).\n"]
    for path, command in _commands(("sealift",), cli):
        name = " ".join(path)
        context = click.Context(
            command,
            info_name=name,
            terminal_width=_WIDTH,
            max_content_width=_WIDTH,
            help_option_names=["-h", "--help"],
        )
        parts.append(f"{'#' * min(len(path) + 1, 3)} {name}\n\n```text\n{command.get_help(context)}\n```\n")
    return "\n".join(parts)


def _commands(path: tuple[str, ...], command: click.Command) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None:
                yield from _commands((*path, name), inner)


def errors_page() -> str:
    """Return every error code, by how the command ends."""
    found = errors_raised()
    parts = [
        "# Errors\n",
        _MADE,
        "An error has a stable code, a message with what happened and where, and a hint with the next step. `…` stands",
        'for what varies. With `--json`, an error is `{"error": {"code", "message", "hint", "context"}}`.\n',
    ]
    for exit_code, title in _HOW_EXITS_END.items():
        chosen = [one for one in found if one.exit_code == exit_code]
        if chosen:
            parts += [f"## {title}\n", "| code | what happened | what to do |", "|---|---|---|"]
            parts += [_row(f"`{one.code}`", _sentences(one), "; ".join(one.hints)) for one in chosen]
            parts.append("")
    return "\n".join(parts)


def _sentences(one: Raised) -> str:
    return "; ".join(one.messages) or "AWS's own words"


def events_page() -> str:
    """Return every event of the machine-readable output, and every note."""
    parts = [
        "# Events\n",
        _MADE,
        "With `--json`, `run`, `deploy`, `promote` and `rollback` print one JSON object per line. Each has `code`,",
        "`seq`, `at`, `level` and the fields below; a field may be added, none is renamed.\n",
        f"Phases: {_words(PhaseName)}. Statuses: {_words(Status)}.\n",
    ]
    for event in get_args(Event):
        own = [one for one in fields(event) if one.name != "level"]
        parts += [f"## `{event.code}`\n", f"{event.__doc__.strip()}\n", "| field | type | default |", "|---|---|---|"]
        parts += [_row(f"`{one.name}`", f"`{_type(one)}`", _default(one)) for one in own]
        parts.append("")
    parts += [
        "## The names of notes\n",
        "Each `noted` event has one of these names.\n",
        "| name | message |",
        "|---|---|",
    ]
    parts += [_row(f"`{one.code}`", "; ".join(one.messages)) for one in notes_emitted()]
    return "\n".join(parts) + "\n"


def _type(one: "Field[Any]") -> str:
    return (
        str(getattr(one.type, "__name__", "") if isinstance(one.type, type) else one.type)
        .replace(str(PhaseName), "phase")
        .replace(str(Status), "status")
        .replace("collections.abc.", "")
        .replace("sealift.model.finding.", "")
    )


def _default(one: "Field[Any]") -> str:
    if one.default is not MISSING:
        return f"`{one.default!r}`"
    return "empty" if one.default_factory is not MISSING else "required"


def findings_page() -> str:
    """Return every rule of the data guard and of the proof of isolation."""
    from sealift.analysis.rules import RULES as ANALYSIS
    from sealift.usecases.waive import RULES as GUARDED

    parts = [
        "# Findings\n",
        _MADE,
        "## Data guard\n",
        "These stop a deployment unless you waive them; see [how to waive](../how-to/data-guard-and-waivers.md).\n",
        ", ".join(f"`{rule}`" for rule in GUARDED) + "\n",
        "## Production defaults\n",
        "Advice on the stores of a template whose application has a protected environment: `production-defaults`. See "
        "[what production needs](../how-to/data-guard-and-waivers.md#what-production-needs).\n",
        "## Analysis\n",
        "Sealift reports these besides ruff, cfn-lint and the application's tools. `sealift explain` shows them.\n",
        "| id | what | why |",
        "|---|---|---|",
        *(_row(f"`{rule}`", *told) for rule, told in ANALYSIS.items()),
        "",
        "## Proof of isolation\n",
        "[Rules](isolation-rules.md) shows a failing and a passing template for each rule.\n",
        "| id | severity | what | why | what to do |",
        "|---|---|---|---|---|",
    ]
    parts += [_row(f"`{one.id}`", one.severity, one.title, one.why, one.fix) for one in RULES]
    return "\n".join(parts) + "\n"


def _words(literal: object) -> str:
    return ", ".join(f"`{word}`" for word in get_args(literal))


def _row(*cells: str) -> str:
    return "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells) + " |"


def main() -> None:
    """Write the pages."""
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    left_out.PAGE.write_text(left_out.page(), encoding="utf-8")


if __name__ == "__main__":
    main()
