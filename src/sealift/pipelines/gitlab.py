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
    circles,
    either,
    elements,
    is_null,
    is_open,
    line_of,
    pairs,
    text_of,
)

_OWN_STAGES = (".pre", "build", "test", "deploy", ".post")
_WHEN = Text(choices=("on_success", "on_failure", "always", "manual", "delayed", "never"))
_SCRIPT = either(COMMAND, List(of=either(COMMAND, List(of=COMMAND)), least=1))
_AROUND = either(COMMAND, List(of=either(COMMAND, List(of=COMMAND)), least=0))
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
_SERVICE_KEYS = dict.fromkeys(("alias", "docker", "kubernetes", "variables"), ANYTHING)
_SERVICE = Map(
    keys={**_SERVICE_KEYS, "name": TEXT, "entrypoint": TEXTS, "command": TEXTS, "pull_policy": TEXTS},
    required=("name",),
)
_SERVICES = List(of=either(TEXT, _SERVICE), least=0)
_KEY = either(
    TEXT,
    Map(keys={"files": List(of=TEXT, most=10), "files_commits": List(of=TEXT, most=2), "prefix": TEXT}),
)
_ONE_CACHE = Map(
    keys={
        "key": _KEY,
        "paths": List(of=TEXT),
        "untracked": FLAG,
        "unprotect": FLAG,
        "when": Text(choices=("on_success", "on_failure", "always")),
        "policy": TEXT,
        "fallback_keys": List(of=TEXT, most=5),
    }
)
_CACHE = List(of=either(_ONE_CACHE, List(of=_ONE_CACHE)), least=0, most=4, alone=True)
_REPORTS_NAMED = """
accessibility annotations api_fuzzing browser_performance cluster_image_scanning cobertura codequality
container_scanning coverage_fuzzing coverage_report cyclonedx dast dependency_scanning dotenv junit license_management
license_scanning load_performance lsif metrics performance repository_xray requirements sarif sast secret_detection
terraform
"""
_REPORTS = _REPORTS_NAMED.split()
"""https://docs.gitlab.com/ci/yaml/artifacts_reports/"""
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
        "reports": Map(keys=dict.fromkeys(_REPORTS, ANYTHING)),
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
_INCLUDE_KEYS = ("cache", "component", "file", "inputs", "integrity", "local", "project", "ref", "remote", "template")
_INCLUDE = List(of=either(TEXT, Map(keys={**dict.fromkeys(_INCLUDE_KEYS, ANYTHING), "rules": _RULES})), alone=True)
_TRIGGER = either(
    TEXT,
    Map(
        keys={
            "project": TEXT,
            "branch": TEXT,
            "strategy": Text(choices=("depend", "mirror")),
            "include": ANYTHING,
            "inputs": ANYTHING,
            "forward": Map(keys={"yaml_variables": FLAG, "pipeline_variables": FLAG}),
        }
    ),
)
_RELEASE = Map(
    keys=dict.fromkeys(
        ("tag_name", "tag_message", "name", "description", "ref", "milestones", "released_at", "assets"), ANYTHING
    ),
    required=("tag_name", "description"),
)
_ONLY = either(TEXTS, Map(keys={"refs": TEXTS, "variables": TEXTS, "changes": TEXTS, "kubernetes": TEXT}))
_PAGES = either(FLAG, Map(keys={"path_prefix": TEXT, "publish": TEXT, "expire_in": TEXT}))
_AUTO_CANCEL = Map(
    keys={
        "on_new_commit": Text(choices=("conservative", "interruptible", "none")),
        "on_job_failure": Text(choices=("all", "none")),
    }
)
_JOB_KEYS: dict[str, Shape] = {
    "after_script": _AROUND,
    "allow_failure": _ALLOW_FAILURE,
    "artifacts": _ARTIFACTS,
    "before_script": _AROUND,
    "cache": _CACHE,
    "coverage": TEXT,
    "dast_configuration": ANYTHING,
    "dependencies": List(of=TEXT, least=0),
    "environment": _ENVIRONMENT,
    "except": _ONLY,
    "extends": TEXTS,
    "hooks": Map(keys={"pre_get_sources_script": _AROUND}),
    "id_tokens": _ID_TOKENS,
    "identity": TEXT,
    "image": _IMAGE,
    "inherit": Map(keys={"default": either(FLAG, TEXTS), "variables": either(FLAG, TEXTS)}),
    "inputs": ANYTHING,
    "interruptible": FLAG,
    "manual_confirmation": TEXT,
    "needs": _NEEDS,
    "only": _ONLY,
    "pages": _PAGES,
    "parallel": either(Number(least=1, most=200), Map(keys={"matrix": List(of=Map(rest=TEXTS))}, required=("matrix",))),
    "publish": TEXT,
    "release": _RELEASE,
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
    "trigger": _TRIGGER,
    "variables": _VARIABLES,
    "when": _WHEN,
}
_JOB = Map(keys=_JOB_KEYS, emptied=True, noun="a job")
_DEFAULT_KEYS = """
after_script artifacts before_script cache hooks id_tokens identity image interruptible retry services tags timeout
"""
_DEFAULTS: dict[str, Shape] = {name: _JOB_KEYS[name] for name in _DEFAULT_KEYS.split()}
_GLOBAL: dict[str, Shape] = {
    "default": Map(keys=_DEFAULTS),
    "include": _INCLUDE,
    "spec": ANYTHING,
    "stages": List(of=TEXT),
    "variables": _VARIABLES,
    "workflow": Map(keys={"name": TEXT, "rules": _RULES, "auto_cancel": _AUTO_CANCEL}),
    "pages": _JOB,
    "image": _IMAGE,
    "services": _SERVICES,
    "cache": _CACHE,
    "before_script": _AROUND,
    "after_script": _AROUND,
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


def problems(top: Node, *, fragment: bool = False) -> Iterator[Problem]:
    """Yield everything that makes the file invalid. A fragment is included by another file, which may name the rest."""
    if not isinstance(top, MappingNode):
        yield from _JOB.problems(top, ".gitlab-ci.yml")
        return
    extended = {text_of(name) for _, _, node in pairs(top) for name in elements(child(node, "extends"))}
    for key, _, node in pairs(top):
        if not key.startswith(".") or key in extended:  # other hidden keys hold whatever is referred to
            yield from _GLOBAL.get(key, _JOB).problems(node, key)
    included = fragment or child(top, "include") is not None
    names = [name for name, _ in jobs(top)]
    stages = [text_of(node) for node in elements(child(top, "stages"))] or list(_OWN_STAGES)
    visible = [(name, node) for name, node in jobs(top) if not name.startswith(".")]
    if not visible and not included:
        yield Problem(line=line_of(top), rule="no-pipeline", message="The file has no job")
    yield from circles(top, {name: tuple(_needed(top, job)) for name, job in visible})
    for name, job in visible:
        if not included:
            yield from _of_a_job(name, job, top)
            yield from _names_of_a_job(name, job, top, names=names, stages=stages)


def _needed(top: Node, job: Node) -> Iterator[Node]:
    """Yield the node that names each job of the same pipeline that a job needs."""
    for node in elements(value(top, job, "needs")):
        if all(child(node, key) is None for key in ("pipeline", "project", "optional")):
            yield child(node, "job") or node


def _of_a_job(name: str, job: Node, top: Node) -> Iterator[Problem]:
    given = (value(top, job, key) for key in ("script", "trigger", "run", "release", "pages"))
    if all(node is None or is_null(node) for node in given):
        yield Problem(line=line_of(job), rule="step-without-script", message=f"The job `{name}` has no script")


def _names_of_a_job(name: str, job: Node, top: Node, *, names: list[str], stages: list[str]) -> Iterator[Problem]:
    stage = value(top, job, "stage")
    if stage is not None and text_of(stage) not in (*stages, ".pre", ".post") and not is_open(stage):
        message = (
            f'`{name}` is of stage "{text_of(stage)}", which is not declared{did_you_mean(text_of(stage), stages)}'
        )
        yield Problem(line=line_of(stage), rule="unknown-stage", message=message)
    wanted = [(node, "extends") for node in elements(child(job, "extends"))]
    wanted += [(node, "needs") for node in _needed(top, job)]
    wanted += [(node, "environment.on_stop") for node in elements(child(value(top, job, "environment"), "on_stop"))]
    for node, key in wanted:
        if text_of(node) and text_of(node) not in names and not is_open(node):
            message = (
                f'`{key}` of `{name}` names "{text_of(node)}", which is not a job{did_you_mean(text_of(node), names)}'
            )
            yield Problem(line=line_of(node), rule="unknown-job", message=message)
