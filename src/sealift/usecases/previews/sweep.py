"""Destroy the previews that nobody needs any more. What is not known to be one is listed and never touched."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sealift.delivery.previews import fate, number_of
from sealift.errors import CloudError, LeaseError, SealiftError
from sealift.model.app import App
from sealift.model.preview import Card
from sealift.ports import PullRequests
from sealift.usecases.previews.down import down
from sealift.usecases.previews.survey import PARALLEL, Seen, survey
from sealift.usecases.services import Services

Ended = Literal["kept", "destroyed", "would be destroyed", "busy", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What became of one preview, and why."""

    name: str
    ended: Ended
    reason: str
    retained: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """What became of every preview. `unknown` are stacks and folders that were left alone."""

    previews: tuple[Swept, ...]
    unknown: tuple[str, ...]


def sweep(
    app: App, services: Services, *, local: bool, host: PullRequests | None = None, dry_run: bool = False
) -> Sweep:
    """Destroy the previews whose pull request is closed, that expired, or of which only remains are left."""
    seen = survey(app, services, local=local)  # before the pull requests are listed: one opened later is kept
    open_numbers = _open_numbers(services, host)
    now = services.clock.now()
    repository = host.repository if host is not None else None
    due = {one.name: _reason(app, one, open_numbers, repository, now) for one in seen.previews}

    def end(name: str) -> Swept:
        reason = due[name]
        if not reason:
            return Swept(name=name, ended="kept", reason="")
        if dry_run:
            return Swept(name=name, ended="would be destroyed", reason=reason)
        return _destroy(app, name, reason, services, local=local)

    with ThreadPoolExecutor(max_workers=PARALLEL) as pool:
        return Sweep(previews=tuple(pool.map(end, due)), unknown=seen.unknown)


def _destroy(app: App, name: str, reason: str, services: Services, *, local: bool) -> Swept:
    try:
        destroyed = down(app, name, services, local=local, wait_s=0.0)
    except LeaseError as error:
        return Swept(name=name, ended="busy", reason=error.message)
    except SealiftError as error:
        return Swept(name=name, ended="failed", reason=error.message)
    return Swept(name=name, ended="destroyed", reason=reason, retained=destroyed.retained)


def _reason(app: App, one: Seen, open_numbers: Iterable[str] | None, repository: str | None, now: datetime) -> str:
    """Return why a preview goes; empty when it stays."""
    card = one.card or _made_up(app, one)
    if card is None:
        return "" if one.stacks else "only remains of it are left"
    numbers = None if open_numbers is None else frozenset(open_numbers)
    match fate(card, open_numbers=numbers, repository=repository, now=now, rules=app.preview_rules):
        case "closed":
            return f"pull request {card.pull_request} is closed"
        case "expired":
            return f"nothing was pushed to it since {card.used_at:%Y-%m-%d %H:%M} UTC"
    return ""


def _made_up(app: App, one: Seen) -> Card | None:
    """Return a card for stacks that lost theirs, of no repository: only their age counts. None when that is unknown."""
    times = [state.updated_at for state in one.stacks if state.updated_at is not None]
    if len(times) < len(one.stacks) or not times:
        return None
    return Card(
        name=one.name,
        app=app.name,
        pull_request=number_of(one.name),
        branch=None,
        repository=None,
        commit=None,
        stacks=(),
        created_at=min(times),
        used_at=max(times),
    )


def _open_numbers(services: Services, host: PullRequests | None) -> frozenset[str] | None:
    """Return the open pull requests; None, with a word, when they are not known."""
    problem = "no code host is available"
    if host is not None:
        try:
            return host.open_numbers()
        except CloudError as error:
            problem = error.message
    message = f"Which pull requests are open is unknown ({problem}), so only the age of previews counts"
    services.note("pull-requests-unknown", message, level="warning")
    return None
