"""Shows errors: what happened, where, and what to do next. An internal one leaves a traceback file, never a wall."""

import json
import os
import sys
import tempfile
import traceback
from collections.abc import Mapping
from pathlib import Path

import click

from sealift.cli.visible import visible
from sealift.errors import SealiftError


def json_error(code: str, message: str, hint: str, context: Mapping[str, object]) -> str:
    """Return the error object of the machine-readable output."""
    body = {"code": code, "message": message, "hint": hint, "context": dict(context)}
    return json.dumps({"error": body}, default=str)


def show_error(error: SealiftError, *, wants_json: bool) -> None:
    """Print an error that we raised on purpose."""
    if wants_json:
        click.echo(json_error(error.code, error.message, error.hint, error.context))
        return
    label = {3: "Refused", 4: "Waiting"}.get(error.exit_code, "Error")
    colour = {3: "yellow", 4: "cyan"}.get(error.exit_code, "red")
    click.echo(f"{_styled(label, colour)} {visible(error.message)}  [{error.code}]", err=True)
    if error.hint:
        click.echo(f"  → {visible(error.hint)}", err=True)


def show_crash(error: Exception, *, wants_json: bool) -> None:
    """Print that Sealift itself failed, and where the traceback is."""
    file = _write_traceback(error)
    message = f"Sealift failed: {type(error).__name__}: {error}"
    hint = f"This is a fault of ours. The traceback is in {file}; please report it."
    if wants_json:
        click.echo(json_error("internal", message, hint, {"traceback": str(file)}))
    else:
        click.echo(f"{_styled('Internal error', 'red')} {visible(message)}\n  → {hint}", err=True)


def _styled(label: str, colour: str) -> str:
    coloured = sys.stderr.isatty() and "NO_COLOR" not in os.environ  # noqa: TID251
    return click.style(f"{label}:", fg=colour, bold=True) if coloured else f"{label}:"


def _write_traceback(error: Exception) -> Path:
    handle, name = tempfile.mkstemp(prefix="sealift-traceback-", suffix=".txt")
    os.close(handle)
    Path(name).write_text("".join(traceback.format_exception(error)), encoding="utf-8")
    return Path(name)
