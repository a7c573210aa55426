"""A small Bitbucket for a demonstration: it starts the pipelines of a repository's own bitbucket-pipelines.yml.

A push, a pull request and its end start what the file says; a manual step is held back until somebody pushes it. The
steps themselves are executed by bb-run, which others wrote; where it is not there, by bash. Caches, images, artifacts
and limits of Bitbucket are not part of this.
"""

import json
import os
import re
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml
from rich.markup import escape

FILE = "bitbucket-pipelines.yml"
REPOSITORY = "acme/orders"
_EQUALS = re.compile(r'(?P<name>\w+) == "(?P<value>[^"]*)"')
_PATIENCE_S = 240
Variables = Mapping[str, str]
Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class PullRequest:
    """A branch that is to be merged into another one."""

    number: int
    branch: str
    destination: str = "main"

    @property
    def variables(self) -> Variables:
        """What Bitbucket tells the steps of its pipelines."""
        return {"BITBUCKET_PR_ID": str(self.number), "BITBUCKET_PR_DESTINATION_BRANCH": self.destination}


@dataclass(kw_only=True)
class Run:
    """A pipeline that was started: its target, its variables, and the groups of steps that are still to run."""

    target: str
    branch: str
    variables: Variables
    waiting: list[list[dict[str, Any]]]
    merges: str = ""
    """The branch that is merged into the checkout before the first script."""

    @property
    def held(self) -> str:
        """The manual step that the run waits for; empty when it waits for none."""
        return str(self.waiting[0][0]["name"]) if self.waiting and self.waiting[0][0].get("trigger") == "manual" else ""


@dataclass(kw_only=True)
class Bitbucket:
    """The service. `agent` is the clone in which steps run, `bb_run` the runner, if there is one."""

    agent: Path
    env: Mapping[str, str]
    say: Say
    bb_run: Path | None
    reports: list[tuple[str, str, str]] = field(default_factory=list)
    """Commit, title and result of each report that steps posted."""
    requests: dict[int, PullRequest] = field(default_factory=dict)
    """The pull requests that are open."""
    _number: int = 0

    def pushed(self, branch: str) -> Run:
        """Start the pipeline of a branch, or the default one. Returns it when it ended, failed or waits."""
        branches = self._file(branch)["pipelines"].get("branches", {})
        target = f"branches.{branch}" if branch in branches else "default"
        return self.go_on(self._start(target, branch, {}))

    def opened(self, request: PullRequest) -> list[Run]:
        """Start what a new pull request starts: its own pipeline, and what is triggered by it."""
        self.requests[request.number] = request
        own = self._start("pull-requests.**", request.branch, request.variables, merges=request.destination)
        return [self.go_on(own), *self.happened("pullrequest-created", request)]

    def happened(self, event: str, request: PullRequest) -> list[Run]:
        """Start the custom pipelines that an event triggers."""
        given = {**request.variables, "BITBUCKET_BRANCH": request.branch}
        triggered = [
            name
            for entry in self._file(request.destination).get("triggers", {}).get(event, ())
            if holds(entry["condition"], given)
            for name in entry["pipelines"]
        ]
        return [self.go_on(self._start(f"custom.{name}", request.branch, request.variables)) for name in triggered]

    def started(self, name: str, branch: str, variables: Variables, *, by: str) -> int:
        """Start a custom pipeline as a person, with the variables that the person gives it; return its exit code."""
        run = self._start(f"custom.{name}", branch, {**variables, "BITBUCKET_STEP_TRIGGERER_UUID": by})
        return max(self._executed(run, group) for group in run.waiting)

    def push_the_button(self, run: Run) -> int:
        """Execute the manual step that a run waits for; return its exit code. A failed one can be pushed again."""
        assert run.held
        code = self._executed(run, run.waiting[0])
        if code == 0:
            run.waiting.pop(0)
        return code

    def go_on(self, run: Run) -> Run:
        """Execute what needs no person. Raises Failed."""
        while run.waiting and not run.held:
            group = run.waiting[0]
            code = self._executed(run, group)
            if code:
                raise Failed(f"{' and '.join(one['name'] for one in group)}: exit code {code}")
            run.waiting.pop(0)
        if run.held:
            self.say(f"   [yellow]‖ {run.held}[/] waits for a person")
        return run

    def asked(self, method: str, path: str, body: bytes) -> dict[str, Any]:
        """Answer a request to the API: reports are kept, pull requests are told."""
        report = re.search(r"/commit/(\w+)/reports/[\w-]+$", path)
        if method == "PUT" and report:
            told = json.loads(body)
            self.reports.append((report[1], told["title"], told["result"]))
        number = re.search(r"/pullrequests/(\d+)$", path)
        request = self.requests.get(int(number[1])) if number else None
        if request is None:
            return {}
        repository = {"full_name": REPOSITORY}
        source = {"branch": {"name": request.branch}, "repository": repository}
        return {"id": request.number, "state": "OPEN", "draft": False, "title": request.branch, "source": source}

    def git(self, *arguments: str) -> str:
        """Run git in the agent's clone and return what it prints. Raises Failed."""
        done = subprocess.run(["git", *arguments], cwd=self.agent, env=self.env, capture_output=True, text=True)
        if done.returncode:
            raise Failed(f"git {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout.strip()

    def _file(self, branch: str) -> dict[str, Any]:
        self.git("fetch", "--quiet", "--prune", "origin", "+refs/heads/*:refs/remotes/origin/*")
        return dict(yaml.safe_load(self.git("show", f"origin/{branch}:{FILE}")))

    def _start(self, target: str, branch: str, variables: Variables, merges: str = "") -> Run:
        self._number += 1
        # The file of an event is that of the destination: the source branch may be gone by then.
        there = self.git("ls-remote", "--heads", "origin", branch) != ""
        file = self._file(branch if there else "main")
        node: Any = file["pipelines"]
        for key in target.split(".", 1):
            node = node[key]
        self.say(f"   [bold]pipeline #{self._number}[/]  {target}")
        given = {
            "BITBUCKET_BUILD_NUMBER": str(self._number),
            "BITBUCKET_BRANCH": branch,
            "BITBUCKET_COMMIT": self.git("rev-parse", f"origin/{branch if there else 'main'}"),
            "BITBUCKET_REPO_FULL_NAME": REPOSITORY,
            "BITBUCKET_STEP_TRIGGERER_UUID": "dana",
            **variables,
        }
        return Run(target=target, branch=branch, variables=given, waiting=list(groups(node)), merges=merges)

    def _executed(self, run: Run, group: list[dict[str, Any]]) -> int:
        """Check the commit out, execute steps at the same time, and show what they printed."""
        if group[0].get("clone", {}).get("enabled", True):
            self._check_out(run)
        began = time.monotonic()
        before = len(self.reports)
        if self.bb_run is not None:
            ended = [self._by_bb_run(self.bb_run, run, group)]
        else:
            with ThreadPoolExecutor() as pool:
                ended = list(pool.map(lambda step: self._by_bash(run, step), group))
        for names, code, said in ended:
            mark = "[green]✓[/]" if code == 0 else "[yellow]⧗[/]" if code == 4 else "[red]✗[/]"
            self.say(f"   {mark} [bold]{names}[/]  [dim]{time.monotonic() - began:.1f} s[/]")
            for line in said.splitlines():
                self.say(f"     [dim]│ {escape(line)}[/]")
        for commit, title, result in self.reports[before:]:
            self.say(f"     [cyan]report on {commit[:7]}[/]  {title}: {result}")
        return max(code for _, code, _ in ended)

    def _check_out(self, run: Run) -> None:
        self.git("checkout", "--quiet", "--force", "-B", run.branch, run.variables["BITBUCKET_COMMIT"])
        if run.merges:
            self.git("merge", "--quiet", "--no-edit", f"origin/{run.merges}")

    def _by_bb_run(self, runner: Path, run: Run, group: list[dict[str, Any]]) -> tuple[str, int, str]:
        given = {**run.variables, **_token(group[0])}
        chosen = [part for step in group for part in ("--step", step["name"])]
        variables = [part for name, value in given.items() for part in ("-v", f"{name}={value}")]
        argv = [str(runner), "--mode", "host", "--no-cache", "-b", run.branch, "-t", run.target, *variables, *chosen]
        done = self._called(argv, {})
        return " ∥ ".join(step["name"] for step in group), done.returncode, done.stdout

    def _by_bash(self, run: Run, step: dict[str, Any]) -> tuple[str, int, str]:
        script = "\n".join(f"printf '+ %s\\n' {_quoted(line)}\n{line}" for line in step["script"])
        done = self._called(["bash", "-e", "-c", script], {**run.variables, **_token(step)})
        return step["name"], done.returncode, done.stdout

    def _called(self, argv: Sequence[str], variables: Variables) -> "subprocess.CompletedProcess[str]":
        env = {**self.env, "CI": "true", **variables}
        return subprocess.run(
            argv,
            cwd=self.agent,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_PATIENCE_S,
        )


class Failed(Exception):
    """A step of a pipeline failed."""


def holds(condition: str, variables: Variables) -> bool:
    """Return whether a trigger's condition holds. Of its language only `NAME == "text"` is known. Raises ValueError."""
    known = _EQUALS.fullmatch(condition.strip())
    if known is None:
        raise ValueError(f"condition not understood: {condition}")
    return variables.get(known["name"]) == known["value"]


def groups(pipeline: Sequence[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Yield the steps of a pipeline, those that run at the same time together."""
    for item in pipeline:
        if "step" in item:
            yield [item["step"]]
        elif "parallel" in item:
            inner = item["parallel"]
            yield [one["step"] for one in (inner["steps"] if isinstance(inner, dict) else inner)]
        elif "variables" not in item:
            raise ValueError(f"not understood: {', '.join(item)}")


@contextmanager
def signing_proxy(service: Bitbucket) -> Iterator[str]:
    """Answer what steps ask and post through their proxy, which signs plain HTTP. Yields its address."""

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            body = json.dumps(service.asked(self.command, self.path, sent)).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_PUT = do_POST = do_DELETE = _answer  # noqa: N815 (named by the library)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def _token(step: Mapping[str, Any]) -> Variables:
    return {"BITBUCKET_STEP_OIDC_TOKEN": "token"} if step.get("oidc") else {}


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\"'\"'") + "'"


def path_with(folder: Path, env: Mapping[str, str]) -> str:
    """Return a PATH in which the commands of a folder come first."""
    return f"{folder}{os.pathsep}{env['PATH']}"
