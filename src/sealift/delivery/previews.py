"""Previews: how one is called, where it keeps its objects, who gets one, and which are to be destroyed. Pure."""

import hashlib
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from sealift.errors import ConfigError, UserError
from sealift.model.app import PREVIEW, App, Environment, PreviewRules
from sealift.model.preview import Card, PullRequest
from sealift.model.stored import canonical_json, plain, read

FOLDER = "previews/"
"""Where the previews' one bucket keeps what belongs to a single preview, below the name of that."""
SHARED = ("blobs/", "releases/")
"""What all previews of the bucket share: content that is named by its hash."""
KEPT_DAYS = 90
"""How long that bucket keeps a release."""
CARD, LEASE = "preview.json", "lease.json"
LABEL = "preview"
_START = PREVIEW.removesuffix("*")
_APP = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,99}")
_NUMBER = re.compile(r"[1-9][0-9]{0,9}")
_NAME = re.compile(rf"{_START}([1-9][0-9]{{0,9}}|b[0-9a-f]{{10}})")
Fate = Literal["kept", "closed", "expired"]


def is_preview(name: str) -> bool:
    """Return whether a name is one that a preview can have."""
    return _NAME.fullmatch(name) is not None


def number_of(name: str) -> str | None:
    """Return the pull request's number in the name of a preview; None for one of a branch."""
    number = name.removeprefix(_START)
    return number if _NUMBER.fullmatch(number) else None


def preview_name(pull_request: PullRequest) -> str:
    """Return the name of a pull request's preview: `pr-12`; of a branch without one, by a part of its name's hash.

    No name followed by a dash begins another one, and no text of a branch gets into it. Raises UserError.
    """
    if pull_request.number is not None:
        if not _NUMBER.fullmatch(pull_request.number):
            raise UserError(
                f'"{pull_request.number[:40]}" is not the number of a pull request',
                code="preview-number",
                hint="It is a whole number without leading zeros, such as 12.",
            )
        return f"{_START}{pull_request.number}"
    if not pull_request.branch:
        raise UserError(
            "It is not known which pull request or branch the preview is for",
            code="preview-unknown",
            hint="Name it: --pull-request NUMBER or --branch NAME.",
        )
    return f"{_START}b{hashlib.sha256(pull_request.branch.encode()).hexdigest()[:10]}"


def given_name(text: str) -> str:
    """Return the preview name for `12` or `pr-12`. Raises UserError."""
    return checked_name(f"{_START}{text}" if _NUMBER.fullmatch(text) else text)


def checked_name(name: str) -> str:
    """Return a name that a preview can have. Raises UserError for any other, an environment's above all."""
    if is_preview(name):
        return name
    raise UserError(
        f'"{name[:60]}" is not a preview',
        code="preview-name",
        hint="Name one as `sealift preview list` shows it: pr-12.",
    )


def previews_of(app: App, *, local: bool) -> Environment:
    """Return the previews as one environment; on the embedded cloud without a declaration, too. Raises ConfigError."""
    if app.previews is not None and (local or PREVIEW not in app.gates.left_out):
        return app.previews
    if app.previews is not None:
        raise ConfigError(
            f"[previews] is declared in the work tree only, not on {app.gates.reference}",
            code="previews-not-merged",
            hint="Merge it first: the rules of previews are gates, and Sealift reads gates from that branch.",
        )
    if not local:
        raise ConfigError(
            "sealift.toml has no [previews]",
            code="previews-not-declared",
            hint='Add [previews] with an account or role for previews only, such as account = "111122223333".',
        )
    region = app.environments[0].region if app.environments else "us-east-1"
    return Environment(name=PREVIEW, kind="preview", region=region, stack_name=f"{app.name}-{PREVIEW}")


def without_a_clone(root: Path, name: str, *, region: str, account: str | None, role: str | None) -> App:
    """Return an application with only this information, enough to destroy its previews. Raises UserError."""
    if not _APP.fullmatch(name):
        raise UserError(f'"{name[:60]}" is not the name of an application', code="preview-app", hint="Correct --app.")
    stack_name = f"{name}-{PREVIEW}"
    previews = Environment(
        name=PREVIEW, kind="preview", region=region, account=account, role=role, stack_name=stack_name
    )
    return App(name=name, root=root.resolve(), config_path=None, stacks=(), environments=(), previews=previews)


def preview_environment(previews: Environment, name: str) -> Environment:
    """Return one preview as an environment: `pr-*` is its name everywhere. Raises UserError for any other name."""
    checked_name(name)

    def own(values: Mapping[str, str]) -> dict[str, str]:
        return {key: value.replace(PREVIEW, name) for key, value in values.items()}

    return replace(
        previews,
        name=name,
        stack_name=previews.stack_name.replace(PREVIEW, name),
        parameters=own(previews.parameters),
        tags=own(previews.tags),
    )


def place(name: str) -> str:
    """Return the key prefix of one preview. It ends with a slash, so that it is not a prefix of another one's."""
    return f"{FOLDER}{name}/"


def why_not(rules: PreviewRules, previews: Environment, pull_request: PullRequest) -> str:
    """Return why a pull request gets no preview; empty when it gets one. Missing information is a reason."""
    what = f"pull request {pull_request.number}" if pull_request.number else "this branch"
    if pull_request.fork and not previews.untrusted:
        return f"{what} comes from a fork, and its code would run with the credentials of previews"
    if pull_request.open is False:
        return f"{what} is closed"
    if rules.when == "ready" and pull_request.draft is not False:
        return f"{what} is a draft" if pull_request.draft else f"it is not known whether {what} is ready for review"
    if rules.when == "label" and LABEL not in (pull_request.labels or ()):
        known = pull_request.labels is not None
        return f'{what} has no label "{LABEL}"' if known else f"the labels of {what} are not known"
    return ""


def over_cap(cards: Collection[Card], name: str, *, cap: int) -> bool:
    """Return whether a preview exceeds the cap. Earlier ones stay, so that one of two concurrent ones is admitted."""
    first = sorted(cards, key=lambda card: (card.created_at, card.name))[:cap]
    return all(card.name != name for card in first)


def fate(
    card: Card, *, open_numbers: Collection[str] | None, repository: str | None, now: datetime, rules: PreviewRules
) -> Fate:
    """Return whether a preview is kept, or why not. `open_numbers` are those of `repository`; None is unknown."""
    asked = card.pull_request is not None and repository is not None and card.repository == repository
    if asked and open_numbers is not None and card.pull_request not in open_numbers:
        return "closed"
    return "expired" if now - card.used_at >= timedelta(seconds=rules.expires_s) else "kept"


def encode_card(card: Card) -> bytes:
    """Return a card as it is stored."""
    return canonical_json({"format": 1, **plain(card)})


def decode_card(body: bytes) -> Card | None:
    """Return a stored card; None when it is damaged."""
    try:
        return read(Card, json.loads(body))
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
