""".gitlab-ci.yml: typos, and names of jobs and stages that do not exist."""

import pytest

from sealift.pipelines.lint import lint

GOOD = """\
stages: [check, deploy]
workflow: {rules: [{if: $CI_COMMIT_BRANCH, when: always}, {when: never}]}
default: {image: "python:3.12", retry: 1, cache: {key: {files: [uv.lock], prefix: x}, paths: [.cache]}}
variables: {A: "1", B: {value: x, description: y}}
.hidden: {anything: goes, script: [a]}
.base: {stage: deploy, script: [deploy], id_tokens: {T: {aud: [x]}}}
test:
  stage: check
  script: [make, [nested]]
  artifacts: {when: always, reports: {junit: r.xml, codequality: q.json}}
  rules: [{if: '$CI_PIPELINE_SOURCE == "merge_request_event"'}]
run:
  extends: .base
  before_script: [!reference [.hidden, script]]
  needs: [test, {job: test, artifacts: true}]
  environment: {name: "review/$CI_COMMIT_REF_SLUG", on_stop: stop, auto_stop_in: 1 day}
  resource_group: x
  when: manual
stop: {extends: .base, environment: {name: "review/$CI_COMMIT_REF_SLUG", action: stop}, when: manual}
"""


def rules(text: str) -> list[tuple[int, str]]:
    """Return line and rule of what stops."""
    return [(f.location.line if f.location else 0, f.id) for f in lint("f", text, "gitlab") if f.stops]


def test_what_is_documented_is_accepted() -> None:
    assert rules(GOOD) == []


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("stage: check", "stage: chekc", "unknown-stage"),
        ("needs: [test,", "needs: [tset,", "unknown-job"),
        ("{job: test,", "{job: tset,", "unknown-job"),
        ("extends: .base\n  before", "extends: .bsae\n  before", "unknown-job"),
        ("on_stop: stop", "on_stop: stopp", "unknown-job"),
        ("script: [make, [nested]]", "scripts: [make]", "unknown-key"),
        ("script: [make, [nested]]", "allow_failure: true", "step-without-script"),
        ("id_tokens: {T: {aud: [x]}}", "id_tokens: {T: {audience: x}}", "unknown-key"),
        ("when: manual\nstop", "when: by_hand\nstop", "unknown-value"),
        ("action: stop", "action: destroy", "unknown-value"),
        ("script: [make, [nested]]", "script: [make, true]", "wrong-type"),
        ("retry: 1", "retry: 3", "out-of-range"),
    ],
)
def test_one_fault_is_found(old: str, new: str, rule: str) -> None:
    assert rule in {found for _, found in rules(GOOD.replace(old, new, 1))}


def test_names_that_an_included_file_may_have_are_not_judged() -> None:
    assert rules("include: x.yml\na: {extends: .there, needs: [other], stage: far}\n") == []
