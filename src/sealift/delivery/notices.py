"""What a team is told of its deliveries, by webhook: events in, notices and bodies out. Pure.

Told are the environments that something was sent to, and those that wait for an approval. A notice holds what a report
on the commit holds, too, and no value of the configuration.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Literal, TypeGuard

from sealift.delivery.history import DEPLOYING
from sealift.errors import SealiftError, Waiting
from sealift.model.app import Notification
from sealift.model.event import EntryRecorded, Event, Finished
from sealift.model.values import value

What = Literal["started", "succeeded", "failed", "rolled-back", "waiting-for-approval"]
SIGNATURE = "X-Sealift-Signature"
_MARKS: Mapping[What, str] = {
    "started": "▶️",
    "succeeded": "✅",
    "failed": "❌",
    "rolled-back": "↩️",
    "waiting-for-approval": "✋",
}
_LONGEST_MESSAGE = 1000


@value
class Notice:
    """One thing that happened to one environment."""

    event: What
    environment: str
    release: str | None = None
    message: str = ""
    app: str = ""
    actor: str = ""
    url: str | None = None
    """Of the job that did it."""


def started(event: Event, before: Sequence[Event]) -> Notice | None:
    """Return the notice for an event that starts a deployment; None for others.

    When something else began there before, this is its rollback: it is told with its end.
    """
    if not _begins(event) or event.environment in {one.environment for one in before if _begins(one)}:
        return None
    return Notice(event="started", environment=event.environment, release=event.release)


def ended(events: Sequence[Event], failure: SealiftError | None) -> tuple[Notice, ...]:
    """Return the notices at the end of the command."""
    begun = [one for one in events if _begins(one)]
    finished = next((one for one in reversed(events) if isinstance(one, Finished)), Finished(status="aborted"))
    message = (failure.message if failure is not None else finished.message)[:_LONGEST_MESSAGE]
    if not begun and isinstance(failure, Waiting) and failure.context.get("gate") == "approval":
        where = str(failure.context.get("environment"))
        return (Notice(event="waiting-for-approval", environment=where, message=message),)
    told: dict[str, Notice] = {}
    for one in begun:
        broke_off = failure is not None and one.environment == begun[-1].environment
        status = "failed" if broke_off else finished.environments.get(one.environment, finished.status)
        if failure is not None and not broke_off:
            status = "succeeded"  # the command went on to the next environment
        what: What = "succeeded" if status == "succeeded" else "failed"
        if one.kind == "rollback" and _went_back(one.environment, events):
            what = "rolled-back"
        said = message if what != "succeeded" else ""
        told[one.environment] = Notice(event=what, environment=one.environment, release=one.release, message=said)
    return tuple(told.values())


def _begins(event: Event) -> TypeGuard[EntryRecorded]:
    return isinstance(event, EntryRecorded) and event.kind in DEPLOYING and event.status == "running"


def _went_back(environment: str, events: Sequence[Event]) -> bool:
    own = [one for one in events if isinstance(one, EntryRecorded) and one.environment == environment]
    return any(one.kind == "rollback" and one.status == "succeeded" for one in own)


def body(notice: Notice, to: Notification, at: datetime) -> bytes:
    """Return the body of the request: an object with every field, or a message in Slack's format.

    https://docs.slack.dev/messaging/formatting-message-text/ says what has to be escaped.
    """
    if to.format == "generic":
        return json.dumps({**asdict(notice), "at": at.isoformat()}, sort_keys=True).encode()
    about = f"{_MARKS[notice.event]} *{_plain(notice.app)} · {_plain(notice.environment)}*: "
    about += notice.event.replace("-", " ") + (f", release {notice.release[:12]}" if notice.release else "")
    about += f", by {_plain(notice.actor)}" if notice.actor else ""
    link = f" <{_plain(notice.url)}|job>" if notice.url else ""
    said = f"\n{_plain(notice.message)}" if notice.message else ""
    return json.dumps({"text": about + link + said}).encode()


def headers(raw: bytes, secret: str | None) -> dict[str, str]:
    """Return the headers of the request; with a secret, including the signature."""
    known = {"Content-Type": "application/json"}
    if secret is None:
        return known
    return known | {SIGNATURE: "sha256=" + hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()}


def _plain(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
