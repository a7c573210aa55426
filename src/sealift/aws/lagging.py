"""Calls that AWS refuses as if the write before them had not happened: repeated, for as long as that may last."""

from collections.abc import Callable, Collection
from typing import Protocol, TypeVar

from sealift.delivery.lag import UNSEEN_S
from sealift.errors import CloudError

_BETWEEN_S = 1.0
_T = TypeVar("_T")


class Pause(Protocol):
    """What waiting needs; Python's `time` has it."""

    def monotonic(self) -> float:
        """Return seconds from an arbitrary start."""

    def sleep(self, seconds: float, /) -> None:
        """Wait."""


def repeated(call: Callable[[], _T], *, codes: Collection[str], pause: Pause) -> _T:
    """Make a call until it is not refused with one of these codes. Raises CloudError when that takes too long."""
    until = pause.monotonic() + UNSEEN_S
    while True:
        try:
            return call()
        except CloudError as error:
            if error.code not in codes or pause.monotonic() >= until:
                raise
        pause.sleep(_BETWEEN_S)
