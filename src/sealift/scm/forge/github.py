"""GitHub: annotations and the job's summary without a token; statuses and a comment with the job's own.

https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
"""

from collections.abc import Callable
from urllib.parse import quote

from sealift.model.preview import PullRequest
from sealift.model.template import Json
from sealift.pipelines.report import Report, markdown, workflow_commands
from sealift.scm.forge.calls import Api, required
from sealift.scm.forge.commenting import Commenting

_STATES = {True: "success", False: "failure"}


class GitHub(Commenting):
    """The Forge port over GitHub's API. `commit` is the head of the pull request, not the merge that is built."""

    def __init__(
        self,
        api: Api | None,
        *,
        repository: str,
        commit: str,
        pull_request: str | None,
        link: str | None,
        say: Callable[[str], None],
        summarise: Callable[[str], None],
    ) -> None:
        self._api = api
        self.repository = repository
        self._repository = f"/repos/{quote(repository)}"
        self._commit = commit
        place = pull_request and f"{self._repository}/issues/{quote(pull_request)}/comments"
        change = f"PATCH {self._repository}/issues/comments"
        super().__init__(api, place, query="per_page=100", change=change, body=lambda text: {"body": text})
        self._link = link
        self._say = say
        self._summarise = summarise

    def publish(self, report: Report) -> None:
        """Print the annotations, add to the job's summary, and set the status where there is a token."""
        for line in workflow_commands(report):
            self._say(line)
        self._summarise(markdown(report))
        if self._api is None:
            return
        body: dict[str, Json] = {
            "state": _STATES[report.passed],
            "context": f"sealift/{report.name}",
            "description": report.summary[:140],
        }
        link: dict[str, Json] = {"target_url": self._link} if self._link else {}
        self._api.call("POST", f"{self._repository}/statuses/{quote(self._commit)}", body={**body, **link})

    def open_numbers(self) -> frozenset[str]:
        """Return the number of every open pull request. Raises CloudError."""
        listed = required(self._api).listed(f"{self._repository}/pulls?state=open&per_page=100")
        return frozenset(str(one["number"]) for one in listed)

    def pull_request(self, number: str) -> PullRequest | None:
        """Return a pull request, or None. Raises CloudError."""
        found = required(self._api).call("GET", f"{self._repository}/pulls/{quote(number)}", missing_ok=True)
        if not isinstance(found, dict):
            return None
        head = found.get("head") or {}
        return PullRequest(
            number=number,
            branch=head.get("ref"),
            head=head.get("sha"),
            repository=self.repository,
            open=found.get("state") == "open",
            fork=(head.get("repo") or {}).get("full_name") != self.repository,
            draft=found.get("draft"),
            labels=tuple(str(label.get("name")) for label in found.get("labels") or ()),
        )
