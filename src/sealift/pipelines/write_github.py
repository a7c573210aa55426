"""The workflow of GitHub Actions as Sealift writes it: a whole text, which a person can read and change."""

import re
from textwrap import indent

from sealift.pipelines.delivered import HEAD, PYTHON, Delivered, Entered, Previewed, line, quoted

# By commit, as whoever can move a tag could run code with the right to deploy.
_CHECKOUT = "actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8  # v5.0.0"
_SETUP_PYTHON = "actions/setup-python@a26af69be951a213d495a4c3e4e4022e16d87065  # v5.6.0"
_CACHE = "actions/cache@0400d5f644dc74513175e3cd8d07132dd4860809  # v4.2.4"
SWEPT = "17 4 * * *"
"""Once a day, not at the full hour, when everybody's jobs start."""
_TOP = """\
name: Delivery
on:
  pull_request:{types}
  push:
    branches: [{branches}]{schedule}
  workflow_dispatch:
    inputs:
      environment:
        description: Environment to promote to
        type: choice
        options: [{buttons}]
      release:
        description: Release to promote; empty for the release that soaked
        default: ""{application}{approving}

permissions:
  contents: read

jobs:
"""
_APPLICATION = """
      application:
        description: Application to promote or approve; empty for all
        default: ''"""
_APPROVING = """
      approve:
        description: Approve the release instead; name it. Its author cannot approve.
        type: boolean
        default: false"""


def github(what: Delivered) -> str:
    """Return the text of the file."""
    pushed = [one for one in what.environments if one.button]
    branches = ", ".join(quoted(re.sub(r"[*?+\[\]!\\]", r"\\\g<0>", branch)) for branch in what.branches)
    types, schedule = "", ""
    if what.previews is not None:
        types = "\n    types: [opened, synchronize, reopened, ready_for_review, labeled, closed]"
        schedule = f'\n  schedule:\n    - cron: "{SWEPT}"'
    top = _TOP.format(
        branches=branches,
        buttons=", ".join(quoted(one.name) for one in pushed),
        types=types,
        schedule=schedule,
        application=_APPLICATION if what.several else "",
        approving=_APPROVING if any(one.approved for one in pushed) else "",
    )
    if not pushed:
        top = top[: top.index("  workflow_dispatch:")] + top[top.index("\npermissions:") :]
    about = "The button is `Run workflow`. An environment of the same name may hold it until somebody approves."
    named: list[tuple[str, str, tuple[str, ...]]] = [
        ("checks", "Run Static Analysis Tools and Automated Tests", ("check",))
    ]
    if not what.one_step:
        named = [
            ("analysis", "Run Static Analysis Tools", ("check --no-tests",)),
            ("tests", "Run Automated Tests", ("test",)),
        ]
    jobs = [_check(what, *one) for one in named]
    needed = [name for name, _, _ in named]
    for one in what.environments:
        jobs.append(_deploy(what, one, needed))
        if one.button and one.approved:
            jobs.append(_deploy(what, one, needed, approving=True))
    if what.previews is not None:
        jobs += _preview_jobs(
            what.previews,
            steps=_steps(what, cached=False),
            setup=_steps(what, cached=False, clone=False),
            token=_EXCHANGE,
            up=what.command("preview up"),
            sweep=what.command("preview sweep"),
        )
    return HEAD.format(system="github", about=about) + top + indent("\n".join(jobs), "  ")


_CLONE = f"""\
    - uses: {_CHECKOUT}
      with:
        fetch-depth: 0
        persist-credentials: false
"""
_PYTHON = f"""\
    - uses: {_SETUP_PYTHON}
      with:
        python-version: "{PYTHON}"
"""
_EXCHANGE = """\
    # The job's own token is exchanged for the role that sealift.toml names; no key is stored.
    - shell: bash  # stops when any command of a pipe fails
      run: |
        token="$RUNNER_TEMP/token"
        curl --silent --show-error --fail --header "Authorization: bearer $ACTIONS_ID_TOKEN_REQUEST_TOKEN" \\
          "$ACTIONS_ID_TOKEN_REQUEST_URL&audience=sts.amazonaws.com" | jq --raw-output .value > "$token"
        echo "AWS_WEB_IDENTITY_TOKEN_FILE=$token" >> "$GITHUB_ENV"
"""


def _steps(what: Delivered, *, cached: bool = True, clone: bool = True) -> str:
    locks = ", ".join(map(_literal, what.locks or ("sealift.toml",)))
    own = f"sealift-${{{{ github.job }}}}-${{{{ github.event_name }}}}-${{{{ hashFiles({locks}) }}}}-"
    cache = f"""\
    # A cache never changes: each run of a job writes one, from the newest of the same job. A pull request begins with
    # that of the branch, and the branch never reads what a pull request wrote.
    - uses: {_CACHE}
      with:
        path: ~/.cache/sealift
        key: {own}${{{{ github.run_id }}}}
        restore-keys: |
          {own}
          sealift-${{{{ github.job }}}}-push-
"""
    install = f"    - run: {line(what.install)}\n"
    begin = "  runs-on: ubuntu-latest\n  steps:\n"
    return f"{begin}{_CLONE if clone else ''}{_PYTHON}{cache if cached else ''}{install}"


def _check(what: Delivered, job: str, title: str, verbs: tuple[str, ...]) -> str:
    runs = "".join(f"    - run: {line(what.command(verb))}\n" for verb in verbs)
    condition = "github.event_name != 'workflow_dispatch'"
    if what.previews is not None:
        condition += " && github.event_name != 'schedule' && github.event.action != 'closed'"
    return f"{job}:\n  name: {title}\n  if: {condition}\n{_steps(what)}{runs}"


def _deploy(what: Delivered, one: Entered, needed: list[str], *, approving: bool = False) -> str:
    job, title, run, env, rights = one.id, one.title, what.enter(one, chosen=True), "", ""
    if one.button:
        begin = f"  if: github.event_name == 'workflow_dispatch' && inputs.environment == {_literal(one.name)}"
        begin += f" && {'' if approving else '!'}inputs.approve\n" if one.approved else "\n"
        env = "      env:\n        RELEASE: ${{ inputs.release }}\n"
        env += "        APPLICATION: ${{ inputs.application }}\n" if what.several else ""
    else:
        begin = f"  needs: [{', '.join(needed)}]\n"
        begin += f"  if: github.event_name == 'push' && github.ref_name == {_literal(one.branch or '')}\n"
    if approving:
        job, title, run = f"approve-{one.name}", one.approval, what.approve(one)
        # GitHub says whose account wrote what is approved.
        env, rights = f"{env}        GITHUB_TOKEN: ${{{{ github.token }}}}\n", "    pull-requests: read\n"
    return f"""\
{job}:
  name: {title}
{begin}  environment: {quoted(one.name)}
  concurrency:
    group: {quoted(one.name)}
    cancel-in-progress: false
  permissions:
    contents: read
    id-token: write
{rights}{_steps(what)}{_EXCHANGE}\
    - run: {line(run)}
{env}"""


def _preview_jobs(what: Previewed, *, steps: str, setup: str, token: str, up: str, sweep: str) -> tuple[str, ...]:
    """Return the jobs of previews. `steps` check out and install, `setup` only installs, `token` gets credentials."""
    own = "github.event.pull_request.head.repo.full_name == github.repository"
    pull = "github.event_name == 'pull_request' && github.event.action"
    group = "preview-${{ github.event.number }}"
    return (
        _preview_job("preview", "Update PREVIEW", f"{pull} != 'closed' && {own}", group, f"{steps}{token}", up),
        _preview_job(
            "remove-preview", "Remove PREVIEW", f"{pull} == 'closed' && {own}", group, f"{setup}{token}", what.down
        ),
        _preview_job(
            "sweep-previews",
            "Sweep PREVIEWS",
            "github.event_name == 'schedule'",
            "sweep-previews",
            f"{steps}{token}",
            sweep,
        ).replace("pull-requests: write\n    statuses: write\n", "pull-requests: read\n"),
    )


def _preview_job(job: str, name: str, condition: str, group: str, steps: str, command: str) -> str:
    return f"""\
{job}:
  name: {name}
  if: {condition}
  concurrency:
    group: {group}
    cancel-in-progress: false
  permissions:
    contents: read
    id-token: write
    pull-requests: write
    statuses: write
{steps}\
    - run: {line(command)}
      env:
        GITHUB_TOKEN: ${{{{ github.token }}}}
"""


def _literal(text: str) -> str:
    """Return a text of an expression."""
    return "'" + text.replace("'", "''") + "'"
