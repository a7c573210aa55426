"""Reads files of settings: a JSON object of texts, or lines of `KEY=VALUE`. Pure; no message repeats a value."""

import json
import re

_LINE = re.compile(r"(?:export\s+)?([A-Za-z0-9_./-]+)\s*=\s*(.*)")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}


def settings_in(text: str) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the value of each key, and every line that cannot be read."""
    text = text.removeprefix("\ufeff")
    return _of_json(text) if text.lstrip().startswith("{") else _of_lines(text)


def _of_json(text: str) -> tuple[dict[str, str], tuple[str, ...]]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 1)
        return {}, (f"line {line}: this is not JSON",)
    values = {key: _text(value) for key, value in found.items()}
    wrong = tuple(
        f'key "{key}": its value is neither a text, a number nor true or false' for key in values if values[key] is None
    )
    return {key: value for key, value in values.items() if value is not None}, wrong


def _text(value: object) -> str | None:
    if isinstance(value, str):
        return value
    return json.dumps(value) if isinstance(value, bool | int | float) else None


def _of_lines(text: str) -> tuple[dict[str, str], tuple[str, ...]]:
    values: dict[str, str] = {}
    wrong: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        found = _LINE.fullmatch(line.strip())
        value = _value(found[2]) if found else None
        if found is None or value is None:
            wrong.append(f"line {number}: expected KEY=VALUE" + (", its quotes closed" if found else ""))
        elif found[1] in values:
            wrong.append(f"line {number}: {found[1]} stands there twice")
        else:
            values[found[1]] = value
    return values, tuple(wrong)


def _value(written: str) -> str | None:
    """Return what stands behind the `=`, quotes and a comment behind it removed; None when quotes stay open."""
    if not written.startswith(('"', "'")):
        return re.split(r"\s+#", written, maxsplit=1)[0].rstrip() if not written.startswith("#") else ""
    quote = written[0]
    found = re.fullmatch(rf"{quote}((?:[^{quote}\\]|\\.)*){quote}\s*(?:#.*)?", written)
    if quote == "'":
        found = re.fullmatch(r"'([^']*)'\s*(?:#.*)?", written)
    if found is None:
        return None
    return found[1] if quote == "'" else re.sub(r"\\(.)", lambda m: _ESCAPES.get(m[1], m[0]), found[1])
