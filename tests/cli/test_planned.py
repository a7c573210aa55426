"""What `sealift promote ENV --plan` prints, and its exit code."""

import json
from pathlib import Path
from typing import Any

import pytest

from sealift.cli.planned import show_plan
from sealift.model.app import App
from sealift.usecases.promote import PromotionOptions
from tests.component.usecases.world import World, make_world


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_world(tmp_path)


class Desk:
    """A session over a world."""

    streaming = True
    local = False

    def __init__(self, world: World, *, as_json: bool) -> None:
        self.app: App = world.app
        self.services = world.services()
        self.json = as_json
        self.environment = world.app.environment

    def close(self) -> None:
        """Give nothing back."""


def planned(world: World, capsys: pytest.CaptureFixture[str], *, as_json: bool = False) -> tuple[int, str]:
    session: Any = Desk(world, as_json=as_json)
    return show_plan(session, "production", PromotionOptions()), capsys.readouterr().out


def test_a_gate_that_waits_gives_the_exit_code_of_the_promotion(world: World, capsys: pytest.CaptureFixture[str]):
    world.deploy()
    code, out = planned(world, capsys)
    assert code == 4
    assert "… soak" in out
    assert "runs in production" in out


def test_one_document_of_json_is_printed(world: World, capsys: pytest.CaptureFixture[str]):
    first = world.deliver("print('one')").release
    world.code("print('two')")
    second = world.deploy().release
    world.soak()
    code, out = planned(world, capsys, as_json=True)
    body = json.loads(out)
    assert (code, body["status"], {gate["status"] for gate in body["gates"]}) == (0, "open", {"open"})
    assert (body["running"]["release"], body["incoming"]["release"]) == (first, second)
    assert body["functions"] == ["~ app/Hello"]


def test_a_configuration_that_does_not_fit_is_a_closed_gate(world: World, capsys: pytest.CaptureFixture[str]):
    world.deploy()
    world.soak()
    world.change("production", parameters={"Nowhere": "x"})
    code, out = planned(world, capsys)
    assert code == 1
    assert "✗ configuration" in out
