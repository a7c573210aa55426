"""Faults that strike a command over the fakes: what they are, when they strike, and how they look to the caller.

Everything is drawn from one seeded generator, so a seed tells the whole schedule.
"""

import errno
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Literal

from sealift.errors import CloudError
from tests.fakes.clock import FakeClock
from tests.fakes.tap import Moment

Weather = Literal[
    "calm", "storm", "killed", "interrupted", "cut-off", "expired", "slow", "taken-over", "disk-full", "skewed"
]
WEATHERS: tuple[Weather, ...] = (
    "calm", "storm", "killed", "killed", "interrupted", "cut-off", "expired", "slow", "taken-over", "taken-over",
    "disk-full", "skewed",
)  # fmt: skip
MOST_CALLS = 90
"""A command makes about this many calls; the call that a fault strikes is drawn from as many."""
PASSING = {
    "throttled": "Rate exceeded",
    "aws-unavailable": "Internal error",
    "unreachable": "Connection was closed before we received a valid response",
}
"""What is left of a passing fault once botocore has tried it often enough."""


class Killed(BaseException):
    """The process is dead: nothing that it would have done is done."""


class SkewedClock:
    """A clock that is wrong by a fixed time."""

    def __init__(self, clock: FakeClock, skew: timedelta) -> None:
        self._clock = clock
        self._skew = skew

    def now(self) -> datetime:
        """Return the wrong time."""
        return self._clock.now() + self._skew

    def monotonic(self) -> float:
        """Return seconds since the clock was made."""
        return self._clock.monotonic()

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self._clock.sleep(seconds)


@dataclass(slots=True, kw_only=True)
class Faults:
    """What happens to the calls of one command; `strike` is called before and after each of them."""

    weather: Weather
    random: Random
    clock: FakeClock
    take_over: Callable[[str], None]
    """Lets another process do its work in this environment."""
    rate: float = 0.0
    at: int = 0
    moment: Moment = "before"
    struck: list[str] = field(default_factory=list)
    """What really happened."""
    _calls: int = 0
    _dead: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _off: bool = False
    _thread: int = field(default_factory=threading.get_ident)

    def strike(self, environment: str, call: str, moment: Moment) -> None:
        """Do to this call what the weather wants; may raise."""
        if self._off:
            return
        if self._dead:
            raise Killed
        with self._lock:
            self._calls += moment == "before"
            here = self._calls == self.at and moment == self.moment
            unlucky = self.rate > 0 and self.random.random() < self.rate
        if self.weather == "storm" and unlucky:
            self._fail(self.random.choice(list(PASSING)), environment, call, moment)
        if self.weather == "expired" and self._calls >= self.at:
            self._fail("credentials-expired", environment, call, moment)
        if here:
            self._at_the_point(environment, call, moment)

    def _at_the_point(self, environment: str, call: str, moment: Moment) -> None:
        match self.weather:
            case "killed":
                self._dead = True
                self._note("killed", environment, call, moment)
                raise Killed
            case "interrupted":
                self._note("interrupted", environment, call, moment)
                raise KeyboardInterrupt
            case "cut-off":
                self._fail("unreachable", environment, call, moment)
            case "slow":
                self._note("slow", environment, call, moment)
                self.clock.advance(self.random.choice((5.0, 20.0, 45.0, 100.0)))
            case "taken-over" if threading.get_ident() != self._thread:
                self.at += 1  # what another process does may not wait for what this thread's command holds
            case "taken-over":
                self._note("taken-over", environment, call, moment)
                self.clock.advance(200.0)
                self._off = True
                self.take_over(environment)
                self._off = False
            case "disk-full":
                if call == "bucket.download" or moment == "before":
                    self._note("disk-full", environment, call, moment)
                    raise OSError(errno.ENOSPC, "No space left on device")
            case _:
                pass

    def _fail(self, code: str, environment: str, call: str, moment: Moment) -> None:
        self._note(code, environment, call, moment)
        text = PASSING.get(code, "The security token included in the request is expired")
        raise CloudError(f"AWS refused to {call}: {text}", code=code, retryable=True)

    def _note(self, what: str, environment: str, call: str, moment: Moment) -> None:
        self.struck.append(f"{what} {moment} {environment} {call}")


def draw_faults(random: Random, clock: FakeClock, take_over: Callable[[str], None]) -> Faults:
    """Return the weather of one command."""
    weather = random.choice(WEATHERS)
    moments: tuple[Moment, ...] = ("before", "after")
    return Faults(
        weather=weather,
        random=random,
        clock=clock,
        take_over=take_over,
        rate=random.choice((0.01, 0.05, 0.3)) if weather == "storm" else 0.0,
        at=random.randint(1, MOST_CALLS),
        moment=random.choice(moments),
    )
