"""Writes TOML values; the standard library only reads them."""

import json
import re


def toml_key(name: str) -> str:
    """Return a key as TOML, in quotes only where it needs them."""
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else toml_string(name)


def toml_string(text: str) -> str:
    """Return `text` as a basic string of TOML. JSON escapes are a subset, but for DEL, which TOML wants escaped."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")
