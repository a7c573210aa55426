"""What `status` and `history` print of health, of a watch, and of a release that was overtaken."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from sealift.cli.tables import show_history, show_status
from sealift.usecases.history import history, overtaken_operations
from sealift.usecases.status import status
from tests.component.usecases.world import SOAK_S, World, make_world


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_world(tmp_path)


def shown(world: World, capsys: pytest.CaptureFixture[str], **of_production: object) -> str:
    """Return what status prints; `of_production` changes what production's current deployment looks like."""
    lanes = list(status(world.app, world.services()))
    if of_production and lanes[1].current is not None:
        lanes[1] = replace(lanes[1], current=replace(lanes[1].current, **of_production))  # type: ignore[arg-type]
    capsys.readouterr()
    show_status(world.app.name, lanes, now=world.clock.now())
    return " ".join(capsys.readouterr().out.split())


def count(world: World, requests: int, failures: int = 0) -> None:
    resources = world.account().stacks.resources("shop-staging")
    hello = next(r.physical_id for r in resources if r.logical_id == "Hello")
    world.clock.advance(60)
    world.account().metrics.put(str(hello), world.clock.now(), requests=requests, failures=failures)
    world.clock.advance(60)


def test_a_healthy_release_has_its_evidence_in_a_line(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.deploy()
    count(world, 1204, 1)
    assert "health ✓ 1,204 requests, 0.083 % errors, no alarm declared; no traffic before" in shown(world, capsys)


def test_an_unhealthy_release_says_why(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.deploy()
    count(world, 100, 50)
    assert "health ✗ 100 requests, 50 % errors, no alarm declared; Hello: 50 % of requests failed" in shown(
        world, capsys
    )


@pytest.mark.parametrize(
    ("status", "left_s", "told"),
    [
        ("running", 90, "· watched until 2026-01-05"),
        ("running", 90, "1 min 30 s left"),
        ("running", -5, "no outcome yet: the next command concludes it"),
        ("succeeded", -5, "✓ succeeded, watched until 2026-01-05"),
        ("aborted", -5, "✗ aborted"),
    ],
)
def test_a_watch_is_told(
    world: World, capsys: pytest.CaptureFixture[str], status: str, left_s: float, told: str
) -> None:
    world.deliver("print('one')")
    until = world.clock.now() + timedelta(seconds=left_s)
    assert told in shown(world, capsys, watch=status, watch_until=until)


def test_a_release_that_was_overtaken_is_called_so(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    first = world.deploy().release
    world.clock.advance(SOAK_S / 2)
    world.code("print('two')")
    second = world.deploy().release
    assert f"overtaken {first[:12]} after" in shown(world, capsys)
    entries = history(world.app, world.services(), environments=[world.staging])
    show_history(entries, overtaken_operations(entries, [world.staging]))
    lines = [line for line in capsys.readouterr().out.splitlines() if "verification, overtaken" in line]
    assert [first[:12] in line and second[:12] not in line for line in lines] == [True]


def test_the_address_of_a_long_output_stands_apart_from_its_name(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.deploy()
    lane = replace(status(world.app, world.services())[0], outputs={"ActivitiesApiUrl": "http://127.0.0.1/v1"})
    show_status(world.app.name, [lane], now=world.clock.now())
    assert "  ActivitiesApiUrl  http://127.0.0.1/v1" in capsys.readouterr().out
