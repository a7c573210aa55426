"""What `sealift dev` shows: addresses, the last requests, and the log. Pure: what happened goes in, lines come out.

On a terminal the lines fill the screen, made anew for each size; elsewhere each entry of the log is printed once.
"""

import re
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sealift.cli.text import Text

KEYS = (
    ("o", "open"),
    ("i", "invoke"),
    ("t", "tests"),
    ("r", "redeploy"),
    ("c", "clear"),
    ("↑↓", "scroll"),
    ("q", "quit"),
)
_MOST_ENTRIES, _MOST_REQUESTS, _MOST_URLS = 2000, 200, 6
_METHODS = {"GET": "cyan", "HEAD": "cyan", "OPTIONS": "dim", "DELETE": "red"}
_LEVELS = {"ERROR": "red", "CRITICAL": "red", "FATAL": "red", "WARNING": "yellow", "WARN": "yellow", "DEBUG": "dim"}
_OF_PYTHON = re.compile(r"\[(\w+)\]\t\S+Z\t\S*\t(.*)", re.DOTALL)
_OF_NODE = re.compile(r"\S+Z\t\S+\t(\w+)\t(.*)", re.DOTALL)
_TOLD_BY_THE_CALL = re.compile(
    r"\[ERROR\] (?!\t).*\n(Traceback|\s)|\S+Z\t\S+\tERROR\t(Invoke Error|Uncaught Exc)"
    r"|\[WARNING\]\t.*\tLAMBDA_WARNING: Unhandled exception",
    re.DOTALL,
)
"""How Lambda's runtimes write the error of a call, which is shown as such, and their general advice on it."""
_WIDEST_NAME, _MOST_LINES = 24, 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request that was answered."""

    at: float
    method: str
    path: str
    status: int
    ms: float

    def line(self) -> Text:
        """Return it in one line."""
        style = "red" if self.status >= 500 else "yellow" if self.status >= 400 else "green"
        return Text.assemble(
            (clock(self.at), "dim"),
            (f"  {self.method:<7} ", _METHODS.get(self.method, "yellow")),
            (f"{self.status}", style),
            (f"{took(self.ms):>8}  ", "dim"),
            self.path,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An entry of the log: who says something, and what."""

    at: float
    name: str
    text: Text
    whole: bool = False
    """Whether all of it is shown, however long it is."""


@dataclass
class Desk:
    """What is on the screen."""

    title: str
    status: Text = field(default_factory=lambda: Text("starting", "yellow"))
    urls: Mapping[str, str] = field(default_factory=dict)
    functions: Mapping[str, str] = field(default_factory=dict)
    """Logical ids by physical names."""
    requests: deque[Request] = field(default_factory=lambda: deque(maxlen=_MOST_REQUESTS))
    entries: deque[Entry] = field(default_factory=lambda: deque(maxlen=_MOST_ENTRIES))
    question: Text | None = None
    scrolled: int = 0

    def say(self, text: Text | str, style: str = "", *, name: str = "", at: float, whole: bool = False) -> None:
        """Add an entry to the log."""
        made = Text(text, style) if isinstance(text, str) else text
        self.entries.append(Entry(at=at, name=name, text=made, whole=whole))

    def stands(self, functions: Mapping[str, str], urls: Mapping[str, str]) -> None:
        """Take in which functions there are, logical ids by physical names, and which addresses."""
        self.functions, self.urls = functions, urls

    def happened(self, what: Mapping[str, Any]) -> None:
        """Take in what the embedded cloud tells."""
        at, name = float(what["at"]), self._name(what)
        match what["kind"]:
            case "request":
                about = {name: what[name] for name in ("method", "path", "status", "ms")}
                self.requests.append(Request(at=at, **about))
            case "line" if not _TOLD_BY_THE_CALL.match(what["text"]):
                self.say(log_text(what["text"]), name=name, at=at)
            case "call" if what["error"]:
                self.say(failure(what["error"]), name=name, at=at, whole=True)
            case "call":
                cold = f", with a start of {took(what['init_ms'])}" if what["init_ms"] else ""
                self.say(f"answered in {took(what['ms'])}{cold}", "dim", name=name, at=at)
            case "load" if what["error"]:
                self.say(failure(what["error"], what.get("trace") or ()), name=name, at=at, whole=True)
                self.status = Text.assemble(("✗ ", "red"), f"{name} cannot be loaded")

    def _name(self, what: Mapping[str, Any]) -> str:
        physical = str(what.get("function") or what.get("name") or "")
        return self.functions.get(physical, physical)

    def clear(self) -> None:
        """Forget requests and log."""
        self.requests.clear()
        self.entries.clear()
        self.scrolled = 0

    def lines(self, columns: int, rows: int) -> list[Text]:
        """Return the whole screen, one text a row."""
        head = [self._head(columns), Text(), *self._addresses(), Text()]
        foot = [Text(), *(self.question or _keys()).wrapped(columns, 2).lines()]
        room = max(4, rows - len(head) - len(foot) - 2)
        shown = list(self.requests)[-max(2, min(room // 3, 8)) :]
        requests = [one.line() for one in shown] or [Text("  none yet", "dim")]
        requests = [_rule("Requests", columns), *requests]
        log = self._log(columns, room - len(requests) + 1)
        return [line.cut(columns) for line in (*head, *requests, _rule("Log", columns), *log, *foot)][:rows]

    def _head(self, columns: int) -> Text:
        title = Text.assemble((" sealift dev ", "bold reverse"), " ", (self.title, "bold"))
        left = columns - len(title.plain) - 3
        status = self.status.cut(max(10, left))
        return title + Text(" " * max(2, columns - len(title.plain) - len(status.plain))) + status

    def _addresses(self) -> list[Text]:
        width = min(_WIDEST_NAME, max(map(len, self.urls), default=0))
        lines = [
            Text.assemble("  ", (f"{key[:width]:<{width}}", "bold"), "  ", (url, "cyan"))
            for key, url in list(self.urls.items())[:_MOST_URLS]
        ]
        left = len(self.urls) - _MOST_URLS
        more = [Text(f"  and {left} more: `sealift outputs dev` lists them", "dim")] if left > 0 else []
        return lines + more or [Text("  no address yet", "dim")]

    def _log(self, columns: int, rows: int) -> list[Text]:
        """Return the end of the log, or a part before it when it is scrolled, in just so many rows."""
        width = min(self.name_width(), columns // 5)
        made: list[Text] = []
        for entry in reversed(self.entries):
            lines = entry_lines(entry, columns, width)
            made = (lines if entry.whole else _shortened(lines)) + made
            if len(made) >= rows + self.scrolled:
                break
        self.scrolled = max(0, min(self.scrolled, len(made) - rows))
        seen = made[max(0, len(made) - rows - self.scrolled) : len(made) - self.scrolled]
        return seen + [Text()] * (rows - len(seen))

    def name_width(self) -> int:
        """Return the columns of the widest name of a function."""
        return min(_WIDEST_NAME, max(map(len, self.functions.values()), default=0))


def entry_lines(entry: Entry, columns: int, name_width: int) -> list[Text]:
    """Return an entry of the log; its further lines stand below its first."""
    first, *more = entry.text.lines()
    indent = 10 + (name_width + 2 if entry.name else 0)
    name = f"{entry.name[:name_width]:<{name_width}}  " if entry.name else ""
    whole = Text.assemble((clock(entry.at), "dim"), "  ", (name, _hue(entry.name))) + first
    lines = whole.wrapped(columns, indent).lines()
    for line in more:
        lines += (Text(" " * indent) + line).wrapped(columns, indent + 2).lines()
    return [part for line in lines for part in _chopped(line, columns, indent)]


def _shortened(lines: list[Text]) -> list[Text]:
    """Return the first lines of an entry that would fill the screen."""
    if len(lines) <= _MOST_LINES:
        return lines
    first, *_ = lines[_MOST_LINES - 1].lines()
    indent = len(first.plain) - len(first.plain.lstrip())
    left = len(lines) - _MOST_LINES + 1
    return [*lines[: _MOST_LINES - 1], Text(f"{' ' * indent}… {left} more lines: `sealift logs dev` shows all", "dim")]


def log_text(message: str) -> Text:
    """Return a line of a function's log without what Lambda writes before each: time and id of the request."""
    found = _OF_PYTHON.fullmatch(message) or _OF_NODE.fullmatch(message)
    if found is None:
        return Text(message.rstrip("\n"))
    level, text = found.groups()
    return Text.assemble((f"{level} ", _LEVELS.get(level, "dim")), (text.rstrip("\n"), _LEVELS.get(level, "")))


def failure(error: Mapping[str, Any], frames: Sequence[str] = ()) -> Text:
    """Return why a call failed, with the frames of the function's own code."""
    kind, message = str(error.get("errorType") or "Error"), str(error.get("errorMessage") or "")
    trace = [str(line) for line in error.get("stackTrace") or error.get("trace") or frames]
    head = f"✗ {kind}: {message.strip()}" if kind not in message else f"✗ {message.strip()}"
    own = [line for frame in trace for line in frame.replace("\N{NO-BREAK SPACE}", " ").rstrip().splitlines()]
    plain = [line.replace("/var/task/", "") for line in own if line.strip() and line.strip(" ^~") and line not in head]
    return Text.joined(Text(head, "bold red"), *(Text(f"\n{line}", "red") for line in plain))


def clock(at: float) -> str:
    """Return the time of the day."""
    return time.strftime("%H:%M:%S", time.localtime(at))


def took(ms: float) -> str:
    """Return a duration in few characters."""
    return f"{ms:.0f} ms" if ms < 1000 else f"{ms / 1000:.1f} s"


def _rule(title: str, columns: int) -> Text:
    return Text.assemble(("── ", "dim"), (title, "bold"), (f" {'─' * max(0, columns - len(title) - 4)}", "dim"))


def _keys() -> Text:
    made = Text("  ")
    for key, does in KEYS:
        made += Text.assemble((key, "bold cyan"), f" {does}   ")
    return made


def _hue(name: str) -> str:
    hues = ("cyan", "green", "magenta", "blue")
    return hues[sum(name.encode()) % len(hues)] if name else ""


def _chopped(line: Text, columns: int, indent: int) -> list[Text]:
    """Return a line whose words are too long for the screen in several."""
    made, rest = [], line
    while len(rest.plain) > columns > indent + 10:
        head, rest = rest.split(columns)
        made.append(head)
        rest = Text(" " * indent) + rest
    return [*made, rest]
