""".gitlab-ci.yml: what may stand in it, and what GitLab would only say when the pipeline runs.

Source: https://docs.gitlab.com/ci/yaml/. Included files are not read: names that may come from one are not checked.
"""

from collections.abc import Iterator

from yaml.nodes import MappingNode, Node

from sealift.errors import did_you_mean
from sealift.pipelines.shapes import (
    ANYTHING,
    COMMAND,
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
    line_of,
    pairs,
    text_of,
)

_OWN_STAGES = (".pre", "build", "test", "deploy", ".post")
_WHEN = Text(choices=("on_success", "on_failure", "always", "manual", "delayed", "never"))
_SCRIPT = either(COMMAND, List(of=either(COMMAND, List(of=COMMAND)), least=1))
_VARIABLES = Map(
    rest=either(
        TEXT, Map(keys={"value": TEXT, "description": TEXT, "expand": FLAG, "options": List(of=TEXT)}, noun="a value")
    )
)
_CHANGES = either(TEXTS, Map(keys={"paths": TEXTS, "compare_to": TEXT}))
_EXISTS = either(TEXTS, Map(keys={"paths": TEXTS, "project": TEXT, "ref": TEXT}))
_ALLOW_FAILURE = either(FLAG, Map(keys={"exit_codes": either(Number(), List(of=Number()))}))
_NEED = either(
    TEXT,
    Map(
        keys={
            "job": TEXT,
            "artifacts": FLAG,
            "optional": FLAG,
            "pipeline": TEXT,
            "project": TEXT,
            "ref": TEXT,
            "parallel": ANYTHING,
        }
    ),
)
_NEEDS = List(of=_NEED, least=0)
_RULES = List(
    of=Map(
        keys={
            "if": TEXT,
            "changes": _CHANGES,
            "exists": _EXISTS,
            "variables": _VARIABLES,
            "when": _WHEN,
            "start_in": TEXT,
            "allow_failure": _ALLOW_FAILURE,
            "needs": _NEEDS,
            "interruptible": FLAG,
        },
        noun="a rule",
    ),
    least=0,
)
_IMAGE = either(
    TEXT,
    Map(
        keys={"name": TEXT, "entrypoint": List(of=TEXT, least=0), "docker": ANYTHING, "pull_policy": TEXTS},
        required=("name",),
    ),
)
_SERVICES = List(of=either(TEXT, Map(rest=ANYTHING)))
_KEY = either(
    TEXT,
    Map(keys={"files": List(of=TEXT, most=10), "files_commits": List(of=TEXT, most=2), "prefix": TEXT}),
)
_CACHE = List(
    of=Map(
        keys={
            "key": _KEY,
            "paths": List(of=TEXT),
            "untracked": FLAG,
            "unprotect": FLAG,
            "when": Text(choices=("on_success", "on_failure", "always")),
            "policy": TEXT,
            "fallback_keys": List(of=TEXT, most=5),
        }
    ),
    least=0,
    most=4,
    alone=True,
)
_ARTIFACTS = Map(
    keys={
        "paths": List(of=TEXT),
        "exclude": List(of=TEXT),
        "expose_as": TEXT,
        "expire_in": TEXT,
        "name": TEXT,
        "public": FLAG,
        "access": Text(choices=("all", "developer", "maintainer", "none")),
        "untracked": FLAG,
        "when": Text(choices=("on_success", "on_failure", "always")),
        "reports": Map(rest=ANYTHING),
    }
)
_ENVIRONMENT = either(
    TEXT,
    Map(
        keys={
            "name": TEXT,
            "url": TEXT,
            "on_stop": TEXT,
            "action": Text(choices=("start", "prepare", "stop", "verify", "access")),
            "auto_stop_in": TEXT,
            "kubernetes": ANYTHING,
            "deployment_tier": Text(choices=("production", "staging", "testing", "development", "other")),
        },
        required=("name",),
    ),
)
_ID_TOKENS = Map(rest=Map(keys={"aud": TEXTS}, required=("aud",)))
_RETRY = either(Number(most=2), Map(keys={"max": Number(most=2), "when": TEXTS, "exit_codes": ANYTHING}))
_JOB_KEYS: dict[str, Shape] = {
    "after_script": _SCRIPT,
    "allow_failure": _ALLOW_FAILURE,
    "artifacts": _ARTIFACTS,
    "before_script": _SCRIPT,
    "cache": _CACHE,
    "coverage": TEXT,
    "dast_configuration": ANYTHING,
    "dependencies": List(of=TEXT, least=0),
    "environment": _ENVIRONMENT,
    "except": ANYTHING,
    "extends": TEXTS,
    "hooks": ANYTHING,
    "id_tokens": _ID_TOKENS,
    "identity": TEXT,
    "image": _IMAGE,
    "inherit": Map(keys={"default": either(FLAG, TEXTS), "variables": either(FLAG, TEXTS)}),
    "inputs": ANYTHING,
    "interruptible": FLAG,
    "manual_confirmation": TEXT,
    "needs": _NEEDS,
    "only": ANYTHING,
    "pages": ANYTHING,
    "parallel": either(Number(least=1, most=200), Map(keys={"matrix": ANYTHING})),
    "publish": TEXT,
    "release": ANYTHING,
    "resource_group": TEXT,
    "retry": _RETRY,
    "rules": _RULES,
    "run": ANYTHING,
    "script": _SCRIPT,
    "secrets": ANYTHING,
    "services": _SERVICES,
    "stage": TEXT,
    "start_in": TEXT,
    "tags": List(of=TEXT),
    "timeout": TEXT,
    "trigger": ANYTHING,
    "variables": _VARIABLES,
    "when": _WHEN,
}
_JOB = Map(keys=_JOB_KEYS, noun="a job")
_DEFAULTS: dict[str, Shape] = {
    name: _JOB_KEYS[name]
    for name in (
        "after_script",
        "artifacts",
        "before_script",
        "cache",
        "hooks",
        "id_tokens",
        "identity",
        "image",
        "interruptible",
        "retry",
        "services",
        "tags",
        "timeout",
    )
}
_GLOBAL: dict[str, Shape] = {
    "default": Map(keys=_DEFAULTS),
    "include": ANYTHING,
    "spec": ANYTHING,
    "stages": List(of=TEXT),
    "variables": _VARIABLES,
    "workflow": Map(keys={"name": TEXT, "rules": _RULES, "auto_cancel": ANYTHING}),
    "pages": _JOB,
    "image": _IMAGE,
    "services": _SERVICES,
    "cache": _CACHE,
    "before_script": _SCRIPT,
    "after_script": _SCRIPT,
}


def jobs(top: Node) -> Iterator[tuple[str, Node]]:
    """Yield name and node of each job; those that begin with a dot are only there to be extended."""
    yield from ((name, node) for name, _, node in pairs(top) if name not in _GLOBAL or name == "pages")


def value(top: Node, job: Node, key: str) -> Node | None:
    """Return what a job says of a key, itself or by what it extends."""
    named = dict(jobs(top))
    seen: set[int] = set()
    open_jobs = [job]
    while open_jobs:
        node = open_jobs.pop(0)
        if id(node) in seen:
            continue
        seen.add(id(node))
        found = child(node, key)
        if found is not None:
            return found
        names = [text_of(one) for one in reversed(elements(child(node, "extends")))]
        open_jobs += [named[name] for name in names if name in named]
    return child(top, "default", key) or (child(top, key) if key in _DEFAULTS else None)


def problems(top: Node) -> Iterator[Problem]:
    """Yield everything that makes the file invalid."""
    if not isinstance(top, MappingNode):
        yield from _JOB.problems(top, ".gitlab-ci.yml")
        return
    extended = {text_of(name) for _, _, node in pairs(top) for name in elements(child(node, "extends"))}
    for key, _, node in pairs(top):
        if not key.startswith(".") or key in extended:  # other hidden keys hold whatever is referred to
            yield from _GLOBAL.get(key, _JOB).problems(node, key)
    included = child(top, "include") is not None
    names = [name for name, _ in jobs(top)]
    stages = [text_of(node) for node in elements(child(top, "stages"))] or list(_OWN_STAGES)
    visible = [(name, node) for name, node in jobs(top) if not name.startswith(".")]
    if not visible and not included:
        yield Problem(line=line_of(top), rule="no-pipeline", message="The file has no job")
    for name, job in visible:
        yield from _of_a_job(name, job, top, included=included)
        if not included:
            yield from _names_of_a_job(name, job, top, names=names, stages=stages)


def _of_a_job(name: str, job: Node, top: Node, *, included: bool) -> Iterator[Problem]:
    if included and child(job, "extends") is not None:
        return
    if all(value(top, job, key) is None for key in ("script", "trigger", "run", "release", "pages")):
        yield Problem(line=line_of(job), rule="step-without-script", message=f"The job `{name}` has no script")


def _names_of_a_job(name: str, job: Node, top: Node, *, names: list[str], stages: list[str]) -> Iterator[Problem]:
    stage = value(top, job, "stage")
    if stage is not None and text_of(stage) not in (*stages, ".pre", ".post"):
        message = (
            f'`{name}` is of stage "{text_of(stage)}", which is not declared{did_you_mean(text_of(stage), stages)}'
        )
        yield Problem(line=line_of(stage), rule="unknown-stage", message=message)
    wanted = [(node, "extends") for node in elements(child(job, "extends"))]
    wanted += [(child(node, "job") or node, "needs") for node in elements(value(top, job, "needs"))]
    wanted += [(node, "environment.on_stop") for node in elements(child(value(top, job, "environment"), "on_stop"))]
    for node, key in wanted:
        if text_of(node) and text_of(node) not in names:
            message = (
                f'`{key}` of `{name}` names "{text_of(node)}", which is no job{did_you_mean(text_of(node), names)}'
            )
            yield Problem(line=line_of(node), rule="unknown-job", message=message)
