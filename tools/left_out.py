"""The part of the page about the embedded cloud that says what is left out, made of the code that leaves it out."""

import textwrap
from collections.abc import Iterator
from pathlib import Path

from sealift.local.clients import MADE_UP
from sealift.local.clients import SERVED as SERVICES
from sealift.local.expand.http_api import SERVED_SUBTYPES
from sealift.local.expand.known_types import KNOWN, REASONS
from sealift.local.expand.left_out import NEEDS_CONTAINERS, PROPERTIES, SERVED, SERVED_BY_SDK, SOURCES
from sealift.local.layers import ITSELF, STAND_INS

PAGE = Path(__file__).parents[1] / "docs" / "explanation" / "embedded-cloud.md"
_BEGIN = "<!-- Made from the code by `python -m tools.reference`: what is left out -->\n"
_END = "<!-- End of what is made from the code -->\n"


def page() -> str:
    """Return the page with its made part as the code says it."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(_BEGIN)
    _, _, after = rest.partition(_END)
    section = "\n\n".join(_paragraphs())
    return f"{before}{_BEGIN}\n{section}\n\n{_END}{after}"


def _paragraphs() -> Iterator[str]:
    yield _text(
        f"**Types.** {len(KNOWN)} resource types and custom resources are made. Any other is taken out, and what "
        "refers to it gets a text of the right form. Where there is more to say than that:"
    )
    yield _list(f"`{kind}`: {reason}" for kind, reason in sorted(REASONS.items()))
    in_name_only = ", ".join(f"`{kind}`" for kind in sorted(NEEDS_CONTAINERS))
    yield _text(f"In name only, with nothing that serves: {in_name_only}.")
    yield "**Properties** that are taken and have no effect:"
    yield _list(f"`{one.type}` `{one.name}`: {one.missing}" for one in PROPERTIES)
    yield _text(f"**Event sources** that nobody polls: {', '.join(SOURCES)}.")
    yield _text(
        "**APIs that call a service themselves**: REST and WebSocket APIs reach every service that the embedded cloud "
        f"has, by mapping templates; HTTP APIs (`integrationSubtype`) {', '.join(SERVED_SUBTYPES)}."
    )
    yield _text(
        f"**Tasks of state machines** that are done: {', '.join(f'`{one}`' for one in SERVED)}, and `aws-sdk` for "
        f"{', '.join(SERVED_BY_SDK)}. An execution fails at any other."
    )
    made_up = "; ".join(f"`{name}` {how.rstrip(',')}" for name, how in sorted(MADE_UP.items()))
    yield _text(
        f"**Services that code calls.** {len(SERVICES)} services are there. A client that code makes for any other is "
        f"named: its calls fail. Named, too: {made_up}."
    )
    yield _text(
        "**Layers of other accounts** cannot be read. These have a stand-in; any other is named, and what it holds is "
        "missing:"
    )
    stand_ins = [f"{one.name}: {_instead(one.requirement)}" for one in STAND_INS]
    named = "what of `@aws-lambda-powertools/…` the code names, from npm"
    yield _list(iter([*stand_ins, f"Powertools for AWS Lambda (TypeScript) 1 and 2: {named}"]))


def _instead(requirement: str) -> str:
    if requirement == ITSELF:
        return "the embedded cloud answers in its place, on port 2773, and caches nothing"
    return f"`{requirement}` from PyPI" if requirement else "left out, functions work without it"


def _text(sentence: str) -> str:
    return textwrap.fill(sentence, width=118, break_long_words=False, break_on_hyphens=False)


def _list(lines: Iterator[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)
