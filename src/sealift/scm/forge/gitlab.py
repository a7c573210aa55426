"""GitLab: statuses and notes with a project's access token; the token of a job may do neither.

https://docs.gitlab.com/api/commits/#set-commit-pipeline-status · https://docs.gitlab.com/api/notes/
"""

from urllib.parse import quote

from sealift.model.template import Json
from sealift.pipelines.report import MARKER, Report, markdown
from sealift.scm.forge.calls import Api

_STATES = {True: "success", False: "failed"}


class GitLab:
    """The Forge port over GitLab's API. `commit` is the head of the merge request, not the merged result."""

    def __init__(
        self, api: Api | None, *, project: str, commit: str, pull_request: str | None, link: str | None
    ) -> None:
        self._api = api
        self._project = f"/projects/{quote(project, safe='')}"
        self._commit = commit
        self._pull_request = pull_request
        self._link = link

    def publish(self, report: Report) -> None:
        """Set the status of the commit, where there is a token. Raises CloudError."""
        if self._api is None:
            return
        body: dict[str, Json] = {
            "state": _STATES[report.passed],
            "name": f"sealift/{report.key}",
            "description": report.summary[:255],
        }
        link: dict[str, Json] = {"target_url": self._link} if self._link else {}
        self._api.call("POST", f"{self._project}/statuses/{quote(self._commit)}", body={**body, **link})

    def comment(self, report: Report) -> bool:
        """Write the one note of this key, or replace it. Returns False without a token or a merge request."""
        if self._api is None or self._pull_request is None:
            return False
        mark = MARKER.format(key=report.key)
        body: dict[str, Json] = {"body": f"{mark}\n{markdown(report)}"}
        place = f"{self._project}/merge_requests/{quote(self._pull_request)}/notes"
        self._api.keep_one(
            f"{place}?per_page=100&sort=asc", place, lambda number: ("PUT", f"{place}/{number}"), mark=mark, body=body
        )
        return True
