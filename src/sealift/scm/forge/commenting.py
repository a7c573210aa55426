"""One comment of each key on the pull request of a job: what the services share."""

from collections.abc import Callable

from sealift.model.template import Json
from sealift.pipelines.report import MARKER
from sealift.scm.forge.calls import Api


class Commenting:
    """Keeps comments at `place`, none without a token or a pull request. `change` has method and path of each."""

    def __init__(
        self, api: Api | None, place: str | None, *, query: str, change: str, body: Callable[[str], Json]
    ) -> None:
        self._comments = (api, place) if api and place else None
        self._query, self._change, self._body = query, change, body

    @property
    def can_comment(self) -> bool:
        """Whether there are a pull request and a token to comment on it."""
        return self._comments is not None

    def comment(self, key: str, text: str) -> bool:
        """Write the one comment of a key, or replace it. Returns False without a token or a pull request."""
        if self._comments is None:
            return False
        (api, place), (method, at) = self._comments, self._change.split()
        mark = MARKER.format(key=key)
        body = self._body(f"{mark}\n\n{text}")
        api.keep_one(f"{place}?{self._query}", place, lambda number: (method, f"{at}/{number}"), mark=mark, body=body)
        return True
