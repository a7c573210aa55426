"""Shows errors: what happened, where, and what to do next. An internal one leaves a traceback file, never a wall."""

import errno
import json
import os
import sys
import tempfile
import traceback
from collections.abc import Mapping
from pathlib import Path

import click

from sealift.analysis.redact import redacted
from sealift.cli.text import Text
from sealift.errors import InternalError, SealiftError, UserError


def json_error(code: str, message: str, hint: str, context: Mapping[str, object]) -> str:
    """Return the error object of the machine-readable output."""
    body = {"code": code, "message": message, "hint": hint, "context": dict(context)}
    return json.dumps({"error": body}, default=str)


def show_error(error: SealiftError, *, wants_json: bool) -> None:
    """Print an error that we raised on purpose."""
    if wants_json:
        click.echo(json_error(error.code, error.message, error.hint, error.context))
        return
    from sealift.cli.screen import screen

    label = {3: "Refused", 4: "Waiting", 70: "Internal error"}.get(error.exit_code, "Error")
    colour = {3: "yellow", 4: "cyan"}.get(error.exit_code, "red")
    lines = screen(sys.stderr)
    lines.line(Text.assemble((f"{label}:", f"bold {colour}"), f" {error.message}  [{error.code}]"))
    if error.hint:
        lines.line(f"  → {error.hint}")


_NO_ROOM = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT, errno.EFBIG), "disk-full"),
    errno.EROFS: "disk-read-only",
}


def of_the_disk(error: OSError) -> UserError | None:
    """Return the error that a person can mend when a file could not be written for want of room, or None."""
    code = _NO_ROOM.get(error.errno or 0)
    if error.errno == errno.ENOENT and error.filename is None and "temporary directory" in str(error):
        code = "disk-full"  # what tempfile says when it can write nowhere
    if code is None:
        return None
    where = f" while writing {error.filename}" if error.filename else ""
    return UserError(
        f"{error.strerror}{where}",
        code=code,
        hint="Make room (`sealift cache prune` helps), then repeat the command: it continues where it was.",
    )


def as_ours(error: BaseException) -> SealiftError:
    """Return the error of a command as an error of ours. An unexpected one writes a traceback file."""
    if isinstance(error, SealiftError):
        return error
    known = of_the_disk(error) if isinstance(error, OSError) else None
    if known is not None:
        return known
    if isinstance(error, RecursionError):
        return UserError(
            "An input file is nested too deeply",
            code="nested-too-deep",
            hint="Check for unclosed brackets in sealift.toml, the templates and what they include.",
        )
    file = _write_traceback(error)
    where = f"The traceback is in {file}; please report it." if file else "The traceback could not be written."
    return InternalError(
        f"Sealift failed: {type(error).__name__}: {redacted(str(error))}",
        code="internal",
        hint=f"This is a bug in Sealift. {where}",
        context={"traceback": str(file)},
    )


def _write_traceback(error: BaseException) -> Path | None:
    """Return the file that the traceback was written to; None when there is no room for it."""
    try:
        handle, name = tempfile.mkstemp(prefix="sealift-traceback-", suffix=".txt")
        os.close(handle)
        Path(name).write_text(redacted("".join(traceback.format_exception(error))), encoding="utf-8")
    except OSError:
        return None
    return Path(name)
