"""The parts of a pipeline file that let previews come and go. `written.py` puts them where they belong."""

from dataclasses import dataclass
from textwrap import indent

EVENTS = {"preview": ("created", "updated"), "remove-preview": ("fulfilled", "rejected")}
"""Which pipeline of Bitbucket each event of a pull request starts."""
SWEPT = "17 4 * * *"
"""Once a day, not at the full hour, when everybody's jobs start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Previewed:
    """The previews of an application. Who destroys one has no clone, so the file says whose they are."""

    app: str
    region: str
    account: str | None = None
    role: str | None = None
    expires_days: int = 7

    @property
    def named(self) -> str:
        """Return the options that name the application where there is no clone."""
        given = (("app", self.app), ("region", self.region), ("account", self.account), ("role", self.role))
        return " ".join(f"--{name} {value}" for name, value in given if value)


def bitbucket_triggers(protected: str) -> str:
    """Return what starts the pipelines of previews: https://support.atlassian.com/bitbucket-cloud/docs/event-triggers/"""
    lines = ["# Previews come and go with their pull requests.\n", "triggers:\n"]
    for pipeline, events in EVENTS.items():
        for event in events:
            lines.append(f"  pullrequest-{event}:\n")
            lines.append(f"    - condition: BITBUCKET_PR_DESTINATION_BRANCH == {_text(protected)}\n")
            lines.append(f"      pipelines: [{pipeline}]\n")
    return "".join(lines) + "\n"


def bitbucket_pipelines(what: Previewed, up: str, sweep: str) -> str:
    """Return the custom pipelines of previews; `sweep-previews` wants a schedule in the repository's settings."""
    down = f"sealift preview down {what.named}"
    parts = [
        "preview:\n" + _bitbucket_step("Update PREVIEW", "full", ("*protected", up)),
        "remove-preview:\n" + _bitbucket_step("Remove PREVIEW", None, (down,)),
        "# For what no event removed. Give it a schedule in the repository's settings: once a day.\n"
        "sweep-previews:\n" + _bitbucket_step("Sweep PREVIEWS", "full", ("*protected", sweep)),
    ]
    return "".join(parts)


def _bitbucket_step(name: str, depth: str | None, commands: tuple[str, ...]) -> str:
    clone = f"depth: {depth}" if depth else "enabled: false"
    script = "".join(f"      - {command}\n" for command in commands)
    return f"""\
  - step:
      name: {name}
      oidc: true
      clone:
        {clone}
      script:
        - *install
        - export AWS_WEB_IDENTITY_TOKEN_FILE="$(mktemp)"
        - printenv BITBUCKET_STEP_OIDC_TOKEN > "$AWS_WEB_IDENTITY_TOKEN_FILE"
{indent(script, "  ")}"""


def github_jobs(what: Previewed, *, steps: str, setup: str, token: str, up: str, sweep: str) -> tuple[str, ...]:
    """Return the jobs of previews. `steps` check out and install, `setup` only installs, `token` gets credentials."""
    own = "github.event.pull_request.head.repo.full_name == github.repository"
    pull = "github.event_name == 'pull_request' && github.event.action"
    down = f"sealift preview down {what.named}"
    group = "preview-${{ github.event.number }}"
    return (
        _github_job("preview", "Update PREVIEW", f"{pull} != 'closed' && {own}", group, f"{steps}{token}", up),
        _github_job("remove-preview", "Remove PREVIEW", f"{pull} == 'closed' && {own}", group, f"{setup}{token}", down),
        _github_job(
            "sweep-previews",
            "Sweep PREVIEWS",
            "github.event_name == 'schedule'",
            "sweep-previews",
            f"{steps}{token}",
            sweep,
        ).replace("pull-requests: write\n    statuses: write\n", "pull-requests: read\n"),
    )


def _github_job(job: str, name: str, condition: str, group: str, steps: str, command: str) -> str:
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
    - run: {command}
      env:
        GITHUB_TOKEN: ${{{{ github.token }}}}
"""


def gitlab_jobs(what: Previewed, *, install: str, up: str) -> str:
    """Return the jobs of previews: GitLab itself starts the one that removes, on merge, on close and after a time."""
    own = '$CI_PIPELINE_SOURCE == "merge_request_event" && $CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_PROJECT_ID'
    here = "    name: preview/$CI_MERGE_REQUEST_IID\n"
    begin = f"{here}    on_stop: Remove PREVIEW\n    auto_stop_in: {what.expires_days} days\n"
    down = f"sealift preview down {what.named}"
    apart = f"  before_script:\n    - {install}\n"
    return "\n" + "\n".join(
        (
            _gitlab_job("Update PREVIEW", f"    - if: {own}\n", f"  environment:\n{begin}", "    GIT_DEPTH: 0\n", up),
            _gitlab_job(
                "Remove PREVIEW",
                f"    - if: {own}\n      when: manual\n      allow_failure: true\n",
                f"  environment:\n{here}    action: stop\n{apart}",
                "    GIT_STRATEGY: none\n",
                down,
            ),
        )
    )


def _gitlab_job(name: str, rules: str, more: str, variables: str, command: str) -> str:
    return f"""\
{name}:
  stage: check
  rules:
{rules}{more}  resource_group: preview-$CI_MERGE_REQUEST_IID
  variables:
{variables}  id_tokens:
    AWS_TOKEN:
      aud: $CI_SERVER_URL
  script:
    - export AWS_WEB_IDENTITY_TOKEN_FILE="$(mktemp)"
    - printenv AWS_TOKEN > "$AWS_WEB_IDENTITY_TOKEN_FILE"
    - {command}
"""


def _text(value: str) -> str:
    return f'"{value}"'
