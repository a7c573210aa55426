"""Workflow files of GitHub Actions: what may stand in one, and what GitHub would only say when it runs.

Source: https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax
"""

import re
from collections.abc import Iterator

from yaml.nodes import Node, ScalarNode

from sealift.errors import did_you_mean
from sealift.pipelines.shapes import (
    ANYTHING,
    FLAG,
    STRING,
    TEXT,
    TEXTS,
    List,
    Map,
    Number,
    Problem,
    Shape,
    Text,
    child,
    circles,
    either,
    elements,
    is_null,
    line_of,
    pairs,
    text_of,
)

_EVENTS = """
branch_protection_rule check_run check_suite create delete deployment deployment_status discussion discussion_comment
fork gollum image_version issue_comment issues label merge_group milestone page_build project project_card
project_column public pull_request pull_request_review pull_request_review_comment pull_request_target push
registry_package release repository_dispatch schedule status watch workflow_call workflow_dispatch workflow_run
"""
EVENTS = tuple(_EVENTS.split())
_FOREIGN = re.compile(
    r"\$\{\{[^}]*github\.(head_ref|event\.(pull_request|issue|comment|review|discussion|commits|head_commit)"
    r"[\w.\[\]*]*\.(title|body|ref|label|name|email|message|default_branch))[^}]*\}\}"
)
"""What whoever opens a pull request writes: https://docs.github.com/actions/concepts/security/script-injections"""
_RIGHTS_NAMED = """
actions artifact-metadata attestations checks code-quality contents deployments discussions id-token issues models
packages pages pull-requests repository-projects security-events statuses
"""
_RIGHTS = tuple(_RIGHTS_NAMED.split())


class _Nothing:
    """No value at all."""

    noun = "nothing"

    def fits(self, node: Node) -> bool:
        return is_null(node)

    def problems(self, _node: Node, _name: str, /) -> Iterator[Problem]:
        return iter(())


_EMPTY = _Nothing()
_EXPRESSION = Text(pattern=r"(?s)\$\{\{.*\}\}", what="an expression")
_FLAG = either(FLAG, _EXPRESSION)
_NUMBER = either(Number(least=1), _EXPRESSION)
_ENV = either(Map(rest=Text()), _EXPRESSION)
_PERMISSIONS = either(
    Text(choices=("read-all", "write-all")),
    Map(
        keys={
            **dict.fromkeys(_RIGHTS, Text(choices=("read", "write", "none"))),
            "id-token": Text(choices=("write", "none")),
            "models": Text(choices=("read", "none")),
        }
    ),
)
_CONCURRENCY = either(
    TEXT,
    Map(
        keys={"group": TEXT, "cancel-in-progress": _FLAG, "queue": Text(choices=("single", "max"))},
        required=("group",),
    ),
)
_WITH = either(Map(rest=either(Text(), _EMPTY)), _EXPRESSION)
_DEFAULTS = Map(keys={"run": Map(keys={"shell": TEXT, "working-directory": TEXT})})
_STRATEGY = either(Map(keys={"matrix": ANYTHING, "fail-fast": _FLAG, "max-parallel": _NUMBER}), _EXPRESSION)
_CONTAINER: dict[str, Shape] = {
    "image": TEXT,
    "credentials": either(Map(rest=TEXT), _EXPRESSION),
    "env": _ENV,
    "ports": either(List(of=TEXT), _EXPRESSION),
    "volumes": either(List(of=TEXT), _EXPRESSION),
    "options": TEXT,
}
_SERVICE = Map(keys={**_CONTAINER, "command": TEXT, "entrypoint": TEXT}, required=("image",))
_ID = Text(pattern=r"[A-Za-z_][A-Za-z0-9_-]*", what="a name of letters, digits, - and _ that begins with a letter or _")
_STEP_KINDS = ("uses", "run", "wait", "wait-all", "cancel", "parallel")
_STEP = Map(
    keys={
        "id": _ID,
        "if": either(TEXT, FLAG),
        "name": TEXT,
        "uses": Text(
            pattern=r"\.{1,2}/.*|docker://.+|[^/@\s]+/[^@\s]+@\S+", what="an action with its version, owner/name@ref"
        ),
        "run": TEXT,
        "working-directory": TEXT,
        "shell": TEXT,
        "with": _WITH,
        "background": _FLAG,
        "wait": TEXTS,
        "wait-all": ANYTHING,
        "cancel": TEXTS,
        "parallel": ANYTHING,
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
    "container": either(TEXT, _EMPTY, Map(keys=_CONTAINER, required=("image",))),
    "services": either(Map(rest=either(_SERVICE, _EXPRESSION)), _EXPRESSION),
    "snapshot": ANYTHING,
    "uses": Text(
        pattern=r"(\./|[^/\s]+/[^/\s]+/)\.github/workflows/[^@\s]+\.ya?ml(@\S+)?",
        what="a workflow, owner/name/.github/workflows/file.yml@ref",
    ),
    "with": _WITH,
    "secrets": either(Text(choices=("inherit",)), Map(rest=TEXT)),
}
_TYPES: dict[str, str] = {
    "issue_comment": "created edited deleted",
    "issues": "opened edited deleted transferred pinned unpinned closed reopened assigned unassigned labeled unlabeled "
    "locked unlocked milestoned demilestoned typed untyped",
    "merge_group": "checks_requested",
    "pull_request": "assigned unassigned labeled unlabeled opened edited closed reopened synchronize locked unlocked "
    "converted_to_draft ready_for_review enqueued dequeued milestoned demilestoned review_requested "
    "review_request_removed auto_merge_enabled auto_merge_disabled",
    "pull_request_review": "submitted edited dismissed",
    "pull_request_review_comment": "created edited deleted",
    "release": "published unpublished created edited deleted prereleased released",
    "workflow_run": "completed requested in_progress",
}
"""Activity types: https://docs.github.com/actions/reference/workflows-and-actions/events-that-trigger-workflows"""
_TYPES["pull_request_target"] = _TYPES["pull_request"]
_BRANCHES, _PATHS = ("branches", "branches-ignore"), ("paths", "paths-ignore")
_FILTERS: dict[str, tuple[str, ...]] = {
    "push": (*_BRANCHES, *_PATHS, "tags", "tags-ignore"),
    "pull_request": (*_BRANCHES, *_PATHS),
    "pull_request_target": (*_BRANCHES, *_PATHS),
    "workflow_run": (*_BRANCHES, "workflows"),
    "merge_group": _BRANCHES,
    "create": (*_BRANCHES, "tags"),
    "delete": (*_BRANCHES, "tags"),
    "image_version": ("names", "versions"),
}
_ASKED = Map(
    keys={
        "description": TEXT,
        "deprecationMessage": TEXT,
        "required": FLAG,
        "default": either(Text(), _EMPTY),
        "type": Text(choices=("string", "boolean", "number", "choice", "environment")),
        "options": List(of=TEXT),
    }
)
_CALLED = Map(
    keys={
        **{key: shape for key, shape in _ASKED.keys.items() if key != "options"},
        "type": Text(choices=("string", "boolean", "number")),
    },
    required=("type",),
)
_GIVEN = Map(keys={"description": TEXT, "value": TEXT, "required": FLAG})
_OF_EVENTS: dict[str, dict[str, Shape]] = {
    "workflow_dispatch": {"inputs": either(_EMPTY, Map(rest=either(_EMPTY, _ASKED)))},
    "workflow_call": {
        "inputs": either(_EMPTY, Map(rest=_CALLED)),
        **dict.fromkeys(("outputs", "secrets"), either(_EMPTY, Map(rest=either(_EMPTY, _GIVEN)))),
    },
    "push": {},
}


def _event(name: str) -> Shape:
    types = {"types": List(of=Text(choices=tuple(_TYPES[name].split())) if name in _TYPES else TEXT, alone=True)}
    filters = dict.fromkeys(_FILTERS.get(name, ()), TEXTS)
    return either(_EMPTY, Map(keys={**filters, **_OF_EVENTS.get(name, types)}))


_CRON = Text(pattern=r"\S+( +\S+){4}|\$[a-z-]+", what="five fields: minute, hour, day, month, weekday")
_SCHEDULE = List(of=Map(keys={"cron": _CRON, "timezone": TEXT}, required=("cron",)))
_ON = either(
    List(of=Text(choices=tuple(name for name in EVENTS if name != "schedule")), alone=True),
    Map(keys={**{name: _event(name) for name in EVENTS}, "schedule": _SCHEDULE}),
)

FILE = Map(
    keys={
        "name": TEXT,
        "description": TEXT,
        "run-name": TEXT,
        "cache-mode": TEXT,
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
    named = dict(jobs(top))
    for name, job in named.items():
        yield from _of_a_job(name, job, tuple(named))
    yield from circles(top, {name: elements(child(job, "needs")) for name, job in named.items()})
    for name, node in events(top):
        yield from _excluded(name, child(top, "on", name))
        if name == "pull_request_target" and _checks_out_head(top):
            message = "`pull_request_target` checks out the code of the pull request, which then runs with secrets"
            yield Problem(line=line_of(node), rule="hostile-event", message=message, fix="Use `pull_request`.")


def _excluded(event: str, node: Node | None) -> Iterator[Problem]:
    """Yield the filters of an event that GitHub does not take together, and a choice without options."""
    keys = [key for key, _, _ in pairs(node)]
    for key in keys:
        if node is not None and f"{key}-ignore" in keys:
            message = f"`{event}` has both `{key}` and `{key}-ignore`"
            fix = f"Write what is left out into `{key}`, with a `!` before it."
            yield Problem(line=line_of(node), rule="exclusive-filters", message=message, fix=fix)
    for name, _, asked in pairs(child(node, "inputs")):
        if text_of(child(asked, "type")) == "choice" and child(asked, "options") is None:
            yield Problem(line=line_of(asked), rule="missing-key", message=f"The choice `{name}` has no `options`")


def _of_a_job(name: str, job: Node, names: tuple[str, ...]) -> Iterator[Problem]:
    yield from _ID.problems(ScalarNode(STRING, name, job.start_mark), "jobs")
    called = child(job, "uses") is not None
    if not called and (child(job, "runs-on") is None or child(job, "steps") is None):
        yield Problem(line=line_of(job), rule="missing-key", message=f"The job `{name}` needs `runs-on` and `steps`")
    for node in elements(child(job, "needs")):
        if text_of(node) not in names or text_of(node) == name:
            message = f'`{name}` needs "{text_of(node)}", which is no other job{did_you_mean(text_of(node), names)}'
            yield Problem(line=line_of(node), rule="unknown-job", message=message)
    ids: set[str] = set()
    for step in elements(child(job, "steps")):
        yield from _of_a_step(name, step)
        own = text_of(child(step, "id"))
        if own and own in ids:
            yield Problem(line=line_of(step), rule="repeated-id", message=f'Two steps of `{name}` are called "{own}"')
        ids.add(own)
        yield from _injected(step)


_ONLY_WITH = {"with": "uses", "working-directory": "run", "shell": "run"}


def _of_a_step(job: str, step: Node) -> Iterator[Problem]:
    given = [key for key in _STEP_KINDS if child(step, key) is not None]
    if len(given) != 1:
        said = " and ".join(f"`{key}`" for key in given)
        message = f"A step of `{job}` has {f'{said} together' if given else 'neither `uses` nor `run`'}"
        yield Problem(line=line_of(step), rule="step-without-script", message=message)
        return
    for key, needed in _ONLY_WITH.items():
        if child(step, key) is not None and needed not in given:
            message = f"A step of `{job}` has `{key}`, which only goes with `{needed}`"
            yield Problem(line=line_of(step), rule="unknown-key", message=message)


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
