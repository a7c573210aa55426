"""Which CI system runs us, and what its variables say. Reads a mapping it is given, never the process environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sealift.cfn.values import value_at

CiSystem = Literal["bitbucket", "github", "gitlab", "other", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CiContext:
    """What the CI system says about this run. `branch` is the source branch in a pull request."""

    system: CiSystem
    branch: str | None = None
    pull_request: str | None = None
    target_branch: str | None = None
    """The branch that the pull request is to be merged into."""
    default_branch: str | None = None
    commit: str | None = None
    """What is checked out, as far as the CI system says it: in a pull request often a merge that no branch has."""
    head: str | None = None
    """What statuses and reports name: the newest commit of the source branch."""
    repository: str | None = None
    tag: str | None = None
    build_url: str | None = None
    actor: str | None = None
    fork: bool = False
    """Whether the pull request's branch is in another repository, or not known to be in this one."""

    @property
    def human(self) -> bool:
        """Whether a person may be there to answer a question."""
        return self.system == "none"


def detect(env: Mapping[str, str], event: Mapping[str, Any] | None = None) -> CiContext:
    """Return the CI context that these environment variables describe. `event` is what GitHub says beside them."""
    if env.get("BITBUCKET_BUILD_NUMBER"):
        return _bitbucket(env)
    if env.get("GITHUB_ACTIONS") == "true":
        return _github(env, event or {})
    if env.get("GITLAB_CI") == "true":
        return _gitlab(env)
    ci = env.get("CI", "").lower() not in ("", "0", "false", "no")
    return CiContext(system="other" if ci else "none")


def _bitbucket(env: Mapping[str, str]) -> CiContext:
    # https://support.atlassian.com/bitbucket-cloud/docs/variables-and-secrets/
    name, number = env.get("BITBUCKET_REPO_FULL_NAME"), env.get("BITBUCKET_BUILD_NUMBER")
    return CiContext(
        system="bitbucket",
        branch=env.get("BITBUCKET_BRANCH") or None,
        pull_request=env.get("BITBUCKET_PR_ID") or None,
        target_branch=env.get("BITBUCKET_PR_DESTINATION_BRANCH") or None,
        # In a pull request the step merges the destination into the source before its script: HEAD is that merge.
        commit=None if env.get("BITBUCKET_PR_ID") else env.get("BITBUCKET_COMMIT") or None,
        head=env.get("BITBUCKET_COMMIT") or None,
        repository=name or None,
        tag=env.get("BITBUCKET_TAG") or None,
        build_url=f"https://bitbucket.org/{name}/pipelines/results/{number}" if name else None,
        actor=env.get("BITBUCKET_STEP_TRIGGERER_UUID") or None,
    )


def _github(env: Mapping[str, str], event: Mapping[str, Any]) -> CiContext:
    # https://docs.github.com/actions/reference/workflows-and-actions/variables
    ref, kind = env.get("GITHUB_REF", ""), env.get("GITHUB_REF_TYPE")
    parts = ref.split("/")
    number = value_at(event, "pull_request", "number")  # `pull_request_target` has no such ref
    pull = parts[2] if ref.startswith("refs/pull/") and len(parts) > 2 else str(number) if number else None
    branch = env.get("GITHUB_HEAD_REF") if pull else env.get("GITHUB_REF_NAME") if kind == "branch" else None
    name, run = env.get("GITHUB_REPOSITORY"), env.get("GITHUB_RUN_ID")
    server = env.get("GITHUB_SERVER_URL", "https://github.com")
    return CiContext(
        system="github",
        branch=branch or None,
        pull_request=pull,
        target_branch=(env.get("GITHUB_BASE_REF") or None) if pull else None,
        default_branch=_text(value_at(event, "repository", "default_branch")),
        # In a pull request GITHUB_SHA is a merge commit that no branch has.
        commit=env.get("GITHUB_SHA") or None,
        head=_text(value_at(event, "pull_request", "head", "sha")) if pull else env.get("GITHUB_SHA") or None,
        repository=name or None,
        tag=env.get("GITHUB_REF_NAME") if kind == "tag" else None,
        build_url=f"{server}/{name}/actions/runs/{run}" if name and run else None,
        # Whoever runs a job again is not the one who pushed.
        actor=env.get("GITHUB_TRIGGERING_ACTOR") or env.get("GITHUB_ACTOR") or None,
        fork=pull is not None and value_at(event, "pull_request", "head", "repo", "full_name") != name,
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _gitlab(env: Mapping[str, str]) -> CiContext:
    # https://docs.gitlab.com/ci/variables/predefined_variables/
    return CiContext(
        system="gitlab",
        branch=env.get("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME") or env.get("CI_COMMIT_BRANCH") or None,
        pull_request=env.get("CI_MERGE_REQUEST_IID") or None,
        target_branch=env.get("CI_MERGE_REQUEST_TARGET_BRANCH_NAME") or None,
        default_branch=env.get("CI_DEFAULT_BRANCH") or None,
        commit=env.get("CI_COMMIT_SHA") or None,
        head=env.get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA") or env.get("CI_COMMIT_SHA") or None,
        repository=env.get("CI_PROJECT_PATH") or None,
        tag=env.get("CI_COMMIT_TAG") or None,
        build_url=env.get("CI_JOB_URL") or env.get("CI_PIPELINE_URL") or None,
        actor=env.get("GITLAB_USER_LOGIN") or None,
        fork=env.get("CI_MERGE_REQUEST_SOURCE_PROJECT_ID") != env.get("CI_MERGE_REQUEST_PROJECT_ID"),
    )
