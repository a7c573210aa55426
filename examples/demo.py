"""`make demo`: a serverless application goes from a commit to production, and what is bad does not.

Uses what anybody has: the `sealift` command, git, and HTTP requests. Works in a temporary folder, which it removes, and
stops what it started. Exits with 1 as soon as a step does not go as the story says.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from rich.console import Console
from rich.markup import escape

EXAMPLES = Path(__file__).resolve().parent
CHANGES = EXAMPLES / "orders-changes"
NOT_OURS = ("AWS_", "BITBUCKET_", "CI_", "GIT_", "GITHUB_", "GITLAB_")
"""Variables of a CI system, a shell or a hook around us that would change what branch or cloud this is about."""
MARKS = {"succeeded": "[green]✓[/]", "skipped": "[dim]–[/]"}
PATIENCE_S = 20.0
FUNCTIONS = 6
WIDTH = 120


class Unexpected(Exception):
    """A step did not go as the story says."""


@dataclass
class Demo:
    """The stage of the story: a copy of the example in a folder of its own."""

    folder: Path
    console: Console
    env: Mapping[str, str]
    began: float = field(default_factory=time.monotonic)

    # What is said.

    def say(self, text: str = "") -> None:
        self.console.print(text, highlight=False, soft_wrap=True)

    @contextmanager
    def act(self, title: str, *story: str) -> Iterator[None]:
        """Print a heading and what is going to happen, and at the end how long it took."""
        self.say(f"\n[bold cyan]{title}[/]")
        for line in story:
            self.say(f"   {line}")
        began = time.monotonic()
        yield
        self.say(f"   [dim]{time.monotonic() - began:.1f} s[/]")

    def expect(self, true: bool, what: str, seen: object = "") -> None:
        """Say what was found to be so. Raises Unexpected when it is not."""
        if not true:
            raise Unexpected(f"{what}{f'; seen: {seen}' if seen != '' else ''}")
        self.say(f"   [green]✓[/] {escape(what)}")

    # What is done.

    def git(self, *arguments: str) -> str:
        """Run git in the folder and return what it prints."""
        done = subprocess.run(["git", *arguments], cwd=self.folder, env=self.env, capture_output=True, text=True)
        if done.returncode:
            raise Unexpected(f"git {' '.join(arguments)} failed: {done.stderr.strip()}")
        return done.stdout.strip()

    def change(self, patch: str) -> None:
        """Commit one of the changes that lie beside the example."""
        self.git("am", "--quiet", str(CHANGES / f"{patch}.patch"))
        self.committed()

    def committed(self) -> None:
        """Show the newest commit."""
        self.say(f"   [bold]$ git commit[/]   [dim]{escape(self.git('log', '-1', '--format=%h  %s'))}[/]")

    def sealift(self, *arguments: str) -> dict[str, Any]:
        """Run a command that delivers, tell its phases as they end, and return how it finished."""
        self.say(f"   [bold]$ sealift {' '.join(arguments)}[/]")
        finished: dict[str, Any] = {}
        errors = self.folder.parent / "errors.log"
        with (
            errors.open("w") as stderr,
            subprocess.Popen(
                [sys.executable, "-m", "sealift", *arguments, "--json"],
                cwd=self.folder,
                env=self.env,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
            ) as process,
            self.console.status("…", spinner_style="cyan") as status,
        ):
            try:
                for line in process.stdout or ():
                    event = json.loads(line)
                    status.update(f"[dim]{_place(event)}[/]") if event["code"] == "phase-started" else None
                    self._tell(event)
                    finished = event if event["code"] == "finished" else finished
            finally:
                process.terminate() if sys.exc_info()[0] else None
        if not finished:
            raise Unexpected(f"sealift {' '.join(arguments)} ended without a result:\n{errors.read_text()[-2000:]}")
        return finished

    def _tell(self, event: Mapping[str, Any]) -> None:
        if event["code"] == "phase-finished":
            detail = _short(event["detail"])
            mark = MARKS.get(event["status"], "[red]✗[/]")
            self.say(f"     {mark} {_place(event):<24}{event['duration_s']:5.1f} s   [dim]{escape(detail)}[/]")
            if (event["phase"], event["status"]) == ("test", "skipped"):
                raise Unexpected(f"the unit tests were not run: {event['detail']}")
        elif event["code"] == "noted" and event["level"] == "error":
            self.say(f"     [yellow]↺ {escape(event['message'].rsplit('. ', 1)[-1])}[/]")

    def shown(self, *commands: str) -> None:
        """Run commands that look, at the same time, and print what each says. Raises Unexpected when one fails."""
        width = self.console.width if self.console.is_terminal else WIDTH
        env = {**self.env, "COLUMNS": str(width)} | ({"FORCE_COLOR": "1"} if self.console.is_terminal else {})
        started = [
            subprocess.Popen(
                [sys.executable, "-m", "sealift", *command.split()],
                cwd=self.folder,
                env=env,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            for command in commands
        ]
        for command, process in zip(commands, started, strict=True):
            said, _ = process.communicate()
            self.say(f"\n[bold]$ sealift {command}[/]")
            sys.stdout.write(said)
            if process.returncode:
                raise Unexpected(f"sealift {command} failed")

    def asked(self, command: str) -> dict[str, Any]:
        """Return what a command that looks says in JSON."""
        argv = [sys.executable, "-m", "sealift", *command.split(), "--local", "--json"]
        done = subprocess.run(argv, cwd=self.folder, env=self.env, capture_output=True, text=True)
        if done.returncode:
            raise Unexpected(f"sealift {command} failed: {done.stdout}{done.stderr}")
        return dict(json.loads(done.stdout))

    def lanes(self) -> dict[str, dict[str, Any]]:
        """Return what `sealift status` says of each environment."""
        return {lane["name"]: lane for lane in self.asked("status")["environments"]}

    def read_back(self) -> list[dict[str, str]]:
        """Return the code hashes that each cloud said it runs after a deployment, by function."""
        return [e["data"]["code_sha256"] for e in self.asked("history")["entries"] if "code_sha256" in e["data"]]

    def stop(self) -> None:
        """Stop the embedded cloud; nothing may be left running, whatever went wrong before."""
        command = [sys.executable, "-m", "sealift", "local", "down"]
        subprocess.run(command, cwd=self.folder, env=self.env, capture_output=True)


def _place(event: Mapping[str, Any]) -> str:
    return f"{event['environment'] or '':<12}{event['phase']}"


def _short(text: str, length: int = 100) -> str:
    line = " ".join(text.split())
    return line if len(line) <= length else f"{line[: length - 1]}…"


def http(method: str, url: str, body: object = None, token: str = "") -> tuple[int, dict[str, Any]]:
    """Send a request to a live API and return the status and the JSON of the answer."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"content-type": "application/json", **({"authorization": f"Bearer {token}"} if token else {})}
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(urllib.request.Request(url, data=data, headers=headers, method=method), timeout=30) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        text = error.read().decode(errors="replace")
        return error.code, json.loads(text) if text.startswith("{") else {"text": text}


def buy(demo: Demo, lane: Mapping[str, Any]) -> None:
    """Place an order in a live environment, and see it confirmed by the worker behind the queue."""
    orders, public = lane["outputs"]["OrdersUrl"], lane["outputs"]["PublicUrl"]
    _, session = http("POST", f"{orders}/sessions")
    status, order = http("POST", f"{orders}/orders", {"lines": [{"sku": "coffee", "quantity": 3}]}, session["token"])
    demo.expect(status == 201, f"POST {orders}/orders answers {status}", order)
    deadline = time.monotonic() + PATIENCE_S
    while (seen := http("GET", f"{public}/orders/{order['id']}")[1]).get("status") != "confirmed":
        if time.monotonic() > deadline:
            raise Unexpected(f"order {order['id']} was never confirmed: {seen}")
        time.sleep(0.05)
    demo.expect(True, f"GET {public}/orders/… says: {seen['status']}, {seen['total_cents'] / 100:.2f}")


def good_commit(demo: Demo) -> dict[str, dict[str, Any]]:
    """Act 1. Returns where the environments stand after it."""
    with demo.act(
        "1 · A good commit goes all the way",
        "A shop with two APIs, six functions, a queue and a stream. Staging and production are separate",
        "clouds on this machine, each with its own account, functions, APIs and tables.",
    ):
        demo.committed()
        ended = demo.sealift("run", "--local")
        demo.expect(ended["status"] == "succeeded", "the commit is in production", ended["message"])
        with ThreadPoolExecutor() as pool:
            looking, reading = pool.submit(demo.lanes), pool.submit(demo.read_back)
        lanes, (staging, production) = looking.result(), reading.result()
        releases = {lane["release"] for lane in lanes.values()}
        demo.expect(releases == {ended["release"]}, f"staging and production run release {ended['release'][:12]}")
        same = len(production) == FUNCTIONS and staging == production
        demo.expect(same, f"the code of all {FUNCTIONS} functions, read back from both clouds, is the same", production)
        buy(demo, lanes["production"])
    return lanes


def broken_in_staging(demo: Demo, good: str) -> None:
    """Act 2. `good` is the release that production runs."""
    with demo.act(
        "2 · A commit that breaks the API stops in staging",
        "It reads the table of orders before it writes, and its role may only write. Unit tests cannot see that.",
    ):
        demo.change("2-place-an-order-once")
        ended = demo.sealift("run", "--local")
        demo.expect(ended["status"] == "failed", "the journey failed, and says so", ended["status"])
        demo.expect("production" not in ended["environments"], "production was never asked")
        production = demo.lanes()["production"]
        demo.expect(production["release"] == good, f"production still runs release {good[:12]}", production["release"])
        buy(demo, production)


def broken_in_production(demo: Demo, good: str) -> None:
    """Act 3. `good` is the release that production runs before and after it."""
    with demo.act(
        "3 · A commit that only fails in production is rolled back",
        "It needs a parameter; somebody gave it to staging and forgot production. All tests pass in staging.",
    ):
        demo.git("revert", "--no-edit", "HEAD")
        demo.change("3-give-a-discount")
        ended = demo.sealift("run", "--local")
        outcomes = ended["environments"]
        demo.expect(outcomes.get("staging") == "succeeded", "staging was fine with it", outcomes)
        demo.expect(outcomes.get("production") == "failed", "production's probes were not", outcomes)
        production = demo.lanes()["production"]
        demo.expect(production["release"] == good, f"production is back on release {good[:12]}", production["release"])
        buy(demo, production)


def trespass(demo: Demo, lanes: Mapping[str, Mapping[str, Any]]) -> None:
    """Act 4."""
    with demo.act(
        "4 · A function of staging tries to write to production's table",
        "Its role may write orders in staging. It is told the name of production's table, and where production lives.",
    ):
        demo.change("4-trespass")
        ended = demo.sealift("deploy", "staging", "--local")
        demo.expect(ended["status"] == "succeeded", "the function is in staging", ended["message"])
        staging, production = (lanes[name]["outputs"] for name in ("staging", "production"))
        table, door = production["OrdersTableArn"], production["PublicUrl"].split("/_aws/")[0]
        by_name = attempt(staging, {"table": table})
        at_the_door = attempt(staging, {"table": table, "endpoint": door})
        demo.expect(by_name.startswith("AccessDenied"), f"production's table, by its ARN: {denial(by_name)}", by_name)
        refused = at_the_door.startswith("UnrecognizedClient")
        demo.expect(refused, f"the same, sent straight to production's cloud: {denial(at_the_door)}", at_the_door)
        there = http("GET", f"{staging['PublicUrl']}/orders/trespass")[0]
        here = http("GET", f"{production['PublicUrl']}/orders/trespass")[0]
        demo.expect(
            (there, here) == (200, 404), "the item is in staging's table and not in production's", (there, here)
        )


def attempt(staging: Mapping[str, str], target: Mapping[str, str]) -> str:
    """Let the function write to its own table and to another; return what became of the other."""
    status, answer = http("POST", f"{staging['PublicUrl']}/trespass", target)
    if (status, answer.get("own")) != (200, "written"):
        raise Unexpected(f"the function could not even write to its own table: {answer}")
    return str(answer["other"])


def denial(message: str) -> str:
    """Return the code of an error and the end of what it says."""
    code, _, text = message.partition(": ")
    denied = re.search(r"not authorized to perform: \S+", text)
    return f"{code}, {denied[0] if denied else text}"


def tell(demo: Demo) -> None:
    """Tell the whole story. Raises Unexpected."""
    demo.git("init", "--quiet", "--initial-branch=main")
    demo.git("add", ".")
    demo.git("commit", "--quiet", "-m", "A shop that takes, confirms and counts orders")
    lanes = good_commit(demo)
    good = lanes["production"]["release"]
    broken_in_staging(demo, good)
    broken_in_production(demo, good)
    trespass(demo, lanes)
    demo.say("\n[bold cyan]5 · What happened, and can it be trusted?[/]")
    demo.shown("status --local", "history --local", "ledger verify --local")


def surroundings(folder: Path) -> dict[str, str]:
    """Return the environment of every command: ours, without what would change the story."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(NOT_OURS) and k not in ("CI", "PYTHONPATH")}
    for role in ("AUTHOR", "COMMITTER"):
        env |= {f"GIT_{role}_NAME": "Dana Developer", f"GIT_{role}_EMAIL": "dana@example.com"}
    return env | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CEILING_DIRECTORIES": str(folder)}


def _interrupted(number: int, _frame: object) -> NoReturn:
    raise SystemExit(128 + number)


def play(tell: Callable[[Demo], None]) -> int:
    """Tell a story on a stage of its own and return the exit code."""
    signal.signal(signal.SIGTERM, _interrupted)
    console = Console()
    with tempfile.TemporaryDirectory(prefix="sealift-demo-") as temporary:
        folder = Path(temporary) / "orders"
        rubbish = shutil.ignore_patterns("__pycache__", ".*_cache", ".sealift", ".git", ".venv")
        shutil.copytree(EXAMPLES / "orders", folder, ignore=rubbish)
        demo = Demo(folder=folder, console=console, env=surroundings(Path(temporary)))
        try:
            tell(demo)
        except (Unexpected, OSError, ValueError, KeyError) as wrong:
            what = str(wrong) if isinstance(wrong, Unexpected) else repr(wrong)
            demo.say(f"   [bold red]✗ This did not go as told:[/] {escape(what)}")
            return 1
        except KeyboardInterrupt:
            demo.say("\nStopped.")
            return 130
        finally:
            demo.stop()
        took = f"{time.monotonic() - demo.began:.0f} s"
        demo.say(f"\n[bold]Everything happened as announced, in {took}.[/] Nothing is left running.")
        demo.say("[dim]The embedded cloud enforces the policies of roles; it is evidence, AWS is the boundary.[/]")
        demo.say("Your own application: [bold]sealift init[/], then [bold]sealift run --local[/] in its repository.")
    return 0


if __name__ == "__main__":
    sys.exit(play(tell))
