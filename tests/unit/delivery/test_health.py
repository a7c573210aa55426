"""When a running release is healthy, and when it is not."""

import random
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealift.delivery.health import Judgement, evidence, judge, summary
from sealift.model.app import Health
from sealift.model.health import FUNCTION, HTTP_API, Minute, Observation, Traffic
from tests.fakes.clock import START

HEALTH = Health()


def traffic(
    requests: int, failures: int = 0, *, name: str = "Hello", kind: str = FUNCTION, latency: list[float] | None = None
) -> Traffic:
    """Return a resource with this much traffic in its first minute; `latency` adds minutes of one request."""
    minutes = [Minute(at=START, requests=requests, failures=failures)] if requests else []
    for number, value in enumerate(latency or ()):
        minutes.append(Minute(at=START + timedelta(minutes=number + 1), requests=1, latency_ms=value))
    return Traffic(name=name, type=kind, minutes=tuple(minutes))


def seen(*now: Traffic, before: tuple[Traffic, ...] = (), **fields: object) -> Observation:
    """Return an observation of an hour."""
    return Observation(start=START, end=START + timedelta(hours=1), traffic=now, before=before, **fields)  # type: ignore[arg-type]


def broken(judgement: Judgement) -> list[str]:
    return [test.name for test in judgement.tests if test.broken]


def test_a_release_without_errors_is_healthy() -> None:
    judgement = judge(seen(traffic(1204), alarms={"errors": "OK"}), HEALTH)
    assert judgement.verdict == "healthy"
    assert summary(judgement) == "1,204 requests, 0 % errors, alarms quiet"


def test_no_traffic_is_no_failure_unless_some_is_asked_for() -> None:
    assert judge(seen(traffic(0)), HEALTH).verdict == "healthy"
    waiting = judge(seen(traffic(9)), Health(min_requests=10))
    assert (waiting.verdict, waiting.reasons) == ("waiting", ("9 requests seen, at least 10 are needed",))


def test_synthetic_requests_make_up_for_traffic_and_are_told_apart() -> None:
    judgement = judge(seen(traffic(9)), Health(min_requests=10), synthetic=1)
    assert judgement.verdict == "healthy"
    assert summary(judgement) == "9 requests, 1 synthetic, 0 % errors, no alarm declared"


def test_an_alarm_that_rings_is_enough() -> None:
    judgement = judge(seen(traffic(100), alarms={"errors": "ALARM", "slow": "OK"}), HEALTH)
    assert (judgement.verdict, judgement.reasons) == ("unhealthy", ("alarm errors rings",))
    assert summary(judgement).endswith("1 of 2 alarms rings")


def test_a_declared_alarm_that_is_not_there_does_not_pass() -> None:
    judgement = judge(seen(traffic(100), absent_alarms=("errors",)), HEALTH)
    assert (judgement.verdict, judgement.reasons) == ("unhealthy", ("alarm errors is not there",))


def test_an_alarm_without_data_is_told() -> None:
    judgement = judge(seen(traffic(100), alarms={"errors": "INSUFFICIENT_DATA", "slow": "OK"}), HEALTH)
    assert judgement.verdict == "healthy"
    assert summary(judgement).endswith("alarms quiet (1 without data)")


@pytest.mark.parametrize(
    ("failures", "requests", "verdict"),
    [(1, 3, "healthy"), (2, 3, "unhealthy"), (1, 100, "healthy"), (5, 100, "unhealthy"), (150, 10_000, "unhealthy")],
)
def test_errors_count_as_soon_as_they_can_be_no_chance(failures: int, requests: int, verdict: str) -> None:
    assert judge(seen(traffic(requests, failures)), HEALTH).verdict == verdict


def test_where_no_error_is_allowed_one_is_too_many() -> None:
    judgement = judge(seen(traffic(100_000, 1)), Health(max_error_rate=0.0))
    assert judgement.reasons == ("Hello: 0.001 % of requests failed, allowed are 0 % (p < 0.0001)",)


def test_more_errors_than_before_are_refused_within_the_bound_too() -> None:
    judgement = judge(seen(traffic(5000, 40), before=(traffic(5000, 2),)), HEALTH)
    assert broken(judgement) == ["error-rate-before"]
    assert "0.8 % of requests failed, 0.04 % with the release before" in judgement.reasons[0]


def test_the_release_before_does_not_matter_when_it_is_not_asked_for() -> None:
    health = Health(compare=False)
    assert judge(seen(traffic(5000, 40), before=(traffic(5000, 2),)), health).verdict == "healthy"


def test_a_resource_is_compared_with_itself_alone() -> None:
    others = (traffic(5000, 2, name="Other"), traffic(5000, 2, kind=HTTP_API))
    judgement = judge(seen(traffic(5000, 40), before=others), HEALTH)
    assert [test.name for test in judgement.tests] == ["error-rate"]


def test_an_average_that_takes_too_long_is_refused() -> None:
    slow = traffic(0, latency=[900.0] * 20)
    judgement = judge(seen(slow), Health(max_latency_ms=800))
    assert judgement.reasons == ("Hello: takes 900 ms on average, allowed are 800 ms",)


def test_the_latency_of_a_few_requests_is_that_of_cold_starts() -> None:
    assert judge(seen(traffic(0, latency=[900.0] * 19)), Health(max_latency_ms=800)).verdict == "healthy"


def test_a_release_that_got_much_slower_is_refused() -> None:
    before = traffic(0, latency=[100.0 + n for n in range(10)])
    slower = traffic(0, latency=[130.0 + n for n in range(10)])
    judgement = judge(seen(slower, before=(before,)), HEALTH)
    assert broken(judgement) == ["latency-before"]
    assert "takes 134 ms in the middle, 104 ms with the release before" in judgement.reasons[0]


def test_a_little_slower_is_let_pass_however_sure_it_is() -> None:
    before = traffic(0, latency=[100.0 + n / 100 for n in range(60)])
    slower = traffic(0, latency=[119.0 + n / 100 for n in range(60)])
    judgement = judge(seen(slower, before=(before,)), HEALTH)
    assert judgement.verdict == "healthy"
    assert [test.p is not None and test.p < 1e-6 for test in judgement.tests if test.name == "latency-before"] == [True]


def test_too_little_to_compare_is_said_and_is_no_failure() -> None:
    few = traffic(0, latency=[500.0] * 7)
    judgement = judge(seen(few, before=(traffic(0, latency=[5.0] * 60),)), HEALTH)
    assert (judgement.verdict, judgement.remarks) == ("healthy", ("not enough traffic to compare latency",))
    assert judge(seen(few), HEALTH).remarks == ("no traffic before it to compare with",)


def test_what_cannot_be_seen_is_unknown_and_not_healthy() -> None:
    judgement = judge(seen(unknown="AWS refused to read metrics"), HEALTH)
    assert (judgement.verdict, summary(judgement)) == ("unknown", "health unknown: AWS refused to read metrics")


def test_what_is_switched_off_is_not_judged() -> None:
    judgement = judge(seen(traffic(10, 10), alarms={"errors": "ALARM"}), Health(enabled=False))
    assert (judgement.verdict, summary(judgement)) == ("off", "health is switched off")


def test_a_request_through_an_api_is_counted_once() -> None:
    judgement = judge(seen(traffic(100, 1), traffic(100, 2, kind=HTTP_API, name="Api")), HEALTH)
    assert (judgement.requests, judgement.failures) == (100, 2)


def test_the_evidence_holds_every_figure() -> None:
    recorded = evidence(judge(seen(traffic(5000, 40), before=(traffic(5000, 2),)), HEALTH))
    assert (recorded["verdict"], recorded["requests"], recorded["error_rate"]) == ("unhealthy", 5000, 0.008)
    assert [test["test"] for test in recorded["tests"]] == ["error-rate", "error-rate-before"]  # type: ignore[union-attr, call-overload, index]


@given(
    st.integers(1, 5000),
    st.integers(0, 5000),
    st.integers(1, 5000),
    st.integers(0, 5000),
    st.sampled_from([0.0, 0.01, 0.2]),
)
def test_what_is_unhealthy_does_not_heal_by_failing_more(
    requests: int, failures: int, before: int, failures_before: int, most: float
) -> None:
    failures, then = min(failures, requests - 1), traffic(before, min(failures_before, before))
    health = Health(max_error_rate=most)
    if judge(seen(traffic(requests, failures), before=(then,)), health).verdict == "unhealthy":
        assert judge(seen(traffic(requests, failures + 1), before=(then,)), health).verdict == "unhealthy"


@given(st.integers(0, 200), st.integers(0, 200), st.integers(1, 20))
def test_looking_often_does_not_make_a_release_look_worse(requests: int, failures: int, looks: int) -> None:
    one = traffic(requests, min(failures, requests))
    if judge(seen(one), HEALTH, looks=looks).verdict == "unhealthy":
        assert judge(seen(one), HEALTH).verdict == "unhealthy"


def test_a_release_like_the_one_before_is_called_worse_less_than_once_in_a_hundred() -> None:
    chance = random.Random(20261)
    called = 0
    for _ in range(1000):
        now, before = (
            [
                traffic(
                    200,
                    sum(chance.random() < 0.01 for _ in range(200)),
                    name=name,
                    latency=[chance.lognormvariate(4, 0.3) for _ in range(15)],
                )
                for name in ("One", "Two")
            ]
            for _ in range(2)
        )
        called += judge(seen(*now, before=tuple(before)), HEALTH).verdict == "unhealthy"
    assert called <= 10


def test_an_error_rate_is_a_share() -> None:
    assert judge(seen(traffic(0)), HEALTH).error_rate == 0.0
    assert judge(seen(traffic(4, 1)), HEALTH).error_rate == 0.25
    assert judge(seen(traffic(2, 5)), HEALTH).error_rate == 1.0


def test_an_alarm_is_not_waited_for_and_probes_count_as_traffic_that_was_seen() -> None:
    health = Health(min_requests=20)
    assert judge(seen(traffic(9), alarms={"a": "ALARM"}), health).verdict == "unhealthy"
    assert judge(seen(traffic(9)), health, synthetic=2).reasons == ("11 requests seen, at least 20 are needed",)
    assert judge(seen(traffic(1)), health).reasons == ("1 request seen, at least 20 are needed",)


def test_the_level_is_shared_by_all_tests_and_looks() -> None:
    one = traffic(200, 6)  # 6 or more of 200 at 1 % happen by chance in 0.016 of all cases, 7 or more in 0.0044
    assert judge(seen(one), HEALTH).verdict == "healthy"
    bad = traffic(200, 7)
    assert judge(seen(bad), HEALTH).reasons == ("Hello: 3.5 % of requests failed, allowed are 1 % (p = 0.0043)",)
    assert judge(seen(bad), HEALTH, looks=2).verdict == "unhealthy"
    assert judge(seen(bad), HEALTH, looks=3).verdict == "healthy"
    assert judge(seen(bad, traffic(200, name="Two")), HEALTH).verdict == "unhealthy"
    others = (traffic(200, name="Two"), traffic(200, name="Three"))
    assert judge(seen(bad, *others), HEALTH).verdict == "healthy"
    near = traffic(160, 6)
    assert (judge(seen(near), HEALTH).verdict, judge(seen(near), HEALTH, looks=2).verdict) == ("unhealthy", "healthy")


def test_errors_a_little_above_the_bound_are_refused_when_they_are_certain() -> None:
    assert judge(seen(traffic(1_000_000, 11_000)), HEALTH).verdict == "unhealthy"


def test_latency_at_its_bound_or_unknown_passes_and_at_twelve_tenths_of_the_one_before_does_not() -> None:
    assert judge(seen(traffic(0, latency=[800.0] * 20)), Health(max_latency_ms=800)).verdict == "healthy"
    assert judge(seen(traffic(100)), Health(max_latency_ms=800)).verdict == "healthy"
    before, now = traffic(0, latency=[100.0] * 30), traffic(0, latency=[120.0] * 30)
    assert broken(judge(seen(now, before=(before,)), HEALTH)) == ["latency-before"]


def test_eight_minutes_are_enough_to_compare_and_no_traffic_before_is_not() -> None:
    eight = traffic(0, latency=[5.0] * 8)
    judgement = judge(seen(eight, before=(eight,)), HEALTH)
    assert ([test.name for test in judgement.tests][2:], judgement.remarks) == (["latency-before"], ())
    assert judge(seen(eight, before=(traffic(0),)), HEALTH).remarks == ("no traffic before it to compare with",)
    other = traffic(5, name="Other")
    assert judge(seen(eight, before=(other,)), HEALTH).remarks == ("not enough traffic to compare with before",)
    assert judge(seen(eight), Health(compare=False)).remarks == ()


def test_figures_are_recorded_as_precisely_as_they_are_read() -> None:
    recorded = evidence(
        judge(seen(traffic(0, latency=[2000 / 3] * 21), before=(traffic(7, 1),)), Health(max_latency_ms=5))
    )
    assert recorded["latency_ms"] == 666.7
    assert recorded["tests"] == [
        {"test": "error-rate", "resource": "Hello", "now": 0.0, "bound": 0.01, "p": 1.0, "broken": False},
        {"test": "latency", "resource": "Hello", "now": 666.666667, "bound": 5.0, "p": None, "broken": True},
        {"test": "error-rate-before", "resource": "Hello", "now": 0.0, "bound": 0.142857, "p": 1.0, "broken": False},
    ]
    assert evidence(judge(seen(traffic(3, 1)), HEALTH))["error_rate"] == 0.333333
