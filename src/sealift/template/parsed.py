"""Reads templates and keeps what was parsed, by the bytes of the file: loading a parser of YAML takes the most time."""

import hashlib
from pathlib import Path
from typing import Any

from sealift.model.template import TemplatePath
from sealift.template import kept
from sealift.template.reading import Document, decoded, parse, source_bytes


class KeptParses:
    """Reads as `reading.read` does; a file whose bytes were parsed before is not parsed again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, path: Path, file: str) -> Document:
        """Return the parsed file; `file` is how errors name it. Raises TemplateError."""
        data = source_bytes(path, file)
        name = hashlib.sha256(
            b"\0".join(
                (kept.code_digest("reading.py", "intrinsics.py", "parsed.py").encode(), path.suffix.encode(), data)
            )
        ).hexdigest()
        known = _document(kept.get(self._folder, name), file)
        if known is not None:
            return known
        document = parse(decoded(data, file), file)
        lines = [[list(at), line] for at, line in document.lines.items()]
        kept.put(self._folder, name, {"body": document.body, "lines": lines})
        return document


def _document(value: Any, file: str) -> Document | None:
    try:
        lines: dict[TemplatePath, int] = {tuple(at): line for at, line in value["lines"]}
        return Document(file=file, body=value["body"], lines=lines)
    except (KeyError, TypeError, ValueError):
        return None
