"""A release that starts to fail in production is noticed by what its users got, and rolled back: by real requests."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import pytest

from sealift.cli.prompt import DefaultAnswers
from sealift.model.app import App
from sealift.model.event import Event, HealthJudged, PhaseStarted
from sealift.model.ledger import Entry
from sealift.usecases.run import RunOptions, RunResult, run
from sealift.usecases.services import Services
from sealift.usecases.status import status
from sealift.wiring.application import load_application
from sealift.wiring.clouds import local_cloud
from sealift.wiring.services import make_services
from tests.fakes.suites import FakeAnalyzer, FakeTester
from tests.local.deploying import Answer, http

TEMPLATE = """\
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Resources:
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: src
      Handler: app.handler
      Runtime: python3.11
      Events:
        Any: {Type: HttpApi, Properties: {Path: "/{proxy+}", Method: ANY}}
Outputs:
  Url: {Value: !Sub "https://${ServerlessHttpApi}.execute-api.${AWS::Region}.amazonaws.com"}
"""
CONFIG = """\
[app]
name = "tiring"
[environments.staging]
branch = "main"
soak = "0s"
[environments.production]
promotes_from = "staging"
watch = "5s"
[[probes]]
name = "health"
url = "${Url}/health"
"""
GOOD = 'def handler(event, context):\n    return {"statusCode": 200, "body": "one"}\n'
TIRING = """\
served = 0
def handler(event, context):
    global served
    if event["rawPath"] == "/health":
        return {"statusCode": 200, "body": "well"}
    served += 1
    return {"statusCode": 500 if served > 10 else 200, "body": "two"}
"""


@dataclass
class Users:
    """Reads events, and sends requests to production as soon as it is watched."""

    url: str = ""
    answers: list[Answer] = field(default_factory=list)
    judged: list[HealthJudged] = field(default_factory=list)

    def emit(self, event: Event) -> None:
        """Take one event."""
        if isinstance(event, HealthJudged):
            self.judged.append(event)
        if isinstance(event, PhaseStarted) and event.phase == "watch" and self.url:
            self.answers += [http("GET", f"{self.url}/orders") for _ in range(40)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A good release in production, then one that tires; and what users saw of it."""

    before: Answer
    during: tuple[Answer, ...]
    after: Answer
    first: RunResult
    second: RunResult
    entries: tuple[Entry, ...]
    """Of production."""
    judged: tuple[HealthJudged, ...]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """Tell the story once; the embedded cloud is stopped at the end."""
    root = tmp_path_factory.mktemp("watch") / "tiring"
    (root / "src").mkdir(parents=True)
    (root / "template.yaml").write_text(TEMPLATE)
    (root / "sealift.toml").write_text(CONFIG)
    try:
        yield told(root)
    finally:
        local_cloud(load_application(root)).down()


def told(root: Path) -> Story:
    first = deliver(root, GOOD, Users())
    app = load_application(root)
    _, production = status(app, services_of(app, Users()))
    users = Users(url=production.urls["Url"])
    before = http("GET", f"{users.url}/orders")
    second = deliver(root, TIRING, users)
    after = http("GET", f"{users.url}/orders")
    services = services_of(app, Users())
    entries = services.ledgers.ledger(services.clouds.open(production.environment)).entries()
    return Story(
        before=before,
        during=tuple(users.answers),
        after=after,
        first=first,
        second=second,
        entries=entries,
        judged=tuple(users.judged),
    )


def services_of(app: App, users: Users) -> Services:
    made = make_services(app, local=True, sink=users, prompt=DefaultAnswers(), actor="ann@laptop")
    return replace(made, analyzer=FakeAnalyzer(), tester=FakeTester())


def deliver(root: Path, code: str, users: Users) -> RunResult:
    """Take this code as far as it goes."""
    (root / "src" / "app.py").write_text(code)
    app = load_application(root)
    return run(app, services_of(app, users), RunOptions(local=True, branch="main"))


def test_users_get_the_good_release_before_and_after_and_the_bad_one_only_while_it_is_watched(story: Story) -> None:
    assert [(a.status, a.text) for a in story.during] == [(200, "two")] * 10 + [(500, "two")] * 30
    assert [(a.status, a.text) for a in (story.before, story.after)] == [(200, "one"), (200, "one")]


def test_what_users_got_brings_the_release_before_back(story: Story) -> None:
    assert story.first.status == "succeeded"
    assert story.second.environments == {"staging": "succeeded", "production": "failed"}
    assert f"production is back on release {(story.first.release or '')[:12]}" in story.second.message
    assert story.judged[-1].verdict == "unhealthy"


def test_the_evidence_is_in_the_ledger(story: Story) -> None:
    (failed,) = [r for r in story.entries if (r.record.kind, r.record.status) == ("watch", "failed")]
    seen = cast("dict[str, Any]", failed.data["health"])
    assert seen["failures"] == 30
    assert seen["requests"] == 41  # 40 of users, and one probe
    assert "% of requests failed" in str(seen["reasons"])
    ended = [(r.record.kind, r.record.status) for r in story.entries if "step" not in r.data][-3:]
    assert ended == [
        ("rollback", "running"),
        ("rollback", "succeeded"),
        ("verification", "succeeded"),
    ]
