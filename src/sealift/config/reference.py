"""Makes the reference page of the configuration out of the table of keys."""

from collections.abc import Iterator

from sealift.config.keys import ROOT
from sealift.config.kinds import (
    Command,
    Day,
    Duration,
    Flag,
    Hour,
    Items,
    Key,
    Kind,
    Labels,
    Moment,
    Named,
    Share,
    Table,
    Text,
    Texts,
    Toggled,
    Values,
    Weekdays,
    Whole,
    Zone,
)

PAGE = "docs/reference/configuration.md"
_HEAD = """\
# Configuration

<!-- Made from src/sealift/config/keys.py by sealift.config.reference; a test fails when this page is out of date. -->

Sealift reads `sealift.toml` in the application's folder, or `[tool.sealift]` in its `pyproject.toml`, never both. All
of it is optional: in a folder with nothing but a template, commits on `main` go to `staging`, and from there, when
asked, to `production`. `sealift init` writes a commented file to begin with.

Durations are written `"10s"`, `"30m"`, `"2h"`, `"1d"`, or together, `"1h30m"`. Template parameters may be text, whole
numbers, true, false, or lists of texts; CloudFormation receives all of them as text. A value in
`[environments.NAME.stacks.STACK.parameters]` goes before one in `[environments.NAME.parameters]`, that before one in
`[parameters]`, and that before one in `[[stacks]]`.
"""


def reference_page() -> str:
    """Return the page as Markdown."""
    return _HEAD + "".join(_section((), key) for key in ROOT)


def _section(parents: tuple[str, ...], key: Key) -> str:
    match key.kind:
        case Table():
            return _page((*parents, key.name), key, key.kind.keys, "[{}]")
        case Named():
            return _page((*parents, key.name, key.kind.placeholder), key, key.kind.keys, "[{}]")
        case Items():
            return _page((*parents, key.name), key, key.kind.keys, "[[{}]]")
        case _:
            if parents:
                return ""
            return f"\n## `{key.name}`\n\n{key.doc} Kind: {kind_in_words(key.kind)}.\n"


def _page(path: tuple[str, ...], key: Key, keys: tuple[Key, ...], brackets: str) -> str:
    rows = list(_rows(keys))
    table = ["", "| key | kind | default | meaning |", "|---|---|---|---|", *rows, ""] if rows else [""]
    head = f"\n## `{brackets.format('.'.join(path))}`\n\n{key.doc}\n"
    return head + "\n".join(table) + "".join(_section(path, inner) for inner in keys)


def _rows(keys: tuple[Key, ...]) -> Iterator[str]:
    for key in keys:
        if not isinstance(key.kind, Table | Named | Items):
            default = "**required**" if key.required else _as_code(key.default)
            yield f"| `{key.name}` | {kind_in_words(key.kind)} | {default} | {key.doc} |"


def _as_code(default: str) -> str:
    looks_like_toml = default.startswith(('"', "[", "{")) or default in ("true", "false") or default.isdigit()
    return f"`{default}`" if looks_like_toml else default


_WORDS: dict[type[Kind], str] = {
    Text: "text",
    Flag: "true or false",
    Toggled: 'true, false or `"auto"`',
    Share: "0 to 1",
    Duration: "duration",
    Day: "date",
    Moment: "date and time",
    Hour: "time of day",
    Weekdays: "days of the week",
    Zone: "time zone",
    Texts: "list of texts",
    Command: "command line, or a list of its words",
    Values: "table of parameters",
    Labels: "table of texts",
    Table: "table",
    Named: "table",
    Items: "array of tables",
}


def kind_in_words(kind: Kind) -> str:
    """Return what a value of this kind is, for people."""
    if isinstance(kind, Whole):
        return f"{kind.least} to {kind.most}"
    return _WORDS[type(kind)]
