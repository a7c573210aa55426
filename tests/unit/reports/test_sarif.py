"""SARIF: what a code host needs to show a finding beside its line."""

import json
from datetime import date
from typing import Any

from sealift.isolation.model import Accepted, Finding, Verdict, Witness
from sealift.isolation.prove import prove
from sealift.isolation.rules import RULES
from sealift.model.template import Location
from sealift.reports.sarif import sarif
from tests.unit.reports.shop import example, hostile


def _run(log: object) -> Any:
    return json.loads(json.dumps(log))["runs"][0]


def test_every_rule_is_described_with_help() -> None:
    rules = _run(sarif(prove([])))["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == [rule.id for rule in RULES]
    for described, rule in zip(rules, RULES, strict=True):
        assert rule.fix in described["help"]["text"]
        assert rule.failing.template.strip() in described["help"]["markdown"]
        assert described["name"].isalnum()
        assert described["defaultConfiguration"]["level"] in {"error", "warning", "note"}
        assert 0 < float(described["properties"]["security-severity"]) < 10


def test_a_finding_points_at_its_rule_and_its_line() -> None:
    verdict = prove(example("IAM-01"))
    log = sarif(verdict, folder="services/orders/")
    assert log["version"] == "2.1.0"
    run = _run(log)
    result = run["results"][0]
    assert result["ruleId"] == "IAM-01"
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == "IAM-01"
    assert result["level"] == "error"
    place = result["locations"][0]
    assert place["physicalLocation"]["artifactLocation"]["uri"] == "services/orders/template.yaml"
    assert place["physicalLocation"]["region"] == {"startLine": 5}
    assert place["logicalLocations"][0]["name"] == "Role"
    assert "dynamodb:PutItem" in result["message"]["text"]
    assert result["properties"]["witness"]["action"] == "dynamodb:PutItem"


def test_levels_follow_severities() -> None:
    severities = ("critical", "high", "medium", "low", "info")
    leaks = tuple(Finding(id="IAM-01", severity=s, source="a", target="b", message="M.") for s in severities)
    open_one = Finding(id="PRF-01", severity="low", source="a", target="b", message="M.", unproved=True)
    run = _run(sarif(Verdict(level="L0", findings=(*leaks, open_one), residuals=())))
    assert [one["level"] for one in run["results"]] == ["error", "error", "warning", "note", "note", "error"]


def test_residuals_are_listed_as_no_failures() -> None:
    verdict = prove(example("QTA-01"))
    assert verdict.residuals
    kinds = {one["ruleId"]: (one.get("kind"), one["level"]) for one in _run(sarif(verdict))["results"]}
    assert kinds["QTA-01"] == ("informational", "none")


def test_an_accepted_finding_is_suppressed_with_its_reason() -> None:
    accepted = [Accepted(id="IAM-01", reason="known", expires=date(2027, 1, 31))]
    verdict = prove(example("IAM-01"), accepted=accepted, today=date(2027, 1, 1))
    assert verdict.accepted
    suppressed = [one for one in _run(sarif(verdict, accepted=accepted))["results"] if one["ruleId"] == "IAM-01"]
    assert suppressed
    for one in suppressed:
        assert one["suppressions"] == [
            {"kind": "external", "status": "accepted", "justification": "known (until 2027-01-31)"}
        ]


def test_a_finding_without_a_place_may_stand_at_the_configuration() -> None:
    leak = Finding(id="DEP-02", severity="critical", source="a", target="b", message="M.")
    verdict = Verdict(level="L0", findings=(leak,), residuals=())
    assert _run(sarif(verdict))["results"][0]["locations"] == []
    place = _run(sarif(verdict, otherwise="sealift.toml"))["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "sealift.toml"
    assert place["region"]["startLine"] == 1


def test_the_fingerprint_stays_when_lines_move() -> None:
    def print_of(line: int, message: str = "M.") -> str:
        place = Location(file="a b.yaml", line=line)
        leak = Finding(id="IAM-01", severity="high", source="a", target="b", message=message, location=place)
        result = _run(sarif(Verdict(level="L0", findings=(leak,), residuals=())))["results"][0]
        assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "a%20b.yaml"
        return str(result["partialFingerprints"]["sealift/v1"])

    assert print_of(3) == print_of(9)
    assert print_of(3) != print_of(3, "Another.")


def test_names_make_no_links_and_no_control_characters() -> None:
    witness = Witness(principal="[fix](https://evil.example)", action="\x1b[31m", resource="x")
    leak = Finding(id="IAM-01", severity="high", source="a", target="b", message="M.", witness=witness)
    text = _run(sarif(Verdict(level="L0", findings=(leak,), residuals=())))["results"][0]["message"]["text"]
    assert "](" not in text
    assert "\x1b" not in text
    assert "evil.example" in text


def test_hostile_names_are_written_as_json() -> None:
    verdict = prove(hostile())
    assert verdict.findings
    assert len(_run(sarif(verdict))["results"]) >= len(verdict.findings)
