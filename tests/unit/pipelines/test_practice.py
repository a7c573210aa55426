"""Advice: what makes a pipeline less safe than it looks. It never makes a file invalid."""

import pytest

from sealift.pipelines.lint import System, lint


def advice(text: str, system: System) -> set[str]:
    """Return the rules of the advice; the file itself has to be valid."""
    found = lint("f", text, system)
    assert not [finding for finding in found if finding.stops], found
    return {finding.id for finding in found}


def bitbucket(step: str, where: str = "branches:\n    main:") -> str:
    return f"pipelines:\n  {where}\n      - step: {{script: [a]}}\n      - step: {{{step}}}\n"


SAFE = "oidc: true, concurrency-group: x, clone: {depth: full}"


@pytest.mark.parametrize(
    ("step", "found"),
    [
        (f"{SAFE}, trigger: manual, script: [sealift promote production]", set()),
        (f"{SAFE}, script: [sealift promote production]", {"promotes-by-itself"}),
        (f"{SAFE}, script: [sealift run]", set()),
        (f"{SAFE}, script: ['cd x && sealift -C y run']", set()),
        ("script: [sealift run --local]", set()),
        ("script: [sealift check]", set()),
        ("script: [sealift run]", {"no-oidc", "no-concurrency-group", "shallow-clone"}),
        (f"{SAFE}, script: ['export AWS_SECRET_ACCESS_KEY=$KEY', sealift run]", {"stored-key"}),
    ],
)
def test_what_a_step_lacks(step: str, found: set[str]) -> None:
    assert advice(bitbucket(step), "bitbucket") == found


def test_a_pull_request_does_not_deploy() -> None:
    text = bitbucket(f"{SAFE}, trigger: manual, script: [sealift deploy staging]", 'pull-requests:\n    "**":')
    assert advice(text, "bitbucket") == {"deploys-a-pull-request"}


def test_a_custom_pipeline_is_a_button() -> None:
    assert advice(bitbucket(f"{SAFE}, script: [sealift promote x]", "custom:\n    go:"), "bitbucket") == set()
    triggered = bitbucket(f"{SAFE}, script: [sealift deploy x]", "custom:\n    go:")
    triggered += "triggers:\n  pullrequest-created: [{condition: 'A == \"b\"', pipelines: [go]}]\n"
    assert advice(triggered, "bitbucket") == {"deploys-a-pull-request"}


def test_github() -> None:
    job = "jobs: {a: {runs-on: x, steps: [{uses: actions/checkout@v5}, {run: sealift promote production}]}}"
    assert advice(f"on: push\n{job}", "github") == {
        "promotes-by-itself",
        "no-oidc",
        "no-concurrency-group",
        "shallow-clone",
    }
    safe = "on: workflow_dispatch\npermissions: {id-token: write}\nconcurrency: x\n"
    safe += job.replace("checkout@v5", "checkout@v5, with: {fetch-depth: 0}")
    assert advice(safe, "github") == set()


def test_gitlab() -> None:
    assert advice("a: {script: [sealift promote production]}", "gitlab") == {
        "promotes-by-itself",
        "no-oidc",
        "no-concurrency-group",
        "shallow-clone",
    }
    safe = "a: {script: [sealift promote x], when: manual, resource_group: x, id_tokens: {T: {aud: x}}"
    safe += ", variables: {GIT_DEPTH: 0}}"
    assert advice(safe, "gitlab") == set()
