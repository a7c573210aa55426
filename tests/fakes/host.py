"""The pull requests of a repository, in memory."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from sealift.errors import CloudError
from sealift.model.preview import PullRequest


@dataclass(slots=True)
class FakePullRequests:
    """Pull requests by number. `broken` answers every question with an error."""

    repository: str = "team/shop"
    known: dict[str, PullRequest] = field(default_factory=dict)
    broken: bool = False
    asked: list[str] = field(default_factory=list)
    on_asking: Callable[[str], None] | None = None
    """What happens in the world while a pull request is looked up."""

    def make(self, number: str, **fields: object) -> None:
        """Open a pull request."""
        usual = PullRequest(number=number, branch=f"feature-{number}", repository=self.repository, open=True)
        self.known[number] = replace(usual, **fields)  # type: ignore[arg-type]

    def close(self, number: str) -> None:
        """Merge or decline a pull request."""
        self.known[number] = replace(self.known[number], open=False)

    def open_numbers(self) -> frozenset[str]:
        """Return the number of every open pull request."""
        self._fail()
        return frozenset(number for number, one in self.known.items() if one.open)

    def pull_request(self, number: str) -> PullRequest | None:
        """Return a pull request, or None."""
        self._fail()
        self.asked.append(number)
        if self.on_asking is not None:
            self.on_asking(number)
        return self.known.get(number)

    def _fail(self) -> None:
        if self.broken:
            raise CloudError("GET /pullrequests was refused: HTTP 503", code="forge-refused", retryable=True)
