"""The pipeline files that Sealift writes: no finding of ours, valid by each system's schema, and as they are meant."""

import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from yaml.nodes import Node

from sealift.pipelines import bitbucket
from sealift.pipelines.delivered import Delivered, Entered, Previewed
from sealift.pipelines.lint import System, lint
from sealift.pipelines.practice import bitbucket_jobs, github_jobs, gitlab_jobs
from sealift.pipelines.reading import read
from sealift.pipelines.shapes import Problem, child, elements, pairs, text_of
from sealift.pipelines.written import write

SYSTEMS: tuple[System, ...] = ("bitbucket", "github", "gitlab")
TWO = Delivered(
    environments=(Entered(name="staging", branch="main"), Entered(name="production")), requirement="sealift==0.1.0"
)
PREVIEWED = Previewed(
    app="shop", region="eu-west-1", account="333333333333", role="arn:aws:iam::333333333333:role/previews"
)
WITH_PREVIEWS = replace(TWO, previews=PREVIEWED)
_NAME = st.from_regex(r"[a-z][a-z0-9-]{0,20}", fullmatch=True)
_FIXED = ("analysis", "check", "tests", "checks", "preview", "remove-preview", "sweep-previews", "approve-production")
_TAKEN = st.sampled_from((*_FIXED, "deploy-preview", "prod", "production", "on", "yes", "null", "y", "main"))
"""Names that the files have of their own, or that YAML would read as something else."""
_BRANCH = st.text(
    st.characters(exclude_categories=["C", "Z"], exclude_characters="~^:?*[\\"), min_size=1, max_size=250
).filter(lambda name: not name.startswith("-")) | st.sampled_from(
    [
        "main",
        "production",
        "it's",
        'a"b',
        "a'b\"c",
        "c++",
        "a#b",
        "#1",
        "&x",
        "*",
        "!x",
        "a{b,c}",
        "$(reboot)",
        "`x`",
        "a;b",
        "🚀" * 60,
    ]
).filter(lambda name: "*" not in name)


@st.composite
def deliveries(draw: st.DrawFn) -> Delivered:
    names = draw(st.lists(_NAME | _TAKEN, min_size=1, max_size=4, unique=True))
    branches = draw(st.lists(_BRANCH, min_size=1, max_size=2, unique=True))
    entered = [Entered(name=names[0], branch=branches[0])]
    entered += [
        Entered(
            name=name,
            branch=draw(st.sampled_from([None, *branches])),
            alone=draw(st.booleans()),
            approved=draw(st.booleans()),
        )
        for name in names[1:]
    ]
    return Delivered(
        folder=draw(st.sampled_from(["", "services/shop", "my shop/it's"])),
        environments=tuple(entered),
        requirement="sealift==0.1.0",
        locks=tuple(draw(st.lists(st.sampled_from(["uv.lock", "a b/package-lock.json"]), max_size=2, unique=True))),
        one_step=draw(st.booleans()),
        previews=draw(st.sampled_from([None, PREVIEWED, replace(PREVIEWED, others=(PREVIEWED,))])),
        several=draw(st.booleans()),
        protected=branches[0],
    )


@given(deliveries(), st.sampled_from(SYSTEMS))
def test_nothing_is_found_in_a_written_file(what: Delivered, system: System) -> None:
    # Two environments of one branch in the wrong order of Bitbucket's kinds are the team's own declaration.
    ignored = {"deployment-order"}
    assert [f for f in lint("f", write(system, what), system) if f.id not in ignored] == []


@given(deliveries(), st.sampled_from(SYSTEMS))
def test_each_environment_has_steps_of_its_own(what: Delivered, system: System) -> None:
    top = read(write(system, what))
    assert not isinstance(top, Problem)
    jobs = {"bitbucket": bitbucket_jobs, "github": github_jobs, "gitlab": gitlab_jobs}[system](top)
    for one in what.titled.environments:
        entering = [job for job in jobs if job.calls("run", "deploy", "promote") and job.name == one.title]
        assert entering, one
        for job in entering:
            assert job.oidc
            assert job.whole_history
            assert job.locked
    assert len({one.title for one in what.titled.environments}) == len(what.environments)


@given(_BRANCH)
def test_the_shell_fetches_the_protected_branch_whatever_it_is_called(branch: str) -> None:
    for system in ("bitbucket", "gitlab"):
        top = read(write(system, replace(TWO, protected=branch)))
        assert not isinstance(top, Problem)
        lines = [text for text in _texts(top) if text.startswith("git fetch")]
        assert {tuple(shlex.split(line))[-1] for line in lines} == {
            f"+refs/heads/{branch}:refs/remotes/origin/{branch}"
        }


def _texts(node: Node) -> Iterator[str]:
    yield text_of(node)
    for inner in [value for _, _, value in pairs(node)] or [one for one in elements(node) if one is not node]:
        yield from _texts(inner)


@pytest.mark.parametrize("system", SYSTEMS)
def test_several_applications_are_delivered_by_one_file(system: System) -> None:
    approved = tuple(replace(one, approved=one.button) for one in TWO.environments)
    other = replace(PREVIEWED, app="mail")
    what = replace(TWO, several=True, environments=approved, previews=replace(PREVIEWED, others=(other,)))
    text = write(system, what)
    for command in ("each check", "each test", "each run", "each preview up", "preview down --app mail"):
        assert f"sealift {command}" in text
    assert 'sealift each --only "$APPLICATION" approve production --release "$RELEASE"' in text
    assert "-C " not in text


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_only_manual_step_is_the_button(system: System) -> None:
    top = read(write(system, TWO))
    assert not isinstance(top, Problem)
    jobs = {"bitbucket": bitbucket_jobs, "github": github_jobs, "gitlab": gitlab_jobs}[system](top)
    pushed = {job.name for job in jobs if job.manual and job.calls("promote")}
    assert pushed == {"Update PROD"}
    assert {job.name for job in jobs if job.calls("run")} == {"Update STAGING"}
    assert not [job for job in jobs if job.calls("run", "deploy", "promote") and not job.oidc]


def test_bitbucket_has_the_classic_steps_for_every_branch_and_pull_request() -> None:
    top = read(write("bitbucket", TWO))
    assert not isinstance(top, Problem)
    names = {
        name: [step.get("name") for step in bitbucket.steps(name, node)] for _, name, node in bitbucket.pipelines(top)
    }
    checks = ["Run Static Analysis Tools", "Run Automated Tests"]
    assert names == {
        "default": checks,
        "pull-requests: **": checks,
        "branches: main": [*checks, "Update STAGING", "Update PROD"],
        "custom: production": ["Update PROD"],
    }


def test_an_event_of_a_pull_request_starts_the_pipeline_of_its_preview_on_bitbucket() -> None:
    top = read(write("bitbucket", WITH_PREVIEWS))
    assert not isinstance(top, Problem)
    started = {
        event: text_of(elements(child(elements(entries)[0], "pipelines"))[0])
        for event, _, entries in pairs(child(top, "triggers"))
    }
    assert started == {
        "pullrequest-created": "preview",
        "pullrequest-updated": "preview",
        "pullrequest-fulfilled": "remove-preview",
        "pullrequest-rejected": "remove-preview",
    }


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_preview_is_destroyed_without_a_clone(system: System) -> None:
    text = write(system, WITH_PREVIEWS)
    after = text[text.index("Remove PREVIEW:" if system == "gitlab" else "name: Remove PREVIEW") :]
    job = after[: after.index("preview down")]
    assert {"bitbucket": "enabled: false", "gitlab": "GIT_STRATEGY: none", "github": "setup-python"}[system] in job
    assert "checkout" not in job
    assert "preview down --app shop --region eu-west-1 --account 333333333333 --role arn:aws:iam" in after


def test_what_a_fork_sends_starts_no_preview_on_github_and_gitlab() -> None:
    github, gitlab = write("github", WITH_PREVIEWS), write("gitlab", WITH_PREVIEWS)
    assert github.count("github.event.pull_request.head.repo.full_name == github.repository") == 2
    assert gitlab.count("$CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_PROJECT_ID") == 2


def test_gitlab_stops_a_preview_by_itself() -> None:
    text = write("gitlab", WITH_PREVIEWS)
    assert "on_stop: Remove PREVIEW" in text
    assert "auto_stop_in: 7 days" in text
    assert "action: stop" in text


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_official_schemas_accept_the_files(tmp_path: Path, system: System) -> None:
    schema = {"bitbucket": "bitbucket-pipelines", "github": "github-workflows", "gitlab": "gitlab-ci"}[system]
    files = [tmp_path / f"{number}.yml" for number in range(4)]
    for file, (one_step, previews) in zip(files, product((False, True), (None, PREVIEWED)), strict=True):
        file.write_text(write(system, replace(TWO, one_step=one_step, previews=previews)))
    argv = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", *map(str, files)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_an_auditor_of_workflows_finds_nothing(tmp_path: Path) -> None:
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    (folder / "sealift.yml").write_text(write("github", WITH_PREVIEWS))
    zizmor = Path(sys.executable).with_name("zizmor")
    done = subprocess.run(
        [zizmor, "--offline", "--no-progress", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("system", SYSTEMS)
def test_what_has_to_be_approved_can_be_approved_in_the_ci_by_naming_the_release(system: System) -> None:
    approved = tuple(replace(one, approved=one.button) for one in TWO.environments)
    text = write(system, replace(TWO, environments=approved))
    top = read(text)
    assert not isinstance(top, Problem)
    assert not lint("f", text, system)
    jobs = {"bitbucket": bitbucket_jobs, "github": github_jobs, "gitlab": gitlab_jobs}[system](top)
    (job,) = [job for job in jobs if job.calls("approve")]
    assert job.name == "Approve PROD"
    assert job.manual or job.on == "request"
    assert job.oidc
    assert job.whole_history
    assert any('sealift approve production --release "$RELEASE"' in command for command in job.commands)
    assert "approve" not in write(system, TWO).replace("somebody approves", "")


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("folder", ["services/shop", "my shop", "it's", "a;b", "$(x)"])
def test_the_folder_of_the_application_is_one_word_of_each_command(system: System, folder: str) -> None:
    top = read(write(system, replace(WITH_PREVIEWS, folder=folder)))
    assert not isinstance(top, Problem)
    jobs = {"bitbucket": bitbucket_jobs, "github": github_jobs, "gitlab": gitlab_jobs}[system](top)
    called = [line for job in jobs for line in job.commands if line.startswith("sealift ") and " -C " in line]
    assert len(called) >= 5
    assert {shlex.split(line)[shlex.split(line).index("-C") + 1] for line in called} == {folder}


@pytest.mark.parametrize("one_step", [True, False])
def test_steps_that_run_side_by_side_keep_caches_of_their_own(one_step: bool) -> None:
    """The systems merge no caches: the first or the last of two steps to end would decide what both find."""
    what = replace(TWO, one_step=one_step)
    on_bitbucket = yaml.safe_load(write("bitbucket", what))
    steps = [item for item in on_bitbucket["pipelines"]["default"] for item in item.get("parallel", [item])]
    own = [set(item["step"]["caches"]) - {"pip"} for item in steps]
    assert all(len(names) == 1 for names in own)
    assert set().union(*own) == set(on_bitbucket["definitions"]["caches"])
    assert len(set().union(*own)) == len(steps) == (1 if one_step else 2)

    for job in yaml.safe_load(write("github", what))["jobs"].values():
        (cache,) = [step["with"] for step in job["steps"] if step.get("uses", "").startswith("actions/cache@")]
        first, *others = cache["restore-keys"].splitlines()
        assert cache["key"].startswith("sealift-${{ github.job }}-${{ github.event_name }}-")
        assert cache["key"] == first + "${{ github.run_id }}"
        assert all(key.startswith("sealift-${{ github.job }}-push-") for key in others)

    key = yaml.safe_load(write("gitlab", what))["default"]["cache"]["key"]
    assert key["prefix"] == "$CI_JOB_NAME_SLUG-$CI_PIPELINE_SOURCE"
