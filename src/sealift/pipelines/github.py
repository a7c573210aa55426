"""Workflow files of GitHub Actions: what may stand in one, and what GitHub would only say when it runs.

Source: https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax
"""

import re
from collections.abc import Iterator

from yaml.nodes import Node

from sealift.errors import did_you_mean
from sealift.pipelines.shapes import (
    ANYTHING,
    FLAG,
    TEXT,
    TEXTS,
    List,
    Map,
    Number,
    Problem,
    Shape,
    Text,
    child,
    either,
    elements,
    is_null,
    line_of,
    pairs,
    text_of,
)

EVENTS = (
    "branch_protection_rule",
    "check_run",
    "check_suite",
    "create",
    "delete",
    "deployment",
    "deployment_status",
    "discussion",
    "discussion_comment",
    "fork",
    "gollum",
    "image_version",
    "issue_comment",
    "issues",
    "label",
    "merge_group",
    "milestone",
    "page_build",
    "public",
    "pull_request",
    "pull_request_review",
    "pull_request_review_comment",
    "pull_request_target",
    "push",
    "registry_package",
    "release",
    "repository_dispatch",
    "schedule",
    "status",
    "watch",
    "workflow_call",
    "workflow_dispatch",
    "workflow_run",
)
_FOREIGN = re.compile(
    r"\$\{\{[^}]*github\.(head_ref|event\.(pull_request|issue|comment|review|discussion|commits|head_commit)"
    r"[\w.\[\]*]*\.(title|body|ref|label|name|email|message|default_branch))[^}]*\}\}"
)
"""What whoever opens a pull request writes: https://docs.github.com/actions/concepts/security/script-injections"""
_RIGHTS = (
    "actions",
    "artifact-metadata",
    "attestations",
    "checks",
    "contents",
    "deployments",
    "discussions",
    "id-token",
    "issues",
    "models",
    "packages",
    "pages",
    "pull-requests",
    "repository-projects",
    "security-events",
    "statuses",
)
_EXPRESSION = Text(pattern=r"(?s)\$\{\{.*\}\}", what="an expression")
_FLAG = either(FLAG, _EXPRESSION)
_NUMBER = either(Number(least=1), _EXPRESSION)
_ENV = either(Map(rest=Text()), _EXPRESSION)


class _Nothing:
    """No value at all."""

    noun = "nothing"

    def fits(self, node: Node) -> bool:
        return is_null(node)

    def problems(self, _node: Node, _name: str, /) -> Iterator[Problem]:
        return iter(())


_EMPTY = _Nothing()
_PERMISSIONS = either(
    Text(choices=("read-all", "write-all")),
    Map(keys={right: Text(choices=("read", "write", "none")) for right in _RIGHTS}),
)
_CONCURRENCY = either(
    TEXT,
    Map(
        keys={"group": TEXT, "cancel-in-progress": _FLAG, "queue": Text(choices=("single", "max"))},
        required=("group",),
    ),
)
_DEFAULTS = Map(keys={"run": Map(keys={"shell": TEXT, "working-directory": TEXT})})
_STRATEGY = Map(keys={"matrix": ANYTHING, "fail-fast": _FLAG, "max-parallel": _NUMBER})
_CONTAINER = either(
    TEXT,
    Map(
        keys={
            "image": TEXT,
            "credentials": Map(rest=TEXT),
            "env": _ENV,
            "ports": List(of=TEXT),
            "volumes": List(of=TEXT),
            "options": TEXT,
        },
        required=("image",),
    ),
)
_STEP = Map(
    keys={
        "id": TEXT,
        "if": either(TEXT, FLAG),
        "name": TEXT,
        "uses": TEXT,
        "run": TEXT,
        "working-directory": TEXT,
        "shell": TEXT,
        "with": Map(rest=either(Text(), _EMPTY)),
        "env": _ENV,
        "continue-on-error": _FLAG,
        "timeout-minutes": _NUMBER,
    },
    noun="a step",
)
_JOB_KEYS: dict[str, Shape] = {
    "name": TEXT,
    "needs": TEXTS,
    "permissions": _PERMISSIONS,
    "if": either(TEXT, FLAG),
    "strategy": _STRATEGY,
    "concurrency": _CONCURRENCY,
    "runs-on": either(TEXTS, Map(keys={"group": TEXT, "labels": TEXTS})),
    "environment": either(TEXT, Map(keys={"name": TEXT, "url": TEXT, "deployment": _FLAG}, required=("name",))),
    "outputs": Map(rest=TEXT),
    "env": _ENV,
    "defaults": _DEFAULTS,
    "steps": List(of=_STEP),
    "timeout-minutes": _NUMBER,
    "continue-on-error": _FLAG,
    "container": _CONTAINER,
    "services": Map(rest=_CONTAINER),
    "snapshot": ANYTHING,
    "uses": TEXT,
    "with": Map(rest=either(Text(), _EMPTY)),
    "secrets": either(Text(choices=("inherit",)), Map(rest=TEXT)),
}
_FILTERS: dict[str, Shape] = dict.fromkeys(
    ("branches", "branches-ignore", "paths", "paths-ignore", "tags", "tags-ignore", "types", "workflows", "versions"),
    TEXTS,
)
_EVENT = either(_EMPTY, Map(keys={**_FILTERS, **dict.fromkeys(("inputs", "outputs", "secrets"), Map(rest=ANYTHING))}))
_SCHEDULE = List(of=Map(keys={"cron": TEXT, "timezone": TEXT}, required=("cron",)))
_ON = either(
    List(of=Text(choices=EVENTS), alone=True),
    Map(keys={**dict.fromkeys(EVENTS, _EVENT), "schedule": _SCHEDULE}),
)

FILE = Map(
    keys={
        "name": TEXT,
        "run-name": TEXT,
        "on": _ON,
        "permissions": _PERMISSIONS,
        "env": _ENV,
        "defaults": _DEFAULTS,
        "concurrency": _CONCURRENCY,
        "jobs": Map(rest=Map(keys=_JOB_KEYS, noun="a job")),
    },
    required=("on", "jobs"),
    noun="a workflow",
)


def events(top: Node) -> Iterator[tuple[str, Node]]:
    """Yield the events that start the workflow, with the node that names each."""
    on = child(top, "on")
    named = list(pairs(on))
    if named:
        yield from ((name, key) for name, key, _ in named)
    else:
        yield from ((text_of(node), node) for node in elements(on))


def jobs(top: Node) -> Iterator[tuple[str, Node]]:
    """Yield name and node of each job."""
    yield from ((name, node) for name, _, node in pairs(child(top, "jobs")))


def problems(top: Node) -> Iterator[Problem]:
    """Yield everything that makes the file invalid, and what lets strangers run code with its rights."""
    yield from FILE.problems(top, "workflow")
    names = [name for name, _ in jobs(top)]
    for name, job in jobs(top):
        yield from _of_a_job(name, job, names)
    for name, node in events(top):
        if name == "pull_request_target" and _checks_out_head(top):
            message = "`pull_request_target` checks out the code of the pull request, which then runs with secrets"
            yield Problem(line=line_of(node), rule="hostile-event", message=message, fix="Use `pull_request`.")


def _of_a_job(name: str, job: Node, names: list[str]) -> Iterator[Problem]:
    called = child(job, "uses") is not None
    if not called and (child(job, "runs-on") is None or child(job, "steps") is None):
        yield Problem(line=line_of(job), rule="missing-key", message=f"The job `{name}` needs `runs-on` and `steps`")
    for node in elements(child(job, "needs")):
        if text_of(node) not in names or text_of(node) == name:
            message = f'`{name}` needs "{text_of(node)}", which is no other job{did_you_mean(text_of(node), names)}'
            yield Problem(line=line_of(node), rule="unknown-job", message=message)
    ids: set[str] = set()
    for step in elements(child(job, "steps")):
        given = [key for key in ("uses", "run") if child(step, key) is not None]
        if len(given) != 1:
            message = f"A step of `{name}` has {'both `uses` and `run`' if given else 'neither `uses` nor `run`'}"
            yield Problem(line=line_of(step), rule="step-without-script", message=message)
        own = text_of(child(step, "id"))
        if own and own in ids:
            yield Problem(line=line_of(step), rule="repeated-id", message=f'Two steps of `{name}` are called "{own}"')
        ids.add(own)
        yield from _injected(step)


def _injected(step: Node) -> Iterator[Problem]:
    run = child(step, "run")
    found = _FOREIGN.search(text_of(run))
    if run is not None and found:
        message = f"The shell runs what the author of a pull request writes: {found[0]}"
        fix = "Pass it in `env:` and quote the variable."
        yield Problem(line=line_of(run), rule="script-injection", message=message, fix=fix)


def _checks_out_head(top: Node) -> bool:
    return any(
        "head" in text_of(child(step, "with", "ref")) or "refs/pull" in text_of(child(step, "with", "ref"))
        for _, job in jobs(top)
        for step in elements(child(job, "steps"))
        if text_of(child(step, "uses")).startswith("actions/checkout@")
    )
