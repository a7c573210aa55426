"""Symbols: one private-use character for every value that AWS will choose."""

import hashlib

from sealift.isolation.patterns import FIRST_SYMBOL, LAST_SYMBOL, LITERAL_ONE, LITERAL_STAR, TAIL, is_symbol
from sealift.model.app import PREVIEW

NUMBERED = PREVIEW.replace("*", TAIL)
"""How a preview is called in terms: a number holds no colon."""
ONE = PREVIEW.replace("*", "1")
"""One preview, to show what is true of any."""
_IN_FIRST_PLANE = 0xFFFE
"""Characters of plane 15; its last two code points are no characters."""
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


class Symbols:
    """Hands out a character for (environment, stack, logical id, attribute), the same each time."""

    def __init__(self) -> None:
        self._chars: dict[tuple[str, ...], str] = {}
        self._keys: dict[str, tuple[str, ...]] = {}

    def of(self, *key: str) -> str:
        """Return the character of a value; `*` when there are more values than characters."""
        known = self._chars.get(key)
        if known is not None:
            return known
        index = len(self._chars)
        code = ord(FIRST_SYMBOL) + index + (2 if index >= _IN_FIRST_PLANE else 0)
        if code > ord(LAST_SYMBOL):
            return "*"
        char = chr(code)
        self._chars[key] = char
        self._keys[char] = key
        return char

    def concrete(self, term: str) -> str:
        """Return the term with every symbol replaced by an id as AWS could have made it, always the same one."""
        if term.isascii():
            return term
        return "".join(self._text(c) for c in term.replace(NUMBERED, ONE))

    def _text(self, char: str) -> str:
        if char == LITERAL_STAR:
            return "*"
        if char == LITERAL_ONE:
            return "?"
        if not is_symbol(char):
            return char if char.isprintable() else "x"
        digest = hashlib.sha256("\0".join(self._keys.get(char, ("",))).encode()).digest()
        text = "".join(_ALPHABET[b % 36] for b in digest[:12])
        return text.lower() if self._keys.get(char, ("",))[-1] == "lower" else text

    def shown(self, term: str) -> str:
        """Return the term for people: a symbol is `<LogicalId>`."""
        if term.isascii():
            return term
        return "".join(f"<{self._keys[c][2]}>" if c in self._keys else self._text(c) for c in term)
