"""Who is who at the service that holds the code: the account that runs us, and the accounts that wrote commits.

A name on a machine can be made up, and so can the author of a commit. The service knows which account an e-mail address
belongs to, and which one opened the pull request that a commit came by.

Tokens: `GITHUB_TOKEN` or `GH_TOKEN`, `BITBUCKET_ACCESS_TOKEN`, `GITLAB_TOKEN`. In a step of Bitbucket none is needed.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote

from sealift.cfn.values import value_at
from sealift.errors import CloudError
from sealift.model.template import Json
from sealift.scm.ci import CiContext
from sealift.scm.forge.calls import Api
from sealift.scm.forge.opening import SIGNING_PROXY, Sleep, bearer

Service = Literal["bitbucket", "github", "gitlab"]
_PARALLEL = 8
_REMOTE = re.compile(r"(?:^\w+://(?:[^@/]+@)?|^(?:[^@/]+@))(?P<host>[^/:]+)(?::\d+)?[/:](?P<path>.+?)(?:\.git)?/?$")
_AUTHOR_OF = (
    "query($p:ID!,$c:String!){project(fullPath:$p)"
    '{repository{tree(ref:$c,path:"/"){lastCommit{sha author{username}}}}}}'
)
"""As GitLab's own page of a folder asks; without the path `/` it gives no commit that merges."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A repository at a service."""

    service: Service
    repository: str
    host: str


def place_of(ci: CiContext, remote: str | None) -> Place | None:
    """Return where the code is held, as the CI system or the address of the remote says."""
    if ci.system in ("bitbucket", "github", "gitlab") and ci.repository:
        return Place(service=ci.system, repository=ci.repository, host="")
    match = _REMOTE.match(remote or "")
    host = match["host"].lower() if match else ""
    for service in ("bitbucket", "github", "gitlab"):
        if match and service in host:
            return Place(service=service, repository=match["path"], host=host)
    return None


class ForgeAccounts:
    """The Accounts port. `place` is None where no service is known: then nobody is."""

    def __init__(self, ci: CiContext, env: Mapping[str, str], *, place: Place | None, sleep: Sleep) -> None:
        self._ci = ci
        self._place = place
        self._api = _api(place, ci, env, sleep) if place else None

    def mine(self) -> str | None:
        """Return the account that runs us, such as `ann@github`; None when it is not known, or is a machine's."""
        if self._place is None:
            return None
        if not self._ci.human:
            name: object = self._ci.actor
        else:
            answer = self._whoever_has_the_token()
            key = {"bitbucket": "uuid", "github": "login", "gitlab": "username"}[self._place.service]
            machine = value_at(answer, "type") in ("Bot", "app_user") or value_at(answer, "bot") is True
            name = None if machine else value_at(answer, key)
        return None if isinstance(name, str) and name.endswith("[bot]") else self._named(name)

    def _whoever_has_the_token(self) -> object:
        """Return what the service says of the owner of our token; nothing when that is nobody's, or there is none."""
        if self._api is None or self._place is None:
            return None
        try:
            answer: object = self._api.call("GET", "/api/v4/user" if self._place.service == "gitlab" else "/user")
        except CloudError:
            return None
        return answer

    def authors(self, commits: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
        """Return the accounts that wrote each commit or opened its pull request; none when its author has none here.

        Raises CloudError when the service does not answer.
        """
        if self._place is None or self._api is None:
            return {}
        with ThreadPoolExecutor(_PARALLEL) as pool:
            return dict(zip(commits, pool.map(self._authors, commits), strict=True))

    def _authors(self, commit: str) -> tuple[str, ...]:
        assert self._place is not None
        match self._place.service:
            case "github":
                wrote: object = value_at(self._call(f"{self._repository()}/commits/{quote(commit)}"), "author", "login")
            case "bitbucket":
                wrote = value_at(self._call(f"{self._repository()}/commit/{quote(commit)}"), "author", "user", "uuid")
            case "gitlab":
                wrote = self._author_at_gitlab(commit)
        if not isinstance(wrote, str):
            return ()
        opened = (account for _, account in self._requests(commit))
        return tuple(dict.fromkeys(named for name in (wrote, *opened) if (named := self._named(name)) is not None))

    def reviewers(self, commit: str) -> tuple[str, ...] | None:
        """Return the accounts that approved a pull request with this commit, without who opened it.

        https://docs.github.com/en/rest/pulls/reviews, https://docs.gitlab.com/api/merge_request_approvals/ and
        https://developer.atlassian.com/cloud/bitbucket/rest/api-group-pullrequests/: documented, not observed.
        """
        if self._place is None or self._api is None:
            return None
        found: dict[str, None] = {}
        for number, opened in self._requests(commit):
            approved = (one for one in self._approved(number) if one != opened) if isinstance(number, int) else ()
            found |= dict.fromkeys(named for name in approved if (named := self._named(name)) is not None)
        return tuple(found)

    def _requests(self, commit: str) -> Iterator[tuple[object, object]]:
        """Yield the number of each pull request with a commit, and who opened it."""
        assert self._place is not None
        match self._place.service:
            case "github":
                rows = self._call(f"{self._repository()}/commits/{quote(commit)}/pulls")
                number, opened = ("number",), ("user", "login")
            case "bitbucket":
                rows = value_at(self._call(f"{self._repository()}/commit/{quote(commit)}/pullrequests"), "values")
                number, opened = ("id",), ("author", "uuid")
            case "gitlab":
                rows = self._call(f"{self._repository()}/repository/commits/{quote(commit)}/merge_requests")
                number, opened = ("iid",), ("author", "username")
        yield from zip(_each(rows, *number), _each(rows, *opened), strict=True)

    def _approved(self, number: object) -> Iterator[object]:
        """Yield who approved a pull request, as it stands now."""
        assert self._place is not None
        match self._place.service:
            case "github":
                last: dict[object, object] = {}
                for review in _rows(self._call(f"{self._repository()}/pulls/{number}/reviews?per_page=100")):
                    if value_at(review, "state") != "COMMENTED":  # a comment takes no approval back
                        last[value_at(review, "user", "login")] = value_at(review, "state")
                yield from (name for name, state in last.items() if state == "APPROVED")
            case "bitbucket":
                people = value_at(self._call(f"{self._repository()}/pullrequests/{number}"), "participants")
                yield from (value_at(one, "user", "uuid") for one in _rows(people) if value_at(one, "approved") is True)
            case "gitlab":
                answer = self._call(f"{self._repository()}/merge_requests/{number}/approvals")
                yield from _each(value_at(answer, "approved_by"), "user", "username")

    def _repository(self) -> str:
        assert self._place is not None
        match self._place.service:
            case "github":
                return f"/repos/{quote(self._place.repository)}"
            case "bitbucket":
                return f"/repositories/{quote(self._place.repository)}"
            case "gitlab":
                return f"/api/v4/projects/{quote(self._place.repository, safe='')}"

    def _author_at_gitlab(self, commit: str) -> object:
        """Return who GitLab says wrote a commit: its REST API gives the e-mail alone.

        https://docs.gitlab.com/api/graphql/reference/#commit
        """
        assert self._api is not None
        assert self._place is not None
        asked: Json = {"query": _AUTHOR_OF, "variables": {"p": self._place.repository, "c": commit}}
        answer = self._api.call("POST", "/api/graphql", body=asked)
        found = value_at(answer, "data", "project", "repository", "tree", "lastCommit")
        return value_at(found, "author", "username") if value_at(found, "sha") == commit else None

    def _call(self, path: str) -> object:
        """Return an answer; nothing where the service knows no such thing."""
        assert self._api is not None
        answer: object = self._api.call("GET", path, missing_ok=True)
        return answer

    def _named(self, name: object) -> str | None:
        assert self._place is not None
        return f"{name}@{self._place.service}" if isinstance(name, str) and name else None


def _api(place: Place, ci: CiContext, env: Mapping[str, str], sleep: Sleep) -> Api | None:
    match place.service:
        case "bitbucket":
            token, base = env.get("BITBUCKET_ACCESS_TOKEN"), env.get("SEALIFT_BITBUCKET_API", "api.bitbucket.org/2.0")
            if token:
                scheme = "http" if base.startswith("127.0.0.1:") else "https"
                return Api(f"{scheme}://{base}", sleep=sleep, headers=bearer(token))
            proxy = env.get("SEALIFT_BITBUCKET_PROXY", SIGNING_PROXY)
            return None if ci.human else Api(f"http://{base}", sleep=sleep, proxy=proxy)
        case "github":
            token = env.get("GITHUB_TOKEN") or env.get("GH_TOKEN")
            headers = {**bearer(token), "Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
            base = "https://api.github.com" if place.host in ("", "github.com") else f"https://{place.host}/api/v3"
            return Api(env.get("GITHUB_API_URL", base), sleep=sleep, headers=headers) if token else None
        case "gitlab":
            token = env.get("GITLAB_TOKEN")
            base = env.get("CI_API_V4_URL") or f"https://{place.host or 'gitlab.com'}/api/v4"
            return Api(base.removesuffix("/api/v4"), sleep=sleep, headers={"PRIVATE-TOKEN": token}) if token else None


def _each(rows: object, *path: str) -> Iterator[object]:
    yield from (value_at(row, *path) for row in _rows(rows))


def _rows(answer: object) -> list[object]:
    return answer if isinstance(answer, list) else []
