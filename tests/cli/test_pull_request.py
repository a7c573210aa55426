"""A pull request of the example with a fault of each kind: each is reported once, at its line, with its fix."""

import json
import os
import shutil
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Called
from tests.fakes.web import Service, serving

EXAMPLE = Path(__file__).parents[2] / "examples" / "orders"
ACCOUNT = "111122223333"
KNOWN = {
    "id": "GHSA-1",
    "summary": "identifiers can be guessed",
    "modified": "2026-01-01T00:00:00Z",
    "affected": [
        {
            "package": {"name": "python-ulid", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "3.1.0"}]}],
        }
    ],
}
STORED = "/orders/staging/greeting"
GREETING = '      Description: !Sub "{{resolve:ssm:/orders/${SealiftEnvironment}/greeting}}"\n'
SECRET = "ghp_" + "Zq3vT8mXw2LkR7nYc5HsB1dJf9PgA4eUoM6i"
STATEMENT = "Statement: [{ Effect: Allow, Action: secretsmanager:GetSecretValue, Resource: "


TY = """\
[tool.ty.environment]
extra-paths = ["layer"]

[tool.ty.src]
exclude = ["tests"]
"""


class Answer(Service):
    """What the services outside say: OSV knows one vulnerability, and AWS has one parameter, that of staging."""

    def answer(self, body: bytes) -> None:
        if self.command == "GET":
            return self.say(KNOWN)
        target = self.headers.get("X-Amz-Target", "")
        if b"GetCallerIdentity" in body:
            return self.say(
                f"<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::{ACCOUNT}:user/ci</Arn>"
                f"<UserId>ci</UserId><Account>{ACCOUNT}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
            )
        if target.endswith("DescribeParameters"):
            return self.say({"Parameters": [{"Name": STORED, "Version": 1}] if STORED.encode() in body else []})
        if target.endswith("GetParameters"):
            found = [{"Name": STORED, "Value": "Hello", "Version": 1}] if STORED.encode() in body else []
            return self.say({"Parameters": found, "InvalidParameters": []})
        queries = json.loads(body)["queries"]
        hit = {"vulns": [{"id": "GHSA-1", "modified": KNOWN["modified"]}]}
        return self.say({"results": [hit if q["package"]["name"] == "python-ulid" else {} for q in queries]})


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let OSV and AWS answer on this machine."""
    with serving(Answer) as address:
        for name in list(os.environ):
            if name.startswith(("AWS_", "GITHUB_")) or name.lower().endswith("_proxy"):
                monkeypatch.delenv(name)
        for name, value in {
            "SEALIFT_OSV_URL": address,
            "AWS_ENDPOINT_URL": address,
            "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI",
        }.items():
            monkeypatch.setenv(name, value)
        yield


class Repository:
    """The example in a repository of its own, on a branch beside `main`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        shutil.copytree(EXAMPLE, root, ignore=shutil.ignore_patterns(".sealift", "__pycache__"))
        self.edit("tests/requirements.txt", "pytest", "ty==0.0.104\npytest")
        self.edit("pyproject.toml", "[tool.ruff]\n", f"{TY}\n[tool.ruff]\n")
        self._git("init", "-q", "-b", "main")
        self.commit("The shop")
        self._git("checkout", "-q", "-b", "feature")

    def edit(self, file: str, old: str, new: str) -> None:
        """Replace the first of a text."""
        before, found, after = (self.root / file).read_text().partition(old)
        assert found, f"{file} has no {old}"
        (self.root / file).write_text(before + new + after)

    def append(self, file: str, text: str) -> None:
        """Add lines at the end of a file."""
        (self.root / file).write_text(f"{(self.root / file).read_text()}\n\n{text}\n")

    def line(self, file: str, text: str) -> int:
        """Return the line of a text that stands in the file once."""
        (found,) = (n for n, line in enumerate((self.root / file).read_text().splitlines(), 1) if text in line)
        return found

    def commit(self, message: str) -> None:
        self._git("add", "-A")
        self._git("-c", "user.name=Ann", "-c", "user.email=ann@example.net", "commit", "-q", "-m", message)

    def _git(self, *arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=self.root, check=True)


@pytest.mark.usefixtures("outside")
def test_each_kind_of_fault_is_reported_once_at_its_line_with_its_fix(
    sealift: Callable[..., Called], tmp_path: Path
) -> None:
    shop = Repository(tmp_path / "orders")
    for old, new in {
        "  Boundary:\n": "  SealiftEnvironment:\n    Type: String\n  Boundary:\n",
        "Parameter\n    Properties:\n": f"Parameter\n    Properties:\n{GREETING}",
        "VisibilityTimeout: 60": "VisibilityTimeout: 99999",
        f"{STATEMENT}!GetAtt SessionKey.Id": f'{STATEMENT}"*"',
        "open_session.handler\n": "open_session.handler\n      Timeout: 61\n",
        "read_orders.handler\n": "read_orders.handle\n",
    }.items():
        shop.edit("template.yaml", old, new)
    shop.append("layer/orders_core/store.py", "def planted():\n    return undefined_name")
    shop.append("layer/orders_core/orders.py", 'COUNT: int = "many"')
    shop.append("functions/count_orders/count_orders.py", f'PLANTED = "{SECRET}"')
    shop.append("tests/unit/test_orders.py", "def test_planted():\n    assert MOST == 2\n\n\nMOST = 1")
    shop.commit("One fault of each kind")

    files = {name: tmp_path / name for name in ("sarif", "junit", "codequality")}
    called = sealift("check", "-C", shop.root, "--json", *(word for n, f in files.items() for word in (f"--{n}", f)))
    assert called.code == 1
    reported = {one["rule"]: one for one in called.json["findings"] if one["severity"] != "info"}
    assert len(reported) == sum(one["severity"] != "info" for one in called.json["findings"])
    assert {rule: (one["file"], one["line"]) for rule, one in reported.items()} == {
        rule: (file, shop.line(file, text))
        for rule, file, text in (
            ("F821", "layer/orders_core/store.py", "undefined_name"),
            ("invalid-assignment", "layer/orders_core/orders.py", '"many"'),
            ("github-pat", "functions/count_orders/count_orders.py", "PLANTED"),
            ("GHSA-1", "functions/place_order/requirements.txt", "python-ulid"),
            ("E3034", "template.yaml", "99999"),
            ("IAM-01", "template.yaml", f'{STATEMENT}"*"'),
            ("setting-missing", "template.yaml", "/greeting}}"),
            ("test-failed", "tests/unit/test_orders.py", "MOST == 2"),
            ("handler-missing", "template.yaml", "read_orders.handle"),
            ("api-timeout", "template.yaml", "Timeout: 61"),
        )
    }
    assert [rule for rule, one in reported.items() if not one["fix"]] == []
    of_analysis = [one["data"].get("changed") for one in called.json["findings"] if one["tool"] != "pytest"]
    assert of_analysis[:6] == ["yes"] * 6
    shown = {
        (result["ruleId"], place["artifactLocation"]["uri"], place["region"]["startLine"])
        for run in json.loads(files["sarif"].read_text())["runs"]
        for result in run["results"]
        for place in [result["locations"][0]["physicalLocation"]]
    }
    assert shown >= {(rule, one["file"], one["line"]) for rule, one in reported.items()}
    assert {one["check_name"].rpartition("/")[2] for one in json.loads(files["codequality"].read_text())} >= {*reported}
    cases = list(ET.parse(files["junit"]).iter("testcase"))
    red = {case.get("name", "").split()[-2 if " " in case.get("name", "") else 0] for case in cases if len(case)}
    assert red >= {"F821", "E3034", "IAM-01", "setting-missing", "handler-missing", "test_planted"}
    assert sum(not len(case) for case in cases) >= 50
