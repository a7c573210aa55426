"""An application and two emulators to break things in, and a look at everything that a journey leaves behind."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sealift.cli.prompt import DefaultAnswers
from sealift.local.supervisor import LocalCloud
from sealift.model.app import App
from sealift.usecases.history import verify_ledgers
from sealift.usecases.services import Services
from sealift.wiring import load_application, local_cloud, make_services
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
RUN_TIMEOUT_S = 120


@dataclass(frozen=True)
class EndState:
    """What a finished journey leaves behind, without names and times that differ from run to run."""

    stacks: dict[str, str]
    code: dict[str, str]
    standing: dict[str, tuple[str, str, str, str]]
    """Release, and how its deployment, its verification and its watch ended."""
    leases: dict[str, bool]
    faults: int
    executions: dict[str, int]
    """How often CloudFormation began to create or update each stack."""


@dataclass(frozen=True)
class Laboratory:
    """An application in a folder, with its emulators running."""

    root: Path
    app: App
    cloud: LocalCloud

    def reset(self) -> None:
        """Empty both emulators."""
        for environment in self.app.environments:
            self.cloud.reset(environment.name)

    def journey(self, *, kill_at: int | None = None) -> tuple[int, list[str], str]:
        """Run the journey in a process of its own; return its exit code, the points it reached, what it said."""
        log = self.root.parent / "points.log"
        log.unlink(missing_ok=True)
        argv = [sys.executable, "-m", "tests.chaos.journey", str(self.root), str(log)]
        argv += [str(kill_at)] if kill_at else []
        done = subprocess.run(argv, capture_output=True, text=True, timeout=RUN_TIMEOUT_S, check=False)
        points = log.read_text().splitlines() if log.exists() else []
        return done.returncode, points, done.stderr

    def services(self) -> Services:
        """Return services to look with."""
        return make_services(self.app, local=True, sink=RecordingEvents(), prompt=DefaultAnswers())

    def end_state(self) -> EndState:
        """Look at everything."""
        from sealift.delivery.history import standing

        services = self.services()
        stacks, code, standings, leases, executions = {}, {}, {}, {}, {}
        for environment in self.app.environments:
            cloud = services.clouds.open(environment)
            name = environment.stack_name
            state = cloud.stacks.describe(name)
            stacks[name] = state.status if state else "none"
            resources = cloud.stacks.resources(name) if state else ()
            functions = [r.physical_id for r in resources if r.type == "AWS::Lambda::Function" and r.physical_id]
            code[name] = json.dumps([f.code_sha256 for f in cloud.functions.state(functions)])
            now = standing(services.ledgers.ledger(cloud).entries()).current
            standings[environment.name] = (
                (now.release, now.status, now.verified or "", now.watch or "") if now else ("", "", "", "")
            )
            leases[environment.name] = services.ledgers.leases(cloud).current() is not None
            begun = {"CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS"}
            events = cloud.stacks.events(name)
            executions[name] = sum(e.logical_id == name and e.status in begun for e in events)
        faults = sum(len(found) for _, found in verify_ledgers(self.app, services).values())
        return EndState(stacks, code, standings, leases, faults, executions)


@contextmanager
def laboratory(folder: Path) -> Iterator[Laboratory]:
    """Make the application and start its emulators; stop them at the end."""
    root = folder / "lab"
    (root / "src").mkdir(parents=True)
    (root / "template.yaml").write_text(TEMPLATE)
    (root / "sealift.toml").write_text(CONFIG)
    (root / "src" / "app.py").write_text("def handler(event, context):\n    return {'hello': 'world'}\n")
    app = load_application(root)
    cloud = local_cloud(app)
    try:
        for environment in app.environments:
            cloud.up(environment.name, region=environment.region, account=environment.account)
        yield Laboratory(root, app, cloud)
    finally:
        cloud.down()
