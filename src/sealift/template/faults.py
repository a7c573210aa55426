"""How a fault in a template is told: file, line, column, the line itself, and what to do."""

from collections.abc import Mapping
from pathlib import Path

from sealift.boundary import real_path_outside
from sealift.errors import TemplateError
from sealift.model.template import TemplatePath


def fault(file: str, line: int, message: str, *, code: str, hint: str = "", column: int = 0) -> TemplateError:
    """Return the error for a place in a template; `line` and `column` count from 1, 0 when unknown."""
    place = ":".join([file, *(str(n) for n in (line, column) if n)])
    return TemplateError(
        f"{place}: {message}",
        code=code,
        hint=hint,
        context={"file": file, "line": line, **({"column": column} if column else {})},
    )


def nearest_line(lines: Mapping[TemplatePath, int], path: TemplatePath) -> int:
    """Return the line of a path, or of its nearest parent that has a known one; 0 when none has."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 0)


def excerpt(text: str, line: int, column: int = 0) -> str:
    """Return a line of the text as it stands in the file, with a caret under the column."""
    rows = text.splitlines()
    if not 1 <= line <= len(rows):
        return ""
    prefix = f"  {line} | "
    row = rows[line - 1].replace("\t", " ")[:160]
    caret = "\n" + " " * (len(prefix) + column - 1) + "^" if 0 < column <= len(row) + 1 else ""
    return f"\n{prefix}{row}{caret}"


def refuse_outside(path: Path, boundary: Path, what: str, *, file: str, line: int) -> None:
    """Refuse a file or folder whose real path is outside the repository. Raises TemplateError."""
    real = real_path_outside(path, boundary)
    if real is not None:
        raise fault(
            file,
            line,
            f"{what} leaves the repository: it is {real}",
            code="template-outside",
            hint="only what is in the repository goes into a release: copy it there",
        )
