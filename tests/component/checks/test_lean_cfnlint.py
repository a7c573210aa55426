"""cfn-lint that is started lean says what it says by itself."""

import json
import subprocess
import sys
from pathlib import Path

import sealift.checks.lean_cfnlint as lean

_SCHEMAS = """
import hashlib, json, pathlib, sys
import cfnlint.rules
{before}
from cfnlint.rules import Rules
found = Rules.create_from_directory(pathlib.Path(cfnlint.rules.__file__).parent)
late = sum(type(vars(rule).get("_schema")).__name__ == "_Unread" for rule in found.values())
held = {{name: json.dumps(rule._schema) for name, rule in found.items() if hasattr(rule, "_schema")}}
digests = {{name: hashlib.sha256(text.encode()).hexdigest() for name, text in held.items()}}
print(json.dumps([late, digests, len(found)]))
"""
_FAULTY = {
    "Parameters": {"Kept": {"Type": "String", "AllowedValues": ["yes", "no"], "Default": "yes"}},
    "Conditions": {"IsKept": {"Fn::Equals": [{"Ref": "Kept"}, "yes"]}, "Other": {"Fn::Not": [{"Condition": "IsKept"}]}},
    "Resources": {
        "Base": {
            "Type": "AWS::RDS::DBInstance",
            "DeletionPolicy": "Delete",
            "UpdateReplacePolicy": "Delete",
            "Properties": {"DBInstanceClass": "db.none", "Engine": "mysql", "AllocatedStorage": "5"},
        },
        "Fn": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Code": {"ZipFile": "a"},
                "Role": {"Fn::If": ["IsKept", {"Ref": "Nobody"}, "b"]},
                "Runtime": "python2.7",
            },
        },
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"FifoQueue": True, "QueueName": "a", "Wrong": 1}},
        "Task": {
            "Type": "AWS::ECS::TaskDefinition",
            "Properties": {"Cpu": "3", "RequiresCompatibilities": ["FARGATE"]},
        },
    },
}


def _schemas(before: str = "") -> list[object]:
    argv = [sys.executable, "-P", "-c", _SCHEMAS.format(before=before)]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    found: list[object] = json.loads(done.stdout)
    return found


def test_each_rule_has_the_schema_that_it_has_by_itself():
    late, *there = _schemas("from sealift.checks.lean_cfnlint import read_schemas_late\nread_schemas_late()")
    none, *alone = _schemas()
    assert there == alone
    assert isinstance(late, int)
    assert late > 20
    assert none == 0


def _report(start: list[str], template: Path) -> tuple[int, str]:
    argv = [sys.executable, "-P", *start, "--format", "json", "--regions", "eu-west-1", "--template", str(template)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert not done.stderr
    return done.returncode, done.stdout


def test_it_reports_what_it_reports_by_itself(tmp_path: Path):
    template = tmp_path / "template.json"
    template.write_text(json.dumps(_FAULTY))
    alone = _report(["-c", "import sys; from cfnlint.runner import main; sys.exit(main())"], template)
    assert _report([lean.__file__], template) == alone
    assert {one["Rule"]["Id"] for one in json.loads(alone[1])} >= {"E1020", "E3002", "E3025"}
