"""The pipeline file that Sealift writes: check every change, staging by itself, production by one push of a button.

The texts are whole files, not fragments, so that a person can read them and change them; `lint` finds nothing in them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from shlex import quote
from textwrap import indent

from sealift.pipelines.lint import System
from sealift.pipelines.previewed import (
    SWEPT,
    Previewed,
    bitbucket_pipelines,
    bitbucket_triggers,
    github_jobs,
    gitlab_jobs,
)

PYTHON = "3.12"
_QUALITY = "gl-code-quality-report.json"
# By commit, as whoever can move a tag could run code with the right to deploy.
_CHECKOUT = "actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8  # v5.0.0"
_SETUP_PYTHON = "actions/setup-python@a26af69be951a213d495a4c3e4e4022e16d87065  # v5.6.0"
_CACHE = "actions/cache@0400d5f644dc74513175e3cd8d07132dd4860809  # v4.2.4"
_HEAD = """\
# Written by `sealift init --ci {system}`. After an edit: sealift ci lint
# {about}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """One environment, and how a release gets into it: from a branch by itself, or by a person's push."""

    name: str
    branch: str | None = None
    alone: bool = True
    """Whether no other environment follows the same branch."""
    approved: bool = False
    """Whether somebody has to approve what enters: then the file has a step for that, too."""

    @property
    def title(self) -> str:
        """The name of its step."""
        return f"Update {'PROD' if self.name == 'production' else self.name.upper()}"

    @property
    def approval(self) -> str:
        """The name of the step that approves."""
        return self.title.replace("Update", "Approve", 1)

    @property
    def button(self) -> bool:
        """Whether a person pushes for it."""
        return self.branch is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """What the file depends on. `folder` is the application's, from the top of the repository; empty at the top."""

    folder: str = ""
    protected: str = "main"
    environments: tuple[Entered, ...]
    requirement: str
    """What pip installs: `sealift==1.2.3`, or the URL of a wheel."""
    locks: tuple[str, ...] = ()
    """Files that decide the dependencies, from the top of the repository: the cache is kept under their digest."""
    one_step: bool = False
    """Analysis and tests in one step: where each minute of CI is paid."""
    previews: Previewed | None = None

    @property
    def branches(self) -> tuple[str, ...]:
        """Return the branches that environments follow, in order."""
        return tuple(dict.fromkeys(one.branch for one in self.environments if one.branch is not None))

    def command(self, text: str) -> str:
        """Return a command of Sealift as it is called from the top of the repository."""
        return f"sealift {text} -C {quote(self.folder)}" if self.folder else f"sealift {text}"

    def approve(self, environment: Entered) -> str:
        """Return the command that approves a release, whose digest the job is given as RELEASE."""
        return self.command(f'approve {environment.name} --release "$RELEASE"')

    def enter(self, environment: Entered) -> str:
        """Return the command that brings a release into an environment."""
        if environment.button:
            return self.command(f"promote {environment.name}")
        return self.command("run" if environment.alone else f"deploy {environment.name}")


def write(system: System, what: Delivered) -> str:
    """Return the text of the pipeline file."""
    return _WRITERS[system](what)


def _bitbucket(what: Delivered) -> str:
    about = "Deployment environments of the same names have to exist in the repository's settings."
    checks = _bitbucket_checks(what)
    parts = [_HEAD.format(system="bitbucket", about=about), f"image: python:{PYTHON}\n", _bitbucket_caches(what)]
    if what.previews is not None:
        parts.append(bitbucket_triggers(what.protected))
    parts += ["pipelines:\n  default:\n", indent(checks, "    ")]
    again = "- step: *checks\n" if what.one_step else "- parallel:\n    - step: *analysis\n    - step: *tests\n"
    parts += ['  pull-requests:\n    "**":\n', indent(again, "      ")]
    entered = [one for one in what.environments if not one.button]
    pushed = [one for one in what.environments if one.button]
    if what.branches:
        parts.append("  branches:\n")
    for branch in what.branches:
        own = [one for one in entered if one.branch == branch]
        parts += [f"    {_quoted(branch)}:\n", indent(again, "      ")]
        parts += [indent(_bitbucket_step(what, one), "      ") for one in own]
        if branch == what.branches[-1]:
            parts += [indent(_bitbucket_step(what, one), "      ") for one in pushed]
    if pushed or what.previews is not None:
        parts.append("  custom:\n")
    if pushed:
        parts.append("    # A manual step cannot be pushed any more after 14 days; this one can, with any release.\n")
    for one in pushed:
        parts.append(f'    {one.name}:\n      - variables:\n          - name: RELEASE\n            default: ""\n')
        parts.append(indent(_bitbucket_step(what, one, custom=True), "      "))
        if one.approved:
            parts.append(
                f"    # Whoever starts it approves; never the author of the release.\n    approve-{one.name}:\n"
            )
            parts.append("      - variables:\n          - name: RELEASE\n")
            parts.append(indent(_bitbucket_step(what, one, command=what.approve(one)), "      "))
    if what.previews is not None:
        custom = bitbucket_pipelines(what.previews, what.command("preview up"), what.command("preview sweep"))
        parts.append(indent(custom, "    "))
    return "".join(parts)


def _bitbucket_caches(what: Delivered) -> str:
    files = "".join(f"          - {_quoted(name)}\n" for name in what.locks or ("sealift.toml",))
    return (
        f"\ndefinitions:\n  caches:\n    sealift:\n      path: ~/.cache/sealift\n      key:\n        files:\n{files}\n"
    )


def _bitbucket_checks(what: Delivered) -> str:
    fetch = f'git fetch --quiet origin "+refs/heads/{what.protected}:refs/remotes/origin/{what.protected}"'
    begin = f"""\
    script:
      - &install pip install --quiet "{what.requirement}"
      # Gates are read from the protected branch, never from the change itself.
      - &protected {fetch}
"""
    analyse = [what.command(f"{verb}") for verb in ("check --no-tests",)]
    tests = what.command("test")
    if what.one_step:
        lines = "".join(f"      - {command}\n" for command in (analyse[0], tests, *analyse[1:]))
        head = "- step: &checks\n    name: Run Static Analysis Tools and Automated Tests\n    caches: [pip, sealift]\n"
        return f"{head}{begin}{lines}"
    lines = "".join(f"      - {command}\n" for command in analyse)
    first = f"- step: &analysis\n    name: Run Static Analysis Tools\n    caches: [pip, sealift]\n{begin}{lines}"
    second = f"""\
- step: &tests
    name: Run Automated Tests
    caches: [pip, sealift]
    script:
      - *install
      - *protected
      - {tests}
"""
    return "- parallel:\n" + indent(first + second, "    ")


def _bitbucket_step(what: Delivered, one: Entered, *, custom: bool = False, command: str = "") -> str:
    manual = "    trigger: manual\n" if one.button and not custom and not command else ""
    title = one.approval if command else one.title
    command = command or what.enter(one) + (" ${RELEASE:+--release $RELEASE}" if custom else "")
    return f"""\
- step:
    name: {title}
{manual}    deployment: {one.name}
    concurrency-group: {one.name}
    oidc: true
    clone:
      depth: full
    script:
      # No cache: one that the step of a pull request wrote could reach what is deployed.
      - *install
      # The step's own token is exchanged for the role that sealift.toml names; no key is stored.
      - export AWS_WEB_IDENTITY_TOKEN_FILE="$(mktemp)"
      - printenv BITBUCKET_STEP_OIDC_TOKEN > "$AWS_WEB_IDENTITY_TOKEN_FILE"
      - {command}
"""


_GITHUB_TOP = """\
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
        description: Release to promote; empty for the one that soaked
        default: ""{approving}

permissions:
  contents: read

jobs:
"""
_GITHUB_APPROVING = """
      approve:
        description: Approve the release instead, which has to be named; never by its author
        type: boolean
        default: false"""


def _github(what: Delivered) -> str:
    pushed = [one for one in what.environments if one.button]
    branches = ", ".join(_quoted(branch) for branch in what.branches)
    types, schedule = "", ""
    if what.previews is not None:
        types = "\n    types: [opened, synchronize, reopened, ready_for_review, labeled, closed]"
        schedule = f'\n  schedule:\n    - cron: "{SWEPT}"'
    top = _GITHUB_TOP.format(
        branches=branches,
        buttons=", ".join(one.name for one in pushed),
        types=types,
        schedule=schedule,
        approving=_GITHUB_APPROVING if any(one.approved for one in pushed) else "",
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
    jobs = [_github_check(what, *one) for one in named]
    needed = [name for name, _, _ in named]
    for one in what.environments:
        jobs.append(_github_deploy(what, one, needed))
        if one.button and one.approved:
            jobs.append(_github_deploy(what, one, needed, approving=True))
    if what.previews is not None:
        jobs += github_jobs(
            what.previews,
            steps=_github_steps(what, cached=False),
            setup=_github_steps(what, cached=False, clone=False),
            token=_EXCHANGE,
            up=what.command("preview up"),
            sweep=what.command("preview sweep"),
        )
    return _HEAD.format(system="github", about=about) + top + indent("\n".join(jobs), "  ")


_GITHUB_CLONE = f"""\
    - uses: {_CHECKOUT}
      with:
        fetch-depth: 0
        persist-credentials: false
"""
_GITHUB_PYTHON = f"""\
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


def _github_steps(what: Delivered, *, cached: bool = True, clone: bool = True) -> str:
    locks = ", ".join(f"'{name}'" for name in what.locks or ("sealift.toml",))
    cache = f"""\
    # A pull request reads the cache of the branch and writes one of its own, which the branch never reads.
    - uses: {_CACHE}
      with:
        path: ~/.cache/sealift
        key: sealift-${{{{ github.event_name }}}}-${{{{ hashFiles({locks}) }}}}
"""
    install = f'    - run: pip install --quiet "{what.requirement}"\n'
    begin = "  runs-on: ubuntu-latest\n  steps:\n"
    return f"{begin}{_GITHUB_CLONE if clone else ''}{_GITHUB_PYTHON}{cache if cached else ''}{install}"


def _github_check(what: Delivered, job: str, title: str, verbs: tuple[str, ...]) -> str:
    runs = "".join(f"    - run: {what.command(verb)}\n" for verb in verbs)
    condition = "github.event_name != 'workflow_dispatch'"
    if what.previews is not None:
        condition += " && github.event_name != 'schedule' && github.event.action != 'closed'"
    return f"{job}:\n  name: {title}\n  if: {condition}\n{_github_steps(what)}{runs}"


def _github_deploy(what: Delivered, one: Entered, needed: list[str], *, approving: bool = False) -> str:
    job, title, run, env, rights = one.name, one.title, what.enter(one), "", ""
    if one.button:
        begin = f"  if: github.event_name == 'workflow_dispatch' && inputs.environment == '{one.name}'"
        begin += f" && {'' if approving else '!'}inputs.approve\n" if one.approved else "\n"
        env, run = "      env:\n        RELEASE: ${{ inputs.release }}\n", run + ' ${RELEASE:+--release "$RELEASE"}'
    else:
        begin = f"  needs: [{', '.join(needed)}]\n"
        begin += f"  if: github.event_name == 'push' && github.ref_name == '{one.branch}'\n"
    if approving:
        job, title, run = f"approve-{one.name}", one.approval, what.approve(one)
        # GitHub says whose account wrote what is approved.
        env, rights = f"{env}        GITHUB_TOKEN: ${{{{ github.token }}}}\n", "    pull-requests: read\n"
    return f"""\
{job}:
  name: {title}
{begin}  environment: {one.name}
  concurrency:
    group: {one.name}
    cancel-in-progress: false
  permissions:
    contents: read
    id-token: write
{rights}{_github_steps(what)}{_EXCHANGE}\
    - run: {run}
{env}"""


def _gitlab(what: Delivered) -> str:
    about = "The button is the manual job of the pipeline of the branch."
    rules = ['    - if: $CI_PIPELINE_SOURCE == "merge_request_event"\n']
    rules += [f'    - if: $CI_COMMIT_BRANCH == "{branch}"\n' for branch in what.branches]
    stages = ["check", *(one.name for one in what.environments)]
    fetch = f'git fetch --quiet origin "+refs/heads/{what.protected}:refs/remotes/origin/{what.protected}"'
    files = "".join(f"        - {_quoted(name)}\n" for name in (what.locks or ("sealift.toml",))[:10])
    text = f"""\
{_HEAD.format(system="gitlab", about=about)}stages: [{", ".join(stages)}]

workflow:
  rules:
{"".join(rules)}
default:
  image: python:{PYTHON}
  before_script:
    - pip install --quiet "{what.requirement}"
    # Gates are read from the protected branch, never from the change itself.
    - {fetch}
  cache:
    # A merge request reads and writes a cache of its own, which the branch never reads.
    key:
      prefix: $CI_PIPELINE_SOURCE
      files:
{files}    paths: [.cache/sealift]

variables:
  XDG_CACHE_HOME: $CI_PROJECT_DIR/.cache

"""
    verbs = ("check --no-tests",)
    if what.one_step:
        text += _gitlab_check(what, "Run Static Analysis Tools and Automated Tests", (verbs[0], "test", *verbs[1:]))
    else:
        text += _gitlab_check(what, "Run Static Analysis Tools", verbs) + "\n"
        text += _gitlab_check(what, "Run Automated Tests", ("test",))
    for one in what.environments:
        text += "\n" + _gitlab_deploy(what, one)
        if one.button and one.approved:
            text += "\n" + _gitlab_deploy(what, one, approving=True)
    if what.previews is None:
        return text
    install = f'pip install --quiet "{what.requirement}"'
    return text + gitlab_jobs(what.previews, install=install, up=what.command("preview up"))


def _gitlab_check(what: Delivered, title: str, verbs: tuple[str, ...]) -> str:
    text = f"{title}:\n  stage: check\n  script:\n"
    for verb in verbs:
        text += f"    - {what.command(verb)}{f' --codequality {_QUALITY}' * verb.startswith('check')}\n"
    if not verbs[0].startswith("check"):
        return text
    return f"{text}  artifacts:\n    when: always\n    reports:\n      codequality: {_QUALITY}\n"


def _gitlab_deploy(what: Delivered, one: Entered, *, approving: bool = False) -> str:
    branch = one.branch or (what.branches[-1] if what.branches else what.protected)
    when = "\n      when: manual\n      allow_failure: true" if one.button else ""
    chosen = " ${RELEASE:+--release $RELEASE}" if one.button else ""
    run = what.approve(one) if approving else what.enter(one) + chosen
    return f"""\
{one.approval if approving else one.title}:
  stage: {one.name}
  rules:
    - if: $CI_COMMIT_BRANCH == "{branch}"{when}
  environment:
    name: {one.name}
  resource_group: {one.name}
  variables:
    GIT_DEPTH: 0
  # The job's own token is exchanged for the role that sealift.toml names; no key is stored.
  id_tokens:
    AWS_TOKEN:
      aud: $CI_SERVER_URL
  script:
    - export AWS_WEB_IDENTITY_TOKEN_FILE="$(mktemp)"
    - printenv AWS_TOKEN > "$AWS_WEB_IDENTITY_TOKEN_FILE"
    - {run}
"""


def _quoted(text: str) -> str:
    plain = text.replace("-", "").replace("_", "").replace("/", "").replace(".", "").isalnum() and not text[0].isdigit()
    return text if plain and text.lower() not in ("on", "off", "yes", "no", "true", "false") else f'"{text}"'


_WRITERS: dict[System, Callable[[Delivered], str]] = {"bitbucket": _bitbucket, "github": _github, "gitlab": _gitlab}
