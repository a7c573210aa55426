"""bitbucket-pipelines.yml: what the official schema lets pass is a finding at its line."""

import pytest

from sealift.pipelines.lint import lint

GOOD = """\
image: python:3.12
definitions:
  caches: {own: {path: .own, key: {files: [uv.lock]}}}
  services: {db: {image: postgres}}
  steps:
    - step: &test {name: Test, script: [make test], caches: [pip, own], services: [db, docker]}
pipelines:
  default:
    - step: *test
  branches:
    main:
      - step:
          <<: *test
          name: Again
      - parallel: {fail-fast: true, steps: [{step: {script: [a]}}, {step: {script: [b]}}]}
      - stage: {name: One, deployment: staging, steps: [{step: {script: [c]}}]}
      - step: {deployment: production, trigger: manual, oidc: {audiences: [sts]}, script: [{pipe: "a/b:1"}]}
  custom:
    sweep:
      - variables: [{name: X, default: "1", allowed-values: ["1", "2"]}]
      - step: {script: [sweep], on-fail: {strategy: ignore}}
      - final: {script: [report]}
triggers:
  pullrequest-fulfilled: [{condition: 'glob(BITBUCKET_BRANCH, "x*") && !(A == "b")', pipelines: [sweep]}]
"""


def rules(text: str) -> list[tuple[int, str]]:
    """Return line and rule of what stops."""
    return [(f.location.line if f.location else 0, f.id) for f in lint("f", text, "bitbucket") if f.stops]


def test_what_is_documented_is_accepted() -> None:
    assert rules(GOOD) == []


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("image: python", "imge: python", "unknown-key"),
        ("script: [make test], caches", "scirpt: [make test], caches", "unknown-key"),
        ("caches: [pip, own]", "caches: [pip, owm]", "undefined-cache"),
        ("services: [db, docker]", "services: [bd, docker]", "undefined-service"),
        ("pullrequest-fulfilled", "pullrequest-merged", "unknown-key"),
        ("pipelines: [sweep]", "pipelines: [sweeep]", "trigger-unknown-pipeline"),
        ("{script: [a]}", "{name: a}", "step-without-script"),
        ("{script: [a]}", "{script: []}", "empty-list"),
        ("{script: [a]}", "{script: [true]}", "wrong-type"),
        ("{script: [a]}", "{script: [{pip: x}]}", "unknown-key"),
        ("trigger: manual", "trigger: by-hand", "unknown-value"),
        ("deployment: production", "deployment: staging", "deployment-twice"),
        ("deployment: production", "deployment: test", "deployment-order"),
        ("final: {script", "final: {deployment: staging, script", "unknown-key"),
        ("strategy: ignore", "strategy: retry", "unknown-value"),
        ('A == "b"', 'A = "b"', "condition"),
        ("fail-fast: true", "fail-fast: maybe", "wrong-type"),
        ("oidc: {audiences: [sts]}", "oidc: {audience: [sts]}", "unknown-key"),
        ("key: {files: [uv.lock]}", "key: {file: [uv.lock]}", "unknown-key"),
        ("  default:\n    - step: *test", "  default:\n    - step: {<<: *test, trigger: manual}", "first-step-manual"),
        ("triggers:\n  pull", "  triggers:\n    pull", "unknown-key"),
        ("name: One", f"concurrency-group: {'x' * 10}", "unknown-key"),
        ("name: Again", f"concurrency-group: {'x' * 51}", "too-long"),
        ("name: Again", "max-time: 721", "out-of-range"),
        ("&test", "&test &again", "syntax"),
        ("*test", "*tset", "syntax"),
        ("image: python:3.12", "image: python:3.12\nimage: node", "repeated-key"),
    ],
)
def test_one_fault_is_one_finding_at_its_line(old: str, new: str, rule: str) -> None:
    text = GOOD.replace(old, new, 1)
    found = rules(text)
    assert rule in {found_rule for _, found_rule in found}
    line = GOOD[: GOOD.index(old)].count("\n") + 1
    assert any(line <= at <= line + 2 for at, found_rule in found if found_rule == rule)


def test_a_hundred_and_one_steps_are_too_many() -> None:
    step = "    - step: {script: [a]}\n"
    assert rules("pipelines:\n  default:\n" + step * 100) == []
    assert [rule for _, rule in rules("pipelines:\n  default:\n" + step * 101)] == ["too-many"]


def test_steps_of_stages_and_parallel_groups_are_looked_at() -> None:
    text = "pipelines:\n  default:\n    - stage: {steps: [{parallel: [\n      {step: {name: x}}]}]}\n"
    assert rules(text) == [(4, "step-without-script")]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "- a",
        "pipelines:",
        "pipelines: 1",
        "a: &a [*a]",
        "a: &a {b: *a}",
        "pipelines: &",
        "definitions:\n  steps:\n    - &one {script: [a]\npipelines: {}",
        "pipelines: &x\n  default: *x",
        "pipelines:\n  default: *gone",
        "\t",
        "x: !!python/object:os.system x",
        "[" * 1_000,
    ],
)
def test_what_is_no_pipeline_file_is_a_finding(text: str) -> None:
    assert rules(text)


def test_aliases_that_multiply_end() -> None:
    text = "a: &a [1,1,1,1,1,1,1,1,1]\n" + "".join(
        f"{new}: &{new} [*{old},*{old},*{old},*{old},*{old},*{old},*{old},*{old},*{old}]\n"
        for old, new in zip("abcdefgh", "bcdefghi", strict=True)
    )
    assert rules(text)[0][1] == "syntax"
