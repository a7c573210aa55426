"""The whole journey of the example with nothing but the roles that `sealift bootstrap` makes."""

import io
import json
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sealift.cli.main import run
from sealift.local.endpoint import account_of
from sealift.local.supervisor import LocalCloud
from tests.local.deploying import client

ORDERS = Path(__file__).parents[2] / "examples" / "orders"
NAMES = ("staging", "production")
MORE = """
[environments.{name}.parameters]
Boundary = "arn:aws:iam::{account}:policy/sealift/orders-{name}-boundary"
"""
ROLES = """\
trust = "github:team@1/orders@2"
account = "{account}"
role = "arn:aws:iam::{account}:role/sealift/orders-{name}-deploy"
cloudformation_role = "arn:aws:iam::{account}:role/sealift/orders-{name}-cloudformation"
roles = [
  "arn:aws:iam::{account}:role/sealift/orders-{name}-plan",
  "arn:aws:iam::{account}:role/sealift/orders-{name}-verify",
]
"""
ACCEPTED = """
[[isolation.accepted]]
id = "RPL-04"
from = "staging"
to = "production"
logical_id = "orders-staging-deploy"
reason = "a promotion reads staging: production's job may act as its role"
expires = {day}
"""
Sealift = Callable[..., int]


@pytest.fixture(scope="module")
def orders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Copy the example, and declare the roles of both environments."""
    root = tmp_path_factory.mktemp("journey") / "orders"
    shutil.copytree(ORDERS, root, ignore=shutil.ignore_patterns(".sealift", "__pycache__"))
    text = (root / "sealift.toml").read_text()
    for name in NAMES:
        head = f"[environments.{name}]\n"
        text = text.replace(head, head + ROLES.format(name=name, account=account_of(name)))
        text += MORE.format(name=name, account=account_of(name))
    text += ACCEPTED.format(day=datetime.now(UTC).date() + timedelta(days=30))
    (root / "sealift.toml").write_text(text)
    yield root
    LocalCloud(root / ".sealift" / "local").down()


@pytest.fixture
def sealift(orders: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Sealift:
    """Return what runs a command on the embedded cloud."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))
    return lambda *argv: run([*argv, "--local", "-C", str(orders)])


def iam(orders: Path, name: str) -> Any:
    """Return a client of one environment's account, as who may do everything."""
    running = {s.environment: s.endpoint for s in LocalCloud(orders / ".sealift" / "local").status()}
    endpoint = running[name]
    assert endpoint is not None
    return client(endpoint, "iam")


def test_the_journey_of_the_example_passes_with_nothing_but_these_roles(
    orders: Path, sealift: Sealift, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Run, soak and promote; then the proof of what is in force; then the same without the role's rights."""
    for name in NAMES:
        assert sealift("bootstrap", name) == 0
    assert "These roles lack it" not in capsys.readouterr().out
    for name, secret in (("staging", ()), ("production", ("--secret",))):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"hello\n")))
        assert sealift("config", "set", name, "GREETING", *secret) == 0, capsys.readouterr().err
        for verb in (("list", name), ("get", name, "GREETING"), ("unset", name, "GREETING"), ("check", name)):
            assert sealift("config", *verb) == 0, capsys.readouterr().err
    assert sealift("run") == 0, capsys.readouterr().err
    assert sealift("promote", "production") == 0
    assert sealift("ledger", "verify") == 0
    capsys.readouterr()

    monkeypatch.setenv("SEALIFT_ASSUME_ROLE", "no")
    assert sealift("prove", "--live", "--json") == 0
    proof = json.loads(capsys.readouterr().out)
    assert proof["verdict"] == "L3"
    assert [(f["id"], f["from"]) for f in proof["accepted"]] == [("RPL-04", "staging")]
    monkeypatch.delenv("SEALIFT_ASSUME_ROLE")

    iam(orders, "staging").delete_role_policy(RoleName="orders-staging-deploy", PolicyName="own")
    assert sealift("status", "--json") == 0
    staging = json.loads(capsys.readouterr().out)["environments"][0]
    assert "assumed-role/orders-staging-deploy/" in staging["error"]
    assert "not authorized" in staging["error"]
