"""What public pipeline files hold: what their systems take is accepted, and the same with a fault in it is refused."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealift.pipelines.delivered import Delivered, Entered, Previewed
from sealift.pipelines.lint import System, lint
from sealift.pipelines.written import write

_FILES: dict[System, str] = {
    "bitbucket": "bitbucket-pipelines.yml",
    "github": ".github/workflows/x.yml",
    "gitlab": ".gitlab-ci.yml",
}
SYSTEMS: tuple[System, ...] = tuple(_FILES)
_JOB = "\n  runs-on: x\n  steps: [{run: a}]\n"


def stops(system: System, text: str, file: str = "") -> list[tuple[int, str]]:
    """Return line and rule of what stops."""
    found = lint(file or _FILES[system], text, system)
    return [(finding.location.line if finding.location else 0, finding.id) for finding in found if finding.stops]


@pytest.mark.parametrize(
    "text",
    [
        # Atlassian's own pipes keep steps under keys of their own
        "test: &test\n  parallel: [{step: {script: [a]}}]\npush: &push {step: {script: [b]}}\n"
        "pipelines: {default: [*test], branches: {main: [*test, *push]}}\n",
        "definitions:\n  script: &a echo hello\npipelines: {default: [{step: {script: [*a]}}]}\n",
        "definitions:\n  steps: [{parallel: &p {steps: [{step: {script: [a]}}]}}]\n"
        "pipelines: {default: [{parallel: *p}]}\n",
        "definitions:\n  step: &s {script: [a]}\npipelines: {default: [{step: *s}]}\n",
        "unused: &unused {step: {script: [a]}}\npipelines: {default: [{step: {script: [a]}}]}\n",
        "pipelines: {default: [{step: &s {script: [a]}}], tags: {v: [{step: &s {script: [b]}}, {step: *s}]}}\n",
        "definitions: {services: {d: {image: x, environment: {A: b}}}}\npipelines: {default: [{step: {script: [a]}}]}",
    ],
)
def test_bitbucket_takes_anchors_wherever_they_are_kept(text: str) -> None:
    assert stops("bitbucket", text) == []


@pytest.mark.parametrize(
    ("text", "line", "rule"),
    [
        ("pipelines: {default: [{step: {script: [a]}}]}\ncahces: {a: b}\n", 2, "unknown-key"),
        ("definitoins:\n  steps: [{step: &a {script: [a]}}]\npipelines: {default: [{step: *a}]}\n", 1, "unknown-key"),
        ("definitions:\n  docker: {memory: 1024}\npipelines: {default: [{step: {script: [a]}}]}\n", 2, "unknown-key"),
        ("pipelines:\n  default: [{step: {script: [a,\n    ]}}, {setp: &x {script: [a]}}]\n", 3, "unknown-key"),
    ],
)
def test_bitbucket_refuses_other_keys(text: str, line: int, rule: str) -> None:
    assert (line, rule) in stops("bitbucket", text)


@pytest.mark.parametrize(
    "text",
    [
        "on: [push]\ndescription: x\njobs: {a: {runs-on: x, services: \"${{ fromJSON('{}') }}\", steps: [{run: a}]}}\n",
        "on: push\njobs: {a: {runs-on: x, container: null, strategy: {max-parallel: 5}, steps: [{run: a}]}}\n",
        "on: push\njobs: {a: {runs-on: x, services: {r: {image: r, command: c, entrypoint: e}}, steps: [{run: a}]}}\n",
        "on: push\njobs: {a: {runs-on: x, steps: [{run: a, id: b, background: true}, {wait: b}, {wait-all: }]}}\n",
        "on: push\njobs: {a: {runs-on: x, steps: [{parallel: [{run: a}, {run: b}]}, {cancel: [b]}]}}\n",
        "on: {delete: {branches: ['feature**']}, image_version: {names: [a], versions: [1.*]}}\njobs:\n a:" + _JOB,
        "on: {workflow_call: {inputs: {a: {type: string}}, secrets: {b: }, outputs: {c: {value: d}}}}\njobs:\n a:"
        + _JOB,
        "on: {workflow_dispatch: {inputs: {a: , b: {type: choice, options: [c]}}}}\njobs:\n a:" + _JOB,
        "on: push\njobs: {a: {uses: o/r/.github/workflows/x.yml@v1, with: {a: }}}\n",
        "on: push\njobs: {b: {uses: ./.github/workflows/y.yaml}}\n",
        "on: push\njobs: {a: {runs-on: x, steps: [{uses: docker://a}, {uses: ./own, with: '${{ fromJSON(x) }}'}]}}\n",
        "on: push\njobs: {a: &a {runs-on: x, steps: [{run: a}]}, b: *a}\n",
    ],
)
def test_github_takes_what_it_documents(text: str) -> None:
    assert stops("github", text) == []


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("on: {push: {branches: [a], branches-ignore: [b]}}\njobs:\n a:" + _JOB, "exclusive-filters"),
        ("on: {pull_request: {types: [opend]}}\njobs:\n a:" + _JOB, "unknown-value"),
        ("on: {pull_request: {tags: [a]}}\njobs:\n a:" + _JOB, "unknown-key"),
        ("on: {schedule: [{cron: daily}]}\njobs:\n a:" + _JOB, "unknown-value"),
        ("on: schedule\njobs:\n a:" + _JOB, "unknown-value"),
        ("on: {workflow_dispatch: {inputs: {a: {type: choice}}}}\njobs:\n a:" + _JOB, "missing-key"),
        ("on: {workflow_dispatch: {inputs: {a: {typ: string}}}}\njobs:\n a:" + _JOB, "unknown-key"),
        ("on: {workflow_call: {inputs: {a: {required: true}}}}\njobs:\n a:" + _JOB, "missing-key"),
        ("on: push\njobs: {-a: {runs-on: x, steps: [{run: a}]}}\n", "unknown-value"),
        ("on: push\njobs: {a: {runs-on: x, steps: [{run: a, id: 1b}]}}\n", "unknown-value"),
        ("on: push\njobs: {a: {runs-on: x, steps: [{run: a, with: {b: c}}]}}\n", "unknown-key"),
        ("on: push\njobs: {a: {runs-on: x, steps: [{uses: a/b@v1, shell: bash}]}}\n", "unknown-key"),
        ("on: push\njobs: {a: {runs-on: x, steps: [{uses: actions/checkout}]}}\n", "unknown-value"),
        ("on: push\njobs: {a: {uses: o/r/x.txt@v1}}\n", "unknown-value"),
        ("on: push\njobs: {a: {runs-on: x, permissions: {id-token: read}, steps: [{run: a}]}}\n", "unknown-value"),
        (
            "on: push\njobs: {a: {needs: b, runs-on: x, steps: [{run: a}]},"
            " b: {needs: a, runs-on: x, steps: [{run: a}]}}\n",
            "circle",
        ),
        ("on: push\njobs: {a: &a {runs-on: x, steps: [{run: a}]}, b: {<<: *a, name: c}}\n", "merge-key"),
    ],
)
def test_github_refuses_what_it_does_not_take(text: str, rule: str) -> None:
    assert rule in {found for _, found in stops("github", text)}


@pytest.mark.parametrize(
    "text",
    [
        "spec: {inputs: {when: {default: manual}}}\n---\n"
        '"$[[ inputs.name ]]":\n  script: [a]\n  when: $[[ inputs.when ]]\n  stage: $[[ inputs.stage ]]\n',
        "a: {script: [a], rules: !reference [.x, rules], cache: !reference [.x, c], needs: [!reference [.x, n]]}\n",
        ".a: &a {stage: test}\n.b: &b {when: manual}\nc: {<<: *a, <<: *b, script: [a]}\n",
        ".c: &c [{key: a, paths: [b]}]\na: {script: [a], cache: [*c, *c]}\n",
        ".t: {script: [a], parallel: 3}\na: {extends: .t, parallel: null, before_script: [], after_script: []}\n",
        "a: {script: [a], needs: [{pipeline: $P, job: x}, {project: a/b, job: y}, {job: z, optional: true}]}\n",
        "include: [{template: Jobs/SAST.gitlab-ci.yml}, {component: a/b@1, inputs: {c: d}}]\nsast: {stage: test}\n",
        "a: {trigger: {include: [{local: x.yml}], strategy: depend}}\nb: {release: {tag_name: v1, description: d}}\n",
    ],
)
def test_gitlab_takes_what_it_fills_in_later(text: str) -> None:
    assert stops("gitlab", text) == []


def test_a_file_that_gitlab_includes_may_name_what_is_elsewhere() -> None:
    text = ".rules: {rules: [{when: always}]}\na: {extends: .there, stage: far, needs: [other]}\n"
    assert stops("gitlab", text, "ci/build.gitlab-ci.yml") == []
    assert {rule for _, rule in stops("gitlab", text)} == {"unknown-job", "unknown-stage", "step-without-script"}


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("include: [{lcoal: x.yml}]\n", "unknown-key"),
        ("a: {script: [a], services: [{nmae: x}]}\n", "unknown-key"),
        ("a: {script: [a], artifacts: {reports: {codeqality: x}}}\n", "unknown-key"),
        ("a: {trigger: {projetc: a/b}}\n", "unknown-key"),
        ("a: {script: [a], parallel: {matrx: [{A: [b]}]}}\n", "unknown-key"),
        ("workflow: {auto_cancel: {on_new_commit: maybe}}\na: {script: [a]}\n", "unknown-value"),
        ("a: {script: [a], needs: [b]}\nb: {script: [a], needs: [a]}\n", "circle"),
        ("a: {script: }\n", "step-without-script"),
        ("a: {script: [a]}\n---\nb: {script: [a]}\n", "syntax"),
    ],
)
def test_gitlab_refuses_what_it_does_not_take(text: str, rule: str) -> None:
    assert rule in {found for _, found in stops("gitlab", text)}


_KEY = re.compile(r"^(\s*(?:- )?)([a-z][a-z_-]{2,})(:(?: .*)?)$")
_NAMES = {"sealift", "main", "staging", "production", "RELEASE", "analysis", "tests"}
"""Keys that the file itself names: a cache, a branch, an environment."""


@pytest.mark.parametrize("system", SYSTEMS)
@given(data=st.data())
def test_whatever_key_is_misspelt_is_refused(system: System, data: st.DataObject) -> None:
    what = Delivered(
        environments=(Entered(name="staging", branch="main"), Entered(name="production", approved=True)),
        requirement="sealift==0.1.0",
        previews=Previewed(app="shop", region="eu-west-1"),
    )
    lines = write(system, what).splitlines()
    free = _inputs(lines)
    places = [n for n, line in enumerate(lines) if (m := _KEY.match(line)) and m[2] not in _NAMES and n not in free]
    place = data.draw(st.sampled_from(places))
    found = _KEY.match(lines[place])
    assert found is not None
    at = data.draw(st.integers(0, len(found[2]) - 1))
    lines[place] = f"{found[1]}{found[2][:at]}{found[2][at + 1 :]}{found[3]}"
    assert stops(system, "\n".join([*lines, ""])), lines[place]


def _inputs(lines: list[str]) -> set[int]:
    """Return the lines that stand below a key whose own keys are free: inputs of an action, names of pipelines."""
    free: set[int] = set()
    for number, line in enumerate(lines):
        if re.match(r"^\s*(- )?(with|inputs|env|variables|id_tokens|custom|jobs|branches):$", line):
            depth = len(line) - len(line.lstrip(" -"))
            inner = None
            for below in range(number + 1, len(lines)):
                own = len(lines[below]) - len(lines[below].lstrip(" "))
                if lines[below].strip() and own <= depth:
                    break
                inner = own if inner is None and lines[below].strip() else inner
                free |= {below} if own == inner else set()
    return free
