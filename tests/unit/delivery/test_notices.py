"""What a team is told of a delivery: one beginning and one end for each environment that something was sent to."""

import hashlib
import hmac
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealift.delivery.notices import Notice, body, ended, headers, started
from sealift.errors import CloudError, Refused, Waiting
from sealift.model.app import Notification
from sealift.model.event import EntryRecorded, Event, Finished
from sealift.model.ledger import EntryKind, Status

AT = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
HOOK = Notification(url_variable="HOOK")
SLACK = Notification(url_variable="HOOK", format="slack")
OURS: tuple[EntryKind, ...] = ("deployment", "promotion", "rollback", "verification", "approval")
STATUSES: tuple[Status, ...] = ("running", "succeeded", "failed", "errored")


def entry(kind: EntryKind, status: Status, environment: str = "production", release: str = "a" * 64) -> EntryRecorded:
    return EntryRecorded(environment=environment, ledger_seq=1, kind=kind, status=status, release=release)


def told(events: list[Event]) -> list[str]:
    """Return every notice of a command, as event and environment."""
    begun = [one for index, event in enumerate(events) if (one := started(event, events[:index])) is not None]
    return [f"{one.event} {one.environment}" for one in (*begun, *ended(events, None))]


def test_a_promotion_is_told_when_it_begins_and_when_it_is_there() -> None:
    done = Finished(status="succeeded", environments={"production": "succeeded"})
    events = [entry("promotion", "running"), entry("promotion", "succeeded"), entry("verification", "succeeded"), done]
    assert told(events) == ["started production", "succeeded production"]


def test_one_that_fails_and_is_rolled_back_is_told_as_that_with_the_release_that_runs_now() -> None:
    gone, back = "a" * 64, "b" * 64
    events: list[Event] = [
        entry("promotion", "running", release=gone),
        entry("promotion", "failed", release=gone),
        entry("rollback", "running", release=back),
        entry("rollback", "succeeded", release=back),
        Finished(status="failed", environments={"production": "failed"}, message="HTTP 500. Production is back"),
    ]
    assert told(events) == ["started production", "rolled-back production"]
    assert ended(events, None)[0].release == back
    assert ended(events, None)[0].message == "HTTP 500. Production is back"


def test_a_rollback_that_fails_is_a_failure() -> None:
    events = [entry("rollback", "running"), entry("rollback", "failed"), Finished(status="failed")]
    assert told(events) == ["started production", "failed production"]


def test_a_delivery_that_breaks_off_fails_where_it_was_and_not_where_it_went_well() -> None:
    error = CloudError("throttled", code="aws")
    events: list[Event] = [entry("deployment", "running", "one"), entry("deployment", "running", "two")]
    assert [(one.environment, one.event) for one in ended(events, error)] == [("one", "succeeded"), ("two", "failed")]


def test_one_that_is_killed_by_a_person_has_failed() -> None:
    assert [one.event for one in ended([entry("promotion", "running")], None)] == ["failed"]


def test_a_promotion_that_waits_for_an_approval_says_so_and_for_the_soak_says_nothing() -> None:
    where = {"environment": "production"}
    (notice,) = ended([], Waiting("nobody approved", code="gate-approval", context={**where, "gate": "approval"}))
    assert (notice.event, notice.environment) == ("waiting-for-approval", "production")
    assert ended([], Waiting("it soaks", code="gate-soak", context={**where, "gate": "soak"})) == ()
    assert ended([], Refused("never", code="gate-isolation", context={**where, "gate": "approval"})) == ()


@given(st.lists(st.builds(entry, st.sampled_from(OURS), st.sampled_from(STATUSES), st.sampled_from(["one", "two"]))))
def test_each_environment_is_told_once_at_the_beginning_and_once_at_the_end(events: list[Event]) -> None:
    found = [line.split() for line in told(events)]
    begun = [where for what, where in found if what == "started"]
    over = [where for what, where in found if what != "started"]
    assert sorted(begun) == sorted(over) == sorted(set(begun))


def test_a_body_is_signed_as_the_receiver_computes_it() -> None:
    raw = body(Notice(event="started", app="shop", environment="production"), HOOK, AT)
    expected = "sha256=" + hmac.new(b"s3cret", raw, hashlib.sha256).hexdigest()
    assert headers(raw, "s3cret")["X-Sealift-Signature"] == expected
    assert "X-Sealift-Signature" not in headers(raw, None)


def test_an_object_has_every_field() -> None:
    notice = Notice(event="succeeded", app="shop", environment="staging", release="a" * 64, actor="ann@github")
    assert json.loads(body(notice, HOOK, AT)) == {
        "event": "succeeded",
        "app": "shop",
        "environment": "staging",
        "release": "a" * 64,
        "message": "",
        "actor": "ann@github",
        "url": None,
        "at": "2026-11-29T12:00:00+00:00",
    }


@pytest.mark.parametrize("hostile", ["<!channel>", "<https://evil.example|shop>", "a & b"])
def test_nothing_in_a_message_is_markup_for_slack(hostile: str) -> None:
    text = json.loads(body(Notice(event="failed", app=hostile, environment="x", message=hostile), SLACK, AT))["text"]
    assert "<" not in text
    assert text.count("&") == text.count("&amp;") + text.count("&lt;") + text.count("&gt;")


def test_what_waits_for_an_approval_after_it_began_has_failed() -> None:
    waits = Waiting("nobody approved", code="gate-approval", context={"environment": "next", "gate": "approval"})
    (notice,) = ended([entry("promotion", "running")], waits)
    assert (notice.event, notice.environment, notice.message) == ("failed", "production", "nobody approved")


def test_what_succeeded_needs_no_message() -> None:
    done = Finished(status="succeeded", environments={"production": "succeeded"}, message="all is well")
    assert [one.message for one in ended([entry("deployment", "running"), done], None)] == [""]


def test_only_the_running_entry_of_a_deployment_is_a_beginning() -> None:
    assert told([entry("verification", "running"), entry("deployment", "failed"), Finished(status="failed")]) == []


@pytest.mark.parametrize(
    ("others", "end"),
    [
        ([], "failed"),
        ([entry("rollback", "succeeded", "other")], "failed"),
        ([entry("deployment", "succeeded")], "failed"),
        ([entry("rollback", "succeeded")], "rolled-back"),
    ],
)
def test_an_environment_was_rolled_back_when_its_own_rollback_succeeded(others: list[Event], end: str) -> None:
    events = [entry("rollback", "running"), *others, Finished(status="failed")]
    assert told(events) == ["started production", f"{end} production"]


def test_what_was_deployed_after_a_rollback_is_told_as_that() -> None:
    events = [entry("rollback", "running"), entry("rollback", "succeeded"), entry("deployment", "running")]
    done = Finished(status="succeeded", environments={"production": "succeeded"})
    assert told([*events, done]) == ["started production", "succeeded production"]


def test_a_message_for_slack_says_it_in_a_line_and_escapes_every_part() -> None:
    notice = Notice(
        event="rolled-back",
        app="a&b",
        environment="prod",
        release="f" * 20,
        actor="<ann>",
        url="https://ci.example/1?a=1&b=2",
        message="HTTP 500 > 200",
    )
    assert json.loads(body(notice, SLACK, AT))["text"] == (
        "↩️ *a&amp;b · prod*: rolled back, release ffffffffffff, by &lt;ann&gt; "
        "<https://ci.example/1?a=1&amp;b=2|job>\nHTTP 500 &gt; 200"
    )
    bare = Notice(event="started", app="shop", environment="prod")
    assert json.loads(body(bare, SLACK, AT))["text"] == "▶️ *shop · prod*: started"


def test_the_keys_of_a_body_are_in_order() -> None:
    keys = list(json.loads(body(Notice(event="started", environment="prod"), HOOK, AT)))
    assert keys == sorted(keys)
