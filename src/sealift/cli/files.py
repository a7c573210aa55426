"""Files that a person asked for."""

from pathlib import Path

from sealift.errors import UserError


def write_report(file: Path, text: str) -> None:
    """Write a report. Raises UserError when that cannot be done."""
    try:
        # Names in a template may hold half of a surrogate pair, which no file can.
        file.write_text(text, encoding="utf-8", errors="replace")
    except OSError as error:
        raise UserError(
            f"{file} cannot be written: {error.strerror}",
            code="report-unwritable",
            hint="Name a file in a folder that is there.",
        ) from error
