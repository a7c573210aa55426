"""The small fakes do what their ports promise."""

import re
from dataclasses import fields
from datetime import timedelta
from pathlib import Path

import pytest

from sealift.errors import BuildError, CloudError, UserError
from sealift.model.app import Environment
from sealift.model.event import Noted, Progressed
from sealift.model.health import FUNCTION
from sealift.model.stack import StackResource
from sealift.model.template import Asset
from sealift.ports import Cloud
from tests.fakes.bucket import FakeBucket
from tests.fakes.builder import FakeBuilder
from tests.fakes.clock import START, FakeClock
from tests.fakes.cloud import FakeClouds
from tests.fakes.events import RecordingEvents
from tests.fakes.http import FakeHttp, answer
from tests.fakes.ids import FakeIds
from tests.fakes.process import FakeProcess, completed
from tests.fakes.prompt import FakePrompt
from tests.fakes.scm import FakeSourceControl
from tests.fakes.services import FakeFunctions, FakeMetrics, FakeSettings
from tests.fakes.suites import FakeTester, failed, passed


def test_sleeping_moves_both_clocks_and_setting_only_one() -> None:
    clock = FakeClock()
    clock.sleep(90)
    clock.set(START - timedelta(hours=1))

    assert (clock.monotonic(), clock.slept_s, clock.now()) == (90, 90, START - timedelta(hours=1))


def test_identifiers_are_new_and_in_order() -> None:
    ids = FakeIds()
    made = [ids.new() for _ in range(12)]

    assert made == sorted(set(made))


def test_events_are_kept_in_order_and_found_by_type() -> None:
    events = RecordingEvents()
    note, step = Noted(name="n", message="m"), Progressed(phase="build")
    events.emit(note)
    events.emit(step)

    assert (events.events, events.codes, events.of(Progressed)) == ((note, step), ("noted", "progressed"), (step,))


def test_http_gives_answers_in_turn_and_keeps_the_last() -> None:
    http = FakeHttp()
    http.serve("https://api/", answer(503), answer(200, "ok"))
    http.serve("https://api/echo", lambda request: answer(body=request.body or ""))

    def get(url: str, body: str | None = None) -> tuple[int, str]:
        got = http.request("GET", url, headers={}, body=body, timeout_s=1)
        return got.status, got.body

    assert [get("https://api/x") for _ in range(3)] == [(503, ""), (200, "ok"), (200, "ok")]
    assert get("https://api/echo", "hi") == (200, "hi")
    assert http.request("GET", "https://dead/", headers={}, body=None, timeout_s=1).error
    assert [r.url for r in http.requests][-1] == "https://dead/"


def test_a_process_runs_the_program_that_fits_best() -> None:
    process = FakeProcess()
    process.install("git", does=completed("any"))
    process.install("git", "log", does=lambda run: completed(run.argv[-1], returncode=3))

    assert process.run(["git", "status"], cwd=Path()).stdout == "any"
    assert process.run(["git", "log", "x"], cwd=Path()) == completed("x", returncode=3)
    with pytest.raises(UserError):
        process.run(["hg"], cwd=Path())
    assert [run.argv[0] for run in process.runs] == ["git", "git", "hg"]


def test_nobody_answers_nothing() -> None:
    prompt = FakePrompt("word")

    assert [prompt.text("a"), prompt.text("b")] == ["word", ""]
    assert prompt.asked == ["a", "b"]


def test_commits_between_two_are_newest_first() -> None:
    scm = FakeSourceControl(commits=[("a", "A"), ("b", "B"), ("c", "C")])

    assert scm.commits_between(Path(), "a", "c") == ("c C", "b B")
    assert scm.commits_between(Path(), "a", "unknown") is None
    origin = scm.origin(Path())
    assert origin is not None
    assert origin.commit == "c"
    assert FakeSourceControl(commits=[]).origin(Path()) is None


def test_the_builder_builds_what_is_there_and_only_once(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src/app.py").write_text("x = 1\n")
    asset = Asset(key="src", kind="function", source="src", logical_ids=("app/Work",), paths=())
    builder = FakeBuilder(tmp_path / "cache")

    first = builder.build(tmp_path, [asset])["src"]
    again = builder.build(tmp_path, [asset])["src"]
    (tmp_path / "src/app.py").write_text("x = 2\n")
    changed = builder.build(tmp_path, [asset])["src"]

    assert (first.built, again.built, changed.built) == (True, False, True)
    assert first.artifact.sha256 == again.artifact.sha256 != changed.artifact.sha256
    assert first.path.read_bytes()[:2] == b"PK"
    builder.broken["src"] = "no"
    with pytest.raises(BuildError):
        builder.build(tmp_path, [asset])


def test_suites_end_as_told() -> None:
    tester = FakeTester(acceptance_result=lambda env: passed("a") if env["OK"] == "1" else failed("a"))

    assert tester.acceptance(None, {"OK": "1"}).status == "succeeded"  # type: ignore[arg-type]
    assert tester.acceptance(None, {"OK": "0"}).status == "failed"  # type: ignore[arg-type]
    assert tester.environments == [{"OK": "1"}, {"OK": "0"}]


def test_a_bucket_that_was_not_made_takes_nothing() -> None:
    with pytest.raises(CloudError) as caught:
        FakeBucket(FakeClock()).put("key", b"x")

    assert caught.value.code == "bucket-not-found"


def test_settings_know_names_without_their_versions() -> None:
    settings = FakeSettings({"ssm:/a", "secretsmanager:db"})

    assert settings.missing(["ssm:/a:3", "secretsmanager:db:SecretString:x", "ssm:/ab"]) == ("ssm:/ab",)


def test_traffic_is_counted_by_the_minute() -> None:
    metrics = FakeMetrics(states={"errors": "OK"})
    for seconds in (0, 59, 60, 600):
        metrics.put("work-1", START + timedelta(seconds=seconds), requests=1, latency_ms=float(seconds))
    work = StackResource(logical_id="Work", physical_id="work-1", type=FUNCTION, status="CREATE_COMPLETE")

    (traffic,) = metrics.traffic([work], start=START + timedelta(seconds=30), end=START + timedelta(minutes=5))

    seen = [(m.at - START, m.requests, m.latency_ms) for m in traffic.minutes]
    assert seen == [(timedelta(0), 2.0, 29.5), (timedelta(minutes=1), 1.0, 60.0)]
    assert metrics.alarms(["errors", "gone"]) == {"errors": "OK"}


def test_logs_are_the_newest_lines_since() -> None:
    functions = FakeFunctions()
    for second in range(5):
        functions.log("work", START + timedelta(seconds=second), f"line {second}")

    assert functions.logs("work", since=START + timedelta(seconds=1), limit=2) == ("line 3", "line 4")


def test_every_environment_has_an_account_of_its_own() -> None:
    clouds = FakeClouds(FakeClock())
    staging = Environment(name="staging", region="eu-west-1", stack_name="a")
    production = Environment(name="production", region="eu-west-1", stack_name="b")

    assert clouds.open(staging) is clouds.open(staging)
    assert clouds.open(staging).bucket is not clouds.open(production).bucket
    clouds.closed.add("production")
    with pytest.raises(CloudError):
        clouds.open(production)


def test_every_port_of_a_cloud_is_in_the_table_of_the_contract() -> None:
    plain = {"environment", "account", "region", "local", "endpoint", "credentials", "reading"}
    page = (Path(__file__).parents[2] / "contract" / "README.md").read_text()
    assert re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE) == [f.name for f in fields(Cloud) if f.name not in plain]
