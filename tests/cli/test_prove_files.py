"""`prove` with files: the map, SARIF, certificates, accepted findings."""

import json
from datetime import date
from pathlib import Path

import pytest

from tests.cli.test_prove import SEALED

WIDE = 'Policies: [{Version: "2012-10-17", Statement: [{Effect: Allow, Action: "dynamodb:*", Resource: "*"}]}]'
NARROW = "Policies: [{DynamoDBReadPolicy: {TableName: !Ref Items}}]"


@pytest.fixture
def app(folder: Path) -> Path:
    (folder / "template.yaml").write_text(SEALED)
    return folder


def test_the_map_is_written_as_a_drawing_or_as_a_page(sealift, app, tmp_path):
    for name, start in (("map.svg", "<svg"), ("map.html", "<!doctype html>")):
        assert sealift("prove", "-C", app, "--map", tmp_path / name, "--json").code == 0
        assert (tmp_path / name).read_text().startswith(start)
    refused = sealift("prove", "-C", app, "--map", tmp_path / "map.png", "--json")
    assert (refused.code, refused.json["error"]["code"]) == (1, "map-format")


def test_sarif_points_into_the_template(sealift, app, tmp_path):
    (app / "template.yaml").write_text(SEALED.replace(NARROW, WIDE))
    assert sealift("prove", "-C", app, "--sarif", tmp_path / "out.sarif", "--json").code == 3
    results = json.loads((tmp_path / "out.sarif").read_text())["runs"][0]["results"]
    found = next(one for one in results if one["ruleId"] == "IAM-01")
    place = found["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "template.yaml"
    assert place["region"]["startLine"] > 1


def test_a_certificate_holds_until_the_template_opens(sealift, app, tmp_path):
    file = tmp_path / "certificate.json"
    assert sealift("prove", "-C", app, "--certificate", file, "--json").code == 0
    held = sealift("prove", "-C", app, "--check", file, "--json")
    assert (held.code, held.json["differences"]) == (0, [])
    (app / "template.yaml").write_text(SEALED.replace(NARROW, WIDE))
    broken = sealift("prove", "-C", app, "--check", file, "--json")
    assert broken.code == 3
    assert "environment staging" in {one["subject"] for one in broken.json["differences"]}


def test_a_file_that_is_no_certificate_is_an_error_of_the_user(sealift, app, tmp_path):
    file = tmp_path / "certificate.json"
    file.write_text("{")
    shown = sealift("prove", "-C", app, "--check", file, "--json")
    assert (shown.code, shown.json["error"]["code"]) == (1, "certificate-unreadable")


@pytest.mark.parametrize(("expires", "code"), [(date(9999, 1, 1), 0), (date(2020, 1, 1), 3)])
def test_an_accepted_finding_stops_nothing_until_its_day(sealift, app, expires, code):
    (app / "template.yaml").write_text(SEALED.replace(NARROW, WIDE))
    found = sealift("prove", "-C", app, "--json").json["findings"]
    stopping = {f["id"] for f in found if f["severity"] in {"critical", "high"}}
    config = app / "sealift.toml"
    before = config.read_text() if config.exists() else ""
    lines = [
        f'[[isolation.accepted]]\nid = "{rule}"\nreason = "known"\nexpires = {expires}' for rule in sorted(stopping)
    ]
    config.write_text(before + "\n" + "\n".join(lines) + "\n")
    shown = sealift("prove", "-C", app, "--json")
    assert shown.code == code
    assert bool(shown.json["accepted"]) is (code == 0)
    assert ("acceptance has expired" in json.dumps(shown.json["findings"])) is (code == 3)
