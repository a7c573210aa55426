""".gitlab-ci.yml as Sealift writes it: a whole text, which a person can read and change."""

import json
import re

from sealift.pipelines.delivered import HEAD, PYTHON, Delivered, Entered, Previewed, line, quoted

_QUALITY = "gl-code-quality-report.json"


def gitlab(what: Delivered) -> str:
    """Return the text of the file."""
    about = "The button is the manual job of the pipeline of the branch."
    rules = ['    - if: $CI_PIPELINE_SOURCE == "merge_request_event"\n']
    rules += [f"    - if: {_on(branch)}\n" for branch in what.branches]
    stages = ["check", *(quoted(one.id) for one in what.environments)]
    files = "".join(f"        - {quoted(name)}\n" for name in (what.locks or ("sealift.toml",))[:10])
    text = f"""\
{HEAD.format(system="gitlab", about=about)}stages: [{", ".join(stages)}]

workflow:
  rules:
{"".join(rules)}
default:
  image: python:{PYTHON}
  before_script:
    - {line(what.install)}
    # Sealift reads gates from the protected branch, never from the change itself.
    - {line(what.fetch)}
  cache:
    # Each job has its own: caches are not merged. The branch never reads what a merge request wrote.
    key:
      prefix: $CI_JOB_NAME_SLUG-$CI_PIPELINE_SOURCE
      files:
{files}    paths: [.cache/sealift]

variables:
  XDG_CACHE_HOME: $CI_PROJECT_DIR/.cache

"""
    verbs = ("check --no-tests",)
    if what.one_step:
        text += _check(what, "Run Static Analysis Tools and Automated Tests", (verbs[0], "test", *verbs[1:]))
    else:
        text += _check(what, "Run Static Analysis Tools", verbs) + "\n"
        text += _check(what, "Run Automated Tests", ("test",))
    for one in what.environments:
        text += "\n" + _deploy(what, one)
        if one.button and one.approved:
            text += "\n" + _deploy(what, one, approving=True)
    if what.previews is None:
        return text
    return text + _preview_jobs(what.previews, install=what.install, up=what.command("preview up"))


def _check(what: Delivered, title: str, verbs: tuple[str, ...]) -> str:
    quality = f"{{app}}.{_QUALITY}" if what.several else _QUALITY
    text = f"{title}:\n  stage: check\n  script:\n"
    for verb in verbs:
        report = f" --codequality {quality}" * verb.startswith("check")
        text += f"    - {line(what.command(verb + report))}\n"
    if not verbs[0].startswith("check"):
        return text
    every = quoted(quality.replace("{app}", "*"))
    return f"{text}  artifacts:\n    when: always\n    reports:\n      codequality: {every}\n"


def _deploy(what: Delivered, one: Entered, *, approving: bool = False) -> str:
    branch = one.branch or (what.branches[-1] if what.branches else what.protected)
    when = "\n      when: manual\n      allow_failure: true" if one.button else ""
    run = what.approve(one) if approving else what.enter(one, chosen=True)
    return f"""\
{one.approval if approving else one.title}:
  stage: {quoted(one.id)}
  rules:
    - if: {_on(branch)}{when}
  environment:
    name: {quoted(one.name)}
  resource_group: {quoted(one.name)}
  variables:
    GIT_DEPTH: 0
  # The job's own token is exchanged for the role that sealift.toml names; no key is stored.
  id_tokens:
    AWS_TOKEN:
      aud: $CI_SERVER_URL
  script:
    - export AWS_WEB_IDENTITY_TOKEN_FILE="$(mktemp)"
    - printenv AWS_TOKEN > "$AWS_WEB_IDENTITY_TOKEN_FILE"
    - {line(run)}
"""


def _preview_jobs(what: Previewed, *, install: str, up: str) -> str:
    """Return the jobs of previews: GitLab itself starts the one that removes, on merge, on close and after a time."""
    own = '$CI_PIPELINE_SOURCE == "merge_request_event" && $CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_PROJECT_ID'
    here = "    name: preview/$CI_MERGE_REQUEST_IID\n"
    begin = f"{here}    on_stop: Remove PREVIEW\n    auto_stop_in: {what.expires_days} days\n"
    apart = f"  before_script:\n    - {line(install)}\n"
    return "\n" + "\n".join(
        (
            _preview_job("Update PREVIEW", f"    - if: {own}\n", f"  environment:\n{begin}", "    GIT_DEPTH: 0\n", up),
            _preview_job(
                "Remove PREVIEW",
                f"    - if: {own}\n      when: manual\n      allow_failure: true\n",
                f"  environment:\n{here}    action: stop\n{apart}",
                "    GIT_STRATEGY: none\n",
                what.down,
            ),
        )
    )


def _preview_job(name: str, rules: str, more: str, variables: str, command: str) -> str:
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
    - {line(command)}
"""


def _on(branch: str) -> str:
    """Return the condition that a pipeline is one of this branch."""
    if '"' not in branch:
        return f'$CI_COMMIT_BRANCH == "{branch}"'
    pattern = re.escape(branch).replace("/", "\\/")
    return json.dumps(f"$CI_COMMIT_BRANCH =~ /^{pattern}$/", ensure_ascii=False)
