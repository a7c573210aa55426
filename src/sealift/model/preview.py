"""Previews: the pull request, and the card that the bucket stores."""

from datetime import datetime

from sealift.model.values import value


@value
class PullRequest:
    """A pull request as the CI system and the code host describe it. None means that it is not known."""

    number: str | None
    branch: str | None
    head: str | None = None
    """The newest commit of the source branch."""
    repository: str | None = None
    open: bool | None = None
    fork: bool = False
    """Whether its branch is in another repository; somebody who may not push here may have written it."""
    draft: bool | None = None
    labels: tuple[str, ...] | None = None


@value
class Card:
    """What the bucket keeps of one preview, so that it can be destroyed without a clone."""

    name: str
    app: str
    pull_request: str | None
    branch: str | None
    repository: str | None
    commit: str | None
    stacks: tuple[str, ...]
    """CloudFormation names in the order of deployment."""
    created_at: datetime
    used_at: datetime
    actor: str = ""
