"""Finds the line of each key in a TOML document, which `tomllib` does not tell.

Not a parser: the document has been parsed by `tomllib` before, so it is known to be valid TOML.
"""

import re
from collections.abc import Mapping

Path = tuple[str | int, ...]

_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}' + r"|'''.*?'{3,5}" + r'|"(?:\\.|[^"\\\n])*"' + r"|'[^'\n]*'", re.DOTALL
)
_WORD = re.compile(r"[A-Za-z0-9_-]+")
_BLANK = " \t\r"


def key_lines(text: str) -> Mapping[Path, int]:
    """Return the line, from 1, of every table header and key. Keys of inline tables have the line they stand on."""
    return _Scanner(text.replace("\r\n", "\n")).scan()


def line_of(lines: Mapping[Path, int], path: Path) -> int:
    """Return the line of `path`, of its nearest parent that has one, or 0."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 0)


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.line = 1
        self.lines: dict[Path, int] = {}
        self.counts: dict[Path, int] = {}

    def scan(self) -> Mapping[Path, int]:
        table: Path = ()
        while self._to_statement():
            if self.text.startswith("[", self.at):
                table = self._header()
            else:
                self._pair(table)
        return self.lines

    def _to_statement(self) -> bool:
        """Move to the next thing that is not a blank, line end or comment; False at the end."""
        while self.at < len(self.text):
            here = self.text[self.at]
            if here == "#":
                self._comment()
            elif here in _BLANK + "\n":
                self._move(1)
            else:
                return True
        return False

    def _header(self) -> Path:
        array = self.text.startswith("[[", self.at)
        line = self.line
        self._move(2 if array else 1)
        path = self._resolved(self._key(), skip_last=array)
        self._move(2 if array else 1)
        if array:
            index = self.counts.get(path, -1) + 1
            self.counts[path] = index
            self.lines.setdefault(path, line)
            path = (*path, index)
        self._note(path, line)
        return path

    def _resolved(self, key: tuple[str, ...], *, skip_last: bool) -> Path:
        """Return the path of a header, with the index of the newest element of each array of tables on its way."""
        path: Path = ()
        for position, part in enumerate(key):
            path = (*path, part)
            if path in self.counts and not (skip_last and position == len(key) - 1):
                path = (*path, self.counts[path])
        return path

    def _pair(self, table: Path) -> None:
        line = self.line
        path = (*table, *self._key())
        self._note(path, line)
        self._move(1)
        self._value(path)

    def _note(self, path: Path, line: int) -> None:
        for length in range(1, len(path) + 1):
            self.lines.setdefault(path[:length], line)

    def _key(self) -> tuple[str, ...]:
        """Read a dotted key and stand on what follows it."""
        parts: list[str] = []
        while True:
            self._blanks()
            string = _STRING.match(self.text, self.at)
            word = string or _WORD.match(self.text, self.at)
            if word is None:
                return tuple(parts)
            parts.append(_unquoted(word[0]) if string else word[0])
            self._move(len(word[0]))
            self._blanks()
            if not self.text.startswith(".", self.at):
                return tuple(parts)
            self._move(1)

    def _value(self, path: Path) -> None:
        """Pass a value, noting the keys of inline tables and the elements of arrays in it."""
        self._blanks()
        here = self.text[self.at : self.at + 1]
        if here == "[":
            self._array(path)
        elif here == "{":
            self._inline_table(path)
        elif string := _STRING.match(self.text, self.at):
            self._move(len(string[0]))
        else:
            while self.at < len(self.text) and self.text[self.at] not in ",]}#\n":
                self._move(1)

    def _array(self, path: Path) -> None:
        self._move(1)
        index = 0
        while self._to_statement() and self.text[self.at] != "]":
            if self.text[self.at] == ",":
                self._move(1)
                continue
            self.lines[(*path, index)] = self.line
            self._value((*path, index))
            index += 1
        self._move(1)

    def _inline_table(self, path: Path) -> None:
        self._move(1)
        while self._to_statement() and self.text[self.at] != "}":
            if self.text[self.at] == ",":
                self._move(1)
                continue
            self._pair(path)
        self._move(1)

    def _comment(self) -> None:
        while self.at < len(self.text) and self.text[self.at] != "\n":
            self.at += 1

    def _blanks(self) -> None:
        while self.at < len(self.text) and self.text[self.at] in _BLANK:
            self.at += 1

    def _move(self, length: int) -> None:
        self.line += self.text.count("\n", self.at, self.at + length)
        self.at += length


def _unquoted(text: str) -> str:
    if text.startswith("'"):
        return text[1:-1]
    import tomllib

    return str(tomllib.loads(f"x = {text}")["x"])
