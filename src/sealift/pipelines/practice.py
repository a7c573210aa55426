"""What a pipeline that delivers has to do, whatever CI system reads it: locks, short-lived credentials, one button.

Each system turns its file into `Job`s; the rules are written once, over these.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from yaml.nodes import Node

from sealift.pipelines import bitbucket, github, gitlab
from sealift.pipelines.shapes import Problem, child, elements, line_of, pairs, text_of

On = Literal["pull request", "branch", "request"]
"""What starts a job: a pull request, a push to a branch, or a person who asks for it."""
_SEALIFT = re.compile(
    r"\bsealift\s+(?:-C\s+\S+\s+)?(?:each\s+(?:(?:--all|--only\s+\S+|-C\s+\S+|\$\{[^}]*\})\s+)*)?"
    r"(?P<verb>[a-z]+)(?P<rest>[^&|;]*)"
)
_WRITES = ("run", "deploy", "promote", "rollback", "resume", "destroy")
_STORED_KEY = re.compile(r"AWS_SECRET_ACCESS_KEY|aws_secret_access_key|aws-secret-access-key")
_APP_PASSWORD = re.compile(r"app[-_ ]?password", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One job or step, as far as delivery cares."""

    name: str
    line: int
    on: On
    commands: tuple[str, ...]
    manual: bool = False
    """Whether a person has to push for it."""
    locked: bool = False
    """Whether two of it never run at once."""
    oidc: bool = False
    """Whether it gets a token that AWS exchanges for credentials."""
    whole_history: bool = True

    def calls(self, *verbs: str) -> str | None:
        """Return the first of these commands of Sealift that the job gives, without those on the embedded cloud."""
        for command in self.commands:
            for found in _SEALIFT.finditer(command):
                if found["verb"] in verbs and "--local" not in found["rest"]:
                    return found["verb"]
        return None


def advice(text: str, jobs: tuple[Job, ...]) -> Iterator[Problem]:
    """Yield what would make the pipeline less safe than it looks."""
    for number, line in enumerate(text.splitlines(), start=1):
        if _STORED_KEY.search(line.partition("#")[0]):
            message = "A stored AWS key can be stolen and does not expire"
            fix = "Let the job take a role by OpenID Connect."
            yield Problem(line=number, rule="stored-key", message=message, fix=fix, advice=True)
        if _APP_PASSWORD.search(line.partition("#")[0]):
            message = "Bitbucket removed app passwords in July 2026"
            fix = "Use an access token of the repository, or the signing proxy of the step."
            yield Problem(line=number, rule="app-password", message=message, fix=fix, advice=True)
    for job in jobs:
        yield from _of_a_job(job)


def _of_a_job(job: Job) -> Iterator[Problem]:
    if job.calls("promote") and not job.manual:
        message = f"`{job.name}` promotes without a push of the button"
        yield Problem(line=job.line, rule="promotes-by-itself", message=message, fix="Make it manual.", advice=True)
    verb = job.calls(*_WRITES) if job.on != "pull request" else job.calls("deploy", "promote")
    if verb is None:
        return
    if job.on == "pull request":
        message = f"`{job.name}` calls `sealift {verb}` for a pull request, which writes to no permanent environment"
        yield Problem(line=job.line, rule="deploys-a-pull-request", message=message, advice=True)
    if not job.locked:
        message = f"Two runs of `{job.name}` can wait for each other's lease and pay for it"
        yield Problem(line=job.line, rule="no-concurrency-group", message=message, fix=_LOCKS, advice=True)
    if not job.oidc:
        message = f"`{job.name}` deploys and asks for no OpenID Connect token"
        yield Problem(line=job.line, rule="no-oidc", message=message, fix=_TOKENS, advice=True)
    if not job.whole_history:
        message = f"`{job.name}` clones a part of the history; whether a commit was merged cannot always be seen there"
        yield Problem(line=job.line, rule="shallow-clone", message=message, fix=_DEPTHS, advice=True)


_LOCKS = "Bitbucket: `concurrency-group`; GitHub: `concurrency`; GitLab: `resource_group`."
_TOKENS = "Bitbucket: `oidc: true`; GitHub: `permissions: {id-token: write}`; GitLab: `id_tokens`."
_DEPTHS = "Bitbucket: `clone: {depth: full}`; GitHub: `fetch-depth: 0`; GitLab: `GIT_DEPTH: 0`."


def bitbucket_jobs(top: Node) -> tuple[Job, ...]:
    """Return the steps of every pipeline in bitbucket-pipelines.yml."""
    started = {
        text_of(name)
        for event, _, entries in pairs(child(top, "triggers"))
        if event.startswith("pullrequest-")
        for entry in elements(entries)
        for name in elements(child(entry, "pipelines"))
    }
    found: list[Job] = []
    for kind, name, node in bitbucket.pipelines(top):
        of_pull_request = kind == "pull-requests" or name.removeprefix("custom: ") in started
        on: On = "pull request" if of_pull_request else "request" if kind == "custom" else "branch"
        for step in bitbucket.steps(name, node):
            depth = child(step.node, "clone", "depth") or child(top, "clone", "depth")
            found.append(
                Job(
                    name=step.get("name") or name,
                    line=step.line,
                    on=on,
                    commands=step.commands,
                    manual=on == "request" or step.get("trigger") == "manual",
                    locked=bool(step.get("concurrency-group")),
                    oidc=text_of(child(step.node, "oidc")) == "true"
                    or child(step.node, "oidc", "audiences") is not None,
                    whole_history=text_of(depth) == "full",
                )
            )
    return tuple(found)


def github_jobs(top: Node) -> tuple[Job, ...]:
    """Return the jobs of a workflow."""
    named = [name for name, _ in github.events(top)]
    by_people = {"workflow_dispatch", "repository_dispatch"}
    found: list[Job] = []
    for name, node in github.jobs(top):
        steps = elements(child(node, "steps"))
        condition = text_of(child(node, "if"))
        only = condition if "!=" not in condition else ""
        asked = (bool(named) and set(named) <= by_people) or "workflow_dispatch" in only
        pull = "pull_request" in only or named == ["pull_request"]
        checkouts = [step for step in steps if text_of(child(step, "uses")).startswith("actions/checkout@")]
        rights = child(node, "permissions") or child(top, "permissions")
        found.append(
            Job(
                name=text_of(child(node, "name")) or name,
                line=line_of(node),
                on="request" if asked else "pull request" if pull else "branch",
                commands=tuple(text_of(child(step, "run")) for step in steps),
                # An environment may hold the job until somebody approves; that is set on GitHub, not in the file.
                manual=asked or child(node, "environment") is not None,
                locked=child(node, "concurrency") is not None or child(top, "concurrency") is not None,
                oidc=text_of(child(rights, "id-token")) == "write" or text_of(rights) == "write-all",
                whole_history=all(text_of(child(step, "with", "fetch-depth")) == "0" for step in checkouts),
            )
        )
    return tuple(found)


def gitlab_jobs(top: Node) -> tuple[Job, ...]:
    """Return the jobs of .gitlab-ci.yml that run."""
    found: list[Job] = []
    for name, node in gitlab.jobs(top):
        if name.startswith("."):
            continue
        rules = elements(gitlab.value(top, node, "rules"))
        conditions = [text_of(child(rule, "if")) for rule in rules if text_of(child(rule, "when")) != "never"]
        pull = bool(conditions) and all("merge_request" in one.lower() for one in conditions)
        manual = [text_of(child(rule, "when")) == "manual" for rule in rules if text_of(child(rule, "when")) != "never"]
        script = [line for one in elements(gitlab.value(top, node, "script")) for line in elements(one)]
        depth = child(gitlab.value(top, node, "variables"), "GIT_DEPTH") or child(top, "variables", "GIT_DEPTH")
        found.append(
            Job(
                name=name,
                line=line_of(node),
                on="pull request" if pull else "branch",
                commands=tuple(text_of(line) for line in script),
                manual=text_of(child(node, "when")) == "manual" or (bool(manual) and all(manual)),
                locked=gitlab.value(top, node, "resource_group") is not None,
                oidc=gitlab.value(top, node, "id_tokens") is not None,
                whole_history=text_of(depth) == "0",
            )
        )
    return tuple(found)
