"""Where a test gets in between: before and after every call to a fake of the cloud.

A test that wants to kill, count or disturb sets `on_call`; what it raises is raised out of the call. After a call the
effect is there already: that is a lost answer.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

from sealift.errors import CloudError

Moment = Literal["before", "after"]
OnCall = Callable[[str, Moment], None]


class Tap:
    """Tells a test about calls, and throttles them when it is told to."""

    def __init__(self) -> None:
        self.on_call: OnCall | None = None
        self._throttled: dict[str, int] = {}

    def throttle(self, call: str, times: int) -> None:
        """Refuse the next `times` calls of this name (`stacks.describe`), as AWS does when botocore gave up."""
        self._throttled[call] = times

    @contextmanager
    def call(self, name: str) -> Iterator[None]:
        """Announce a call around its body."""
        if self.on_call is not None:
            self.on_call(name, "before")
        if self._throttled.get(name, 0) > 0:
            self._throttled[name] -= 1
            raise CloudError(f"AWS refused to {name}: Rate exceeded", code="throttled", retryable=True)
        yield
        if self.on_call is not None:
            self.on_call(name, "after")
