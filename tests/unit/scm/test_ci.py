import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealift.scm.ci import CiContext, detect


def test_a_laptop_is_no_ci_system_and_has_a_human() -> None:
    assert detect({"PATH": "/bin", "CI": "false"}) == CiContext(system="none")
    assert detect({}).human


def test_any_other_system_that_says_ci_has_no_human() -> None:
    context = detect({"CI": "true"})
    assert (context.system, context.human) == ("other", False)


def test_bitbucket_names_branch_head_and_build_and_no_commit_that_is_built() -> None:
    context = detect(
        {
            "CI": "true",
            "BITBUCKET_BUILD_NUMBER": "42",
            "BITBUCKET_REPO_FULL_NAME": "team/shop",
            "BITBUCKET_BRANCH": "feature/x",
            "BITBUCKET_COMMIT": "abc",
            "BITBUCKET_PR_ID": "7",
            "BITBUCKET_PR_DESTINATION_BRANCH": "main",
            "BITBUCKET_STEP_TRIGGERER_UUID": "{u}",
        }
    )
    assert context == CiContext(
        system="bitbucket",
        branch="feature/x",
        pull_request="7",
        target_branch="main",
        head="abc",
        repository="team/shop",
        build_url="https://bitbucket.org/team/shop/pipelines/results/42",
        actor="{u}",
    )


def test_a_custom_pipeline_of_bitbucket_may_have_no_branch() -> None:
    context = detect({"BITBUCKET_BUILD_NUMBER": "1", "BITBUCKET_COMMIT": "abc"})
    assert (context.branch, context.commit, context.build_url) == (None, "abc", None)


def test_github_push_and_pull_request_name_the_source_branch() -> None:
    common = {"GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": "o/r", "GITHUB_RUN_ID": "9", "GITHUB_SHA": "abc"}
    push = detect({**common, "GITHUB_REF": "refs/heads/main", "GITHUB_REF_NAME": "main", "GITHUB_REF_TYPE": "branch"})
    assert (push.branch, push.pull_request, push.build_url) == ("main", None, "https://github.com/o/r/actions/runs/9")
    pull = detect(
        {
            **common,
            "GITHUB_REF": "refs/pull/12/merge",
            "GITHUB_REF_NAME": "12/merge",
            "GITHUB_REF_TYPE": "branch",
            "GITHUB_HEAD_REF": "feature/x",
            "GITHUB_BASE_REF": "main",
        }
    )
    assert (pull.branch, pull.pull_request, pull.target_branch) == ("feature/x", "12", "main")


def test_a_tag_is_no_branch() -> None:
    github = detect(
        {"GITHUB_ACTIONS": "true", "GITHUB_REF": "refs/tags/v1", "GITHUB_REF_NAME": "v1", "GITHUB_REF_TYPE": "tag"}
    )
    assert (github.branch, github.tag) == (None, "v1")
    gitlab = detect({"GITLAB_CI": "true", "CI_COMMIT_TAG": "v1", "CI_COMMIT_REF_NAME": "v1"})
    assert (gitlab.branch, gitlab.tag) == (None, "v1")
    bitbucket = detect({"BITBUCKET_BUILD_NUMBER": "1", "BITBUCKET_TAG": "v1"})
    assert (bitbucket.branch, bitbucket.tag) == (None, "v1")


def test_gitlab_merge_requests_name_the_source_branch() -> None:
    context = detect(
        {
            "GITLAB_CI": "true",
            "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "feature/x",
            "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
            "CI_MERGE_REQUEST_IID": "3",
            "CI_COMMIT_SHA": "abc",
            "CI_JOB_URL": "https://gitlab.com/o/r/-/jobs/1",
            "GITLAB_USER_LOGIN": "ada",
        }
    )
    assert (context.branch, context.target_branch, context.pull_request) == ("feature/x", "main", "3")
    assert (context.commit, context.build_url, context.actor) == ("abc", "https://gitlab.com/o/r/-/jobs/1", "ada")


@pytest.mark.parametrize("value", ["", "0", "no", "False"])
def test_a_ci_variable_that_says_no_means_no(value: str) -> None:
    assert detect({"CI": value}).human


def test_in_a_pull_request_of_github_the_head_is_not_what_is_built() -> None:
    env = {"GITHUB_ACTIONS": "true", "GITHUB_REF": "refs/pull/7/merge", "GITHUB_SHA": "merge"}
    context = detect(env, {"pull_request": {"head": {"sha": "head"}}})
    assert (context.commit, context.head) == ("merge", "head")


def test_in_a_merged_result_of_gitlab_the_head_is_not_what_is_built() -> None:
    env = {"GITLAB_CI": "true", "CI_COMMIT_SHA": "merge", "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": "head"}
    context = detect(env)
    assert (context.commit, context.head) == ("merge", "head")


def test_on_a_branch_both_commits_are_the_same() -> None:
    for env in (
        {"BITBUCKET_BUILD_NUMBER": "1", "BITBUCKET_COMMIT": "c"},
        {"GITHUB_ACTIONS": "true", "GITHUB_REF": "refs/heads/main", "GITHUB_SHA": "c"},
        {"GITLAB_CI": "true", "CI_COMMIT_SHA": "c"},
    ):
        context = detect(env)
        assert (context.commit, context.head) == ("c", "c")


ENDS = (
    *("BRANCH", "COMMIT", "TAG", "PR_ID", "PR_DESTINATION_BRANCH", "REPO_FULL_NAME", "REF", "REF_NAME", "REF_TYPE"),
    *("SHA", "HEAD_REF", "BASE_REF", "REPOSITORY", "RUN_ID", "PROJECT_PATH", "COMMIT_SHA", "COMMIT_BRANCH"),
    *("MERGE_REQUEST_IID", "MERGE_REQUEST_SOURCE_BRANCH_SHA", "JOB_URL", "ACTOR", "SERVER_URL"),
)
NAMES = sorted(
    {name for start in ("BITBUCKET_", "GITHUB_", "CI_", "GITLAB_") for name in (f"{start}{end}" for end in ENDS)}
    | {"CI", "GITHUB_ACTIONS", "GITLAB_CI", "BITBUCKET_BUILD_NUMBER"}
)


@given(st.dictionaries(st.sampled_from(NAMES), st.text(max_size=12)))
def test_whatever_the_variables_hold_there_is_a_context(env: dict[str, str]):
    assert detect(env).system in {"bitbucket", "github", "gitlab", "other", "none"}


@given(
    st.sampled_from(["bitbucket", "github", "gitlab"]),
    st.text(alphabet=st.characters(exclude_characters="\0"), min_size=1, max_size=250),
)
def test_a_branch_is_called_as_its_variable_says(system: str, branch: str):
    env = {
        "bitbucket": {"BITBUCKET_BUILD_NUMBER": "1", "BITBUCKET_BRANCH": branch},
        "github": {"GITHUB_ACTIONS": "true", "GITHUB_REF_TYPE": "branch", "GITHUB_REF_NAME": branch},
        "gitlab": {"GITLAB_CI": "true", "CI_COMMIT_BRANCH": branch},
    }[system]
    assert detect(env).branch == branch
