"""Which service shows the reports of this job, and with which of the job's own means.

Tokens: `BITBUCKET_ACCESS_TOKEN` (comments), `GITHUB_TOKEN` (statuses, comments), `GITLAB_TOKEN` (statuses, notes).
"""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from sealift.scm.ci import CiContext
from sealift.scm.forge.calls import Api

if TYPE_CHECKING:
    from sealift.pipelines.report import Forge

Sleep = Callable[[float], None]
SIGNING_PROXY = "http://localhost:29418"
"""It signs plain HTTP requests of a step: https://support.atlassian.com/bitbucket-cloud/docs/code-insights/"""


def open_forge(ci: CiContext, env: Mapping[str, str], *, sleep: Sleep) -> "Forge | None":
    """Return the service of this job, or None where there is none to report to. Nothing is sent yet."""
    if ci.head is None or ci.repository is None:
        return None
    match ci.system:
        case "bitbucket":
            return _bitbucket(ci, ci.repository, ci.head, env, sleep)
        case "github":
            return _github(ci, ci.repository, ci.head, env, sleep)
        case "gitlab":
            return _gitlab(ci, ci.repository, ci.head, env, sleep)
        case "other" | "none":
            return None


def _bitbucket(ci: CiContext, repository: str, head: str, env: Mapping[str, str], sleep: Sleep) -> "Forge":
    from sealift.scm.forge.bitbucket import Bitbucket

    token = env.get("BITBUCKET_ACCESS_TOKEN")
    base = env.get("SEALIFT_BITBUCKET_API", "api.bitbucket.org/2.0")
    return Bitbucket(
        Api(f"http://{base}", sleep=sleep, proxy=env.get("SEALIFT_BITBUCKET_PROXY", SIGNING_PROXY)),
        repository=repository,
        commit=head,
        pull_request=ci.pull_request,
        link=ci.build_url,
        comments=Api(f"https://{base}", sleep=sleep, headers=bearer(token)) if token else None,
    )


def _github(ci: CiContext, repository: str, head: str, env: Mapping[str, str], sleep: Sleep) -> "Forge":
    from sealift.scm.forge.github import GitHub

    token = env.get("GITHUB_TOKEN")
    headers = {**bearer(token), "Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
    base = env.get("GITHUB_API_URL", "https://api.github.com")
    return GitHub(
        Api(base, sleep=sleep, headers=headers) if token else None,
        repository=repository,
        commit=head,
        pull_request=ci.pull_request,
        link=ci.build_url,
        say=_say,
        summarise=lambda text: _append(env.get("GITHUB_STEP_SUMMARY"), text),
    )


def _gitlab(ci: CiContext, repository: str, head: str, env: Mapping[str, str], sleep: Sleep) -> "Forge":
    from sealift.scm.forge.gitlab import GitLab

    token = env.get("GITLAB_TOKEN")
    base = env.get("CI_API_V4_URL", "https://gitlab.com/api/v4")
    return GitLab(
        Api(base, sleep=sleep, headers={"PRIVATE-TOKEN": token}) if token else None,
        project=repository,
        commit=head,
        pull_request=ci.pull_request,
        link=ci.build_url,
    )


def bearer(token: str | None) -> dict[str, str]:
    """Return the header that carries a token."""
    return {"Authorization": f"Bearer {token}"} if token else {}


def _append(path: str | None, text: str) -> None:
    """Add to the summary of a job. GitHub takes 1 MiB a step; ours is far smaller."""
    if path:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(text)


def _say(line: str) -> None:
    """Write a line of its own; GitHub reads both streams of a job."""
    sys.stderr.write(f"{line}\n")
