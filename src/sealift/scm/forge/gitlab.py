"""GitLab: statuses and notes with a project's access token; the token of a job may do neither.

https://docs.gitlab.com/api/commits/#set-commit-pipeline-status · https://docs.gitlab.com/api/notes/
"""

from urllib.parse import quote

from sealift.model.preview import PullRequest
from sealift.model.template import Json
from sealift.pipelines.report import Report
from sealift.scm.forge.calls import Api, required
from sealift.scm.forge.commenting import Commenting

_STATES = {True: "success", False: "failed"}


class GitLab(Commenting):
    """The Forge port over GitLab's API. `commit` is the head of the merge request, not the merged result."""

    def __init__(
        self, api: Api | None, *, project: str, commit: str, pull_request: str | None, link: str | None
    ) -> None:
        self._api = api
        self.repository = project
        self._project = f"/projects/{quote(project, safe='')}"
        self._commit = commit
        place = pull_request and f"{self._project}/merge_requests/{quote(pull_request)}/notes"
        query, change = "per_page=100&sort=asc", f"PUT {place}"
        super().__init__(api, place, query=query, change=change, body=lambda text: {"body": text})
        self._link = link

    def publish(self, report: Report) -> None:
        """Set the status of the commit, where there is a token. Raises CloudError."""
        if self._api is None:
            return
        body: dict[str, Json] = {
            "state": _STATES[report.passed],
            "name": f"sealift/{report.name}",
            "description": report.summary[:255],
        }
        link: dict[str, Json] = {"target_url": self._link} if self._link else {}
        self._api.call("POST", f"{self._project}/statuses/{quote(self._commit)}", body={**body, **link})

    def open_numbers(self) -> frozenset[str]:
        """Return the number of every open merge request. Raises CloudError."""
        listed = required(self._api).listed(f"{self._project}/merge_requests?state=opened&per_page=100")
        return frozenset(str(one["iid"]) for one in listed)

    def pull_request(self, number: str) -> PullRequest | None:
        """Return a merge request, or None. Raises CloudError."""
        found = required(self._api).call("GET", f"{self._project}/merge_requests/{quote(number)}", missing_ok=True)
        if not isinstance(found, dict):
            return None
        return PullRequest(
            number=number,
            branch=found.get("source_branch"),
            head=found.get("sha"),
            repository=self.repository,
            open=found.get("state") in ("opened", "locked"),
            fork=found.get("source_project_id") != found.get("target_project_id"),
            draft=found.get("draft"),
            labels=tuple(str(label) for label in found.get("labels") or ()),
        )
