"""Makes the reference page of the configuration out of the table of keys."""

from collections.abc import Iterator

from sealift.config.keys import ROOT
from sealift.config.kinds import Items, Key, Named, Table

PAGE = "docs/reference/configuration.md"
_HEAD = """\
# Configuration

<!-- Made from src/sealift/config/keys.py by sealift.config.reference; a test fails when this page is out of date. -->

Sealift reads `sealift.toml` in the application's folder, or `[tool.sealift]` in its `pyproject.toml`, never both. All
of it is optional: in a folder with only a template, Sealift deploys commits on `main` to `staging`, and promotes them
to `production` on request. `sealift init` writes a commented file to start from.

Durations are written `"10s"`, `"30m"`, `"2h"`, `"1d"`, or combined, `"1h30m"`. Template parameters may be text, whole
numbers, true, false, or lists of texts; CloudFormation receives all of them as text. If several tables set a parameter,
the first of these takes precedence: `[environments.NAME.stacks.STACK.parameters]`, `[environments.NAME.parameters]`,
`[parameters]`, `[[stacks]]`.
"""


def reference_page() -> str:
    """Return the page as Markdown."""
    return _HEAD + "".join(_section((), key) for key in ROOT.keys)


def _section(parents: tuple[str, ...], key: Key) -> str:
    match key.kind:
        case Table() as inner:
            return _page((*parents, key.name), key, inner, "[{}]")
        case Named(table=inner, placeholder=placeholder):
            return _page((*parents, key.name, placeholder), key, inner, "[{}]")
        case Items(table=inner):
            return _page((*parents, key.name), key, inner, "[[{}]]")
        case _ if parents:
            return ""
        case kind:
            return f"\n## `{key.name}`\n\n{key.doc} Kind: {kind.words}.\n"


def _page(path: tuple[str, ...], key: Key, inner: Table, brackets: str) -> str:
    rows = list(_rows(inner))
    lines = ["", "| key | kind | default | meaning |", "|---|---|---|---|", *rows, ""] if rows else [""]
    head = f"\n## `{brackets.format('.'.join(path))}`\n\n{key.doc}\n"
    return head + "\n".join(lines) + "".join(_section(path, one) for one in inner.keys)


def _rows(inner: Table) -> Iterator[str]:
    for key in inner.keys:
        if not isinstance(key.kind, Table | Named | Items):
            default = "**required**" if key.required else _as_code(inner.default_of(key))
            yield f"| `{key.name}` | {key.kind.words} | {default} | {key.doc} |"


def _as_code(default: str) -> str:
    looks_like_toml = default.startswith(('"', "[", "{")) or default in ("true", "false") or default.isdigit()
    return f"`{default}`" if looks_like_toml else default
