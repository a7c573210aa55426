"""Takes secrets out of what programs print."""

import base64
import json
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from urllib.parse import quote, quote_plus

MASK = "***"
_SECRET_NAME = re.compile(
    r"TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIAL|PRIVATE|API_?KEY|ACCESS_?KEY|AUTH(?!OR(?!IZ))|COOKIE|DSN$|_PAT$",
    re.I,
)
_SHAPES = re.compile(
    r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bgh[pousr]_[A-Za-z0-9]{20,}|\bATBB[A-Za-z0-9]{20,}|\bglpat-[\w-]{20,}"
    # What signs a URL for whoever has it, such as the ResponseURL that custom resources print with their event.
    r"|(?<=[?&])(?:X-Amz-(?:Signature|Credential|Security-Token)|Signature|AWSAccessKeyId)=[^&\s\"'<>]+"
    # The rest takes linear time for any text (possessive quantifiers): what tests print is anybody's.
    r"|(?<![\w-])(?=[\w-]*eyJ)[\w-]++\.eyJ[\w-]{8,}+\.[\w-]++"
    # Of a key whose end was cut off, what looks like its lines.
    r"|-----BEGIN(?:[A-Z +]|%20){0,40}PRIVATE(?:[ +]|%20)KEY-----"
    r"(?:[^-]*+(?:-(?!----)[^-]*+)*+-----END(?:[A-Z +]|%20){0,40}PRIVATE(?:[ +]|%20)KEY-----|[A-Za-z0-9+/=\s\\%]*+)"
)
_MIN_SECRET = 8
"""Shorter values are words that stand in any text."""


def is_secret(name: str) -> bool:
    """Whether a variable of this name holds what must not be shown."""
    return bool(_SECRET_NAME.search(name))


def secret_values(*envs: Mapping[str, str]) -> tuple[str, ...]:
    """Return the values that must not be shown, longest first."""
    values = {value for env in envs for name, value in env.items() if is_secret(name) and len(value) >= _MIN_SECRET}
    return tuple(sorted(values, key=lambda value: (-len(value), value)))


def redacted(text: str, secrets: Iterable[str] = ()) -> str:
    """Return `text` with these values, and whatever has the shape of a key or token, masked."""
    every = [spelled for secret in secrets for spelled in _spellings(secret)]
    for spelled in every:
        text = text.replace(spelled, MASK)
    return _SHAPES.sub(MASK, _masked_over_lines(text, every) if every else text)


_WRAPS = (
    re.compile(r"\r?\n(?:E(?=[ \t]))?[ \t]*(?:[|>] )?"),
    re.compile(r"(?:['\"]|\\)\r?\n[ \t]*['\"]?"),
)
"""Where programs wrap a value: base64, terminals and pytest's `E   `; pprint and shells."""


def _masked_over_lines(text: str, spellings: Sequence[str]) -> str:
    """Return `text` with these spellings masked where they are wrapped over several lines."""
    for wrap in _WRAPS:
        whole = wrap.sub("", text) if "\n" in text else ""
        found = sorted(one.span() for s in spellings if s in whole for one in re.finditer(re.escape(s), whole))
        text = _masked_at(text, found, wrap) if found else text
    return text


def _masked_at(text: str, found: Sequence[tuple[int, int]], wrap: re.Pattern[str]) -> str:
    """Return `text` with the places masked that were found in it without its wraps."""
    cuts, left_out = [], [0]
    for one in wrap.finditer(text):
        cuts.append(one.start() - left_out[-1])
        left_out.append(left_out[-1] + one.end() - one.start())
    parts, done = [], 0
    for start, end in found:
        begins, ends = (at + left_out[bisect_right(cuts, at)] for at in (start, end - 1))
        if begins >= done:
            parts += [text[done:begins], MASK]
        done = max(done, ends + 1)
    return "".join((*parts, text[done:]))


@lru_cache(maxsize=4096)
def _spellings(secret: str) -> tuple[str, ...]:
    """Return how programs write a value, longest first: in JSON, Python, XML, an address or base64, or line by line."""
    import html

    found = {
        secret,
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        json.dumps(json.dumps(secret))[3:-3],
        secret.encode(errors="replace").hex(),
        repr(secret)[1:-1],
        secret.encode("unicode_escape").decode(),
        html.escape(secret),
        html.escape(secret, quote=False),
        secret.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;"),
        quote(secret, errors="replace"),
        (within := quote(secret, safe="", errors="replace")),
        quote(within, safe=""),
        re.sub("%..", lambda one: one[0].lower(), within),
        quote_plus(secret, errors="replace"),
        *_within_base64(secret.encode(errors="replace")),
        *(line for line in secret.splitlines() if len(line) >= _MIN_SECRET),
    }
    return tuple(sorted(found, key=lambda spelled: (-len(spelled), spelled)))


def _within_base64(secret: bytes) -> Iterator[str]:
    """Yield what base64 makes of a value, alone and behind others as in `Authorization: Basic`."""
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        yield encode(secret).decode()
        for before in range(3):
            # Characters that hold bits of a neighbour, too, are not of the value alone.
            first, bits = -(-8 * before // 6), 8 * (before + len(secret))
            yield encode(bytes(before) + secret).decode()[first : bits // 6]


_SEQUENCES = re.compile(r"\x1b(?:\[[0-9;:?]{0,40}[@-~]|\][^\x07\x1b\n]{0,400}(?:\x07|\x1b\\))")
"""Colours, moves of the cursor and titles of windows: in the middle of a secret they would hide it from the mask."""


def unstyled(text: str) -> str:
    """Return a text without the sequences by which a program steers a terminal."""
    return _SEQUENCES.sub("", text) if "\x1b" in text else text


_MOST_READ = 1_000_000


def excerpt(text: str, secrets: Iterable[str] = (), *, lines: int = 120, characters: int = 16_000) -> str:
    """Return the end of what a program printed, for people: without secrets, however much it was."""
    cut = text[-_MOST_READ:]
    # What was cut through at its beginning may be half a secret.
    whole = cut if len(cut) == len(text) else cut.partition("\n")[2]
    return tail(redacted(unstyled(whole), secrets), lines=lines, characters=characters)


def tail(text: str, *, lines: int = 120, characters: int = 16_000) -> str:
    """Return the end of `text`, at most so many lines and characters, whole lines where it can be."""
    kept = "\n".join(text.rstrip().splitlines()[-lines:])
    if len(kept) <= characters:
        return kept
    cut = kept[-characters:]
    return "…" + cut[cut.find("\n") :] if "\n" in cut else "…" + cut
