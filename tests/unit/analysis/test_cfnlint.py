import json
from dataclasses import replace
from typing import Any

import pytest

from sealift.analysis.cfnlint import cfnlint_findings, refused
from sealift.model.finding import Finding
from sealift.model.template import Template

OLD = (
    "Runtime 'python3.8' was deprecated on '2024-10-14'. Creation was disabled on '2027-02-01' and update on "
    "'2027-03-03'. Please consider updating to 'python3.14'"
)


def _one(
    rule: str, local: bool = False, own_config: bool = False, path: object = None, times: int = 1, message: str = "m"
) -> Finding:
    report = [
        {
            "Rule": {"Id": rule},
            "Level": "Error",
            "Message": message,
            "Filename": "template.yaml",
            "Location": {"Start": {"LineNumber": 7}, "Path": path},
        }
    ] * times
    (finding,) = cfnlint_findings(json.dumps(report), local=local, own_config=own_config)
    return finding


@pytest.mark.parametrize(
    "rule", ["E0000", "E1019", "E1020", "E3001", "E3002", "E3003", "E3012", "E3045", "E6005", "E8001"]
)
def test_what_aws_refuses_stops(rule: str) -> None:
    assert refused(rule)
    finding = _one(rule)
    assert (finding.stops, finding.severity) == (True, "high")


@pytest.mark.parametrize("rule", ["E0002", "E1029", "E1156", "E3628", "E4002"])
def test_errors_that_aws_does_not_surely_refuse_are_advice(rule: str) -> None:
    finding = _one(rule)
    assert (finding.stops, finding.severity) == (False, "medium")


@pytest.mark.parametrize("rule", ["E1040", "E1041", "E3687", "E3688", "E3724"])
def test_errors_that_aws_takes_as_they_are_weigh_little(rule: str) -> None:
    finding = _one(rule)
    assert (finding.stops, finding.severity) == (False, "low")


@pytest.mark.parametrize("rule", ["W2531", "E2531", "E2533"])
def test_the_end_of_a_runtime_is_told_by_its_days_whether_they_have_passed_or_not(rule: str) -> None:
    finding = _one(rule, message=OLD)
    assert finding.message == (
        "Runtime 'python3.8' has been out of support since 2024-10-14; AWS refuses new functions of it from 2027-02-01 "
        "and updates from 2027-03-03"
    )
    assert finding.fix == "Choose a runtime that AWS supports: 'python3.14' is the next."


def test_warnings_and_remarks_never_stop() -> None:
    assert [(_one(rule).stops, _one(rule).severity) for rule in ("W3005", "W2531", "I3011")] == [
        (False, "low"),
        (False, "low"),
        (False, "info"),
    ]


@pytest.mark.parametrize(("rule", "stops"), [("E2531", False), ("E2533", True)])
def test_a_runtime_stops_when_aws_refuses_updates_and_never_on_the_embedded_cloud(rule: str, stops: bool) -> None:
    aws, local = _one(rule, local=False, message=OLD), _one(rule, local=True, message=OLD)
    assert (aws.stops, aws.severity) == (stops, "high" if stops else "medium")
    assert (local.stops, local.severity) == (False, "medium")
    assert "runtime" in aws.fix


def test_with_a_configuration_of_its_own_every_error_stops() -> None:
    assert _one("E1029", own_config=True).stops
    assert not _one("W3005", own_config=True).stops
    assert not _one("E2531", own_config=True, local=True).stops


def test_the_place_names_the_resource() -> None:
    location = _one("E3002", path=["Resources", "Table", "Properties"]).location
    assert location is not None
    assert (location.file, location.line, location.logical_id) == ("template.yaml", 7, "Table")
    elsewhere = _one("E3002", path=["Outputs", "Url"]).location
    assert elsewhere is not None
    assert elsewhere.logical_id is None


def test_the_same_finding_is_told_once() -> None:
    assert _one("E3002", times=3).id == "E3002"


@pytest.mark.parametrize("report", ["", "{}", "usage: cfn-lint"])
def test_what_is_no_report_is_refused(report: str) -> None:
    with pytest.raises(ValueError):
        cfnlint_findings(report, local=False, own_config=False)


def test_local_paths_which_we_package_are_no_advice() -> None:
    report = json.dumps([{"Rule": {"Id": "W3002"}, "Message": "m", "Filename": "template.yaml", "Location": {}}])
    assert cfnlint_findings(report, local=False, own_config=False) == ()
    assert len(cfnlint_findings(report, local=False, own_config=True)) == 1


BODIES: Any = {
    "t.yaml": {
        "Resources": {
            "F": {"Type": "AWS::Serverless::Function"},
            "Q": {"Type": "AWS::SQS::Queue"},
            "Empty": {"Type": "AWS::CloudWatch::Alarm", "Properties": {"Dimensions": [], "Metrics": [{"Id": "m"}]}},
            "Full": {"Type": "AWS::CloudWatch::Alarm", "Properties": {"Dimensions": [{}], "Metrics": [{"Id": "m"}]}},
        }
    }
}

TEMPLATES = {
    file: Template(file=file, body=body, lines={}, parameters=(), assets=(), functions=(), transforms=())
    for file, body in BODIES.items()
}


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (["Resources", "Old", "Properties", "Runtime"], 12),
        (["Resources", "New", "Properties", "Runtime"], 5),
        (["Resources", "Old", "Properties", "Tags", 1], 14),
        (None, 5),
    ],
)
def test_what_a_resource_says_itself_is_placed_there_and_not_in_globals(path: Any, line: int) -> None:
    lines = {("Resources", "Old", "Properties", "Runtime"): 12, ("Resources", "Old", "Properties", "Tags", 1): 14}
    place = {"Start": {"LineNumber": 5}, "Path": path}
    report = [{"Rule": {"Id": "W2531"}, "Message": OLD, "Filename": "t.yaml", "Location": place}]
    known = {"t.yaml": replace(TEMPLATES["t.yaml"], lines=lines)}
    (finding,) = cfnlint_findings(json.dumps(report), local=False, own_config=False, templates=known)
    assert finding.location is not None
    assert finding.location.line == line


@pytest.mark.parametrize(("logical_id", "stops"), [("F", False), ("Q", True)])
def test_a_description_beside_a_type_that_sam_expands_stops_nothing(logical_id: str, stops: bool) -> None:
    message = "Additional properties are not allowed ('Description' was unexpected)"
    place = {"Start": {"LineNumber": 3}, "Path": ["Resources", logical_id, "Description"]}
    report = [{"Rule": {"Id": "E3001"}, "Message": message, "Filename": "t.yaml", "Location": place}]
    (finding,) = cfnlint_findings(json.dumps(report), local=False, own_config=False, templates=TEMPLATES)
    assert finding.stops is stops


@pytest.mark.parametrize(("logical_id", "stops"), [("Empty", False), ("Full", True)])
def test_an_empty_list_beside_what_excludes_it_stops_nothing(logical_id: str, stops: bool) -> None:
    message = "'Dimensions' should not be included with 'Metrics'"
    place = {"Start": {"LineNumber": 3}, "Path": ["Resources", logical_id, "Properties", "Dimensions"]}
    report = [{"Rule": {"Id": "E3020"}, "Message": message, "Filename": "t.yaml", "Location": place}]
    (finding,) = cfnlint_findings(json.dumps(report), local=False, own_config=False, templates=TEMPLATES)
    assert finding.stops is stops
    assert cfnlint_findings(json.dumps(report), local=False, own_config=True, templates=TEMPLATES)[0].stops


@pytest.mark.parametrize(("known", "stops"), [("[]", False), ("['Arn']", True)])
def test_an_attribute_of_a_type_whose_attributes_are_unknown_stops_nothing(known: str, stops: bool) -> None:
    finding = _one("E6101", message=f"'GraphQLUrl' is not one of {known} in ['us-east-1']")
    assert finding.stops is stops


def test_the_format_of_a_value_is_not_reported_beside_a_rule_on_the_same_value() -> None:
    def said(*rules: tuple[str, str, int]) -> list[str]:
        report = [
            {
                "Rule": {"Id": rule},
                "Message": message,
                "Filename": "template.yaml",
                "Location": {"Start": {"LineNumber": line}, "Path": None},
            }
            for rule, message, line in rules
        ]
        return [one.id for one in cfnlint_findings(json.dumps(report), local=False, own_config=False)]

    named, format_of = ("E3031", "'BAD' does not match '^[a-z]$'", 7), ("E1161", "'BAD' is not a 'Bucket.Name'", 7)
    assert said(format_of, named) == ["E3031"]
    assert said(format_of) == ["E1161"]
    assert said(("E1161", format_of[1], 8), named) == ["E1161", "E3031"]
    assert said(("E1161", "'OTHER' is not a 'Bucket.Name'", 7), named) == ["E1161", "E3031"]
