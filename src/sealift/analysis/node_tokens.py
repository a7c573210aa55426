"""The tokens of a module of JavaScript or TypeScript: enough to tell code from comments, texts and patterns. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

_SPACE = re.compile(r"(?:\s+|//[^\n]*|/\*.*?(?:\*/|\Z))+", re.DOTALL)
_NAME = re.compile(r"[A-Za-z_$#@\u0080-\U0010ffff][\w$\u0080-\U0010ffff]*")
_NUMBER = re.compile(r"\d[\w.]*")
_TEXT = re.compile(r"\"((?:[^\"\\\n]|\\.)*)\"|'((?:[^'\\\n]|\\.)*)'", re.DOTALL)
_PATTERN = re.compile(r"/(?![*/])(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/\w*")
_SIGN = re.compile(r"===|!==|=>|==|!=|\?\?=|\|\|=|&&=|\?\?|\|\||&&|\?\.(?!\d)|\.\.\.|[+\-*/%]=|.", re.DOTALL)
_LITERAL = re.compile(r"(?:[^`\\$]|\\.|\$(?!\{))*", re.DOTALL)
_BEFORE_PATTERN = {"return", "typeof", "case", "in", "of", "delete", "void", "throw", "new", "else", "do", "await"}
_OPEN = {"(": ")", "[": "]", "{": "}"}
_DEPTH = 20


@dataclass(frozen=True, slots=True)
class Token:
    """A token; that of a template has its literals and, between them, the tokens of its expressions."""

    kind: Literal["name", "text", "template", "number", "pattern", "sign"]
    text: str
    at: int
    parts: "tuple[tuple[str, tuple[Token, ...]], ...]" = ()

    def is_sign(self, *signs: str) -> bool:
        return self.kind == "sign" and self.text in signs


END = Token("sign", ";", 0)


def tokens(source: str) -> list[Token]:
    """Return the tokens of a module; the expressions in its templates follow after the last, each behind a `;`."""
    found = [*_tokens(source, 0, len(source), 0)]
    waiting = [*found]
    while waiting:
        for _, inner in waiting.pop(0).parts:
            found += [END, *inner]
            waiting += inner
    return [*found, END]


def _tokens(source: str, at: int, end: int, depth: int) -> Iterator[Token]:
    before: Token | None = None
    while at < end:
        if space := _SPACE.match(source, at, end):
            at = space.end()
            continue
        token, at = _token(source, at, end, depth, before)
        yield token
        before = token


def _token(source: str, at: int, end: int, depth: int, before: Token | None) -> tuple[Token, int]:
    if found := _NAME.match(source, at, end):
        return Token("name", found[0], at), found.end()
    if found := _NUMBER.match(source, at, end):
        return Token("number", found[0], at), found.end()
    if found := _TEXT.match(source, at, end):
        written = found[1] if found[1] is not None else found[2]
        return Token("text", re.sub(r"\\(.)", r"\1", written, flags=re.DOTALL), at), found.end()
    if source[at] == "`" and depth < _DEPTH:
        return _template(source, at, end, depth)
    if source[at] == "/" and _begins_pattern(before) and (found := _PATTERN.match(source, at, end)):
        return Token("pattern", found[0], at), found.end()
    sign = _SIGN.match(source, at, end)
    return Token("sign", sign[0] if sign else source[at], at), sign.end() if sign else at + 1


def _begins_pattern(before: Token | None) -> bool:
    if before is None:
        return True
    return (
        before.text in _BEFORE_PATTERN if before.kind == "name" else before.kind == "sign" and before.text not in ")]}"
    )


def _template(source: str, start: int, end: int, depth: int) -> tuple[Token, int]:
    parts: list[tuple[str, tuple[Token, ...]]] = []
    at = start + 1
    while at < end:
        literal = _LITERAL.match(source, at, end)
        text = literal[0] if literal else ""
        at += len(text)
        if not source.startswith("${", at):
            parts.append((text, ()))
            break
        close = _closing(source, at + 2, end)
        parts.append((text, tuple(_tokens(source, at + 2, close, depth + 1))))
        at = close + 1
    else:
        parts.append(("", ()))
    return Token("template", "", start, tuple(parts)), min(at + 1, end)


def _closing(source: str, at: int, end: int) -> int:
    """Return where the `}` is that ends an expression in a template."""
    level = 0
    while at < end:
        if found := _TEXT.match(source, at, end) or (_SPACE.match(source, at, end)):
            at = found.end()
            continue
        if source[at] == "`":
            at = _end_of_template(source, at, end)
            continue
        if source[at] == "}" and level == 0:
            return at
        level += {"{": 1, "}": -1}.get(source[at], 0)
        at += 1
    return end


def _end_of_template(source: str, at: int, end: int) -> int:
    at += 1
    while at < end and source[at] != "`":
        at = _closing(source, at + 2, end) + 1 if source.startswith("${", at) else at + 1 + (source[at] == "\\")
    return at + 1


def pairs(found: Sequence[Token]) -> dict[int, int]:
    """Return for each opening bracket the index of the one that closes it, and the other way round."""
    matched: dict[int, int] = {}
    stack: list[int] = []
    for index, token in enumerate(found):
        if token.is_sign(*_OPEN):
            stack.append(index)
        elif token.is_sign(*_OPEN.values()):
            while stack:
                opened = stack.pop()
                if _OPEN[found[opened].text] == token.text:
                    matched[opened], matched[index] = index, opened
                    break
    return matched


def parts_of(found: Sequence[Token], matched: dict[int, int], start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the parts between commas of what stands from `start` to before `end`, brackets in it kept together."""
    begin = at = start
    while at < end:
        if at in matched and matched[at] > at:
            at = matched[at]
        elif found[at].is_sign(","):
            if begin < at:
                yield begin, at
            begin = at + 1
        at += 1
    if begin < min(at, end):
        yield begin, end
