"""Workflows of GitHub Actions: typos, names that do not exist, and doors for strangers."""

import pytest

from sealift.pipelines.lint import lint

GOOD = """\
name: Delivery
on:
  pull_request:
  push: {branches: [main], paths-ignore: ["docs/**"]}
  schedule: [{cron: "0 4 * * *"}]
  workflow_dispatch: {inputs: {release: {default: ""}}}
permissions: {contents: read, id-token: write}
concurrency: {group: x, queue: max}
env: {A: 1, B: true}
jobs:
  test:
    runs-on: ${{ matrix.os }}
    strategy: {fail-fast: false, matrix: {os: [ubuntu-latest]}}
    outputs: {x: "${{ steps.a.outputs.x }}"}
    steps:
      - uses: actions/checkout@v5
        with: {fetch-depth: 0, token:}
      - {id: a, run: make, if: always(), continue-on-error: true, timeout-minutes: 5}
  call: {uses: ./.github/workflows/x.yml, secrets: inherit}
  deploy:
    needs: [test, call]
    runs-on: [self-hosted, linux]
    environment: {name: production, url: https://x}
    container: {image: python, env: {A: b}}
    services: {db: {image: postgres, ports: ["5432:5432"]}}
    steps:
      - run: echo "$TITLE"
        env: {TITLE: "${{ github.event.pull_request.title }}"}
"""


def rules(text: str) -> list[tuple[int, str]]:
    """Return line and rule of what stops."""
    return [(f.location.line if f.location else 0, f.id) for f in lint("f", text, "github") if f.stops]


def test_what_is_documented_is_accepted() -> None:
    assert rules(GOOD) == []


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("pull_request:", "pull-request:", "unknown-key"),
        ("id-token: write", "id_token: write", "unknown-key"),
        ("contents: read", "contents: raed", "unknown-value"),
        ("needs: [test, call]", "needs: [tests, call]", "unknown-job"),
        ("needs: [test, call]", "needs: [deploy]", "unknown-job"),
        ("run: make", "runs: make", "unknown-key"),
        ("run: make", "run: make, uses: x/y@v1", "step-without-script"),
        ("runs-on: [self-hosted, linux]", "timeout-minutes: 1", "missing-key"),
        ('run: echo "$TITLE"', "run: echo ${{ github.event.pull_request.title }}", "script-injection"),
        ('run: echo "$TITLE"', "run: git checkout ${{ github.head_ref }}", "script-injection"),
        ('run: echo "$TITLE"', "run: echo ${{ github.event.commits[0].message }}", "script-injection"),
        ("group: x", "grup: x", "unknown-key"),
        ("on:\n", "when:\n", "missing-key"),
    ],
)
def test_one_fault_is_found_at_its_line(old: str, new: str, rule: str) -> None:
    text = GOOD.replace(old, new, 1)
    assert rule in {found for _, found in rules(text)}


def test_the_code_of_a_stranger_is_never_run_with_secrets() -> None:
    text = GOOD.replace("pull_request:", "pull_request_target:").replace(
        "token:}", "ref: '${{ github.event.pull_request.head.sha }}'}"
    )
    assert rules(text) == [(3, "hostile-event")]
