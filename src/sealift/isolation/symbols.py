"""Symbols: one private-use character for every value that AWS will choose, and for every value from outside."""

import hashlib
from dataclasses import dataclass, replace

from sealift.isolation.patterns import (
    FIRST_OUTSIDE,
    FIRST_RANDOM,
    FIRST_SYMBOL,
    LAST_OUTSIDE,
    LAST_SYMBOL,
    LITERAL_ONE,
    LITERAL_STAR,
    TAIL,
    is_symbol,
)
from sealift.model.app import PREVIEW

NUMBERED = PREVIEW.replace("*", TAIL)
"""How a preview is called in terms: a number holds no colon."""
ONE = PREVIEW.replace("*", "1")
"""One preview, to show what is true of any."""
_RANDOM = frozenset({"name", "lower", "tail"})
"""Attributes that AWS makes of letters and digits alone."""
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


@dataclass(frozen=True, slots=True)
class Outside:
    """A value from outside the templates: that of an SSM parameter, a secret or an export."""

    kind: str
    """`ssm`, `ssm-secure`, `secretsmanager` or `export`."""
    name: str
    account: str
    region: str

    @property
    def public(self) -> bool:
        """Return whether AWS publishes it: https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-public-parameters.html"""
        return self.name.startswith("/aws/")

    @property
    def secret(self) -> bool:
        """Return whether it is a credential."""
        return self.kind in ("ssm-secure", "secretsmanager")

    @property
    def whole(self) -> "Outside":
        """Return the secret as a whole, whatever key of it is read: a name holds no colon, an ARN six."""
        parts = self.name.split(":")
        name = ":".join(parts[:7] if parts[0] == "arn" else parts[:1])
        return replace(self, name=name) if self.kind == "secretsmanager" else self

    def __str__(self) -> str:
        what = {"export": "export", "secretsmanager": "secret"}.get(self.kind, "SSM parameter")
        return f"{what} {self.name}"


class Symbols:
    """Assigns one character to each (environment, stack, logical id, attribute)."""

    def __init__(self) -> None:
        self._chars: dict[tuple[str, ...], str] = {}
        self._keys: dict[str, tuple[str, ...]] = {}
        self._next = {True: ord(FIRST_RANDOM), False: ord(FIRST_SYMBOL)}
        self._outside: dict[Outside, str] = {}
        self.sources: dict[str, Outside] = {}
        """What each character of a value from outside stands for."""

    def of(self, *key: str) -> str:
        """Return the character of a value; `*` when there are more values than characters."""
        known = self._chars.get(key)
        if known is not None:
            return known
        random = key[-1] in _RANDOM
        code = self._next[random]
        if code > (ord(LAST_SYMBOL) if random else ord(LAST_SYMBOL) - 0x10000):
            return "*"
        self._next[random] += 1
        char = chr(code)
        self._chars[key] = char
        self._keys[char] = key
        return char

    def outside(self, source: Outside) -> str:
        """Return the character of a value from outside; `*` when there are more values than characters."""
        known = self._outside.get(source)
        if known is not None:
            return known
        code = ord(FIRST_OUTSIDE) + len(self._outside)
        if code > ord(LAST_OUTSIDE):
            return "*"
        self._outside[source] = chr(code)
        self.sources[chr(code)] = source
        return chr(code)

    def greatest(self, term: str) -> int | None:
        """Return the greatest length of the name in a term, if it was cut to that."""
        keys = (self._keys.get(char, ("",)) for char in term if is_symbol(char))
        return next((int(key[-2]) for key in keys if key[-1] == "cut"), None)

    def concrete(self, term: str) -> str:
        """Return the term with every symbol replaced by a possible generated id, always the same for a symbol."""
        if term.isascii():
            return term
        return "".join(self._text(c) for c in term.replace(NUMBERED, ONE))

    def _text(self, char: str) -> str:
        if char == LITERAL_STAR:
            return "*"
        if char == LITERAL_ONE:
            return "?"
        if char in self.sources:
            return f"<{self.concrete(str(self.sources[char]))}>"
        if not is_symbol(char):
            return char if char.isprintable() else "x"
        digest = hashlib.sha256("\0".join(self._keys.get(char, ("",))).encode()).digest()
        text = "".join(_ALPHABET[b % 36] for b in digest[:12])
        return text.lower() if self._keys.get(char, ("",))[-1] == "lower" else text

    def shown(self, term: str) -> str:
        """Return the term for people: a symbol is `<LogicalId>`, and what is not known of a name that is cut `…`."""
        if term.isascii():
            return term
        return "".join(self._shown(self._keys[c]) if c in self._keys else self._text(c) for c in term)

    @staticmethod
    def _shown(key: tuple[str, ...]) -> str:
        return "…" if key[-1] == "cut" else f"<{key[2]}>"
