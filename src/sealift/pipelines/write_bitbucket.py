"""bitbucket-pipelines.yml as Sealift writes it: whole texts, which a person can read and change."""

from textwrap import indent

from sealift.pipelines.delivered import HEAD, PYTHON, Delivered, Entered, line, quoted

EVENTS = {"preview": ("created", "updated"), "remove-preview": ("fulfilled", "rejected")}
"""Which pipeline each event of a pull request starts."""


def bitbucket(what: Delivered) -> str:
    """Return the text of the file."""
    about = "Deployment environments of the same names must exist in the repository's settings."
    checks = _checks(what)
    parts = [HEAD.format(system="bitbucket", about=about), f"image: python:{PYTHON}\n", _caches(what)]
    if what.previews is not None:
        parts.append(_triggers(what.protected))
    parts += ["pipelines:\n  default:\n", indent(checks, "    ")]
    again = "- step: *checks\n" if what.one_step else "- parallel:\n    - step: *analysis\n    - step: *tests\n"
    parts += ['  pull-requests:\n    "**":\n', indent(again, "      ")]
    entered = [one for one in what.environments if not one.button]
    pushed = [one for one in what.environments if one.button]
    if what.branches:
        parts.append("  branches:\n")
    for branch in what.branches:
        own = [one for one in entered if one.branch == branch]
        parts += [f"    {quoted(branch)}:\n", indent(again, "      ")]
        parts += [indent(_step(one, what.enter(one)), "      ") for one in own]
        if branch == what.branches[-1]:
            parts += [indent(_step(one, what.enter(one), manual=True), "      ") for one in pushed]
    if pushed or what.previews is not None:
        parts.append("  custom:\n")
    if pushed:
        parts.append("    # A manual step cannot be pushed any more after 14 days; this one can, with any release.\n")
    for one in pushed:
        parts += [f"    {quoted(one.id)}:\n", _variables(what, optional=True)]
        parts.append(indent(_step(one, what.enter(one, chosen=True)), "      "))
        if one.approved:
            parts.append("    # Whoever starts it approves; never the author of the release.\n")
            parts += [f"    approve-{one.name}:\n", _variables(what, optional=False)]
            parts.append(indent(_step(one, what.approve(one), title=one.approval), "      "))
    if what.previews is not None:
        parts.append(indent(_preview_pipelines(what, what.previews.down), "    "))
    return "".join(parts)


def _caches(what: Delivered) -> str:
    """Return the definitions of caches, one for each step: the first step to end writes one, and they are not merged.

    https://support.atlassian.com/bitbucket-cloud/docs/cache-dependencies/
    """
    files = "".join(f"          - {quoted(name)}\n" for name in what.locks or ("sealift.toml",))
    steps = ("checks",) if what.one_step else ("analysis", "tests")
    caches = "".join(
        f"    sealift-{step}:\n      path: ~/.cache/sealift\n      key:\n        files:\n{files}" for step in steps
    )
    return f"\ndefinitions:\n  caches:\n{caches}\n"


def _checks(what: Delivered) -> str:
    begin = f"""\
    script:
      - &install {line(what.install)}
      # Sealift reads gates from the protected branch, never from the change itself.
      - &protected {line(what.fetch)}
"""
    analyse = [line(what.command(verb)) for verb in ("check --no-tests",)]
    tests = line(what.command("test"))
    if what.one_step:
        lines = "".join(f"      - {command}\n" for command in (analyse[0], tests, *analyse[1:]))
        head = "- step: &checks\n    name: Run Static Analysis Tools and Automated Tests\n"
        head += "    caches: [pip, sealift-checks]\n"
        return f"{head}{begin}{lines}"
    lines = "".join(f"      - {command}\n" for command in analyse)
    first = (
        f"- step: &analysis\n    name: Run Static Analysis Tools\n    caches: [pip, sealift-analysis]\n{begin}{lines}"
    )
    second = f"""\
- step: &tests
    name: Run Automated Tests
    caches: [pip, sealift-tests]
    script:
      - *install
      - *protected
      - {tests}
"""
    return "- parallel:\n" + indent(first + second, "    ")


def _variables(what: Delivered, *, optional: bool) -> str:
    """Return what a person is asked for who starts a custom pipeline."""
    names = ("APPLICATION", "RELEASE") if what.several else ("RELEASE",)
    default = '            default: ""\n' if optional else ""
    return "      - variables:\n" + "".join(f"          - name: {name}\n{default}" for name in names)


def _step(one: Entered, command: str, *, title: str = "", manual: bool = False) -> str:
    trigger = "    trigger: manual\n" if manual else ""
    return f"""\
- step:
    name: {title or one.title}
{trigger}    deployment: {quoted(one.name)}
    concurrency-group: {quoted(one.name)}
    oidc: true
    clone:
      depth: full
    script:
      # No cache: one that the step of a pull request wrote could reach what is deployed.
      - *install
      # Sealift exchanges the step's token for the role in sealift.toml; no key is stored.
      - export AWS_WEB_IDENTITY_TOKEN_FILE="$(mktemp)"
      - printenv BITBUCKET_STEP_OIDC_TOKEN > "$AWS_WEB_IDENTITY_TOKEN_FILE"
      - {line(command)}
"""


def _triggers(protected: str) -> str:
    """Return what starts the pipelines of previews: https://support.atlassian.com/bitbucket-cloud/docs/event-triggers/"""
    condition = f'BITBUCKET_PR_DESTINATION_BRANCH == "{protected}"'
    if '"' in protected:  # nothing can escape it there
        wild = protected.replace('"', "?")
        condition = f'glob(BITBUCKET_PR_DESTINATION_BRANCH, "{wild}")'
    lines = ["# Previews come and go with their pull requests.\n", "triggers:\n"]
    for pipeline, events in EVENTS.items():
        for event in events:
            lines.append(f"  pullrequest-{event}:\n")
            lines.append(f"    - condition: {line(condition)}\n")
            lines.append(f"      pipelines: [{pipeline}]\n")
    return "".join(lines) + "\n"


def _preview_pipelines(what: Delivered, down: str) -> str:
    """Return the custom pipelines of previews; `sweep-previews` wants a schedule in the repository's settings."""
    up, sweep = what.command("preview up"), what.command("preview sweep")
    parts = [
        "preview:\n" + _preview_step("Update PREVIEW", "full", ("*protected", line(up))),
        "remove-preview:\n" + _preview_step("Remove PREVIEW", None, (line(down),)),
        "# For what no event removed. Give it a schedule in the repository's settings: once a day.\n"
        "sweep-previews:\n" + _preview_step("Sweep PREVIEWS", "full", ("*protected", line(sweep))),
    ]
    return "".join(parts)


def _preview_step(name: str, depth: str | None, commands: tuple[str, ...]) -> str:
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
