"""Events of a stack and of every stack nested in it, as one growing list.

CloudFormation lists events newest first and per stack. What was read is remembered, so that following a deployment
reads one page per stack and look, however long the stack's history is.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sealift.aws.failures import calling
from sealift.aws.session import AwsSession
from sealift.delivery.causes import STACK_TYPE
from sealift.errors import CloudError
from sealift.model.stack import StackEvent


@dataclass(slots=True)
class _Followed:
    """What is known of one stack and those nested in it."""

    stacks: list[str]
    """Its name, then the ARN of every stack nested in it."""
    events: list[StackEvent] = field(default_factory=list)
    """In the order in which they were seen; those of one look by time."""
    ids: set[str] = field(default_factory=set)
    since: datetime | None = None
    """Nested stacks' events from before do not matter."""


class StackEvents:
    """Follows the events of stacks. Safe to share between threads."""

    def __init__(self, session: AwsSession) -> None:
        self._session = session
        self._followed: dict[str, _Followed] = {}
        self._arns: dict[str, str] = {}
        self._lock = threading.Lock()

    def last(self, stack_name: str) -> str | None:
        """Return the id of the newest event of the stack itself, or None."""
        newest = next(self._newest_first(stack_name), None)
        return newest["EventId"] if newest else None

    def after(self, stack_name: str, event_id: str | None) -> tuple[StackEvent, ...]:
        """Return events newer than this one, oldest first; every event when it is None."""
        with self._lock:
            followed = self._followed.get(stack_name)
            if followed is None or (event_id is not None and event_id not in followed.ids):
                followed = self._followed[stack_name] = _Followed(stacks=[stack_name])
            self._look(followed, event_id)
            # A read that does not show this event is older than it, and so shows nothing that is newer.
            missing = 0 if event_id is None else len(followed.events)
            begin = next((i + 1 for i, e in enumerate(followed.events) if e.id == event_id), missing)
            return tuple(followed.events[begin:])

    def _look(self, followed: _Followed, until: str | None) -> None:
        """Read what is new in every stack; stacks that turn up on the way are read too."""
        fresh: list[StackEvent] = []
        for stack in followed.stacks:  # grows while it is walked
            fresh += self._new_of(stack, followed, until)
        # Sorted by time, but the event to start after comes first, whatever else happened in its millisecond.
        followed.events += sorted(fresh, key=lambda event: (event.id != until, event.at))

    def _new_of(self, stack: str, followed: _Followed, until: str | None) -> list[StackEvent]:
        fresh: list[StackEvent] = []
        nested = stack != followed.stacks[0]
        for raw in self._newest_first(stack):
            event = _event(raw)
            if event.id in followed.ids:
                break
            if nested and followed.since is not None and event.at < followed.since:
                break
            followed.ids.add(event.id)
            fresh.append(event)
            child = event.physical_id
            if event.type == STACK_TYPE and child and child != raw["StackId"] and child not in followed.stacks:
                followed.stacks.append(child)
            if event.id == until:
                followed.since = event.at
                break
        fresh.reverse()
        return fresh

    def _newest_first(self, stack: str) -> Iterator[Any]:
        """Yield raw events; none for a stack that never was. A deleted one is known by its ARN alone."""
        name, token = stack, ""
        while True:
            more: Any = {"NextToken": token} if token else {}
            try:
                with calling(f"read the events of stack {stack}"):
                    page = self._session.cloudformation.describe_stack_events(StackName=name, **more)
            except CloudError as error:
                if error.code != "stack-not-found":
                    raise
                arn = self._arns.get(stack, name)
                if arn == name:
                    return
                name = arn
                continue
            for raw in page.get("StackEvents", []):
                self._arns[stack] = raw["StackId"]
                yield raw
            token = page.get("NextToken", "")
            if not token:
                return


def _event(raw: Any) -> StackEvent:
    return StackEvent(
        id=raw["EventId"],
        at=raw["Timestamp"].astimezone(UTC),
        stack_name=raw["StackName"],
        logical_id=raw["LogicalResourceId"],
        physical_id=raw.get("PhysicalResourceId") or None,
        type=raw["ResourceType"],
        status=raw["ResourceStatus"],
        reason=raw.get("ResourceStatusReason", ""),
        token=raw.get("ClientRequestToken"),
    )
