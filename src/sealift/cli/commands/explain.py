"""`explain`: what a key of the configuration, or a finding of the proof, means; the pages need not be at hand."""

import re

import click

from sealift.cli.visible import say
from sealift.errors import UserError, did_you_mean

_FINDING = re.compile(r"[A-Za-z]{3}-[0-9]{2}")


@click.command("explain")
@click.argument("what", metavar="[CODE]", default="configuration")
def explain_command(what: str) -> int:
    """Explain CODE: a key of sealift.toml (`soak`, `environments.NAME`) or a finding (`IAM-01`). Default: all keys."""
    say(_finding(what.upper()) if _FINDING.fullmatch(what) else _analysed(what) or _keys(what))
    return 0


def _finding(rule_id: str) -> str:
    from sealift.isolation.rules import RULES

    rule = next((one for one in RULES if one.id == rule_id), None)
    if rule is None:
        raise _unknown(rule_id, [one.id for one in RULES])
    return f"{rule.id}: {rule.title}\n\n{rule.why}\n\n{rule.fix}"


def _analysed(what: str) -> str | None:
    from sealift.analysis.rules import RULES

    return "{}: {}\n\n{}".format(what, *RULES[what]) if what in RULES else None


def _keys(what: str) -> str:
    from sealift.config.reference import reference_page

    page = reference_page()
    if what == "configuration":
        return page
    sections = [f"## {part}" for part in page.split("\n## ")[1:]]
    wanted = what.strip("[]")
    whole = [one for one in sections if _name(one) == wanted]
    rows = [f"{_heading(one)}\n\n{row}" for one in sections for row in _rows(one) if row.startswith(f"| `{wanted}` |")]
    if not (whole or rows):
        keys = [row.split("`")[1] for one in sections for row in _rows(one)]
        raise _unknown(what, [*map(_name, sections), *keys])
    return "\n\n".join((*whole, *rows)).strip()


def _heading(section: str) -> str:
    return section.partition("\n")[0]


def _name(section: str) -> str:
    return _heading(section).strip("# `[]")


def _rows(section: str) -> list[str]:
    return [line for line in section.splitlines() if line.startswith("| `")]


def _unknown(what: str, known: list[str]) -> UserError:
    return UserError(
        f"{what} is neither a key of sealift.toml nor a finding{did_you_mean(what, known)}",
        code="explain-unknown",
        hint="`sealift explain` lists every key; `sealift prove` lists the findings of a proof.",
    )
