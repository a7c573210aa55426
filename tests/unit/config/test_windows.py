"""How windows, freezes and approvals are written."""
# ruff: noqa: DTZ001  (the zone of these times stands beside them)

from datetime import datetime, time
from pathlib import Path

import pytest

from sealift.config.load import Source, load_app
from sealift.errors import ConfigError
from sealift.model.app import Environment, Freeze, Window


def declared(root: Path, text: str) -> Environment:
    head = '[environments.staging]\nbranch = "main"\n[environments.production]\n'
    app = load_app(root, source=Source(file="sealift.toml", text=head + text))
    return app.environments[1]


def problem(root: Path, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        declared(root, text)
    return caught.value.message


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ('"mon-thu"', (0, 1, 2, 3)),
        ('"Monday - Thursday"', (0, 1, 2, 3)),
        ('"fri-mon"', (0, 4, 5, 6)),
        ('"mon, wed-thu"', (0, 2, 3)),
        ('["sat", "sun"]', (5, 6)),
    ],
)
def test_days_are_written_as_people_do(app_folder: Path, text: str, days: tuple[int, ...]):
    (window,) = declared(
        app_folder, f'windows = [{{days = {text}, from = "9:00", to = 16:00:00, zone = "Europe/Rome"}}]'
    ).windows
    assert window == Window(days=days, start=time(9), end=time(16), zone="Europe/Rome")


def test_a_window_without_more_is_always(app_folder: Path):
    (window,) = declared(app_folder, "windows = [{}]").windows
    assert window == Window(days=tuple(range(7)), start=time(), end=time(), zone="UTC")


@pytest.mark.parametrize("start", ['"2026-12-20T18:00"', "2026-12-20T18:00:00", '"2026-12-20 18:00"'])
def test_a_freeze_has_a_time_of_its_zone(app_folder: Path, start: str):
    text = f'freezes = [{{from = {start}, to = 2027-01-07, zone = "Europe/Rome", reason = "Christmas"}}]'
    assert declared(app_folder, text).freezes == (
        Freeze(start=datetime(2026, 12, 20, 18), end=datetime(2027, 1, 7), zone="Europe/Rome", reason="Christmas"),
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('windows = [{days = "someday"}]', "must be days such as"),
        ('windows = [{from = "25:00"}]', "must be a time of day"),
        ('windows = [{zone = "Europe/Atlantis"}]', "must be the IANA name of a time zone"),
        ('windows = [{zone = "../../etc/passwd"}]', "must be the IANA name of a time zone"),
        ('freezes = [{from = 2026-12-20T18:00:00Z, to = 2027-01-01, reason = "x"}]', "without an offset"),
        ('freezes = [{from = 2027-01-02, to = 2027-01-01, reason = "x"}]', "ends before it begins"),
        ("freezes = [{from = 2027-01-02, to = 2027-01-03}]", "reason is missing"),
        ('freezes = [{from = 2027-01-02, to = 9999-12-31, reason = "x"}]', "must be a date and time"),
        ('freezes = [{reason = "x"}]', "from is missing"),
        ("approval = true\napprovals = 0", "does not go together with approvals = 0"),
        ("approval = false\napprovals = 2", "does not go together with approvals = 2"),
        ('approvals = 2\napprovers = ["ann"]', "names 1 who may give 2 approvals"),
        ("approvals = -1", "must be a whole number from 0 to 20"),
    ],
)
def test_what_makes_no_sense_is_told_with_its_line(app_folder: Path, text: str, told: str):
    message = problem(app_folder, text)
    assert told in message
    assert "sealift.toml:" in message


@pytest.mark.parametrize(
    ("text", "approvals"),
    [("", 0), ("approval = true", 1), ("approvals = 2", 2), ('approvers = ["ann"]', 1), ("approval = false", 0)],
)
def test_how_many_have_to_approve(app_folder: Path, text: str, approvals: int):
    assert declared(app_folder, text).approvals == approvals
