"""The how-to on migrations is followed on the embedded cloud; then the guard keeps a table with data in it."""

import json
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from sealift.cli.main import run
from sealift.local.supervisor import LocalCloud

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "how-to" / "migrations.md").read_text()


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


Run = Callable[..., Ended]


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def before(diff: str) -> str:
    return "".join(line[1:] for line in diff.splitlines(keepends=True) if not line.startswith("+"))


def after(diff: str) -> str:
    return "".join(line[1:] for line in diff.splitlines(keepends=True))


TEMPLATE, NOTES = blocks("diff")


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Path]:
    """The application before the change, in a folder of its own; its cloud is stopped afterwards."""
    root = tmp_path / "notes"
    (root / "src").mkdir(parents=True)
    (root / "template.yaml").write_text(before(TEMPLATE))
    (root / "src" / "notes.py").write_text(before(NOTES))
    (root / "sealift.toml").write_text("[tests.unit]\nenabled = false\n")
    yield root
    LocalCloud(root / ".sealift" / "local").down()


@pytest.fixture
def deploy(app: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return a function that does what `sealift` does in the application's folder, in this process."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_COLOR", "1")

    def call(*argv: str) -> Ended:
        code = run([*argv, "--local", "-C", str(app)])
        said = capsys.readouterr()
        return Ended(code, said.out, said.err)

    return call


class Cloud:
    """The embedded cloud of staging, as a person with boto3 sees it."""

    def __init__(self, app: Path) -> None:
        endpoint = LocalCloud(app / ".sealift" / "local").up("staging", region="us-east-1")
        self._keys: dict[str, Any] = {
            "endpoint_url": endpoint.url,
            "region_name": endpoint.region,
            "aws_access_key_id": endpoint.access_key,
            "aws_secret_access_key": endpoint.secret_key,
        }
        stacks = boto3.client("cloudformation", **self._keys).describe_stacks(StackName="notes-staging")["Stacks"]
        self.outputs = {o["OutputKey"]: o["OutputValue"] for o in stacks[0]["Outputs"]}

    def keep(self, **note: str) -> None:
        client = boto3.client("lambda", **self._keys)
        answer = client.invoke(FunctionName=self.outputs["Keep"], Payload=json.dumps(note).encode())
        assert "FunctionError" not in answer, answer["Payload"].read()

    def shorten_the_migration(self) -> None:
        client = boto3.client("lambda", **self._keys)
        (name,) = [f["FunctionName"] for f in client.list_functions()["Functions"] if "Migrate" in f["FunctionName"]]
        client.update_function_configuration(FunctionName=name, Timeout=60)

    def notes(self, output: str) -> list[str]:
        table = boto3.resource("dynamodb", **self._keys).Table(self.outputs[output])
        return sorted(str(item["id"]) for item in table.scan()["Items"])

    def backups(self) -> list[str]:
        return [b["BackupStatus"] for b in boto3.client("dynamodb", **self._keys).list_backups()["BackupSummaries"]]


COUNT = """
import os
import boto3
table = boto3.resource("dynamodb").Table(os.environ["SEALIFT_OUTPUT_ByOwner"])
print("counted", table.scan()["Count"], "in", os.environ["SEALIFT_ENV"])
"""


def expand(app: Path) -> None:
    (app / "template.yaml").write_text(after(TEMPLATE))
    (app / "src" / "notes.py").write_text(after(NOTES))
    (app / "src" / "migrate.py").write_text(blocks("python")[0])
    with (app / "sealift.toml").open("a") as file:
        file.write(blocks("toml")[0].replace('"lambda:Migrate"', f'"lambda:Migrate", "{sys.executable} count.py"'))
    (app / "count.py").write_text(COUNT)


def test_the_migration_of_the_how_to_goes_as_it_is_told_and_a_change_by_hand_is_found(app: Path, deploy: Run) -> None:
    assert deploy("deploy", "staging").code == 0
    Cloud(app).keep(id="1", owner="ann")
    Cloud(app).keep(id="2", owner="bob")

    expand(app)
    expanded = deploy("deploy", "staging")
    assert expanded.code == 0, expanded.err
    assert "copied 2 notes for staging" in expanded.err
    assert "counted 2 in staging" in expanded.err
    Cloud(app).keep(id="3", owner="ann")
    assert (Cloud(app).notes("Notes"), Cloud(app).notes("ByOwner")) == (["1", "2", "3"], ["1", "2", "3"])

    assert deploy("drift", "staging").code == 0
    Cloud(app).shorten_the_migration()
    drifted = deploy("drift", "staging", "--json")
    (changed,) = json.loads(drifted.out)["drifted"]
    assert (drifted.code, changed["logical_id"], changed["properties"]) == (
        1,
        "Migrate",
        {"Timeout": "900 → 60"},
    )

    again = deploy("deploy", "staging", "--force")
    assert "copied 0 notes for staging" in again.err
    assert Cloud(app).notes("ByOwner") == ["1", "2", "3"]


def test_another_key_of_a_table_with_data_in_it_is_refused_and_the_data_stays(app: Path, deploy: Run) -> None:
    plain = before(TEMPLATE).replace("    DeletionPolicy: Retain\n    UpdateReplacePolicy: Retain\n", "")
    (app / "template.yaml").write_text(plain)
    assert deploy("deploy", "staging").code == 0
    Cloud(app).keep(id="1", owner="ann")

    (app / "template.yaml").write_text(plain.replace("AttributeName: id", "AttributeName: owner"))
    refused = deploy("deploy", "staging")
    assert refused.code == 3
    assert "Notes (AWS::DynamoDB::Table)" in refused.err
    assert "KeySchema" in refused.err
    assert Cloud(app).notes("Notes") == ["1"]

    release = re.search(r"sealift waive staging app/Notes:data-replaced --release (\w+)", refused.err)
    assert release is not None, refused.err
    waive = ("waive", "staging", "app/Notes:data-replaced", "--release", release[1], "--reason", "only a test")
    assert deploy(*waive).code == 0
    waived = deploy("deploy", "staging")
    assert waived.code == 0, waived.err
    assert "Notes was backed up first" in waived.err
    assert (Cloud(app).notes("Notes"), Cloud(app).backups()) == ([], ["AVAILABLE"])
