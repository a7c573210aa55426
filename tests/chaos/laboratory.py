"""An application and two emulators to break things in, and a look at everything that a command leaves behind.

Every command runs in a process of its own that is forked from this one, which has imported all that is slow: so a kill
is a real one, and costs no start. The emulators are emptied between two kills, not started again.
"""

import json
import os
import shutil
import signal
import time
import traceback
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from sealift.cli.prompt import DefaultAnswers
from sealift.delivery.history import standing
from sealift.local.doors import KEY_HEADER, supervisor_key
from sealift.local.supervisor import LocalCloud
from sealift.model.app import App
from sealift.usecases.history import verify_ledgers
from sealift.usecases.services import Services
from sealift.wiring.application import load_application
from sealift.wiring.clouds import local_cloud
from sealift.wiring.services import make_services
from tests.chaos.journey import perform
from tests.chaos.points import NotBegunError, Points
from tests.fakes.events import RecordingEvents

TEMPLATE = """\
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Resources:
  Items:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      KeySchema: [{AttributeName: id, KeyType: HASH}]
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: src
      Handler: app.handler
      Runtime: python3.11
      Policies: [{DynamoDBReadPolicy: {TableName: !Ref Items}}]
Outputs:
  Table: {Value: !Ref Items}
"""
CONFIG = """\
[app]
name = "lab"
[environments.staging]
branch = "main"
soak = "0s"
[environments.production]
promotes_from = "staging"
watch = "1s"
"""
RUN_TIMEOUT_S = 180.0


@dataclass(frozen=True)
class EndState:
    """What a finished command leaves behind, without names and times that differ from run to run."""

    stacks: dict[str, str]
    code: dict[str, str]
    standing: dict[str, list[str]]
    """Release, how its deployment, its verification and its watch ended, and whether anything is open."""
    leases: dict[str, bool]
    faults: int
    executions: dict[str, int]
    """How often CloudFormation began to create or update each stack."""


@dataclass(frozen=True)
class Ended:
    """How a command in a process of its own ended: killed, or what went wrong (nothing, when it went well)."""

    killed: bool
    said: str
    points: tuple[str, ...] = ()


@dataclass(frozen=True)
class Laboratory:
    """An application in a folder, with its emulators running."""

    root: Path
    app: App
    cloud: LocalCloud
    environments: dict[int, str]
    """The names of the environments by the ports of their emulators."""
    services: Services
    """Made once, connected to nothing: every forked process has its own copy."""
    points: Points

    @property
    def cache(self) -> Path:
        """The folder of everything that this machine remembers."""
        return self.root.parent / "cache"

    def reset(self, *, forget: bool) -> None:
        """Empty both emulators; `forget` what this machine remembers of earlier builds, too."""
        for endpoint in (status.endpoint for status in self.cloud.status() if status.endpoint):
            key = {KEY_HEADER: supervisor_key(endpoint.secret_key)}
            asked = urllib.request.Request(f"{endpoint.url}/_ministack/reset", method="POST", headers=key)
            urllib.request.urlopen(asked, timeout=60).close()
        shutil.rmtree(self.cache if forget else self.cache / "sealift" / "ledgers", ignore_errors=True)
        self.write("one")

    def write(self, code: str) -> None:
        """Write the code of the function."""
        (self.root / "src" / "app.py").write_text(f"def handler(event, context):\n    return {{'say': '{code}'}}\n")

    def command(self, name: str, *, kill_at: int | str | None = None) -> Ended:
        """Run a command in a process of its own, killed at a point when one is given."""
        log = self.root.parent / "points.log"

        def act() -> str:
            self.points.watch_files(self.cache)
            self.points.begin(kill_at=kill_at, log=log)
            return perform(name, self.app, replace(self.services, events=RecordingEvents()))

        status, said = in_child(act, self.root.parent / "said.json")
        points = tuple(log.read_text().splitlines()) if log.exists() else ()
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        return Ended(killed=killed, said="" if killed else str(said), points=points)

    def end_state(self) -> EndState:
        """Look at everything."""

        def look() -> object:
            self.points.begin(kill_at=None, log=self.root.parent / "looking.log")
            return asdict(_end_state(self.app, self.services))

        _, state = in_child(look, self.root.parent / "state.json")
        return EndState(**state)


def in_child(act: Callable[[], Any], file: Path) -> tuple[int, Any]:
    """Run a function in a forked process; return its exit status and what it returned, which goes through JSON."""
    status = waited(forked(act, file))
    return status, json.loads(file.read_text()) if file.exists() else None


def forked(act: Callable[[], Any], file: Path) -> int:
    """Begin to run a function in a forked process; return its id. What it returns goes into the file, as JSON."""
    file.unlink(missing_ok=True)
    child = os.fork()
    if child == 0:
        try:
            file.write_text(json.dumps(act()))
            os._exit(0)
        except BaseException:
            file.write_text(json.dumps(traceback.format_exc()))
            os._exit(1)
    return child


def waited(child: int, timeout_s: float = RUN_TIMEOUT_S) -> int:
    """Wait for a forked process and return its exit status; one that takes too long is ended."""
    deadline = time.monotonic() + timeout_s
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return status
        if time.monotonic() > deadline:
            os.kill(child, signal.SIGTERM)
            os.waitpid(child, 0)
            raise TimeoutError(f"a command took longer than {timeout_s:.0f} s")
        time.sleep(0.005)


def _end_state(app: App, services: Services) -> EndState:
    stacks, code, standings, leases, executions = {}, {}, {}, {}, {}
    for environment in app.environments:
        cloud = services.clouds.open(environment)
        name = environment.stack_name
        state = cloud.stacks.describe(name)
        stacks[name] = state.status if state else "none"
        resources = cloud.stacks.resources(name) if state else ()
        functions = [r.physical_id for r in resources if r.type == "AWS::Lambda::Function" and r.physical_id]
        code[name] = json.dumps([f.code_sha256 for f in cloud.functions.state(functions)])
        seen = standing(services.ledgers.ledger(cloud).entries())
        now = seen.current
        settled = "settled" if seen.unfinished is None else "unfinished"
        standings[environment.name] = (
            [now.release, now.status, now.verified or "", now.watch or "", settled] if now else []
        )
        leases[environment.name] = services.ledgers.leases(cloud).current() is not None
        begun = {"CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS"}
        events = cloud.stacks.events(name)
        executions[name] = sum(e.logical_id == name and e.status in begun for e in events)
    faults = sum(len(found) for _, found in verify_ledgers(app, services).values())
    return EndState(stacks, code, standings, leases, faults, executions)


@contextmanager
def laboratory(folder: Path) -> Iterator[Laboratory]:
    """Make the application and start its emulators; stop them at the end."""
    root = folder / "lab"
    (root / "src").mkdir(parents=True)
    (root / "template.yaml").write_text(TEMPLATE)
    (root / "sealift.toml").write_text(CONFIG)
    app = load_application(root)
    cloud = local_cloud(app)
    before = dict(os.environ)
    os.environ["XDG_CACHE_HOME"] = str(folder / "cache")
    os.environ["SEALIFT_ASSUME_ROLE"] = "no"  # looking for roles would be a request before there are points
    try:
        ports = {cloud.up(e.name, region=e.region, account=e.account).port: e.name for e in app.environments}
        points = Points()
        with points.watching_requests(ports):
            services = _ready_services(app)
        yield Laboratory(root, app, cloud, ports, services, points)
    finally:
        os.environ.clear()
        os.environ.update(before)
        cloud.down()


def _ready_services(app: App) -> Services:
    """Import, and make once, all that is slow and that a forked process can go on with."""
    import samtranslator.translator.transform  # noqa: F401

    services = make_services(app, local=True, sink=RecordingEvents(), prompt=DefaultAnswers(), actor="ann@laptop")
    for environment in app.environments:
        cloud = services.clouds.open(environment)
        clients: tuple[Callable[[], object], ...] = (
            lambda cloud=cloud: cloud.stacks.describe("none"),
            lambda cloud=cloud: cloud.bucket.get("none"),
            lambda cloud=cloud: cloud.functions.state(["none"]),
        )
        for use in clients:
            with suppress(NotBegunError):
                use()
    return services
