"""Only a release that did well where it soaked is promoted, and the evidence is kept."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from sealift.errors import CloudError, Refused, Waiting
from sealift.model.app import Health, Probe
from sealift.model.event import HealthJudged
from sealift.usecases.status import status
from tests.component.usecases.world import SOAK_S, URL, World, function
from tests.fakes.http import answer

ALARM: dict[str, Any] = {"Type": "AWS::CloudWatch::Alarm", "Properties": {"AlarmName": "shop-errors"}}


def physical_id(world: World, logical_id: str = "Hello", name: str = "staging") -> str:
    """Return what a resource is called in the account."""
    resources = world.account(name).stacks.resources(f"shop-{name}")
    return str(next(r.physical_id for r in resources if r.logical_id == logical_id))


def soak(world: World, *, requests: int = 0, failures: int = 0, minutes: int = 10, latency_ms: float = 10.0) -> None:
    """Let minutes pass in staging, each with this many requests."""
    for _ in range(minutes):
        world.clock.advance(60)
        if requests:
            world.account("staging").metrics.put(
                physical_id(world), world.clock.now(), requests=requests, failures=failures, latency_ms=latency_ms
            )
    world.clock.advance(60)


def evidence_of(world: World) -> Mapping[str, Any]:
    """Return what production's ledger says of the release in staging."""
    promoted = next(e for e in world.entries("production") if e.record.kind == "promotion")
    found = promoted.data["health"]
    assert isinstance(found, dict)
    return found


def judged(world: World) -> HealthJudged:
    return world.events.of(HealthJudged)[-1]


def test_a_healthy_release_is_promoted_and_its_evidence_is_recorded(world: World):
    world.write({"Hello": function(), "Errors": ALARM})
    world.account("staging").metrics.states["shop-errors"] = "OK"
    world.deploy()
    soak(world, requests=100)
    assert world.promote().status == "succeeded"
    recorded = evidence_of(world)
    assert (recorded["verdict"], recorded["requests"], recorded["alarms"]) == ("healthy", 1000, {"shop-errors": "OK"})
    assert recorded["summary"] == "1,000 requests, 0 % errors, alarms quiet"


def test_a_release_that_fails_requests_is_refused_with_its_figures(world: World):
    world.deploy()
    soak(world, requests=100, failures=5)
    with pytest.raises(Refused) as refused:
        world.promote()
    assert (refused.value.code, refused.value.exit_code) == ("gate-health", 3)
    assert "Hello: 5 % of requests failed, allowed are 1 %" in refused.value.message
    assert refused.value.context["evidence"]["failures"] == 50  # type: ignore[index]
    assert world.writes("production") == []


def test_an_alarm_that_rings_refuses(world: World):
    world.write({"Hello": function(), "Errors": ALARM})
    world.account("staging").metrics.states["shop-errors"] = "ALARM"
    world.deploy()
    world.soak()
    with pytest.raises(Refused, match="alarm shop-errors rings"):
        world.promote()


def test_only_declared_alarms_count_by_logical_id_or_by_name(world: World):
    world.write({"Hello": function(), "Errors": ALARM})
    metrics = world.account("staging").metrics
    metrics.states |= {"shop-errors": "OK", "from-elsewhere": "ALARM"}
    world.change("staging", health=Health(alarms=("Errors", "from-elsewhere")))
    world.deploy()
    world.soak()
    with pytest.raises(Refused) as refused:
        world.promote()
    assert refused.value.context["evidence"]["alarms"] == {"shop-errors": "OK", "from-elsewhere": "ALARM"}  # type: ignore[index]


def test_a_declared_alarm_that_is_not_there_refuses(world: World):
    world.change("staging", health=Health(alarms=("Errors",)))
    world.deploy()
    world.soak()
    with pytest.raises(Refused, match="alarm Errors is not there"):
        world.promote()


def test_what_went_wrong_before_the_soak_does_not_count(world: World):
    world.deploy()
    metrics, hello = world.account("staging").metrics, physical_id(world)
    metrics.put(hello, world.clock.now(), requests=100, failures=100)
    soak(world, requests=10)
    assert world.promote().status == "succeeded"
    assert evidence_of(world)["requests"] == 100


def test_a_release_that_fails_more_often_than_the_one_before_is_refused(world: World):
    world.change("staging", health=Health(max_error_rate=0.2))
    world.deploy()
    soak(world, requests=100)
    world.promote()
    world.code("print('two')")
    world.deploy()
    soak(world, requests=100, failures=2)
    with pytest.raises(Refused, match="2 % of requests failed, 0 % with the release before"):
        world.promote()


def test_a_release_that_is_slower_than_the_one_before_is_refused(world: World):
    world.deploy()
    soak(world, requests=10, latency_ms=100.0)
    world.promote()
    world.code("print('two')")
    world.deploy()
    soak(world, requests=10, latency_ms=200.0)
    with pytest.raises(Refused, match="takes 200 ms in the middle, 100 ms with the release before"):
        world.promote()


def test_cloudwatch_that_cannot_be_read_is_not_a_pass(world: World):
    world.deploy()
    world.soak()
    world.account("staging").metrics.error = CloudError("AWS refused to read metrics: no right", code="access-denied")
    with pytest.raises(Refused) as refused:
        world.promote()
    assert refused.value.code == "gate-health"
    assert "not known: AWS refused to read metrics" in refused.value.message
    assert "cloudwatch:GetMetricData" in refused.value.hint


def test_health_can_be_switched_off(world: World):
    world.change("staging", health=Health(enabled=False))
    world.account("staging").metrics.error = CloudError("AWS refused", code="access-denied")
    world.deploy()
    world.soak()
    assert world.promote().status == "succeeded"
    assert evidence_of(world)["verdict"] == "off"


def test_probes_make_up_for_traffic_that_did_not_come_and_are_told_apart(world: World):
    world.change("staging", health=Health(min_requests=50))
    world.deploy()
    soak(world, requests=1, minutes=8)
    sent_before = len(world.http.requests)
    assert world.promote().status == "succeeded"
    recorded = evidence_of(world)
    assert (recorded["requests"], recorded["synthetic"]) == (8, 42)
    assert recorded["summary"] == "8 requests, 42 synthetic, 0 % errors, no alarm declared"
    in_staging = [r for r in world.http.requests[sent_before:] if r.url.endswith("shop-staging")]
    assert len(in_staging) == 42


def test_no_probe_is_sent_when_enough_was_seen(world: World):
    world.change("staging", health=Health(min_requests=50))
    world.deploy()
    soak(world, requests=5)
    world.promote()
    assert evidence_of(world)["synthetic"] == 0


def test_probes_that_are_answered_wrongly_refuse(world: World):
    world.change("staging", health=Health(min_requests=4))
    world.deploy()
    world.soak()
    world.http.serve(URL, answer(500))
    with pytest.raises(Refused, match='probe "hello": answered 500, expected 200'):
        world.promote()


def test_too_little_traffic_waits_when_no_probe_can_make_it(world: World):
    world.change("staging", health=Health(min_requests=4))
    nowhere = Probe(name="elsewhere", url=f"{URL}/x", environments=("production",))
    world.app = replace(world.app, probes=(nowhere,))
    world.deploy()
    soak(world, requests=1, minutes=3)
    with pytest.raises(Waiting) as waiting:
        world.promote()
    assert (waiting.value.code, waiting.value.exit_code) == ("gate-health", 4)
    assert "3 requests seen, at least 4 are needed" in waiting.value.message


def test_a_refusal_says_why_in_an_event_too(world: World):
    world.deploy()
    soak(world, requests=100, failures=5)
    with pytest.raises(Refused):
        world.promote()
    assert (judged(world).environment, judged(world).verdict) == ("staging", "unhealthy")
    assert judged(world).evidence["requests"] == 1000


def test_functions_of_nested_stacks_are_seen(world: World):
    world.write({"Inner": function()}, file="inner.json")
    world.write(
        {"Nested": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "inner.json"}}},
    )
    world.deploy()
    outer = world.account("staging").stacks.resources("shop-staging")
    inner = world.account("staging").stacks.resources(
        str(next(r.physical_id for r in outer if r.logical_id == "Nested"))
    )
    hello = str(next(r.physical_id for r in inner if r.logical_id == "Inner"))
    world.clock.advance(60)
    world.account("staging").metrics.put(hello, world.clock.now(), requests=100, failures=50)
    world.clock.advance(SOAK_S)
    with pytest.raises(Refused, match="Nested/Inner: 50 % of requests failed"):
        world.promote()


def test_status_shows_what_is_seen_of_the_release_that_soaks(world: World):
    world.deploy()
    soak(world, requests=100)
    staging, production = status(world.app, world.services())
    assert staging.health is not None
    assert (staging.health.verdict, staging.health.requests) == ("healthy", 1000)
    assert production.health is None


def test_status_says_that_an_unhealthy_release_may_not_go_on(world: World):
    world.deploy()
    soak(world, requests=100, failures=5)
    _, production = status(world.app, world.services())
    assert "not healthy in staging: Hello: 5 % of requests failed" in production.next


def test_a_release_that_was_replaced_before_its_soak_was_over_keeps_its_record(world: World):
    first = world.deploy().release
    world.clock.advance(SOAK_S / 2)
    world.code("print('two')")
    second = world.deploy().release
    world.soak()
    world.code("print('three')")
    world.deploy()
    (staging, _) = status(world.app, world.services())
    assert [(o.release, o.by) for o in staging.overtaken] == [(first, second)]
