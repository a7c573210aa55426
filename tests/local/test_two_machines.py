"""What one machine analysed, tested and delivered, another one promotes: nothing but the buckets is shared.

Real processes, with a home, a cache and a clone of their own on each machine. The embedded cloud stands for AWS: both
reach it, as two machines reach two accounts.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sealift.aws.cloud import open_cloud
from sealift.aws.session import Access
from sealift.local.supervisor import LocalCloud
from sealift.model.app import Environment

FILES = {
    "sealift.toml": """\
[app]
name = "shop"

[environments.staging]
region = "eu-west-1"
stack_name = "shop-staging"
branch = "main"
soak = "0s"

[environments.production]
region = "eu-west-1"
stack_name = "shop-production"
promotes_from = "staging"
""",
    "template.yaml": """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Hello:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: src, Handler: app.handler, Runtime: python3.13}
""",
    "src/app.py": "def handler(event, context):\n    return 1\n",
    "tests/test_app.py": "def test_it():\n    pass\n",
    ".gitignore": ".sealift\n__pycache__\n",
}


@dataclass(frozen=True)
class Machine:
    """A home, a cache and a clone."""

    home: Path

    @property
    def clone(self) -> Path:
        return self.home / "shop"

    def run(self, *argv: str) -> subprocess.CompletedProcess[str]:
        kept = ("PATH", "UV_", "PIP_", "SSL_")
        ours = {name: value for name, value in os.environ.items() if name.startswith(kept)}
        env = {
            **ours,
            "HOME": str(self.home),
            "XDG_CACHE_HOME": str(self.home / "cache"),
            "CI": "true",
            "NO_COLOR": "1",
        }
        return subprocess.run(argv, cwd=self.clone, env=env, capture_output=True, text=True, check=False, timeout=300)

    def git(self, *argv: str) -> None:
        done = self.run("git", "-c", "user.name=Ann", "-c", "user.email=ann@example.org", *argv)
        assert done.returncode == 0, done.stderr

    def sealift(self, *argv: str) -> tuple[int, list[Any]]:
        """Return the exit code and the lines of JSON."""
        done = self.run(sys.executable, "-m", "sealift", *argv, "--local", "--json")
        return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def told(lines: list[Any], name: str) -> list[str]:
    return [line["message"] for line in lines if line.get("name") == name]


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Machine, Machine]]:
    folder = tmp_path_factory.mktemp("machines")
    first, second = Machine(folder / "ann"), Machine(folder / "ci" / "builds")
    for name, text in FILES.items():
        (first.clone / name).parent.mkdir(parents=True, exist_ok=True)
        (first.clone / name).write_text(text)
    first.git("init", "-q", "-b", "main")
    first.git("add", "-A")
    first.git("commit", "-q", "-m", "The shop")
    second.clone.mkdir(parents=True)
    second.git("clone", "-q", str(first.clone), ".")
    (second.clone / ".sealift").mkdir()
    (second.clone / ".sealift" / "local").symlink_to(first.clone / ".sealift" / "local")
    yield first, second
    LocalCloud(first.clone / ".sealift" / "local").down()


def evidence_in_staging(machine: Machine) -> tuple[Any, str]:
    """Return the bucket of staging, as who may do everything there, and the key of the only evidence in it."""
    clouds = LocalCloud(machine.clone / ".sealift" / "local")
    (endpoint,) = (one.endpoint for one in clouds.status() if one.environment == "staging")
    assert endpoint is not None
    environment = Environment(
        name="staging", region=endpoint.region, account=endpoint.account, stack_name="shop-staging"
    )
    access = Access(
        region=endpoint.region,
        endpoint_url=endpoint.url,
        access_key=endpoint.access_key,
        secret_key=endpoint.secret_key,
    )
    bucket = open_cloud(environment, access=access).bucket
    (key,) = (one for one in bucket.keys("releases/") if one.endswith("/evidence.json"))
    return bucket, key


def test_a_machine_promotes_what_another_one_tested_and_nothing_that_was_changed_since(
    machines: tuple[Machine, Machine],
) -> None:
    first, second = machines
    code, lines = first.sealift("run", "--no-promote")
    assert code == 0, lines[-1]
    bucket, key = evidence_in_staging(first)
    good = bucket.get(key).body
    assert json.loads(good)["passed"] == 1

    bucket.put(key, good.replace(b'"passed":1', b'"passed":9'))
    code, (planned,) = second.sealift("promote", "production", "--plan")
    (gate,) = (one for one in planned["gates"] if one["gate"] == "evidence")
    assert gate["message"].startswith("its evidence is not the recorded one: the ledger of staging names ")

    bucket.put(key, good)
    code, lines = second.sealift("promote", "production")
    assert (code, lines[-1]["status"]) == (0, "succeeded"), lines
    assert told(lines, "no-evidence") == []
    assert not (second.home / "cache" / "sealift" / "checks" / "environments").exists(), "it tests nothing itself"

    for machine in machines:
        code, (page,) = machine.sealift("evidence")
        said = {row["name"]: row["text"] for rows in page["sections"].values() for row in rows}
        assert (code, said["unit tests"]) == (0, "succeeded: 1 passed, 0 failed, 0 skipped")
        assert said["evidence"].startswith("ok: ")
        assert said["production"].startswith("it runs there since ")
