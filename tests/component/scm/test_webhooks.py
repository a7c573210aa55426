"""Webhooks, by real HTTP: what is sent; nothing that goes wrong there reaches the delivery or names a secret."""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sealift.cli.notifying import Notifying
from sealift.cli.session import Session
from sealift.delivery.notices import Notice
from sealift.errors import Waiting
from sealift.model.app import Notification
from sealift.model.event import EntryRecorded, Event, Finished, Noted
from sealift.scm.forge.webhooks import post
from tests.component.scm.conftest import Service

NOTICE = Notice(event="started", app="shop", environment="production")
SIGNED = Notification(url_variable="HOOK", secret_variable="HOOK_SECRET")
SLACK = Notification(url_variable="SLACK", format="slack")


def sent(env: Mapping[str, str], *to: Notification, slept: list[float] | None = None) -> Sequence[str]:
    sleep = (slept if slept is not None else []).append
    return post(NOTICE, to, env, now=lambda: datetime(2026, 11, 29, tzinfo=UTC), sleep=sleep)


def test_everybody_is_told_and_a_body_proves_its_sender(service: Service) -> None:
    env = {
        "HOOK": f"http://{service.address}/hook",
        "HOOK_SECRET": "s3cret",
        "SLACK": f"http://{service.address}/T0/B0",
    }
    assert sent(env, SIGNED, SLACK) == ()
    assert service.lines == ["POST /hook", "POST /T0/B0"]
    _, _, headers, told = service.requests[0]
    raw = json.dumps(told, sort_keys=True).encode()
    assert headers["X-Sealift-Signature"] == "sha256=" + hmac.new(b"s3cret", raw, hashlib.sha256).hexdigest()
    assert (told["event"], told["environment"]) == ("started", "production")
    assert service.requests[1][3] == {"text": "▶️ *shop · production*: started"}


def test_a_busy_receiver_is_asked_again_when_it_says(service: Service) -> None:
    service.answers["POST", "/hook"] = [(429, {"Retry-After": "3"}, None), (500, {}, None), (200, {}, None)]
    slept: list[float] = []
    assert sent({"SLACK": f"http://{service.address}/hook"}, SLACK, slept=slept) == ()
    assert slept[0] == 3.0
    assert len(service.requests) == 3


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 410, 429, 500])
def test_a_refusal_is_said_without_the_address(service: Service, status: int) -> None:
    service.answers["POST", "/s3cret"] = [(status, {"Location": "http://127.0.0.1:9/"}, {"why": "s3cret"})] * 4
    (fault,) = sent({"SLACK": f"http://{service.address}/s3cret"}, SLACK)
    assert fault == f"A notification to the address in SLACK could not be sent: HTTP {status}"


@pytest.mark.parametrize(
    "address",
    [
        "s3cret",
        "http://127.0.0.1:9/s3cret",
        "https://[s3cret",
        "ftp://s3cret",
        "http://x:s3cret/",
        "http://s3cret\n\n.x/",
    ],
)
def test_an_address_that_is_none_is_said_without_naming_it(address: str) -> None:
    (fault,) = sent({"SLACK": address}, SLACK)
    assert "SLACK could not be sent" in fault
    assert "s3cret" not in fault


@pytest.mark.parametrize(("env", "name"), [({}, "HOOK"), ({"HOOK": "http://127.0.0.1:9"}, "HOOK_SECRET")])
def test_without_its_variables_nothing_is_sent_unsigned(env: dict[str, str], name: str) -> None:
    (fault,) = sent(env, SIGNED)
    assert name in fault


class Kept:
    """A sink that keeps what it gets."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def emit(self, event: Event) -> None:
        self.events.append(event)


def begun() -> EntryRecorded:
    return EntryRecorded(environment="production", ledger_seq=1, kind="promotion", status="running", release="a" * 64)


def test_a_delivery_is_told_in_order_and_once(service: Service) -> None:
    told: list[str] = []
    sink = Notifying(sink=Kept(), post=lambda notice: told.append(notice.event) or ())
    for event in (begun(), Finished(status="succeeded", environments={"production": "succeeded"})):
        sink.emit(event)
    sink.close()
    sink.close()
    assert told == ["started", "succeeded"]


def test_what_goes_wrong_in_sending_is_a_warning_and_nothing_else() -> None:
    def broken(_: Notice) -> Sequence[str]:
        raise RuntimeError("s3cret")

    kept = Kept()
    sink = Notifying(sink=kept, post=broken)
    sink.emit(begun())
    sink.close()
    (note,) = [one for one in kept.events if isinstance(one, Noted)]
    assert (note.level, note.name) == ("warning", "notification-not-sent")
    assert note.message == "A notification could not be sent: RuntimeError"


def test_a_command_that_brings_nothing_anywhere_tells_nobody() -> None:
    told: list[str] = []
    sink = Notifying(sink=Kept(), post=lambda notice: told.append(notice.event) or ())
    sink.emit(Finished(status="succeeded", environments={"production": "succeeded"}))
    sink.close()
    assert told == []


CONFIG = """
[app]
name = "shop"

[[notifications]]
url_variable = "HOOK"
secret_variable = "HOOK_SECRET"
"""


def session(tmp_path: Path, *, local: bool = False, command: str = "promote") -> Session:
    (tmp_path / "sealift.toml").write_text(CONFIG)
    (tmp_path / "template.yaml").write_text("Resources: {}\n")
    return Session(directory=tmp_path, local=local, json=True, command=command)


def test_a_command_on_aws_tells_the_webhooks_that_the_configuration_names(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOK", f"http://{service.address}/hook")
    monkeypatch.setenv("HOOK_SECRET", "s3cret")
    ours = session(tmp_path)
    error = Waiting("nobody approved", code="x", context={"gate": "approval", "environment": "production"})
    ours.emit(Noted(name="x", message="y"))
    ours.failed(error)
    ours.close()
    (told,) = [body for _, _, _, body in service.requests]
    assert (told["app"], told["event"], told["environment"]) == ("shop", "waiting-for-approval", "production")
    assert told["actor"]


@pytest.mark.parametrize(("local", "command"), [(True, "promote"), (False, "status"), (False, "preview up")])
def test_a_rehearsal_a_preview_and_a_look_tell_nobody(tmp_path: Path, local: bool, command: str) -> None:
    assert not isinstance(session(tmp_path, local=local, command=command).sink, Notifying)
