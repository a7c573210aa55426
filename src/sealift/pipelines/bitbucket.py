"""bitbucket-pipelines.yml: what may stand in it, closed, and the rules that no schema holds.

Sources: https://support.atlassian.com/bitbucket-cloud/docs/bitbucket-pipelines-configuration-reference/ and the pages
below it. The official schema accepts steps without a script, misspelt keys and unknown triggers, and refuses
`oidc: {audiences: …}` and `final` in custom pipelines, which are documented.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from difflib import get_close_matches

from yaml.nodes import MappingNode, Node

from sealift.errors import did_you_mean
from sealift.pipelines.shapes import (
    ANYTHING,
    COMMAND,
    FLAG,
    TEXT,
    List,
    Map,
    Number,
    Problem,
    Shape,
    Text,
    child,
    either,
    elements,
    has_anchor,
    line_of,
    pairs,
    text_of,
)

EVENTS = (
    *("repository-push", "pullrequest-push", "pullrequest-created", "pullrequest-updated", "pullrequest-fulfilled"),
    *("pullrequest-rejected", "pullrequest-reviewer-status-updated", "pipeline-completed", "deployment-completed"),
)
MOST_STEPS = 100
_OWN_CACHES = ("composer", "docker", "dotnetcore", "gradle", "ivy2", "maven", "node", "pip", "sbt")
_KINDS_OF_DEPLOYMENT = ("test", "staging", "production")
_TRIGGER = Text(choices=("automatic", "manual"))
_MINUTES = Number(least=1, most=720)

_PIPE = Map(
    keys={"pipe": TEXT, "name": TEXT, "variables": Map(rest=either(TEXT, List(of=TEXT, least=0)))},
    required=("pipe",),
    noun="a pipe",
)
_AGENT = Map(
    keys=dict.fromkeys(("agent", "config", "permissions", "prompt", "provider", "use-legacy-mcp"), ANYTHING),
    required=("agent",),
    noun="an agent",
)
_SCRIPT = List(of=either(COMMAND, _PIPE, _AGENT))
_IMAGE = either(
    TEXT,
    Map(
        keys={
            "name": TEXT,
            "username": TEXT,
            "password": TEXT,
            "email": TEXT,
            "run-as-user": Number(),
            "aws": Map(keys={"access-key": TEXT, "secret-key": TEXT, "oidc-role": TEXT}),
        },
        required=("name",),
    ),
)
_CLONE = Map(
    keys={
        "depth": either(Number(least=1), Text(choices=("full",))),
        "enabled": FLAG,
        "lfs": FLAG,
        "skip-ssl-verify": FLAG,
        "tags": FLAG,
        "filter": TEXT,
    }
)
_RUNS_ON = List(of=Text(most=50), most=10, alone=True)
_SIZE = Text(choices=("1x", "2x", "4x", "8x", "16x", "32x"))
_RUNTIME = Map(
    keys={
        "cloud": Map(
            keys={
                "arch": Text(choices=("x86", "arm")),
                "atlassian-ip-ranges": FLAG,
                "instance-type": TEXT,
                "platform": Text(choices=("linux", "windows")),
                "version": TEXT,
            }
        ),
        "self-hosted": Map(rest=ANYTHING),
    }
)
_CONDITION = Map(
    keys={
        "changesets": Map(keys={"includePaths": List(of=TEXT), "excludePaths": List(of=TEXT)}),
        "state": Text(most=1000),
    }
)
_AUDIENCES = Map(keys={"audiences": List(of=Text(most=150), most=10)}, required=("audiences",))
_UPLOAD = Map(
    keys={
        "name": TEXT,
        "paths": List(of=TEXT),
        "type": Text(choices=("shared", "scoped", "test-reports")),
        "capture-on": Text(choices=("success", "failed", "always")),
        "ignore-paths": List(of=TEXT, least=0),
        "depth": Number(least=1),
    },
    required=("name", "paths"),
)
_ARTIFACTS = either(
    List(of=TEXT),
    Map(
        keys={
            "download": either(FLAG, List(of=TEXT)),
            "paths": List(of=TEXT),
            "upload": List(of=either(TEXT, _UPLOAD)),
        }
    ),
)
_STEP_KEYS: dict[str, Shape] = {
    "name": TEXT,
    "script": _SCRIPT,
    "after-script": _SCRIPT,
    "artifacts": _ARTIFACTS,
    "auth": Map(keys={"system": Map(keys={"scopes": List(of=TEXT)})}),
    "caches": List(of=TEXT),
    "clone": _CLONE,
    "concurrency-group": Text(most=50),
    "condition": _CONDITION,
    "custom": TEXT,
    "deployment": TEXT,
    "environment": TEXT,
    "fail-fast": FLAG,
    "image": _IMAGE,
    "input-variables": Map(rest=TEXT),
    "max-time": _MINUTES,
    "oidc": either(FLAG, _AUDIENCES),
    "on-fail": Map(keys={"strategy": Text(choices=("ignore", "fail"))}, required=("strategy",)),
    "output-variables": List(of=TEXT),
    "runs-on": _RUNS_ON,
    "runtime": _RUNTIME,
    "services": List(of=TEXT, most=5),
    "size": _SIZE,
    "trigger": _TRIGGER,
    "type": Text(choices=("inline", "pipeline")),
}
_STEP = Map(keys=_STEP_KEYS, noun="a step")
_FINAL = Map(
    keys={name: shape for name, shape in _STEP_KEYS.items() if name not in ("deployment", "fail-fast", "trigger")},
    noun="a step",
)
_STEP_ITEM = Map(keys={"step": _STEP}, required=("step",), noun="a step")
_STEPS = List(of=_STEP_ITEM)
_PARALLEL = either(_STEPS, Map(keys={"steps": _STEPS, "fail-fast": FLAG}, required=("steps",)))
_STAGE = Map(
    keys={
        "name": TEXT,
        "condition": _CONDITION,
        "deployment": TEXT,
        "environment": TEXT,
        "trigger": _TRIGGER,
        "steps": List(of=Map(keys={"step": _STEP, "parallel": _PARALLEL}, one_only=True, noun="a step")),
    },
    required=("steps",),
)
_VARIABLES = List(
    of=Map(
        keys={"name": TEXT, "default": TEXT, "description": TEXT, "allowed-values": List(of=TEXT)},
        required=("name",),
    )
)
_ITEM_KEYS: dict[str, Shape] = {"step": _STEP, "parallel": _PARALLEL, "stage": _STAGE, "final": _FINAL}
_IMPORT = Map(keys={"import": TEXT, "variables": _VARIABLES}, required=("import",))
_PIPELINE = either(List(of=Map(keys=_ITEM_KEYS, one_only=True, noun="a step")), _IMPORT)
_CUSTOM = either(List(of=Map(keys={**_ITEM_KEYS, "variables": _VARIABLES}, one_only=True, noun="a step")), _IMPORT)
_CACHE = either(
    TEXT, Map(keys={"path": TEXT, "key": Map(keys={"files": List(of=TEXT)}, required=("files",))}, required=("path",))
)
_SERVICE = Map(
    keys={
        "image": _IMAGE,
        "memory": Number(least=128),
        "type": Text(choices=("docker",)),
        **dict.fromkeys(("variables", "environment"), Map(rest=TEXT)),
    }
)

_DEFINITIONS: dict[str, Shape] = {
    "caches": Map(rest=_CACHE),
    "services": Map(rest=_SERVICE),
    "pipelines": Map(rest=_CUSTOM),
    "imports": Map(rest=ANYTHING),
    "agents": Map(rest=ANYTHING),
    # Where the documentation keeps anchors: https://support.atlassian.com/bitbucket-cloud/docs/yaml-anchors/
    "steps": List(of=Map(keys=_ITEM_KEYS, one_only=True, noun="a step")),
}

FILE = Map(
    keys={
        "image": _IMAGE,
        "clone": _CLONE,
        "options": Map(
            keys={
                "docker": FLAG,
                "max-time": _MINUTES,
                "size": _SIZE,
                "runs-on": _RUNS_ON,
                "runtime": _RUNTIME,
                "oidc": _AUDIENCES,
            }
        ),
        "definitions": Map(keys=_DEFINITIONS),
        "export": FLAG,
        "labels": Map(rest=ANYTHING),
        "pipelines": Map(
            keys={
                "default": _PIPELINE,
                "branches": Map(rest=_PIPELINE),
                "tags": Map(rest=_PIPELINE),
                "bookmarks": Map(rest=_PIPELINE),
                "pull-requests": Map(rest=_PIPELINE),
                "custom": Map(rest=_CUSTOM),
            }
        ),
        "triggers": Map(
            keys={
                event: List(
                    of=Map(keys={"condition": TEXT, "pipelines": List(of=TEXT)}, required=("condition", "pipelines"))
                )
                for event in EVENTS
            }
        ),
    },
    noun="a pipeline file",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step as it runs: where it stands, its node, and what its stage adds."""

    pipeline: str
    """Name of the pipeline: `default`, `branches: main`, `custom: production` …"""
    node: Node
    stage: Node | None = None

    def get(self, key: str) -> str:
        """Return a text of the step, or of its stage."""
        return text_of(child(self.node, key)) or text_of(child(self.stage, key))

    @property
    def commands(self) -> tuple[str, ...]:
        """The lines of its script that are commands."""
        return tuple(text_of(command) for command in elements(child(self.node, "script")))

    @property
    def line(self) -> int:
        """Where it begins."""
        return line_of(self.node)


def pipelines(top: Node) -> Iterator[tuple[str, str, Node]]:
    """Yield kind, name and node of every pipeline in the file."""
    for kind, _, node in pairs(child(top, "pipelines")):
        if kind == "default":
            yield kind, kind, node
        else:
            for name, _, inner in pairs(node):
                yield kind, f"{kind}: {name}", inner


def steps(name: str, pipeline: Node) -> Iterator[Step]:
    """Yield the steps of a pipeline, in their order."""
    for item in elements(pipeline):
        for kind, _, node in pairs(item):
            if kind in ("step", "final"):
                yield Step(pipeline=name, node=node)
            elif kind == "parallel":
                yield from steps(name, child(node, "steps") or node)
            elif kind == "stage":
                inner = child(node, "steps")
                yield from (replace(step, stage=node) for step in (steps(name, inner) if inner is not None else ()))


def problems(top: Node) -> Iterator[Problem]:
    """Yield everything that makes the file invalid, or that Bitbucket would only say when the pipeline runs."""
    yield from FILE.problems(_without_shelves(top), "bitbucket-pipelines.yml")
    found = list(pipelines(top))
    if not found:
        yield Problem(line=line_of(top), rule="no-pipeline", message="The file has no pipeline")
    for kind, name, node in found:
        own = list(steps(name, node))
        yield from _of_a_pipeline(kind, name, node, own)
        for step in own:
            yield from _of_a_step(step, top)
    yield from _of_triggers(top)


def _without_shelves(top: Node, known: Collection[str] = tuple(FILE.keys)) -> Node:
    """Return a mapping without the keys of its author that hold anchors. Bitbucket passes over them.

    Atlassian's own pipes keep the steps that aliases refer to under keys such as `test` and `push`.
    """
    if not isinstance(top, MappingNode):
        return top
    kept = []
    for key, value in top.value:
        name = text_of(key)
        if name in known or get_close_matches(name, set(known) - {"steps"}, cutoff=0.88) or not has_anchor(value):
            inner = name == "definitions" and known is not _DEFINITIONS
            kept.append((key, _without_shelves(value, _DEFINITIONS) if inner else value))
    return MappingNode(top.tag, kept, top.start_mark, top.end_mark)


def _of_a_pipeline(kind: str, name: str, node: Node, own: list[Step]) -> Iterator[Problem]:
    if len(own) > MOST_STEPS:
        message = f"`{name}` has {len(own)} steps; {MOST_STEPS} are allowed"
        yield Problem(line=line_of(node), rule="too-many", message=message)
    if own and kind != "custom" and own[0].get("trigger") == "manual":
        message = f"The first step of `{name}` is manual; a pipeline cannot begin with one"
        yield Problem(line=own[0].line, rule="first-step-manual", message=message, fix="Make it a `custom` pipeline.")
    yield from _deployments(name, own)


def _deployments(name: str, own: list[Step]) -> Iterator[Problem]:
    """https://support.atlassian.com/bitbucket-cloud/docs/set-up-and-monitor-deployments/"""
    seen: list[str] = []
    stages: set[int] = set()
    for step in own:
        target = step.get("deployment").lower()
        if not target or id(step.stage) in stages:
            continue
        if step.stage is not None:
            stages.add(id(step.stage))
        if target in seen:
            message = f"`{name}` deploys to {target} twice; an environment may stand once in a pipeline"
            yield Problem(line=step.line, rule="deployment-twice", message=message)
        later = [one for one in seen if one in _after(target)]
        if later:
            message = f"`{name}` deploys to {target} after {later[0]}; the order is test, staging, production"
            yield Problem(line=step.line, rule="deployment-order", message=message)
        seen.append(target)


def _after(target: str) -> tuple[str, ...]:
    return _KINDS_OF_DEPLOYMENT[_KINDS_OF_DEPLOYMENT.index(target) + 1 :] if target in _KINDS_OF_DEPLOYMENT else ()


def _of_a_step(step: Step, top: Node) -> Iterator[Problem]:
    child_pipeline = step.get("type") == "pipeline"
    if not child_pipeline and not elements(child(step.node, "script")):
        name = step.get("name") or "a step"
        yield Problem(
            line=step.line, rule="step-without-script", message=f"`{name}` of `{step.pipeline}` has no script"
        )
    if child_pipeline and child(step.node, "custom") is None:
        yield Problem(line=step.line, rule="missing-key", message="A step of type `pipeline` names one under `custom`")
    given = child(step.node, "input-variables")
    if given is not None and len(list(pairs(given))) > 20:
        yield Problem(line=line_of(given), rule="too-many", message="`input-variables` has more than 20 entries")
    known = {
        "caches": (*_OWN_CACHES, *(name for name, _, _ in pairs(child(top, "definitions", "caches")))),
        "services": ("docker", *(name for name, _, _ in pairs(child(top, "definitions", "services")))),
    }
    for key, names in known.items():
        for node in elements(child(step.node, key)):
            if text_of(node) not in names:
                message = f'"{text_of(node)}" is not defined{did_you_mean(text_of(node), names)}'
                fix = f"Define it under `definitions: {key}:`."
                yield Problem(line=line_of(node), rule=f"undefined-{key[:-1]}", message=message, fix=fix)


def _of_triggers(top: Node) -> Iterator[Problem]:
    custom = [name for name, _, _ in pairs(child(top, "pipelines", "custom"))]
    for event, _, entries in pairs(child(top, "triggers")):
        for entry in elements(entries):
            for node in elements(child(entry, "pipelines")):
                if text_of(node) not in custom:
                    message = f'`{event}` starts "{text_of(node)}", which is not a custom pipeline'
                    near = did_you_mean(text_of(node), custom)
                    yield Problem(line=line_of(node), rule="trigger-unknown-pipeline", message=message + near)
            condition = child(entry, "condition")
            if condition is not None:
                yield from _condition(condition)


def _condition(node: Node) -> Iterator[Problem]:
    """The language has && || ! () == != < > and glob(NAME, "pattern")."""
    text = text_of(node)
    bare = re.sub(r'"[^"]*"|\'[^\']*\'', "''", text)
    lone = r"(?<![=!<>])=(?!=)|(?<!&)&(?!&)|(?<!\|)\|(?!\|)"
    if bare.count("(") != bare.count(")") or re.search(lone, bare):
        message = f"The condition `{text}` cannot be read: it has && || ! ( ) == != < > and glob()"
        yield Problem(line=line_of(node), rule="condition", message=message)
