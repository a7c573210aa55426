"""Wait for something in the cloud: the one way in which use cases do."""

from collections.abc import Callable
from typing import TypeVar

from sealift.errors import CloudError
from sealift.usecases.services import Services
from sealift.usecases.site import Site

Seen = TypeVar("Seen")
STACK_TIMEOUT_S = 4 * 3600.0
LOCAL_STACK_TIMEOUT_S = 1200.0
"""On the embedded cloud nothing takes long but a custom resource: at most its function's quarter of an hour."""


def wait_for_stack(site: Site, look: Callable[[], Seen | None], *, what: str) -> Seen:
    """Call `look` until it returns something true, for as long as a stack may take in this cloud. Raises CloudError."""
    if site.cloud.local:
        logs = f"`sealift local logs {site.name}` shows what the embedded cloud says; the next command continues."
        return poll(site.services, look, timeout_s=LOCAL_STACK_TIMEOUT_S, what=what, hint=logs)
    console = "Nothing was undone. Look at the stack in the console; the next command continues."
    return poll(site.services, look, timeout_s=STACK_TIMEOUT_S, what=what, hint=console)


def poll(services: Services, look: Callable[[], Seen | None], *, timeout_s: float, what: str, hint: str = "") -> Seen:
    """Call `look` until it returns something true, and return that.

    It is called quickly at first, then every 3 seconds, after 3 minutes more rarely, at least every 9.
    """
    began = services.clock.monotonic()
    pause_s = 0.02
    while not (seen := look()):
        waited_s = services.clock.monotonic() - began
        if waited_s > timeout_s:
            raise CloudError(
                f"{what} took longer than {timeout_s:.0f} s",
                code="timeout",
                hint=hint or "Nothing was changed yet. Try again.",
                retryable=True,
            )
        services.clock.sleep(pause_s)
        pause_s = min(pause_s * 1.5, max(3.0, waited_s / 60), 9.0)
    return seen
