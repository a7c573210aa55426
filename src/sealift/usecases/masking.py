"""The values of NoEcho parameters: masked in whatever a cloud says, before anything else can see it.

CloudFormation, a function's log or an error may quote such a value ("role hunter2 was not found"), and the ledger keeps
for ever what is written to it.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, TypeVar

from sealift.analysis.redact import MASK, redacted
from sealift.errors import SealiftError
from sealift.ports import Cloud
from sealift.usecases.texts import rewritten

Answer = TypeVar("Answer")
SHORTEST = 6
"""Shorter values are words that stand in any text."""
SAID = frozenset({"reason", "error", "detail", "log", "differences", "message", "trace", "payload", "output", "fix"})
"""The fields of answers that hold words for people. Names, templates and outputs are used, and stay as they are."""


class Secrets:
    """The values that one site may neither show nor keep. `read` returns those of what runs there; plans add theirs."""

    def __init__(self, read: Callable[[], Iterable[str]] = tuple) -> None:
        self._read: Callable[[], Iterable[str]] | None = read
        self._known: tuple[str, ...] = ()

    def learn(self, values: Iterable[str]) -> None:
        """Mask these values too, the longest first."""
        known = {*self._known, *(value for value in values if len(value) >= SHORTEST)}
        self._known = tuple(sorted(known, key=lambda value: (-len(value), value)))

    def masked(self, text: str) -> str:
        """Return a text without these values, and without whatever has the shape of a key."""
        if not text:
            return text
        read, self._read = self._read, None
        if read is not None:
            self.learn(read())
        return redacted(text, self._known)

    def said(self, answer: Answer) -> Answer:
        """Return an answer with the words for people in it masked."""
        masked: Answer = rewritten(answer, self.masked, SAID)
        return masked

    def every_text(self, answer: Answer) -> Answer:
        """Return an answer all of whose texts are for people, masked."""
        masked: Answer = rewritten(answer, self.masked, SAID, every=True)
        return masked


class _Masked:
    """A port whose answers and errors are masked. A method that a port gets later is masked, too."""

    def __init__(self, inner: object, secrets: Secrets) -> None:
        self._inner = inner
        self._secrets = secrets

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)

        def call(*args: object, **options: object) -> object:
            try:
                answer = method(*args, **options)
            except SealiftError as error:
                raise masked_error(error, self._secrets) from None
            return rewritten(answer, self._secrets.masked, SAID, every=name == "logs")

        return call


def masked_error(error: SealiftError, secrets: Secrets) -> SealiftError:
    """Return the same error with its message, hint and context masked."""
    error.message, error.hint = secrets.masked(error.message), secrets.masked(error.hint)
    error.context = rewritten(error.context, secrets.masked, SAID, every=True)
    error.args = (error.message,)
    return error


def masked_cloud(cloud: Cloud, secrets: Secrets) -> Cloud:
    """Return the cloud with these values masked in everything that it says."""

    def over(port: object) -> Any:
        return _Masked(port, secrets)

    return replace(
        cloud,
        stacks=over(cloud.stacks),
        functions=over(cloud.functions),
        settings=over(cloud.settings),
        metrics=over(cloud.metrics),
        backups=over(cloud.backups),
        objects=over(cloud.objects),
        inventory=over(cloud.inventory),
        trespass=over(cloud.trespass),
    )


__all__ = ["MASK", "Secrets", "masked_cloud", "masked_error"]
