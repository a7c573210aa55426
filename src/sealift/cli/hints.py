"""Commands in what is said to a person, as they have to be typed: on the embedded cloud with `--local`.

A hint that is copied without it goes to AWS. So no use case thinks of it: the session changes every text in one place.
"""

import re
from typing import TypeVar

from sealift.errors import SealiftError
from sealift.model.event import Event
from sealift.ports import EventSink
from sealift.usecases.texts import rewritten

# fmt: off
TAKE_LOCAL = frozenset((
    "bootstrap", "check", "ci", "doctor", "test", "prove", "run", "deploy", "promote", "rollback", "resume", "approve",
    "waive", "destroy", "status", "config", "history", "changelog", "drift", "diff", "evidence", "ledger", "release",
    "preview", "outputs", "open", "logs", "invoke",
))
# fmt: on
"""The commands that have `--local`; a test compares them with the command line."""
_WITHOUT = "ci lint"
"""The one command of those that has no `--local`."""
_COMMAND = re.compile(r"(?P<before>`|(?<![\w./`-]))sealift (?P<rest>[a-z](?:[^`\n]*?[^`\s])?)(?=`|  |\n|$)")
"""One in backticks ends with them; another one goes on to the end of the line, or to two blanks."""
_OURS = frozenset({"message", "hint", "fix", "detail", "next", "error", "summary", "said", "cure"})
"""Fields whose texts are ours; what a function logged, or a commit is called, is left as it is."""
Said = TypeVar("Said")


class Locally:
    """A sink whose events say `--local`."""

    def __init__(self, sink: EventSink) -> None:
        self._sink = sink

    def emit(self, event: Event) -> None:
        """Send an event on."""
        self._sink.emit(said_locally(event))

    def close(self) -> None:
        """Give the terminal back."""
        close = getattr(self._sink, "close", None)
        if close is not None:
            close()


def with_local(text: str) -> str:
    """Return a text whose commands say `--local` where they can."""
    return _COMMAND.sub(_with_local, text) if "sealift " in text else text


def _with_local(found: re.Match[str]) -> str:
    rest = found["rest"]
    words = rest.split()
    if words[0] not in TAKE_LOCAL or "--local" in words or rest.startswith(_WITHOUT):
        return found[0]
    return f"{found['before']}sealift {rest} --local"


def said_locally(value: Said) -> Said:
    """Return a value (events, gates, lanes, findings) whose own texts say `--local`."""
    if isinstance(value, SealiftError):
        value.message, value.hint = with_local(value.message), with_local(value.hint)
    changed: Said = rewritten(value, with_local, _OURS)
    return changed
