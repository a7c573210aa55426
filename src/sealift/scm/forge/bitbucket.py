"""Bitbucket Cloud: Code Insights and build statuses by the signing proxy of a step, comments with an access token.

In a step, plain HTTP through the proxy is signed: no token is stored.
https://support.atlassian.com/bitbucket-cloud/docs/code-insights/
"""

from urllib.parse import quote

from sealift.delivery.previews import LABEL
from sealift.model.preview import PullRequest
from sealift.model.template import Json
from sealift.pipelines.report import Report, insights_annotations, insights_report
from sealift.scm.forge.calls import Api
from sealift.scm.forge.commenting import Commenting

_AT_ONCE = 100
"""Annotations in one request."""
_STATES = {True: "SUCCESSFUL", False: "FAILED"}


class Bitbucket(Commenting):
    """The Forge port over Bitbucket's API. `commit` is the head of the source branch, not the merge that is built."""

    def __init__(
        self,
        api: Api,
        *,
        repository: str,
        commit: str,
        pull_request: str | None,
        link: str | None,
        comments: Api | None,
    ) -> None:
        self._api = api
        self._token = comments
        self.repository = repository
        self._repository = f"/repositories/{quote(repository)}"
        self._commit = f"{self._repository}/commit/{quote(commit)}"
        self._link = link
        place = pull_request and f"{self._repository}/pullrequests/{quote(pull_request)}/comments"
        change = f"PUT {place}"
        super().__init__(
            comments, place, query="pagelen=100", change=change, body=lambda text: {"content": {"raw": text}}
        )

    def publish(self, report: Report) -> None:
        """Replace the report of this key, with its annotations and its build status. Raises CloudError."""
        place = f"{self._commit}/reports/sealift-{report.name}"
        # Annotations of an earlier run stay otherwise.
        self._api.call("DELETE", place, missing_ok=True)
        self._api.call("PUT", place, body=insights_report(report, self._link))
        annotations = insights_annotations(report)
        for start in range(0, len(annotations), _AT_ONCE):
            self._api.call("POST", f"{place}/annotations", body=annotations[start : start + _AT_ONCE])
        status: dict[str, Json] = {
            "key": f"sealift-{report.name}",
            "name": report.title,
            "state": _STATES[report.passed],
            "url": self._link or "https://bitbucket.org",
            "description": report.summary[:255],
        }
        self._api.call("POST", f"{self._commit}/statuses/build", body=status)

    def open_numbers(self) -> frozenset[str]:
        """Return the number of every open pull request. Raises CloudError."""
        listed = self._reading.listed(f"{self._repository}/pullrequests?state=OPEN&pagelen=50")
        return frozenset(str(one["id"]) for one in listed)

    def pull_request(self, number: str) -> PullRequest | None:
        """Return a pull request, or None. `[preview]` in its title is its label: Bitbucket has none."""
        found = self._reading.call("GET", f"{self._repository}/pullrequests/{quote(number)}", missing_ok=True)
        if not isinstance(found, dict):
            return None
        source = found.get("source") or {}
        whose = (source.get("repository") or {}).get("full_name")
        return PullRequest(
            number=number,
            branch=(source.get("branch") or {}).get("name"),
            head=(source.get("commit") or {}).get("hash"),
            repository=self.repository,
            open=found.get("state") == "OPEN",
            fork=whose != self.repository,
            draft=found.get("draft"),
            labels=(LABEL,) if f"[{LABEL}]" in str(found.get("title", "")).lower() else (),
        )

    @property
    def _reading(self) -> Api:
        """What reads pull requests: the token where there is one, else the signing proxy."""
        return self._token or self._api
