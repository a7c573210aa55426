"""Pattern terms and their intersection, by a bit-parallel NFA on ints.

A term is text in which some characters stand for more: `*` any text, `?` one character, `TAIL` any text without a
colon, and the private-use characters from `FIRST_SYMBOL` on a value that is not known yet (a symbol). A symbol is
non-empty text without `/` and `:`, from `FIRST_RANDOM` on of letters and digits alone (the random end of a generated
name); it equals itself, and otherwise only what a wildcard leaves open. A character from
`FIRST_OUTSIDE` to `LAST_OUTSIDE` is a value that stands outside the templates; it is text that equals itself alone.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

TAIL = "\ue000"
LITERAL_STAR = "\ue001"
LITERAL_ONE = "\ue002"
FIRST_OUTSIDE = "\ue100"
LAST_OUTSIDE = "\uf8ff"
FIRST_SYMBOL = "\U000f0000"
FIRST_RANDOM = "\U00100000"
LAST_SYMBOL = "\U0010fffd"
_LONG = ("*", TAIL)
_WILD = ("?", *_LONG)
_OPEN = f"[*?{TAIL}{FIRST_SYMBOL}-\U0010ffff]"
_FIRST_OPEN = re.compile(_OPEN)
_SYMBOL = re.compile(f"[{FIRST_SYMBOL}-\U0010ffff]")
_SYMBOLS_SEGMENT = re.compile(f"[{FIRST_SYMBOL}-\U0010ffff][^/:]*")
_OUTSIDE = re.compile(f"[{FIRST_OUTSIDE}-{LAST_OUTSIDE}]")
_FIRST_WILD = re.compile(f"[*?{TAIL}]")
_LAST_OPEN = re.compile(f"(?s).*({_OPEN})")


def is_symbol(char: str) -> bool:
    """Return whether the character stands for a value that is not known yet."""
    return char >= FIRST_SYMBOL


def is_random(char: str) -> bool:
    """Return whether the character stands for letters and digits alone."""
    return char >= FIRST_RANDOM


def has_symbol(term: str) -> bool:
    """Return whether the term has a symbol in it."""
    return not term.isascii() and _SYMBOL.search(term) is not None


def until_symbol(term: str) -> str:
    """Return the term up to the end of the segment with the first symbol: what comes after is a part of that thing."""
    found = None if term.isascii() else _SYMBOLS_SEGMENT.search(term)
    return term if found is None else term[: found.end()]


def has_outside(term: str) -> bool:
    """Return whether a value from outside the templates is in the term."""
    return not term.isascii() and _OUTSIDE.search(term) is not None


def is_wild(term: str) -> bool:
    """Return whether the term matches more than one text."""
    return "*" in term or "?" in term or TAIL in term


def head(term: str) -> str:
    """Return the common prefix of all texts that the term matches. Symbols count as characters."""
    found = _FIRST_WILD.search(term)
    return term if found is None else term[: found.start()]


def plain(text: str) -> str:
    """Return text from outside with the characters that terms reserve replaced by `?`."""
    if text.isascii():
        return text
    return "".join("?" if "\ue000" <= c <= "\uf8ff" or c >= FIRST_SYMBOL else c for c in text)


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A term as masks over its positions 0..size."""

    size: int
    full: int
    at: dict[str, int]
    star: int
    tail: int
    one: int
    symbols: int
    colon_after: tuple[int, ...]
    """For each position, that of the next literal colon, or size."""
    wild_from: tuple[int | None, ...]
    """For each position, that of the first wildcard a symbol there could begin to fill, or None."""
    block_after: tuple[int, ...]
    """For each position, that of the next character a symbol cannot hold, or size."""
    random: int
    """Which of the symbols hold letters and digits alone."""
    wild_random: tuple[int | None, ...]
    block_random: tuple[int, ...]


@lru_cache(maxsize=32768)
def _compiled(term: str) -> _Compiled:
    size = len(term)
    at: dict[str, int] = {}
    star = tail = one = symbols = random = 0
    for index, char in enumerate(term):
        bit = 1 << index
        if char == "*":
            star |= bit
        elif char == TAIL:
            tail |= bit
        elif char == "?":
            one |= bit
        else:
            at[char] = at.get(char, 0) | bit
            symbols |= bit if char >= FIRST_SYMBOL else 0
            random |= bit if char >= FIRST_RANDOM else 0
    colon, block, block_random = [size], [size], [size]
    wild: list[int | None] = [None]
    wild_random: list[int | None] = [None]
    for index, char in reversed(list(enumerate(term))):
        colon.append(index if char == ":" else colon[-1])
        blocked = char in ":/" or char >= FIRST_SYMBOL
        block.append(index if blocked else block[-1])
        wild.append(None if blocked else index if char in _WILD else wild[-1])
        blocked = not (char.isalnum() or char in _WILD)
        block_random.append(index if blocked else block_random[-1])
        wild_random.append(None if blocked else index if char in _WILD else wild_random[-1])
    return _Compiled(
        size, (2 << size) - 1, at, star, tail, one, symbols, tuple(colon[::-1]), tuple(wild[::-1]), tuple(block[::-1]),
        random, tuple(wild_random[::-1]), tuple(block_random[::-1]),
    )  # fmt: skip


def _bits(mask: int) -> Iterator[int]:
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def _normal(term: str) -> str:
    """Merge neighbouring stars, so that one step closes over them."""
    while True:
        merged = term.replace("**", "*").replace("*" + TAIL, "*").replace(TAIL + "*", "*").replace(TAIL + TAIL, TAIL)
        if merged == term:
            return term
        term = merged


@lru_cache(maxsize=65536)
def _ends(term: str) -> tuple[int, int]:
    """Return how many characters at both ends are literal."""
    first = _FIRST_OPEN.search(term)
    if first is None:
        return len(term), len(term)
    last = _LAST_OPEN.search(term)
    return first.start(), len(term) - last.end(1) if last else 0


def intersects(left: str, right: str) -> bool:
    """Return whether some text matches both terms; never wrongly False."""
    if left == right or left == "*" or right == "*":
        return True
    if not (is_wild(left) or is_wild(right)):
        return False
    left_head, left_end = _ends(left)
    right_head, right_end = _ends(right)
    same, end = min(left_head, right_head), min(left_end, right_end)
    if left[:same] != right[:same] or (end and left[-end:] != right[-end:]):
        return False
    left, right = left[same:], right[same:]
    left_symbol, right_symbol = has_symbol(left), has_symbol(right)
    if right_symbol and "?" in left:
        left = left.replace("?", "*")
    if left_symbol and "?" in right:
        right = right.replace("?", "*")
    return _meet(_compiled(_normal(left)), _normal(right), symbols=left_symbol or right_symbol)


def _meet(p: _Compiled, text: str, *, symbols: bool) -> bool:
    if not symbols and TAIL not in text:
        return _meet_simple(p, text)
    state = _State(p)
    for char in text:
        if char == "*":
            state.any()
        elif char == TAIL:
            state.tail()
        elif char >= FIRST_SYMBOL:
            state.symbol(char)
        else:
            state.literal(char)
        if not state.alive:
            return False
    return bool(state.at >> p.size & 1)


def _meet_simple(p: _Compiled, text: str) -> bool:
    """The same without symbols: the common case, kept tight."""
    empty, star, tail, one, at = p.star | p.tail, p.star, p.tail, p.one, p.at
    consuming = p.full ^ empty
    here = 1 | ((1 & empty) << 1)
    for char in text:
        if char == "*":
            here = p.full & -(here & -here)
        else:
            if char == "?":
                here = ((here & consuming) << 1) | (here & empty)
            else:
                loops = star if char == ":" else star | tail
                here = ((here & (at.get(char, 0) | one)) << 1) | (here & loops)
            here = (here | ((here & empty) << 1)) & p.full
        if not here:
            return False
    return bool(here >> p.size & 1)


class _State:
    """Where the automaton of `p` can be. `inside` and `filled` are symbols of `p` that the other term is spelling
    out: a symbol can be left only when a wildcard of the other term filled a part of it."""

    __slots__ = ("at", "filled", "inside", "p")

    def __init__(self, p: _Compiled) -> None:
        self.p = p
        self.inside = self.filled = 0
        self.at = 1
        self._close()

    @property
    def alive(self) -> int:
        return self.at | self.inside | self.filled

    def _close(self) -> None:
        empty = self.p.star | self.p.tail
        self.at |= self.filled << 1
        self.at = (self.at | ((self.at & empty) << 1)) & self.p.full

    def literal(self, char: str) -> None:
        p, here = self.p, self.at
        if char == "?":
            empty = p.star | p.tail
            self.at = ((here & ~empty & p.full) << 1) | (here & empty)
            self.inside, self.filled = 0, self.filled | self.inside | (here & p.symbols)
        else:
            loops = p.star if char == ":" else p.star | p.tail
            self.at = ((here & (p.at.get(char, 0) | p.one)) << 1) | (here & loops)
            if char in ":/":
                self.inside = self.filled = 0
            else:
                self.inside |= here & p.symbols
                if not char.isalnum():
                    self.inside &= ~p.random
                    self.filled &= ~p.random
        self._close()

    def any(self) -> None:
        p = self.p
        started = self.inside | self.filled
        here = self.at | (started << 1)
        reach = p.full & -(here & -here)
        self.filled = started | (reach & p.symbols)
        self.inside = 0
        self.at = reach
        self._close()

    def tail(self) -> None:
        p = self.p
        started = self.inside | self.filled
        reach = 0
        for index in _bits((self.at | (started << 1)) & p.full):
            reach |= (2 << p.colon_after[index]) - (1 << index)
        self.filled = started | (reach & p.symbols)
        self.inside = 0
        self.at = reach
        self._close()

    def symbol(self, char: str) -> None:
        p, here = self.p, self.at
        after = (here & p.at.get(char, 0)) << 1
        wilds, blocks = (p.wild_random, p.block_random) if char >= FIRST_RANDOM else (p.wild_from, p.block_after)
        for index in _bits(here):
            wild = wilds[index]
            if wild is not None:
                after |= (2 << blocks[index]) - (1 << wild)
        self.at = after
        self.inside = self.filled = 0
        self._close()


@lru_cache(maxsize=32768)
def covers(pattern: str, term: str) -> bool:
    """Return whether the pattern certainly matches every text of the term; never wrongly True."""
    if pattern in ("*", term):
        return True
    p = _compiled(_normal(pattern))
    empty = p.star | p.tail
    here = 1 | ((1 & empty) << 1)
    for char in term:
        if char == "*":
            here &= p.star
        elif char == TAIL:
            here &= empty
        elif char == "?":
            here = ((here & p.one) << 1) | (here & p.star)
        elif char >= FIRST_SYMBOL:
            here = ((here & p.at.get(char, 0)) << 1) | (here & empty)
        else:
            loops = p.star if char == ":" else empty
            here = ((here & (p.at.get(char, 0) | p.one)) << 1) | (here & loops)
        here = (here | ((here & empty) << 1)) & p.full
        if not here:
            return False
    return bool(here >> p.size & 1)


def sample(left: str, right: str) -> str:
    """Return a text that matches both terms, with symbols kept; a text of `right` when the search finds none."""
    goal = (len(left), len(right))
    came: dict[tuple[int, int], tuple[tuple[int, int], str] | None] = {(0, 0): None}
    queue = [(0, 0)]
    for at in queue:
        if at == goal:
            return _spelled(came, at)
        for step, emitted in _moves(left, right, at):
            if step not in came:
                came[step] = (at, emitted)
                queue.append(step)
    return "".join("x" if c in _WILD else c for c in right)


def _spelled(came: dict[tuple[int, int], tuple[tuple[int, int], str] | None], at: tuple[int, int]) -> str:
    out: list[str] = []
    step = came[at]
    while step is not None:
        at, emitted = step
        out.append(emitted)
        step = came[at]
    return "".join(reversed(out))


def _moves(left: str, right: str, at: tuple[int, int]) -> Iterator[tuple[tuple[int, int], str]]:
    """Yield how far both terms can be read on at once, and the text that is read."""
    i, j = at
    a, b = left[i : i + 1], right[j : j + 1]
    after_a, after_b = (i + 1, j), (i, j + 1)
    if a and b and a not in _LONG and b not in _LONG:
        one, other = (b, a) if a == "?" else (a, b)
        if one == other or (other == "?" and not is_symbol(one)):
            yield (i + 1, j + 1), one.replace("?", "x")
    for long, other, skipped, taken in ((a, b, after_a, after_b), (b, a, after_b, after_a)):
        if long in _LONG:
            yield skipped, ""
            if other and other not in _LONG and (long, other) != (TAIL, ":"):
                yield taken, other.replace("?", "x")
